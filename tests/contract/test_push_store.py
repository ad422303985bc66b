"""What every store of pushes must do: the one in memory and the one in DynamoDB, on the local engine."""

import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from pushhub.adapters.dynamodb.pushes import MAX_BIND_SECONDS, DynamoPushes
from pushhub.adapters.dynamodb.sendings import DynamoSendings
from pushhub.catalog.model import AppId
from pushhub.console.connection import Connection
from pushhub.faults import UnavailableError
from pushhub.moments import Milliseconds, Seconds
from pushhub.sends.message import Message, Translation
from pushhub.sends.pushes import (
    KEPT_SECONDS,
    MAX_STORED_PUSH_BYTES,
    BoundElsewhereError,
    KeptReply,
    KnownPushError,
    KnownRequestError,
    NotSchedulableError,
    Pushes,
    PushId,
    PushStore,
    PushTooLargeError,
    RequestKey,
    StoredPush,
    mint_push_id,
)
from pushhub.sends.sending import Everyone, Part, Sending, SendingId, SendingStatus, mint_sending_id
from pushhub.sends.store import MAX_DUE_MOMENTS, MAX_SENDING_BYTES, KnownSendingError, SendingStore, SendingTooLargeError
from tests.conftest import Hub
from tests.contract.sendings_table import NOW, OnEngine, new_table
from tests.doubles.billed_dynamodb import Bill
from tests.doubles.pushes import MemoryPushes
from tests.doubles.schedules import a_sending
from tests.doubles.sendings import MemorySendings

DUE = Seconds(NOW + 120)
RETENTION_SECONDS = 30 * 86_400
ENGLISH = Translation("Sale", "Ends at midnight", "https://example.com/a.png", "https://example.com/i.png", "https://example.com")
GERMAN = Translation("Ausverkauf", "Bis Mitternacht, nur heute")
RACES = 500


@dataclass(frozen=True, slots=True)
class Stores:
    pushes: PushStore
    sendings: SendingStore
    lose_next_answer: Callable[[], None]
    wait: Callable[[int], None]
    """Lets so many seconds pass."""

    def in_one_go(self) -> Pushes:
        return Pushes(self.pushes, self.sendings)


@dataclass
class Time:
    seconds: int = NOW

    def wait(self, seconds: int) -> None:
        self.seconds += seconds


@pytest.fixture(params=["memory", "dynamodb"])
def stores(request: pytest.FixtureRequest) -> Stores:
    if request.param == "memory":
        return in_memory()
    time, on_engine = Time(), request.getfixturevalue("on_engine")
    pushes = on_engine.pushes(lambda: float(time.seconds))
    return Stores(pushes, on_engine.sendings(), lambda: setattr(on_engine.client, "losing", True), time.wait)


def in_memory() -> Stores:
    sendings = MemorySendings()
    pushes = MemoryPushes(sendings, NOW)

    def lose_next_answer() -> None:
        def interrupt(moment: str) -> None:
            if moment.startswith("after"):
                sendings.interrupt = lambda _: None
                raise UnavailableError("no answer")

        sendings.interrupt = interrupt

    def wait(seconds: int) -> None:
        pushes.seconds += seconds

    return Stores(pushes, sendings, lose_next_answer, wait)


def some_millisecond() -> Milliseconds:
    return Milliseconds(10**12 + secrets.randbelow(10**12))


def new_push(bound: SendingId | None = None) -> StoredPush:
    push = StoredPush.of(mint_push_id(some_millisecond(), 0.5), "crm", "en", [("en", ENGLISH), ("de", GERMAN)])
    return replace(push, bound=bound)


def new_sending(due: Seconds = DUE) -> Sending:
    """Return a sending that waits for a push."""
    sending = a_sending(mint_sending_id(some_millisecond(), 0.5), Everyone(), due)
    return replace(sending, messages={})


def with_push(sending: Sending, push: StoredPush) -> Sending:
    """Return a sending as it is with a push."""
    texts = {each.language: each.translation for each in push.translations}
    return replace(sending, messages={"": Message(title="Sale", text="Now")}, translations=texts, push=push.id)


