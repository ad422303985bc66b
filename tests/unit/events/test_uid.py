"""Reading and minting uids."""

import hashlib
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pushhub.catalog.providers import PROVIDER_CODES
from pushhub.events.uid import Launch, ParsedUid, Recipient, mint_uid, parse_uid
from tests.doubles.uids import PUBLISHED

numbers = st.integers(0, 2**64)
uids = st.builds(
    ParsedUid,
    launch=st.builds(Launch, numbers, numbers, numbers),
    sent=numbers,
    origin=st.tuples(numbers, numbers),
    objects=st.tuples(*[st.none() | numbers] * 4),
    database=numbers,
    profile=st.binary(min_size=12, max_size=12).map(bytes.hex),
    subscription=st.integers(0, 2**32 - 1),
    provider=st.sampled_from(["ios-apns", "android-firebase", "yandex-Appmetrica-ios-ifa"]),
)


def test_the_published_sample_says_what_is_known_of_it() -> None:
    assert parse_uid(PUBLISHED) == ParsedUid(
        launch=Launch(1, 224, 1601987755942397338),
        sent=1601987756059738861,
        origin=(1, 224),
        objects=(50, 2, None, None),
        database=5,
        profile="5f7c44deaee17a447ab8c315",
        subscription=0xDB8D1DD5,
        provider="ios-apns",
    )


def test_the_launch_of_the_published_sample_is_its_second_part() -> None:
    uid = parse_uid(PUBLISHED)
    assert uid
    assert uid.launch.text == PUBLISHED.split("|")[1]
    assert Launch.read(uid.launch.text) == uid.launch


@given(uids)
def test_what_is_written_is_read_back(uid: ParsedUid) -> None:
    assert parse_uid(uid.text) == uid


@given(st.text() | uids.map(lambda uid: uid.text).flatmap(lambda text: st.sampled_from([text[1:], text + "1", f"{text}\n"])))
@example(PUBLISHED)
@example(PUBLISHED.replace("|w4", "|w14"))
@example(PUBLISHED.replace("6BuFTt", "6BuFTl"))
@example(PUBLISHED.replace("2NvyN8Hb67wmzJshM", "Z" * 22))
@example("")
@example("e|")
def test_what_is_read_has_the_same_text_again_and_the_rest_is_opaque(text: str) -> None:
    uid = parse_uid(text)
    assert uid is None or uid.text == text


def test_a_uid_of_ours_has_the_same_shape() -> None:
    recipient = Recipient(17, "0" * 23 + "a", "019ae3a5", "ios-apns")
    minted = mint_uid(Launch(0, 7, 1_700_000_000_000_000_000), 1_700_000_000_100_000_000, recipient)
    uid = parse_uid(minted)
    assert uid
    assert Recipient(uid.database, uid.profile, f"{uid.subscription:08x}", uid.provider) == recipient
    assert uid.launch.campaign == 7
    assert minted.count("|") == PUBLISHED.count("|")


@given(
    st.builds(Launch, numbers, numbers, numbers),
    numbers,
    st.builds(
        Recipient,
        numbers,
        st.text("abzAZ019_-", min_size=1, max_size=64) | st.binary(min_size=12, max_size=12).map(bytes.hex),
        st.binary(min_size=4, max_size=4).map(bytes.hex),
        st.sampled_from(list(PROVIDER_CODES)),
    ),
)
def test_any_profile_gets_a_uid_that_says_what_it_was_minted_of(launch: Launch, sent: int, recipient: Recipient) -> None:
    minted = mint_uid(launch, sent, recipient)
    uid = parse_uid(minted)
    assert uid
    assert uid.text == minted
    assert (uid.launch, uid.sent, uid.origin) == (launch, sent, (launch.account, launch.campaign))
    assert (uid.objects, uid.database) == ((None,) * 4, recipient.database)
    assert (f"{uid.subscription:08x}", uid.provider) == (recipient.subscription_hash_id, recipient.provider)


@pytest.mark.parametrize(
    ("profile", "said"),
    [
        ("5f7c44deaee17a447ab8c315", "5f7c44deaee17a447ab8c315"),
        ("joe", hashlib.sha256(b"joe").hexdigest()[:24]),
        ("A" * 24, hashlib.sha256(b"A" * 24).hexdigest()[:24]),
        ("a" * 23, hashlib.sha256(b"a" * 23).hexdigest()[:24]),
        ("a" * 25, hashlib.sha256(b"a" * 25).hexdigest()[:24]),
    ],
)
def test_a_uid_says_the_id_of_a_profile_or_the_digest_of_one_that_a_caller_chose(profile: str, said: str) -> None:
    uid = parse_uid(mint_uid(Launch(0, 7, 1), 1, Recipient(17, profile, "019ae3a5", "ios-apns")))
    assert uid
    assert uid.profile == said


@pytest.mark.parametrize(
    ("profile", "subscription", "provider"),
    [
        ("a" * 24, "x", "ios-apns"),
        ("a" * 24, "A" * 8, "ios-apns"),
        ("a" * 24, "0x000001", "ios-apns"),
        ("a" * 24, "019ae3a5", ""),
        ("a" * 24, "019ae3a5", "ios|apns"),
    ],
)
def test_what_does_not_fit_the_form_is_not_minted(profile: str, subscription: str, provider: str) -> None:
    with pytest.raises(ValueError, match="is not"):
        mint_uid(Launch(0, 7, 1), 1, Recipient(17, profile, subscription, provider))


@pytest.mark.parametrize("number", [-1, 58**22])
def test_numbers_that_do_not_fit_the_form_are_not_minted(number: int) -> None:
    recipient = Recipient(17, "a" * 24, "019ae3a5", "ios-apns")
    for launch, sent in (
        (Launch(number, 7, 1), 1),
        (Launch(0, number, 1), 1),
        (Launch(0, 7, number), 1),
        (Launch(0, 7, 1), number),
    ):
        with pytest.raises(ValueError, match="is not"):
            mint_uid(launch, sent, recipient)
    largest = 58**22 - 1
    uid = parse_uid(mint_uid(Launch(largest, largest, largest), largest, replace(recipient, database=largest)))
    assert uid
    assert uid.sent == largest
