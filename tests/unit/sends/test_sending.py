"""A sending, its launch, and back."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from pushhub.catalog.model import AppId
from pushhub.events.uid import Launch, Recipient, mint_uid, parse_uid
from pushhub.moments import Milliseconds, Seconds
from pushhub.sends.message import Message, MessagePart, Translation
from pushhub.sends.sending import (
    Everyone,
    Part,
    SendingId,
    campaign_launch,
    launch_of,
    mint_sending_id,
    minted_nanoseconds,
    sending_minted_at,
)
from tests.doubles.schedules import ANDROID, APNS, a_sending

DAY = 86_400_000
DAYS = 40_000
A_SENDING = a_sending(SendingId(1), Everyone(), Seconds(0))
NOON = Milliseconds(20_833 * DAY + DAY // 2)


@given(st.integers(0, 2**41 - 1), st.floats(0, 1), st.integers(0, 2**40))
def test_what_a_uid_says_of_its_moment_leads_back_to_its_sending(now: int, chance: float, account: int) -> None:
    sending = mint_sending_id(Milliseconds(now), chance)
    assert sending_minted_at(minted_nanoseconds(sending)) == sending
    assert launch_of(sending, account).at == minted_nanoseconds(sending)


@given(st.integers(0, 2**90))
def test_a_moment_that_is_of_no_sending_leads_to_none(nanoseconds: int) -> None:
    sending = sending_minted_at(nanoseconds)
    assert sending is None or (minted_nanoseconds(sending) == nanoseconds and sending < 2**53)


@given(st.text(), st.text(), st.integers(0, 2**42))
def test_the_launch_of_a_campaign_is_of_no_sending_alone(app: str, tag: str, now: int) -> None:
    assert campaign_launch(AppId(app), tag, Milliseconds(now)).campaign != 0


@given(st.text(), st.integers(0, DAYS), st.integers(0, DAY - 1), st.integers(0, DAY - 1))
def test_all_that_is_sent_with_a_tag_on_one_utc_day_has_one_launch(tag: str, day: int, first: int, last: int) -> None:
    launches = {campaign_launch(AppId("shop"), tag, Milliseconds(day * DAY + moment)) for moment in (first, last)}
    assert [launch.at for launch in launches] == [day * DAY * 1_000_000]


def test_another_app_tag_or_day_is_another_launch_and_no_tag_is_a_dash() -> None:
    launch = campaign_launch(AppId("shop"), "sale", NOON)
    others = [(AppId("twin"), "sale", NOON), (AppId("shop"), "Sale", NOON), (AppId("shop"), "sale", Milliseconds(NOON + DAY))]
    assert len({launch, *(campaign_launch(*other) for other in others)}) == 4
    assert campaign_launch(AppId("shop"), "", NOON) == campaign_launch(AppId("shop"), "-", NOON)


def test_the_launch_of_a_campaign_stays_the_same_for_ever_and_fits_a_uid() -> None:
    launch = campaign_launch(AppId("shop"), "sale", NOON)
    assert launch == Launch(10_200_655_162_489_073_725, 2_265_594_279_873_289_120, 1_799_971_200_000_000_000)
    assert Launch.read(launch.text) == launch
    uid = mint_uid(launch, 1, Recipient(17, "0" * 24, "0" * 8, "ios-apns"))
    parsed = parse_uid(uid)
    assert parsed
    assert parsed.launch == launch


def test_a_push_says_what_its_message_says_in_the_language_of_its_device() -> None:
    message = Message(title="Hello", link="https://example.com/en", badge=1)
    portuguese = Translation(title="Olá", link="https://example.com/pt")
    sending = replace(A_SENDING, messages={APNS: message, "": Message(text="Hi")}, translations={"pt": portuguese})
    assert sending.message_for(APNS) == sending.message_for(APNS, "ru") == message
    assert sending.message_for(APNS, "pt") == replace(message, title="Olá", link="https://example.com/pt")
    assert sending.message_for(ANDROID, "pt") == replace(Message(text="Hi"), title="Olá", text="", link="https://example.com/pt")
    assert replace(sending, messages={}).message_for(APNS, "pt") is None


def test_an_app_that_draws_gets_what_it_reads_as_data_alone() -> None:
    keys = {MessagePart.TITLE: "px.title"}
    sending = replace(A_SENDING, messages={APNS: Message(title="Hello", app_keys=keys), ANDROID: Message(title="Hello")})
    assert sending.message_for(APNS, drawn_by_app=True) == Message(title="Hello", app_keys=keys, hidden=True)
    assert sending.message_for(ANDROID, drawn_by_app=True) == Message(title="Hello")


def test_nothing_more_is_pushed_of_a_cancelled_sending_and_of_a_part_whose_app_is_gone() -> None:
    first, second = (Part(number, AppId("app"), Seconds(0)) for number in range(2))
    dropping = replace(A_SENDING, parts=(first, second), dropped=frozenset({1}))
    assert [dropping.drops(part) for part in (first, second)] == [False, True]
    assert [replace(dropping, cancelling=True).drops(part) for part in (first, second)] == [True, True]
