"""Stored pushes, and requests that are answered again as they were."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushhub.faults import UnavailableError
from pushhub.moments import Milliseconds, Seconds
from pushhub.sends.message import Message, Translation
from pushhub.sends.pushes import (
    KeptReply,
    OtherRequestError,
    Pushes,
    PushId,
    RequestKey,
    StoredPush,
    mint_push_id,
)
from pushhub.sends.sending import Everyone, Sending, SendingId, mint_sending_id
from pushhub.sends.store import KnownSendingError
from tests.doubles.pushes import MemoryPushes
from tests.doubles.schedules import a_sending

NOW = 1_900_000_000
KEY = RequestKey("crm", "/api/b/v2/pushes", "order-7")
PUSH = StoredPush.of(PushId(77), "crm", "de", [("en", Translation("Sale")), ("de", Translation("Ausverkauf"))])
texts = st.text(max_size=6)


def a_reply(text: str = "first", body: str = "body") -> KeptReply:
    return KeptReply(KEY, body, 201, text.encode(), Seconds(NOW + 10))


@pytest.fixture
def store() -> MemoryPushes:
    return MemoryPushes(seconds=NOW)


@pytest.fixture
def pushes(store: MemoryPushes) -> Pushes:
    return Pushes(store, store.sendings)


def numbered_push(number: int) -> StoredPush:
    return replace(PUSH, id=PushId(number))


def numbered_sending(number: int) -> Sending:
    return replace(a_sending(SendingId(number), Everyone(), Seconds(NOW + 120)), messages={"": Message(text="Now")})


@given(st.tuples(texts, texts, texts), st.tuples(texts, texts, texts))
def test_two_keys_have_one_digest_if_and_only_if_they_are_equal(first: tuple[str, str, str], second: tuple[str, str, str]) -> None:
    assert (RequestKey(*first).digest == RequestKey(*second).digest) == (first == second)


@given(st.integers(0, 2**41 - 2), st.floats(0, 1), st.integers(1, 600))
def test_ids_of_a_push_and_its_translations_are_distinct_and_fit_json(now: int, chance: float, translations: int) -> None:
    languages = [(f"l{number}", Translation("a")) for number in range(translations)]
    push = StoredPush.of(mint_push_id(Milliseconds(now), chance), "crm", "l0", languages)
    ids = [each.id for each in push.translations]
    assert len({*ids}) == translations
    assert all(0 <= number < 2**53 for number in (*ids, push.id))
    assert int(push.id) == mint_sending_id(Milliseconds(now), chance)
    assert [each.language for each in push.translations] == [language for language, _ in languages]


def test_a_push_of_another_caller_is_as_if_it_were_not_there(pushes: Pushes) -> None:
    pushes.create_push(PUSH, None)
    assert pushes.push_of("crm", PUSH.id) == PUSH
    assert pushes.push_of("shop", PUSH.id) is None
    assert pushes.push_of("crm", PushId(78)) is None


def test_a_request_is_answered_as_it_was_and_one_with_another_body_is_refused(pushes: Pushes) -> None:
    assert pushes.answered(KEY, "body") is None
    assert pushes.create_push(PUSH, a_reply()) is None
    assert pushes.answered(KEY, "body") == a_reply()
    with pytest.raises(OtherRequestError):
        pushes.answered(KEY, "other")


def test_a_request_that_comes_second_is_answered_as_the_first_was_and_writes_nothing(pushes: Pushes, store: MemoryPushes) -> None:
    pushes.create_push(PUSH, a_reply())
    assert pushes.create_push(numbered_push(78), a_reply("second")) == a_reply()
    assert pushes.create_sending(numbered_sending(79), None, a_reply("third")) == a_reply()
    with pytest.raises(OtherRequestError):
        pushes.create_push(numbered_push(80), a_reply("fourth", body="other"))
    assert list(store.pushes) == [PUSH.id]
    assert store.sendings.sending(SendingId(79)) is None


def test_requests_without_a_key_are_all_carried_out(pushes: Pushes, store: MemoryPushes) -> None:
    for number in (1, 2):
        assert pushes.create_push(numbered_push(number), None) is None
    assert list(store.pushes) == [1, 2]


def test_an_id_that_is_taken_is_told(pushes: Pushes) -> None:
    pushes.create_sending(numbered_sending(1), None, None)
    with pytest.raises(KnownSendingError):
        pushes.create_sending(numbered_sending(1), None, a_reply())


@pytest.mark.parametrize("kept", [None, a_reply()])
@pytest.mark.parametrize("point", ["before create_push", "after create_push"])
def test_whether_a_write_without_an_answer_was_written_is_read(
    pushes: Pushes, store: MemoryPushes, kept: KeptReply | None, point: str
) -> None:
    def interrupt(moment: str) -> None:
        if moment == point:
            raise UnavailableError("no answer")

    store.sendings.interrupt = interrupt
    if point.startswith("after"):
        assert pushes.create_push(PUSH, kept) is None
    else:
        with pytest.raises(UnavailableError):
            pushes.create_push(PUSH, kept)
    store.sendings.interrupt = lambda _: None
    assert (store.push(PUSH.id) is not None) == point.startswith("after")


@pytest.mark.parametrize("kept", [None, a_reply()])
def test_where_no_call_is_answered_nothing_is_known(pushes: Pushes, store: MemoryPushes, kept: KeptReply | None) -> None:
    def interrupt(moment: str) -> None:
        if moment.startswith("after"):
            raise UnavailableError("no answer")

    store.sendings.interrupt = interrupt
    with pytest.raises(UnavailableError):
        pushes.create_push(PUSH, kept)


def test_a_push_is_bound_through_the_store(pushes: Pushes, store: MemoryPushes) -> None:
    sending = numbered_sending(1)
    pushes.create_sending(sending, None, None)
    pushes.create_push(PUSH, None)
    pushes.bind(replace(sending, push=PUSH.id), PUSH, Seconds(NOW))
    assert store.pushes[PUSH.id].bound == sending.id


def test_a_request_costs_one_call_and_one_with_a_key_two(pushes: Pushes, store: MemoryPushes) -> None:
    pushes.create_sending(numbered_sending(1), None, None)
    assert store.sendings.calls == {"create_sending": 1}
    store.sendings.calls.clear()
    assert pushes.answered(KEY, "body") is None
    pushes.create_sending(numbered_sending(2), None, a_reply())
    assert store.sendings.calls == {"kept_reply": 1, "create_sending": 1}