def without_push(sending: Sending) -> Sending:
    return replace(sending, messages={}, translations={}, push=None)


def a_reply(key: RequestKey | None = None, text: str = "") -> KeptReply:
    own = key or RequestKey("crm", "/api/b/v2/send/instant", secrets.token_hex(8))
    return KeptReply(own, "digest-of-a-body", 201, f'{{"sched_id": "é{text}"}}'.encode(), Seconds(NOW + KEPT_SECONDS))


def created(stores: Stores, due: Seconds = DUE) -> Sending:
    sending = new_sending(due)
    stores.pushes.create_sending(sending, None, None)
    return sending


def stored(stores: Stores) -> StoredPush:
    push = new_push()
    stores.pushes.create_push(push, None)
    return push


def bound(stores: Stores) -> tuple[Sending, StoredPush]:
    """Return a sending, as it is with a push, and the push."""
    sending, push = created(stores), stored(stores)
    stores.pushes.bind(with_push(sending, push), push, NOW)
    return with_push(sending, push), replace(push, bound=sending.id)


# Pushes


def test_a_push_is_read_back_as_it_was_written(stores: Stores) -> None:
    push = new_push()
    assert stores.pushes.push(push.id) is None
    stores.pushes.create_push(push, None)
    assert stores.pushes.push(push.id) == push


def test_a_push_whose_id_is_taken_is_not_written(stores: Stores) -> None:
    push = stored(stores)
    with pytest.raises(KnownPushError):
        stores.pushes.create_push(replace(push, caller="other"), a_reply())
    assert stores.pushes.push(push.id) == push


def test_a_push_that_is_too_large_is_not_written(stores: Stores) -> None:
    def with_text(length: int) -> StoredPush:
        return StoredPush.of(mint_push_id(some_millisecond(), 0.5), "crm", "en", [("en", Translation("a", "x" * length))])

    kept = a_reply()
    push = with_text(MAX_STORED_PUSH_BYTES)
    with pytest.raises(PushTooLargeError):
        stores.pushes.create_push(push, kept)
    with pytest.raises(PushTooLargeError):
        stores.pushes.create_sending(new_sending(), push, kept)
    assert stores.pushes.push(push.id) is None
    assert stores.pushes.kept_reply(kept.key) is None
    fits = with_text(MAX_STORED_PUSH_BYTES - 100)
    stores.pushes.create_push(fits, kept)
    assert stores.pushes.push(fits.id) == fits


# Sendings with their pushes


def test_a_sending_is_written_with_its_push_and_its_reply(stores: Stores) -> None:
    sending, kept = new_sending(), a_reply()
    push = new_push(bound=sending.id)
    stores.pushes.create_sending(with_push(sending, push), push, kept)
    assert stores.sendings.sending(sending.id) == with_push(sending, push)
    assert stores.pushes.push(push.id) == push
    assert stores.pushes.kept_reply(kept.key) == kept
    assert sending.id in {moment.sending for moment in stores.sendings.due_moments(DUE)}
    assert sending.id in stores.sendings.running_sendings(DUE)


def test_a_sending_with_all_the_moments_that_it_may_have_is_written_with_push_and_reply(stores: Stores) -> None:
    sending, kept = new_sending(), a_reply()
    parts = tuple(Part(number, AppId("shop"), Seconds(DUE + number)) for number in range(MAX_DUE_MOMENTS))
    push = new_push(bound=sending.id)
    stores.pushes.create_sending(with_push(replace(sending, parts=parts), push), push, kept)
    assert stores.sendings.sending(sending.id) == with_push(replace(sending, parts=parts), push)


