"""What every store of pack ids must do: the one in memory and the one in DynamoDB, on the local engine."""

import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import count

import pytest

from pushhub.adapters.dynamodb.pack_ids import DynamoPackIds
from pushhub.catalog.model import AppId
from pushhub.catalog.providers import Provider
from pushhub.faults import LostRaceError, UnavailableError
from pushhub.moments import Milliseconds, Seconds
from pushhub.sends.message import Message
from pushhub.sends.outcomes import Outcome
from pushhub.sends.pack_ids import PackClaim, PackIds, PackIdStore, PackKey
from pushhub.sends.sending import (
    NAMED_LANE,
    DeferralKey,
    LaneKey,
    Named,
    NamedProfile,
    OutcomeCounts,
    Place,
    RunId,
    Sending,
    SendingId,
    SendingStatus,
    mint_sending_id,
)
from pushhub.sends.store import KnownSendingError, NewDeferral, SendingStore
from tests.conftest import Hub
from tests.contract.sendings_table import NOW, OnEngine
from tests.doubles.pack_ids import MemoryPackIds
from tests.doubles.schedules import a_sending
from tests.doubles.sendings import MemorySendings

FCM = Provider("android-firebase")
RUN, OTHER_RUN = RunId("run-1"), RunId("run-2")
UNTIL, BLOCKED_UNTIL = Seconds(NOW + 34), Seconds(NOW + 600)
OVER = Seconds(UNTIL + 1)
ACCEPTED = OutcomeCounts.of(FCM, Outcome.ACCEPTED, 2)
CLIENTS, CALLERS = 8, 32


@dataclass(frozen=True, slots=True)
class Stores:
    pack_ids: PackIdStore
    sendings: SendingStore
    lose_next_answer: Callable[[], None]


@pytest.fixture(params=["memory", "dynamodb"])
def stores(request: pytest.FixtureRequest) -> Stores:
    if request.param == "memory":
        return in_memory()
    on_engine: OnEngine = request.getfixturevalue("on_engine")
    return Stores(on_engine.pack_ids(), on_engine.sendings(), lambda: setattr(on_engine.client, "losing", True))


def in_memory() -> Stores:
    sendings = MemorySendings()

    def lose_next_answer() -> None:
        def interrupt(moment: str) -> None:
            if moment.startswith("after"):
                sendings.interrupt = lambda _: None
                raise UnavailableError("no answer")

        sendings.interrupt = interrupt

    return Stores(MemoryPackIds(sendings), sendings, lose_next_answer)


@pytest.fixture
def store(stores: Stores) -> PackIdStore:
    return stores.pack_ids


def new_pack() -> PackKey:
    return PackKey("crm", AppId("shop"), secrets.token_hex(8))


def new_sending() -> Sending:
    id_ = mint_sending_id(Milliseconds(10**12 + secrets.randbelow(10**12)), secrets.randbelow(4096) / 4096)
    return replace(a_sending(id_, Named((NamedProfile("ann"),)), NOW), begun=NOW)


def claim_of(sending: Sending, run: RunId | None = RUN, until: Seconds = UNTIL) -> PackClaim:
    return PackClaim(sending.id, until, run)


def claimed(store: PackIdStore, pack: PackKey) -> Sending:
    """Return a new sending that has claimed a pack id."""
    sending = new_sending()
    assert store.claim_pack(pack, claim_of(sending), NOW)
    return sending


def started(store: PackIdStore, pack: PackKey) -> Sending:
    sending = claimed(store, pack)
    store.start(pack, sending, NOW, BLOCKED_UNTIL)
    return sending


# Claims


def test_a_claim_is_read_back_as_it_was_written(store: PackIdStore) -> None:
    pack = new_pack()
    assert store.claim_of(pack) is None
    sending = claimed(store, pack)
    assert store.claim_of(pack) == claim_of(sending)


def test_another_run_claims_an_id_only_once_the_claim_is_over(store: PackIdStore) -> None:
    pack, other = new_pack(), new_sending()
    sending = claimed(store, pack)
    for now in (NOW, UNTIL):
        assert not store.claim_pack(pack, claim_of(other, OTHER_RUN), now)
        assert not store.claim_pack(pack, claim_of(sending, OTHER_RUN), now)
    assert store.claim_of(pack) == claim_of(sending)
    later = claim_of(other, OTHER_RUN, Seconds(OVER + 34))
    assert store.claim_pack(pack, later, OVER)
    assert store.claim_of(pack) == later


def test_a_run_that_claims_an_id_twice_has_it(store: PackIdStore) -> None:
    pack = new_pack()
    sending = claimed(store, pack)
    assert store.claim_pack(pack, claim_of(sending), NOW)
    assert store.claim_of(pack) == claim_of(sending)


def test_another_caller_app_or_pack_id_is_another_claim(store: PackIdStore) -> None:
    pack = new_pack()
    claimed(store, pack)
    for other in (replace(pack, caller="shop"), replace(pack, app=AppId("other")), replace(pack, pack_id=f"{pack.pack_id}-")):
        assert store.claim_of(other) is None
        claimed(store, other)


def test_a_claim_whose_answer_was_lost_is_there(stores: Stores) -> None:
    pack, sending = new_pack(), new_sending()
    stores.lose_next_answer()
    with pytest.raises(UnavailableError):
        stores.pack_ids.claim_pack(pack, claim_of(sending), NOW)
    assert stores.pack_ids.claim_of(pack) == claim_of(sending)


# Starts


def test_a_started_sending_has_its_id_until_then_and_is_running(stores: Stores) -> None:
    pack = new_pack()
    sending = started(stores.pack_ids, pack)
    assert stores.pack_ids.claim_of(pack) == claim_of(sending, None, BLOCKED_UNTIL)
    running = replace(sending, status=SendingStatus.RUNNING, selection=Named(()), messages={})
    assert stores.sendings.sending(sending.id) == running
    assert stores.sendings.lanes(sending.id, 0) == []
    assert sending.id not in stores.sendings.running_sendings(Seconds(2**40))
    assert sending.id not in [moment.sending for moment in stores.sendings.due_moments(Seconds(2**40))]


def test_nobody_claims_the_id_of_a_started_sending_until_it_is_over(store: PackIdStore) -> None:
    pack = new_pack()
    sending = started(store, pack)
    assert not store.claim_pack(pack, claim_of(new_sending(), OTHER_RUN), BLOCKED_UNTIL)
    assert not store.claim_pack(pack, claim_of(sending), BLOCKED_UNTIL)
    assert store.claim_of(pack) == claim_of(sending, None, BLOCKED_UNTIL)
    assert store.claim_pack(pack, claim_of(new_sending(), OTHER_RUN), Seconds(BLOCKED_UNTIL + 1))


@pytest.mark.parametrize(
    "way", ["nobody has claimed", "another has claimed", "is over", "is started", "was released", "id is taken"]
)
def test_a_sending_that_has_no_claim_is_not_started_and_nothing_is_written(stores: Stores, way: str) -> None:
    store, pack, now = stores.pack_ids, new_pack(), NOW
    sending = new_sending() if way in ("nobody has claimed", "another has claimed") else claimed(store, pack)
    match way:
        case "another has claimed":
            claimed(store, pack)
        case "is over":
            now = OVER
        case "is started":
            store.start(pack, sending, now, BLOCKED_UNTIL)
        case "was released":
            assert store.release_pack(pack, sending.id)
        case "id is taken":
            stores.sendings.create(replace(sending, name="another"))
    before = store.claim_of(pack), stores.sendings.sending(sending.id)
    with pytest.raises(LostRaceError):
        store.start(pack, sending, now, Seconds(BLOCKED_UNTIL + 1))
    assert (store.claim_of(pack), stores.sendings.sending(sending.id)) == before