@pytest.mark.parametrize("taken", ["sending", "push", "key"])
def test_where_anything_is_taken_nothing_is_written(stores: Stores, taken: str) -> None:
    sending, kept, push = new_sending(), a_reply(), new_push()
    expected: type[Exception] = KnownSendingError
    match taken:
        case "sending":
            stores.sendings.create(sending)
        case "push":
            stores.pushes.create_push(push, None)
        case "key":
            expected = KnownRequestError
            stores.pushes.create_push(new_push(), kept)
    before = stores.sendings.sending(sending.id), stores.pushes.push(push.id), stores.pushes.kept_reply(kept.key)
    with pytest.raises(expected):
        stores.pushes.create_sending(with_push(sending, push), replace(push, bound=sending.id), replace(kept, reply=b"other"))
    after = stores.sendings.sending(sending.id), stores.pushes.push(push.id), stores.pushes.kept_reply(kept.key)
    assert after == before


def test_a_sending_that_is_too_large_leaves_no_push_and_no_reply(stores: Stores) -> None:
    sending, kept = new_sending(), a_reply()
    push = new_push(bound=sending.id)
    large = replace(with_push(sending, push), messages={"": Message(text="x" * MAX_SENDING_BYTES)})
    with pytest.raises(SendingTooLargeError):
        stores.pushes.create_sending(large, push, kept)
    assert (stores.pushes.push(push.id), stores.pushes.kept_reply(kept.key)) == (None, None)


# Replies


def test_a_push_is_written_once_for_a_key(stores: Stores) -> None:
    kept, first, second = a_reply(), new_push(), new_push()
    stores.pushes.create_push(first, kept)
    with pytest.raises(KnownRequestError):
        stores.pushes.create_push(second, replace(kept, reply=b"{}"))
    assert stores.pushes.push(second.id) is None
    assert stores.pushes.kept_reply(kept.key) == kept


def test_another_caller_path_or_key_is_another_request(stores: Stores) -> None:
    kept = a_reply()
    stores.pushes.create_push(new_push(), kept)
    key = kept.key
    for other in (replace(key, caller="shop"), replace(key, path="/api/b/v2/pushes"), replace(key, key=f"{key.key}-")):
        assert stores.pushes.kept_reply(other) is None
        stores.pushes.create_push(new_push(), a_reply(other))


def test_a_key_is_free_again_once_its_reply_is_over(stores: Stores) -> None:
    kept = a_reply()
    stores.pushes.create_push(new_push(), kept)
    stores.wait(KEPT_SECONDS)
    assert stores.pushes.kept_reply(kept.key) == kept
    with pytest.raises(KnownRequestError):
        stores.pushes.create_push(new_push(), kept)
    stores.wait(1)
    assert stores.pushes.kept_reply(kept.key) is None
    later = replace(a_reply(kept.key, "later"), until=Seconds(NOW + 2 * KEPT_SECONDS + 1))
    stores.pushes.create_push(new_push(), later)
    assert stores.pushes.kept_reply(kept.key) == later


# What a sending is bound to


def test_a_push_is_bound_to_a_sending_with_its_content(stores: Stores) -> None:
    sending, push = bound(stores)
    assert stores.sendings.sending(sending.id) == sending
    assert stores.pushes.push(push.id) == push


def test_the_same_again_changes_nothing(stores: Stores) -> None:
    sending, push = bound(stores)
    stores.pushes.bind(sending, push, NOW)
    stores.pushes.bind(sending, replace(push, bound=None), NOW)
    assert stores.sendings.sending(sending.id) == sending
    assert stores.pushes.push(push.id) == push


def test_another_push_takes_the_place_of_the_bound_one_which_is_free_for_another_sending(stores: Stores) -> None:
    sending, first = bound(stores)
    second, other = stored(stores), created(stores)
    stores.pushes.bind(with_push(sending, second), second, NOW)
    assert stores.sendings.sending(sending.id) == with_push(sending, second)
    assert stores.pushes.push(second.id) == replace(second, bound=sending.id)
    assert stores.pushes.push(first.id) == replace(first, bound=None)
    stores.pushes.bind(with_push(other, first), first, NOW)
    assert stores.pushes.push(first.id) == replace(first, bound=other.id)


def test_nothing_takes_the_place_of_the_bound_push(stores: Stores) -> None:
    sending, push = bound(stores)
    stores.pushes.bind(without_push(sending), None, NOW)
    assert stores.sendings.sending(sending.id) == without_push(sending)
    assert stores.pushes.push(push.id) == replace(push, bound=None)
    stores.pushes.bind(without_push(sending), None, NOW)


def test_a_push_that_is_bound_to_another_sending_is_not_bound(stores: Stores) -> None:
    (_, push), (other, own) = bound(stores), bound(stores)
    with pytest.raises(BoundElsewhereError):
        stores.pushes.bind(with_push(other, push), replace(push, bound=None), NOW)
    assert stores.sendings.sending(other.id) == other
    assert stores.pushes.push(own.id) == own
    assert stores.pushes.push(push.id) == push


@pytest.mark.parametrize("way", ["unknown", "due", "running", "cancelled", "expired"])
def test_nothing_is_bound_to_a_sending_that_is_not_scheduled_for_later(stores: Stores, way: str) -> None:
    sending, push, now = new_sending() if way == "unknown" else created(stores), stored(stores), NOW
    match way:
        case "due":
            now = DUE
        case "running":
            stores.sendings.begin(sending.id, NOW)
        case "cancelled":
            stores.sendings.cancel(sending.id, NOW)
        case "expired":
            stores.sendings.expire(sending.id, NOW)
    before = stores.sendings.sending(sending.id)
    with pytest.raises(NotSchedulableError):
        stores.pushes.bind(with_push(sending, push), push, now)
    assert stores.sendings.sending(sending.id) == before
    assert stores.pushes.push(push.id) == push


def test_a_push_is_bound_until_the_last_second_before_its_sending_is_due(stores: Stores) -> None:
    sending, push = created(stores), stored(stores)
    stores.pushes.bind(with_push(sending, push), push, Seconds(DUE - 1))
    assert stores.sendings.sending(sending.id) == with_push(sending, push)


def test_what_is_too_large_is_not_bound(stores: Stores) -> None:
    sending, push = created(stores), stored(stores)
    large = replace(with_push(sending, push), messages={"": Message(text="x" * MAX_SENDING_BYTES)})
    with pytest.raises(SendingTooLargeError):
        stores.pushes.bind(large, push, NOW)
    assert stores.sendings.sending(sending.id) == sending
    assert stores.pushes.push(push.id) == push


def test_a_push_is_forgotten_with_its_sending_and_one_that_is_bound_to_nothing_after_its_days(stores: Stores) -> None:
    (_, kept), free = bound(stores), stored(stores)
    stores.wait(RETENTION_SECONDS)
    assert stores.pushes.push(free.id) == free
    stores.wait(1)
    assert stores.pushes.push(free.id) is None
    assert stores.pushes.push(kept.id) == kept
    stores.wait(10 * RETENTION_SECONDS)
    assert stores.pushes.push(kept.id) is None


# Answers that are lost


def test_writes_whose_answers_were_lost_are_there(stores: Stores) -> None:
    sending, kept = new_sending(), a_reply()
    push = new_push(bound=sending.id)
    stores.lose_next_answer()
    with pytest.raises(UnavailableError):
        stores.pushes.create_sending(with_push(sending, push), push, kept)
    assert stores.sendings.sending(sending.id) == with_push(sending, push)
    other = stored(stores)
    stores.lose_next_answer()
    with pytest.raises(UnavailableError):
        stores.pushes.bind(with_push(sending, other), other, NOW)
    stores.pushes.bind(with_push(sending, other), other, NOW)
    assert stores.pushes.push(other.id) == replace(other, bound=sending.id)
    assert stores.pushes.push(push.id) == replace(push, bound=None)


@pytest.mark.parametrize("with_key", [False, True])
def test_a_request_whose_answer_was_lost_finds_out_that_it_was_written(stores: Stores, *, with_key: bool) -> None:
    sending, kept = new_sending(), a_reply() if with_key else None
    push = new_push(bound=sending.id)
    stores.lose_next_answer()
    assert stores.in_one_go().create_sending(with_push(sending, push), push, kept) is None
    assert stores.sendings.sending(sending.id) == with_push(sending, push)
    stores.lose_next_answer()
    second = new_push()
    assert stores.in_one_go().create_push(second, a_reply() if with_key else None) is None
    assert stores.pushes.push(second.id) == second