def test_a_start_in_the_last_second_of_its_claim_is_written(stores: Stores) -> None:
    pack = new_pack()
    sending = claimed(stores.pack_ids, pack)
    stores.pack_ids.start(pack, sending, UNTIL, BLOCKED_UNTIL)
    assert stores.sendings.sending(sending.id)


def test_a_start_whose_answer_was_lost_is_there(stores: Stores) -> None:
    pack = new_pack()
    sending = claimed(stores.pack_ids, pack)
    stores.lose_next_answer()
    with pytest.raises(UnavailableError):
        stores.pack_ids.start(pack, sending, NOW, BLOCKED_UNTIL)
    assert stores.pack_ids.claim_of(pack) == claim_of(sending, None, BLOCKED_UNTIL)
    assert stores.sendings.sending(sending.id)


def test_a_claim_that_is_released_is_gone_and_may_be_made_again(store: PackIdStore) -> None:
    pack = new_pack()
    sending = claimed(store, pack)
    assert not store.release_pack(pack, new_sending().id)
    assert store.release_pack(pack, sending.id)
    assert store.claim_of(pack) is None
    assert not store.release_pack(pack, sending.id)
    claimed(store, pack)


def test_a_started_sending_is_not_released(store: PackIdStore) -> None:
    pack = new_pack()
    sending = started(store, pack)
    assert not store.release_pack(pack, sending.id)
    assert store.claim_of(pack) == claim_of(sending, None, BLOCKED_UNTIL)


# The end of a started sending


def ended(sending: Sending) -> Sending:
    return replace(sending, status=SendingStatus.COMPLETE, ended=Seconds(NOW + 1), counts=ACCEPTED)


def deferral_of(sending: Sending) -> NewDeferral:
    return NewDeferral(DeferralKey(LaneKey(sending.id, 0, NAMED_LANE), Place("00000000")), {FCM: 3})


def test_a_started_sending_is_recorded_once(stores: Stores) -> None:
    sending = ended(started(stores.pack_ids, new_pack()))
    stores.sendings.record_ended(sending, [], started=True)
    recorded = replace(sending, selection=Named(()), messages={})
    assert stores.sendings.sending(sending.id) == recorded
    with pytest.raises(KnownSendingError):
        stores.sendings.record_ended(replace(sending, counts=OutcomeCounts()), [], started=True)
    assert stores.sendings.sending(sending.id) == recorded
    assert sending.id not in stores.sendings.running_sendings(Seconds(2**40))


def test_a_started_sending_with_deferrals_has_its_message_again_and_is_recorded_once(stores: Stores) -> None:
    sending = replace(ended(started(stores.pack_ids, new_pack())), messages={"": Message(text="Later")})
    deferral = deferral_of(sending)
    stores.sendings.record_ended(sending, [deferral], started=True)
    running = replace(sending, status=SendingStatus.RUNNING, selection=Named(()), counts=OutcomeCounts(), ended=None)
    assert stores.sendings.sending(sending.id) == running
    assert sending.id in stores.sendings.running_sendings(Seconds(2**40))
    assert stores.sendings.claim_deferral(deferral.key, RUN, 0, NOW, UNTIL)
    with pytest.raises(KnownSendingError):
        stores.sendings.record_ended(sending, [deferral], started=True)
    (kept,) = stores.sendings.deferrals(sending.id, 0)
    assert kept.run == RUN


def test_a_cancel_of_a_sending_that_is_pushing_stays(stores: Stores) -> None:
    sending = ended(started(stores.pack_ids, new_pack()))
    stores.sendings.cancel(sending.id, NOW)
    stores.sendings.record_ended(sending, [deferral_of(sending)], started=True)
    stored = stores.sendings.sending(sending.id)
    assert stored
    assert (stored.status, stored.cancelling) == (SendingStatus.RUNNING, True)