# Races, and what DynamoDB alone has


def test_of_two_requests_with_one_key_exactly_one_makes_a_sending(hub: Hub, on_engine: OnEngine) -> None:
    tables = [hub.connection.client("dynamodb") for _ in range(2)]
    racers = [
        Pushes(
            DynamoPushes(client, on_engine.table, 30, lambda: float(NOW)),
            DynamoSendings(client, on_engine.table, 30, lambda: float(NOW)),
        )
        for client in tables
    ]

    def request(race: tuple[RequestKey, int]) -> tuple[SendingId, KeptReply | None]:
        key, number = race
        sending = new_sending()
        push = new_push(bound=sending.id)
        return sending.id, racers[number].create_sending(with_push(sending, push), push, a_reply(key, str(sending.id)))

    with ThreadPoolExecutor(2) as pool:
        for _ in range(RACES):
            key = a_reply().key
            answers = list(pool.map(request, [(key, 0), (key, 1)]))
            (made,) = [sending for sending, known in answers if known is None]
            (other,) = [known for _, known in answers if known is not None]
            (not_made,) = {sending for sending, _ in answers} - {made}
            assert other == a_reply(key, str(made))
            assert racers[0].sendings.sending(made)
            assert racers[0].sendings.sending(not_made) is None


def test_of_eight_that_bind_pushes_and_sendings_at_one_time_each_push_has_one_sending(stores: Stores) -> None:
    sendings, pushes = [created(stores) for _ in range(4)], [stored(stores) for _ in range(4)]

    def bind(pair: tuple[int, int]) -> None:
        sending, push = sendings[pair[0]], pushes[pair[1]]
        stores.pushes.bind(with_push(sending, push), push, NOW)

    with ThreadPoolExecutor(8) as pool:
        came_of = [pool.submit(bind, (sending, push)) for sending in range(4) for push in range(4)]
        faults = [each.exception() for each in came_of]
    assert all(fault is None or isinstance(fault, (BoundElsewhereError, UnavailableError)) for fault in faults)
    of_sendings = {each.id: known.push for each in sendings if (known := stores.sendings.sending(each.id)) and known.push}
    of_pushes = {each.id: read.bound for each in pushes if (read := stores.pushes.push(each.id)) and read.bound}
    assert of_pushes
    assert {push: sending for sending, push in of_sendings.items()} == of_pushes


def test_a_push_is_bound_or_its_sending_expires(stores: Stores) -> None:
    with ThreadPoolExecutor(2) as pool:
        for _ in range(10):
            sending, push = created(stores), stored(stores)
            binding = pool.submit(stores.pushes.bind, with_push(sending, push), push, NOW)
            pool.submit(stores.sendings.expire, sending.id, NOW).result()
            fault = binding.exception()
            known = stores.sendings.sending(sending.id)
            assert known
            assert (known.status, known.push, type(fault)) in (
                (SendingStatus.SCHEDULED, push.id, type(None)),
                (SendingStatus.EXPIRED, None, NotSchedulableError),
            )


def test_each_method_makes_the_calls_that_it_says(on_engine: OnEngine) -> None:
    store, client = on_engine.pushes(lambda: float(NOW)), on_engine.client
    sending, kept = new_sending(), a_reply()
    push, other = new_push(bound=sending.id), new_push()
    steps: tuple[tuple[list[str], Callable[[], object]], ...] = (
        (["transact_write_items"], lambda: store.create_sending(with_push(sending, push), push, kept)),
        (["transact_write_items"], lambda: store.create_push(other, None)),
        (["get_item"], lambda: store.push(push.id)),
        (["get_item"], lambda: store.kept_reply(kept.key)),
        (["get_item", "transact_write_items"], lambda: store.bind(with_push(sending, other), other, NOW)),
    )
    for operations, step in steps:
        client.operations.clear()
        step()
        assert client.operations == operations


@dataclass
class Items:
    """What the table has of some pushes and replies: when each may be deleted."""

    on_engine: OnEngine
    expires: dict[str, int] = field(default_factory=dict)

    def of(self, *keys: str) -> list[int]:
        pages = self.on_engine.client.get_paginator("scan").paginate(TableName=self.on_engine.table)
        found = {item["pk"]["S"]: int(item["expires"]["N"]) for page in pages for item in page["Items"] if "expires" in item}
        return [found[key] for key in keys]


def test_a_push_is_forgotten_with_its_sending_and_a_reply_after_a_day(on_engine: OnEngine) -> None:
    time = Time()
    store = on_engine.pushes(lambda: float(time.seconds))
    sending, kept, items = new_sending(), a_reply(), Items(on_engine)
    push, other = new_push(bound=sending.id), new_push()
    store.create_sending(with_push(sending, push), push, kept)
    store.create_push(other, None)
    with_sending, alone = DUE + 4 * 3600 + RETENTION_SECONDS, NOW + RETENTION_SECONDS
    keys = (f"U#{push.id}", f"U#{other.id}")
    assert items.of(*keys, f"I#{kept.key.digest}") == [with_sending, alone, NOW + 2 * KEPT_SECONDS]
    time.wait(5)
    store.bind(with_push(sending, other), other, NOW)
    assert items.of(*keys) == [alone + 5, with_sending]
    time.seconds = alone + 5
    assert store.push(push.id)
    time.wait(1)
    assert store.push(push.id) is None
    assert store.push(other.id)


def test_a_push_that_was_forgotten_meanwhile_is_made_again_where_it_is_bound(on_engine: OnEngine) -> None:
    store = on_engine.pushes(lambda: float(NOW))
    sending, push = new_sending(), new_push()
    store.create_sending(sending, None, None)
    store.bind(with_push(sending, push), push, NOW)
    assert store.push(push.id) == replace(push, bound=sending.id)


def test_where_time_is_up_a_push_is_not_bound_once_more(on_engine: OnEngine) -> None:
    """A sending that others bind to all the time must not hold a request for longer than its caller waits."""
    time = Time()
    store, hurried = on_engine.pushes(lambda: float(NOW)), on_engine.pushes(lambda: float(time.seconds))
    sending, push, other = new_sending(), new_push(), new_push()
    store.create_sending(sending, None, None)
    actual, tries = hurried._binding, []

    def overtaken(*words: Any) -> Any:
        tries.append(words)
        store.bind(with_push(sending, other), other, NOW)
        time.wait(MAX_BIND_SECONDS + 1)
        return actual(*words)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hurried, "_binding", overtaken)
        with pytest.raises(UnavailableError):
            hurried.bind(with_push(sending, push), push, NOW)
    assert len(tries) == 1


def test_what_requests_cost_is_what_the_page_says(moto: Connection) -> None:
    client, look, bill = moto.client("dynamodb"), moto.client("dynamodb"), Bill()
    bill.watch(client, look)
    store = DynamoPushes(client, new_table(look), 30, lambda: float(NOW))
    sending, push = new_sending(), new_push()
    store.create_sending(with_push(sending, push), replace(push, bound=sending.id), None)
    assert bill.write_units.pop("TransactWriteItems") == 8
    store.create_push(other := new_push(), None)
    assert bill.write_units.pop("TransactWriteItems") == 2
    store.create_push(new_push(), a_reply())
    assert bill.write_units.pop("TransactWriteItems") == 2 + 2
    store.bind(with_push(sending, other), other, NOW)
    assert bill.write_units.pop("TransactWriteItems") == 6


def test_a_push_of_a_number_that_a_sending_has_is_another_thing(stores: Stores) -> None:
    sending = created(stores)
    push = replace(new_push(), id=PushId(sending.id))
    stores.pushes.create_push(push, None)
    assert stores.pushes.push(push.id) == push
    assert stores.sendings.sending(sending.id) == sending