def test_a_sending_that_was_not_started_is_not_recorded_as_one(stores: Stores) -> None:
    sending = new_sending()
    with pytest.raises(KnownSendingError):
        stores.sendings.record_ended(ended(sending), [], started=True)
    assert stores.sendings.sending(sending.id) is None
    known = new_sending()
    stores.sendings.create(known)
    stores.sendings.begin(known.id, NOW)
    before = stores.sendings.sending(known.id)
    with pytest.raises(KnownSendingError):
        stores.sendings.record_ended(ended(known), [], started=True)
    assert stores.sendings.sending(known.id) == before


def test_a_started_sending_is_not_made_by_others(stores: Stores) -> None:
    sending = started(stores.pack_ids, new_pack())
    with pytest.raises(KnownSendingError):
        stores.sendings.record_ended(ended(sending), [])
    with pytest.raises(KnownSendingError):
        stores.sendings.create(sending)


# Races, and what DynamoDB alone has


def test_of_eight_that_start_and_release_a_claim_one_has_its_way(stores: Stores) -> None:
    with ThreadPoolExecutor(8) as pool:
        for _ in range(5):
            pack = new_pack()
            sending = claimed(stores.pack_ids, pack)
            starts = [pool.submit(stores.pack_ids.start, pack, sending, NOW, BLOCKED_UNTIL) for _ in range(4)]
            releases = [pool.submit(stores.pack_ids.release_pack, pack, sending.id) for _ in range(4)]
            won = [each.exception() is None for each in starts] + [each.result() for each in releases]
            assert won.count(True) == 1
            assert (stores.sendings.sending(sending.id) is not None) == any(won[:4])


def test_of_a_thousand_requests_at_one_time_one_starts(hub: Hub, on_engine: OnEngine) -> None:
    pack, runs = new_pack(), count()
    tables = [DynamoPackIds(hub.connection.client("dynamodb"), on_engine.table, retention_days=30) for _ in range(CLIENTS)]
    ids = [PackIds(table, lambda: RunId(f"run-{next(runs)}")) for table in tables]

    def request(number: int) -> SendingId | None:
        sending, mine = new_sending(), ids[number % CLIENTS]
        if not mine.claim(pack, sending.id, NOW):
            return None
        mine.start(pack, sending, NOW)
        return sending.id

    with ThreadPoolExecutor(CALLERS) as pool:
        started_ = [each for each in pool.map(request, range(1_000)) if each is not None]
    assert len(started_) == 1
    known = tables[0].claim_of(pack)
    assert known == PackClaim(started_[0], BLOCKED_UNTIL, None)


def test_each_method_makes_one_call(on_engine: OnEngine) -> None:
    store, pack, sending, client = on_engine.pack_ids(), new_pack(), new_sending(), on_engine.client
    steps: tuple[tuple[str, Callable[[], object]], ...] = (
        ("put_item", lambda: store.claim_pack(pack, claim_of(sending), NOW)),
        ("get_item", lambda: store.claim_of(pack)),
        ("delete_item", lambda: store.release_pack(pack, sending.id)),
        ("put_item", lambda: store.claim_pack(pack, claim_of(sending), NOW)),
        ("transact_write_items", lambda: store.start(pack, sending, NOW, BLOCKED_UNTIL)),
        ("transact_write_items", lambda: on_engine.sendings().record_ended(ended(sending), [], started=True)),
    )
    for operation, step in steps:
        client.operations.clear()
        step()
        assert client.operations == [operation]


def test_a_pack_id_is_forgotten_a_day_after_it_is_free_and_its_sending_as_any_other(on_engine: OnEngine) -> None:
    pack = new_pack()
    sending = started(on_engine.pack_ids(), pack)
    pages = on_engine.client.get_paginator("scan").paginate(TableName=on_engine.table)
    texts = (pack.digest, str(sending.id))
    own = [item for page in pages for item in page["Items"] if item["pk"]["S"][2:] in texts or item["sk"]["S"] in texts]
    assert sorted((item["pk"]["S"][:2], int(item["expires"]["N"]), item["v"]["N"]) for item in own) == [
        ("O#", BLOCKED_UNTIL + 86_400, "1"),
        ("V#", NOW + 4 * 3600 + 30 * 86_400, "1"),
    ]
