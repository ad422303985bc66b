"""What every store of sendings must do: the one in memory and the one in DynamoDB, on the local engine."""

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from pushhub.adapters.dynamodb.ledger import DynamoLedger
from pushhub.adapters.dynamodb.schema import items
from pushhub.adapters.dynamodb.schema.sendings import sending_key
from pushhub.adapters.dynamodb.sendings import DynamoSendings
from pushhub.catalog.model import AppId
from pushhub.catalog.providers import PROVIDER_CODES, Provider
from pushhub.events.ledger import SentCounts
from pushhub.events.uid import Launch
from pushhub.faults import LostRaceError, UnavailableError
from pushhub.moments import Milliseconds, Seconds
from pushhub.sends.filters import Choice, Filters
from pushhub.sends.message import Message, Translation
from pushhub.sends.outcomes import Outcome
from pushhub.sends.sending import (
    ANY_PROVIDER,
    BEGINNING,
    INDEX_LANES,
    MAX_EXAMPLES,
    NAMED_LANE,
    Claim,
    Deferral,
    DeferralKey,
    Everyone,
    Example,
    Filtered,
    Lane,
    LaneKey,
    LaneName,
    Named,
    NamedField,
    NamedProfile,
    NamedPushToken,
    OutcomeCounts,
    Part,
    Place,
    ProviderStop,
    RunId,
    Sending,
    SendingId,
    SendingStatus,
    launch_of,
    mint_sending_id,
    minted_on,
    sent_counts,
)
from pushhub.sends.store import (
    MAX_DUE_MOMENTS,
    MAX_ENDED_DEFERRALS,
    MAX_PARTS,
    MAX_SENDING_BYTES,
    MAX_STEP_DEFERRALS,
    DueMoment,
    KnownSendingError,
    LaneUpdate,
    NewDeferral,
    RecordedStep,
    SendingStore,
    SendingTooLargeError,
    SettledTry,
    due_moments_of,
)
from tests.contract.sendings_table import NOW, OnEngine, RecordingClient
from tests.doubles.sendings import MemorySendings

FCM, APNS = Provider("android-firebase"), Provider("ios-apns")
LATER = Seconds(NOW + 60)
RUN, OTHER_RUN = RunId("run-1"), RunId("run-2")
PLACE, NEXT_PLACE = Place("00ff"), Place("01ff")
CLAIM = Claim(PLACE, {FCM: 60, APNS: 40})
NEXT_CLAIM = Claim(NEXT_PLACE, {FCM: 1})
ACCEPTED = OutcomeCounts.of(FCM, Outcome.ACCEPTED, 60)
STOP = ProviderStop(Outcome.CREDENTIALS_BAD, "the key is revoked")


@dataclass(frozen=True, slots=True)
class Stores:
    sendings: SendingStore
    sent: Callable[[Launch], Mapping[Provider, SentCounts]]
    lose_next_answer: Callable[[], None]


@pytest.fixture(params=["memory", "dynamodb"])
def stores(request: pytest.FixtureRequest) -> Stores:
    if request.param == "memory":
        return in_memory()
    on_engine: OnEngine = request.getfixturevalue("on_engine")
    ledger = DynamoLedger(on_engine.client, on_engine.table, retention_days=30)  # type: ignore[arg-type]

    def sent(launch: Launch) -> Mapping[Provider, SentCounts]:
        return {Provider(each.provider): each.sent for each in ledger.statistics(launch.text)}

    return Stores(on_engine.sendings(), sent, lambda: setattr(on_engine.client, "losing", True))


def in_memory() -> Stores:
    store = MemorySendings()

    def sent(launch: Launch) -> Mapping[Provider, SentCounts]:
        return sent_counts(store.launch_counts.get(launch, OutcomeCounts()))

    def lose_next_answer() -> None:
        def interrupt(moment: str) -> None:
            if moment.startswith("after"):
                store.interrupt = lambda _: None
                raise UnavailableError("no answer")

        store.interrupt = interrupt

    return Stores(store, sent, lose_next_answer)


@pytest.fixture
def store(stores: Stores) -> SendingStore:
    return stores.sendings


@pytest.fixture
def eight_hands() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as pool:
        yield pool


def new_id() -> SendingId:
    """Return an id of some day in thirty years."""
    return mint_sending_id(Milliseconds(10**12 + secrets.randbelow(10**12)), secrets.randbelow(4096) / 4096)


def new_sending(**changed: Any) -> Sending:
    id_ = changed.pop("id", None) or new_id()
    app = AppId("01234567-89ab-4cde-8f01-23456789abcd")
    sending = Sending(
        id=id_,
        app=app,
        caller="crm",
        dialect="console",
        name="Весна",
        tag="spring",
        launch=launch_of(id_, account=17),
        selection=Everyone(),
        messages={ANY_PROVIDER: Message(title="Sale", text="20 % off"), APNS: Message(title="Sale", badge=1)},
        parts=(Part(0, app, NOW),),
    )
    return replace(sending, **changed)


def known(store: SendingStore, **changed: Any) -> Sending:
    """Return a new sending that is stored."""
    sending = new_sending(**changed)
    store.create(sending)
    return sending


def running(store: SendingStore, **changed: Any) -> Sending:
    sending = known(store, **changed)
    store.begin(sending.id, NOW)
    return stored(store, sending)


def stored(store: SendingStore, sending: Sending) -> Sending:
    found = store.sending(sending.id)
    assert found
    return found


def lane_of(sending: Sending, lane: LaneName = INDEX_LANES[10], part: int = 0) -> LaneKey:
    return LaneKey(sending.id, part, lane)


def taken(store: SendingStore, key: LaneKey | None = None) -> LaneKey:
    """Return a lane whose lease `RUN` has."""
    key = key or lane_of(new_sending())
    assert store.take_lane(key, RUN, NOW, LATER)
    return key


def update(
    before: Claim | None = None, recorded: RecordedStep | None = None, after: Claim | None = None, **changed: Any
) -> LaneUpdate:
    return replace(LaneUpdate(RUN, before, recorded, after, LATER), **changed)


def at(key: LaneKey, place: str = PLACE) -> DeferralKey:
    return DeferralKey(key, Place(place))


def deferred(store: SendingStore, recipients: Mapping[Provider, int], key: LaneKey | None = None) -> DeferralKey:
    """Return a deferral that was made with a step of which nobody was accounted for."""
    key = taken(store, key)
    store.update_lane(key, update(after=CLAIM))
    store.update_lane(key, update(CLAIM, RecordedStep(PLACE, OutcomeCounts(), (NewDeferral(at(key), recipients),))))
    return at(key)


def read_lane(store: SendingStore, key: LaneKey) -> Lane:
    found = store.lane(key)
    assert found
    return found


def read_deferral(store: SendingStore, key: DeferralKey) -> Deferral:
    found = store.deferral(key)
    assert found
    return found


def due_ids(store: SendingStore, until: Seconds) -> list[SendingId]:
    return [moment.sending for moment in store.due_moments(until)]


def example(code: str = "UNREGISTERED", outcome: Outcome = Outcome.GONE, reason: str = "dead") -> Example:
    return Example(FCM, outcome, code, reason, "abc…xyz")


# Sendings


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"selection": Named((NamedProfile("ann"), NamedField("n", 7), NamedField("t", "7"), NamedPushToken(APNS, "a:b#c")))},
        {"name": "", "tag": "", "messages": {}, "expire": 0},
        {"parts": tuple(Part(n, AppId(f"app-{n}"), Seconds(NOW + n)) for n in range(40))},
        {"parts": tuple(Part(n, AppId("app"), Seconds(NOW - offset), offset) for n, offset in enumerate((3_600, 0, -9_000)))},
        {"selection": Filtered(Filters())},
        {
            "selection": Filtered(
                Filters(
                    countries=Choice(frozenset({"DE", "RU"})),
                    languages=Choice(frozenset()),
                    audiences=Choice(None, frozenset({"age:>=21", "оффер"})),
                    events=Choice(frozenset({"install"}), frozenset({"dep", "reg"})),
                )
            )
        },
        {"translations": {"pt": Translation(title="Olá", link="https://example.com/"), "ru": Translation()}, "push": 2**53 - 1},
        {"status": SendingStatus.RUNNING, "dropped": frozenset({0, 13})},
        {"launch": Launch(account=2**127, campaign=0, at=10**18)},
        {
            "status": SendingStatus.RUNNING,
            "cancelling": True,
            "stopped": {
                AppId("a"): {FCM: STOP, APNS: replace(STOP, outcome=Outcome.MESSAGE_BAD, reason="")},
                AppId("b#c"): {FCM: replace(STOP, reason="403")},
            },
            "begun": NOW,
            "ended": LATER,
            "counts": ACCEPTED + OutcomeCounts.of(APNS, Outcome.UNKNOWN, 3),
            "examples": (example("b"), example("a", Outcome.UNKNOWN)),
        },
    ],
)
def test_a_new_sending_is_read_back_as_it_was_created(store: SendingStore, changed: Mapping[str, Any]) -> None:
    sending = new_sending(**changed)
    assert store.sending(sending.id) is None
    store.create(sending)
    assert store.sending(sending.id) == sending


def test_a_known_sending_is_not_created_again_and_stays_as_it_is(store: SendingStore) -> None:
    sending = running(store)
    store.forget_due(*due_moments_of(sending))
    with pytest.raises(KnownSendingError):
        store.create(replace(sending, name="another"))
    with pytest.raises(KnownSendingError):
        store.record_ended(replace(sending, name="another", status=SendingStatus.COMPLETE), [])
    assert store.sending(sending.id) == sending
    assert sending.id not in due_ids(store, LATER)


def test_of_eight_that_create_one_sending_one_does(store: SendingStore, eight_hands: ThreadPoolExecutor) -> None:
    def create(sending: Sending) -> bool:
        try:
            store.create(sending)
        except KnownSendingError:
            return False
        return True

    for _ in range(5):
        id_ = new_id()
        named = [new_sending(id=id_, name=str(n)) for n in range(8)]
        won = list(eight_hands.map(create, named))
        assert won.count(True) == 1
        assert store.sending(id_) == named[won.index(True)]


def test_a_sending_begins_with_the_push_that_is_bound_to_it_alone(store: SendingStore) -> None:
    bound, unbound = known(store, push=7), known(store)
    assert [store.begin(bound.id, NOW, push) for push in (None, 8, 7, 7)] == [False, False, True, False]
    assert [store.begin(unbound.id, NOW, push) for push in (7, None, None)] == [False, True, False]


def test_only_a_scheduled_sending_begins(store: SendingStore) -> None:
    sending = known(store)
    store.begin(sending.id, NOW)
    begun = replace(sending, status=SendingStatus.RUNNING, begun=NOW)
    assert store.sending(sending.id) == begun
    store.begin(sending.id, LATER)
    assert store.sending(sending.id) == begun
    store.end(sending.id, SendingStatus.COMPLETE, OutcomeCounts(), LATER)
    ended = stored(store, sending)
    store.begin(sending.id, LATER)
    assert store.sending(sending.id) == ended


def test_a_cancelled_scheduled_sending_is_over_and_due_no_more(store: SendingStore) -> None:
    sending = known(store, parts=tuple(Part(n, AppId("app"), Seconds(NOW + n)) for n in range(3)))
    store.cancel(sending.id, LATER)
    ended = replace(sending, status=SendingStatus.CANCELLED, ended=LATER)
    assert store.sending(sending.id) == ended
    assert sending.id not in store.running_sendings(LATER)
    assert sending.id not in due_ids(store, Seconds(NOW + 10))
    store.cancel(sending.id, Seconds(LATER + 1))
    store.begin(sending.id, LATER)
    assert store.sending(sending.id) == ended


def test_a_scheduled_sending_without_a_push_expires_and_is_due_no_more(store: SendingStore) -> None:
    sending = known(store, messages={}, parts=tuple(Part(n, AppId("app"), Seconds(NOW + n)) for n in range(3)))
    store.expire(sending.id, LATER)
    ended = replace(sending, status=SendingStatus.EXPIRED, ended=LATER)
    assert store.sending(sending.id) == ended
    assert sending.id not in store.running_sendings(LATER)
    assert sending.id not in due_ids(store, LATER)
    store.expire(sending.id, Seconds(LATER + 1))
    store.begin(sending.id, LATER)
    assert store.sending(sending.id) == ended


@pytest.mark.parametrize("made", [lambda store: known(store, push=7), running], ids=["bound", "running"])
def test_a_sending_that_has_a_push_or_runs_does_not_expire(store: SendingStore, made: Callable[[SendingStore], Sending]) -> None:
    sending = made(store)
    store.expire(sending.id, LATER)
    assert store.sending(sending.id) == sending
    assert sending.id in due_ids(store, LATER)


def test_parts_are_dropped_once_each(store: SendingStore) -> None:
    sending = running(store, parts=tuple(Part(n, AppId("app"), NOW) for n in range(12)))
    for part in (11, 0, 11):
        store.drop_part(sending.id, part)
    assert store.sending(sending.id) == replace(sending, dropped=frozenset({0, 11}))


def test_of_a_sending_that_is_bound_and_expires_at_one_time_one_happens(dynamo: DynamoSendings) -> None:
    bound = known(dynamo, messages={})
    content = replace(bound, push=7, messages={ANY_PROVIDER: Message(text="Hello")}, translations={"pt": Translation(text="Olá")})
    assert rebound(dynamo, content, None)
    dynamo.expire(bound.id, LATER)
    assert dynamo.sending(bound.id) == content
    assert not rebound(dynamo, replace(content, push=8), None)
    assert rebound(dynamo, replace(content, push=8), 7)
    assert rebound(dynamo, bound, 8)
    assert dynamo.sending(bound.id) == bound
    dynamo.expire(bound.id, LATER)
    assert not rebound(dynamo, content, None)


def rebound(dynamo: DynamoSendings, sending: Sending, bound: int | None) -> bool:
    """Write what a sending is to be, and say whether its guards held."""
    client: Any = dynamo._client
    try:
        client.transact_write_items(TransactItems=[dynamo.rebinding_action(sending, bound)])
    except ClientError:
        return False
    return True


def test_a_cancelled_running_sending_is_marked_and_goes_on(store: SendingStore) -> None:
    sending = running(store)
    store.cancel(sending.id, LATER)
    assert store.sending(sending.id) == replace(sending, cancelling=True)
    assert sending.id in store.running_sendings(LATER)


def test_a_sending_that_is_cancelled_while_it_begins_never_runs_unmarked(
    store: SendingStore, eight_hands: ThreadPoolExecutor
) -> None:
    for _ in range(10):
        sending = known(store)
        hands: list[Future[Any]] = [
            eight_hands.submit(store.begin, sending.id, NOW),
            eight_hands.submit(store.cancel, sending.id, NOW),
        ]
        for each in hands:
            each.result()
        now = stored(store, sending)
        assert now.status is SendingStatus.CANCELLED or (now.status is SendingStatus.RUNNING and now.cancelling)


def test_the_first_stop_of_each_app_and_provider_stays(store: SendingStore) -> None:
    sending = running(store)
    other = ProviderStop(Outcome.MESSAGE_BAD, "the payload is empty")
    shop, club = AppId("shop"), AppId("club")
    store.stop_provider(sending.id, shop, FCM, STOP)
    store.stop_provider(sending.id, shop, FCM, other)
    store.stop_provider(sending.id, club, FCM, other)
    store.stop_provider(sending.id, shop, APNS, other)
    assert store.sending(sending.id) == replace(sending, stopped={shop: {FCM: STOP, APNS: other}, club: {FCM: other}})


def test_of_each_provider_outcome_and_code_one_example_is_kept(store: SendingStore) -> None:
    sending = running(store)
    first, other_code, other_outcome = example("a"), example("b"), example("a", Outcome.WRONG_TARGET)
    other_provider = replace(first, provider=APNS)
    for each in (first, replace(first, reason="another"), other_code, other_outcome, other_code, other_provider):
        store.add_example(sending.id, each)
    assert stored(store, sending).examples == (first, other_code, other_outcome, other_provider)


def test_so_many_examples_are_kept_and_no_more(store: SendingStore, eight_hands: ThreadPoolExecutor) -> None:
    sending = running(store)
    kinds = [example(str(n)) for n in range(MAX_EXAMPLES + 5)]
    list(eight_hands.map(lambda each: store.add_example(sending.id, each), kinds))
    kept = stored(store, sending).examples
    assert len(kept) == len(set(kept)) == MAX_EXAMPLES
    assert set(kept) <= set(kinds)


# The end


def test_an_ended_sending_has_its_status_and_counts_and_adds_to_its_launch(stores: Stores) -> None:
    store = stores.sendings
    sending = running(store)
    counts = OutcomeCounts(
        {
            FCM: {Outcome.ACCEPTED: 5, Outcome.LATER: 2, Outcome.GONE: 3, Outcome.EXPIRED: 4, Outcome.UNKNOWN: 1},
            APNS: {Outcome.WRONG_TARGET: 6, Outcome.MESSAGE_BAD: 1, Outcome.CREDENTIALS_BAD: 1},
        }
    )
    store.end(sending.id, SendingStatus.COMPLETE, counts, LATER)
    assert store.sending(sending.id) == replace(sending, status=SendingStatus.COMPLETE, counts=counts, ended=LATER)
    assert sending.id not in store.running_sendings(LATER)
    assert stores.sent(sending.launch) == {FCM: SentCounts(accepted=7, erroneous=7, unknown=1), APNS: SentCounts(erroneous=8)}


def test_sendings_of_one_launch_add_up(stores: Stores) -> None:
    launch = launch_of(new_id(), account=17)
    for _ in range(3):
        sending = running(stores.sendings, launch=launch)
        stores.sendings.end(sending.id, SendingStatus.COMPLETE, ACCEPTED, LATER)
    stores.sendings.record_ended(new_sending(launch=launch, status=SendingStatus.COMPLETE, counts=ACCEPTED), [])
    assert stores.sent(launch) == {FCM: SentCounts(accepted=240)}


@pytest.mark.parametrize("prepare", ["scheduled", "cancelled"])
def test_what_does_not_run_does_not_end_and_is_not_counted(stores: Stores, prepare: str) -> None:
    sending = known(stores.sendings)
    if prepare == "cancelled":
        stores.sendings.cancel(sending.id, NOW)
    before = stored(stores.sendings, sending)
    stores.sendings.end(sending.id, SendingStatus.COMPLETE, ACCEPTED, LATER)
    assert stores.sendings.sending(sending.id) == before
    assert not stores.sent(sending.launch)


def test_a_sending_that_eight_end_is_counted_once(stores: Stores, eight_hands: ThreadPoolExecutor) -> None:
    for _ in range(5):
        sending = running(stores.sendings)
        ends = [eight_hands.submit(stores.sendings.end, sending.id, SendingStatus.COMPLETE, ACCEPTED, LATER) for _ in range(8)]
        for each in ends:
            each.result()
        stores.sendings.end(sending.id, SendingStatus.EXPIRED, ACCEPTED, LATER)
        assert stored(stores.sendings, sending).status is SendingStatus.COMPLETE
        assert stores.sent(sending.launch) == {FCM: SentCounts(accepted=60)}


def test_an_end_whose_answer_was_lost_is_counted_once(stores: Stores) -> None:
    sending = running(stores.sendings)
    stores.lose_next_answer()
    with pytest.raises(UnavailableError):
        stores.sendings.end(sending.id, SendingStatus.COMPLETE, ACCEPTED, LATER)
    stores.sendings.end(sending.id, SendingStatus.COMPLETE, ACCEPTED, LATER)
    assert stores.sent(sending.launch) == {FCM: SentCounts(accepted=60)}


def test_a_direct_sending_that_is_over_is_stored_without_what_nobody_needs_again(stores: Stores) -> None:
    selection = Named((NamedPushToken(APNS, "a-push-token"),))
    sending = new_sending(selection=selection, status=SendingStatus.COMPLETE, begun=NOW, ended=NOW, counts=ACCEPTED)
    stores.sendings.record_ended(sending, [])
    assert stores.sendings.sending(sending.id) == replace(sending, selection=Named(()), messages={})
    assert sending.id not in stores.sendings.running_sendings(LATER)
    assert sending.id not in due_ids(stores.sendings, LATER)
    assert stores.sendings.lanes(sending.id, 0) == []
    assert stores.sent(sending.launch) == {FCM: SentCounts(accepted=60)}


def test_a_direct_sending_with_deferrals_runs_until_they_are_settled(stores: Stores) -> None:
    store = stores.sendings
    sending = new_sending(
        selection=Named((NamedProfile("ann"),)), status=SendingStatus.COMPLETE, begun=NOW, ended=NOW, counts=ACCEPTED
    )
    key = lane_of(sending, NAMED_LANE)
    made = [NewDeferral(at(key, f"{n:08d}"), {FCM: n + 1, APNS: 1}) for n in range(MAX_ENDED_DEFERRALS)]
    store.record_ended(sending, made)
    assert store.sending(sending.id) == replace(
        sending, selection=Named(()), status=SendingStatus.RUNNING, counts=OutcomeCounts(), ended=None
    )
    assert sending.id in store.running_sendings(LATER)
    pending = sum(n + 2 for n in range(MAX_ENDED_DEFERRALS))
    assert store.lanes(sending.id, 0) == [Lane(key, RunId(""), Seconds(0), counts=ACCEPTED, pending=pending, finished=True)]
    found = sorted(store.deferrals(sending.id, 0), key=lambda deferral: deferral.key.name)
    assert found == [Deferral(each.key, 0, each.recipients) for each in made]
    assert not stores.sent(sending.launch)


# Lists


def test_moments_are_listed_as_due_in_their_order_until_they_are_forgotten(store: SendingStore) -> None:
    dues = [NOW + 5, NOW - 5, NOW, NOW + 6, NOW]
    first = known(store, parts=tuple(Part(n, AppId(f"app-{n}"), Seconds(due)) for n, due in enumerate(dues)))
    second = known(store, parts=(Part(0, AppId("app"), Seconds(NOW + 1)),))
    mine = {first.id, second.id}

    def listed(until: int) -> list[DueMoment]:
        return [moment for moment in store.due_moments(Seconds(until)) if moment.sending in mine]

    before, at_once, after = (DueMoment(first.id, Seconds(NOW + shift), part) for shift, part in ((-5, 1), (0, 2), (5, 0)))
    assert listed(NOW - 6) == []
    assert listed(NOW) == [before, at_once]
    assert [part.number for part in at_once.parts_of(first)] == [2, 4]
    assert listed(NOW + 5) == [before, at_once, DueMoment(second.id, Seconds(NOW + 1), 0), after]
    store.forget_due(before)
    store.forget_due(before)
    assert listed(NOW) == [at_once]


def test_of_a_moment_is_known_how_many_of_its_parts_are_in_the_queue(store: SendingStore) -> None:
    sending = known(store, parts=tuple(Part(n, AppId(f"app-{n}"), NOW) for n in range(3)))
    (moment,) = due_moments_of(sending)
    store.note_put(moment, 2)
    (listed,) = [moment for moment in store.due_moments(NOW) if moment.sending == sending.id]
    assert listed == replace(moment, put=2)
    store.forget_due(listed)
    store.note_put(listed, 3)
    assert sending.id not in due_ids(store, NOW)


def test_sendings_run_from_their_creation_to_their_end(store: SendingStore) -> None:
    scheduled, begun, ended = known(store), running(store), running(store)
    store.end(ended.id, SendingStatus.STOPPED, OutcomeCounts(), LATER)
    assert {scheduled.id, begun.id} <= set(store.running_sendings(LATER))
    assert ended.id not in store.running_sendings(LATER)


def test_sendings_run_from_the_moment_when_their_first_part_is_due(store: SendingStore) -> None:
    def part(number: int, due: int) -> Part:
        return Part(number, AppId("app"), Seconds(due))

    second, first, third = (
        known(store, parts=parts)
        for parts in ((part(0, NOW + 9), part(1, NOW + 2)), (part(0, NOW + 1),), (part(0, NOW + 3), part(1, NOW + 4)))
    )
    mine = {first.id, second.id, third.id}

    def of_mine(now: int) -> list[SendingId]:
        return [each for each in store.running_sendings(Seconds(now)) if each in mine]

    assert [of_mine(NOW + after) for after in range(4)] == [
        [],
        [first.id],
        [first.id, second.id],
        [first.id, second.id, third.id],
    ]
    store.cancel(second.id, NOW)
    store.begin(first.id, NOW)
    store.end(first.id, SendingStatus.COMPLETE, OutcomeCounts(), LATER)
    assert of_mine(LATER) == [third.id]


def test_a_day_lists_its_sendings_newest_first(store: SendingStore) -> None:
    start = 86_400_000 * (20_000 + secrets.randbelow(4_000))
    moments = [start - 1, start, start, start + 1, start + 86_399_999, start + 86_400_000]
    ids = [mint_sending_id(Milliseconds(moment), n / 8) for n, moment in enumerate(moments)]
    made = [known(store, id=id_) for id_ in ids]
    assert minted_on(ids[1]) != minted_on(ids[0])
    assert list(store.listed(minted_on(ids[1]))) == [_without_content(each) for each in made[4:0:-1]]


def _without_content(sending: Sending) -> Sending:
    """Leave out what a list need not read."""
    return replace(sending, selection=Named(()), messages={})


# Lanes


def test_a_new_lane_is_taken_at_its_beginning(store: SendingStore) -> None:
    key = lane_of(new_sending())
    assert store.lane(key) is None
    expected = Lane(key, RUN, LATER)
    assert store.take_lane(key, RUN, NOW, LATER) == expected
    assert store.lane(key) == expected
    assert expected.done == BEGINNING


def test_another_run_takes_a_lane_only_once_its_lease_is_over(store: SendingStore) -> None:
    key = taken(store)
    store.update_lane(key, update(after=CLAIM))
    assert store.take_lane(key, OTHER_RUN, LATER, Seconds(LATER + 60)) is None
    assert read_lane(store, key) == Lane(key, RUN, LATER, claim=CLAIM)
    after = Seconds(LATER + 1)
    expected = Lane(key, OTHER_RUN, Seconds(LATER + 60), claim=CLAIM)
    assert store.take_lane(key, OTHER_RUN, after, Seconds(LATER + 60)) == expected
    assert read_lane(store, key) == expected


def test_a_run_takes_its_own_lane_again_and_finds_it_as_it_was(store: SendingStore) -> None:
    key = taken(store)
    store.update_lane(key, update(after=CLAIM))
    until = Seconds(LATER + 60)
    assert store.take_lane(key, RUN, NOW, until) == Lane(key, RUN, until, claim=CLAIM)


@pytest.mark.parametrize("run", [RUN, OTHER_RUN])
def test_nobody_takes_a_finished_lane(store: SendingStore, run: RunId) -> None:
    key = taken(store)
    store.update_lane(key, update(finished=True, until=Seconds(0)))
    assert store.take_lane(key, run, Seconds(LATER + 1), Seconds(LATER + 60)) is None
    assert read_lane(store, key).finished


def test_a_lane_whose_lease_was_given_up_is_taken_at_once(store: SendingStore) -> None:
    key = taken(store)
    store.update_lane(key, update(until=Seconds(0)))
    assert store.take_lane(key, OTHER_RUN, NOW, LATER) == Lane(key, OTHER_RUN, LATER)


def test_of_eight_runs_one_takes_a_lane(store: SendingStore, eight_hands: ThreadPoolExecutor) -> None:
    for until in (None, Seconds(NOW - 1)):
        key = lane_of(new_sending())
        if until:
            assert store.take_lane(key, RUN, Seconds(NOW - 60), until)
        takes = [eight_hands.submit(store.take_lane, key, RunId(f"hand-{n}"), NOW, LATER) for n in range(8)]
        won = [lane for each in takes if (lane := each.result())]
        assert len(won) == 1
        assert read_lane(store, key) == won[0]


def test_a_step_is_claimed_and_recorded_and_the_next_one_claimed_with_it(store: SendingStore) -> None:
    key = taken(store)
    store.update_lane(key, update(after=CLAIM))
    assert read_lane(store, key) == Lane(key, RUN, LATER, claim=CLAIM)
    counts = ACCEPTED + OutcomeCounts.of(APNS, Outcome.GONE, 40)
    until = Seconds(LATER + 7)
    store.update_lane(key, update(CLAIM, RecordedStep(PLACE, counts), NEXT_CLAIM, until=until))
    assert read_lane(store, key) == Lane(key, RUN, until, PLACE, NEXT_CLAIM, counts)
    one = OutcomeCounts.of(FCM, Outcome.ACCEPTED)
    store.update_lane(key, update(NEXT_CLAIM, RecordedStep(NEXT_PLACE, one), finished=True))
    assert read_lane(store, key) == Lane(key, RUN, LATER, NEXT_PLACE, None, counts + one, finished=True)


def test_every_provider_and_outcome_is_counted_apart(store: SendingStore) -> None:
    key = taken(store)
    counts = OutcomeCounts({p: {o: n * 10 + m + 1 for m, o in enumerate(Outcome)} for n, p in enumerate(PROVIDER_CODES)})
    store.update_lane(key, update(after=CLAIM))
    store.update_lane(key, update(CLAIM, RecordedStep(PLACE, counts), NEXT_CLAIM))
    store.update_lane(key, update(NEXT_CLAIM, RecordedStep(NEXT_PLACE, counts)))
    assert read_lane(store, key).counts == counts + counts


@pytest.mark.parametrize(
    ("claimed", "wrong"),
    [
        (CLAIM, update(CLAIM, RecordedStep(PLACE, ACCEPTED), run=OTHER_RUN)),
        (CLAIM, update(None, None, NEXT_CLAIM)),
        (CLAIM, update(replace(CLAIM, place=NEXT_PLACE), RecordedStep(NEXT_PLACE, ACCEPTED))),
        (CLAIM, update(replace(CLAIM, recipients={FCM: 60, APNS: 39}), RecordedStep(PLACE, ACCEPTED))),
        (CLAIM, update(replace(CLAIM, recipients={FCM: 60}), RecordedStep(PLACE, ACCEPTED))),
        (None, update(CLAIM, RecordedStep(PLACE, ACCEPTED))),
        (None, update(None, None, NEXT_CLAIM, run=OTHER_RUN)),
    ],
)
def test_an_update_of_another_run_or_of_another_claim_writes_nothing(
    store: SendingStore, claimed: Claim | None, wrong: LaneUpdate
) -> None:
    key = taken(store)
    if claimed:
        store.update_lane(key, update(after=claimed))
    before = read_lane(store, key)
    for recorded in (wrong, _with_deferral(key, wrong)):
        with pytest.raises(LostRaceError):
            store.update_lane(key, recorded)
    assert read_lane(store, key) == before
    assert store.deferral(at(key)) is None


def _with_deferral(key: LaneKey, update: LaneUpdate) -> LaneUpdate:
    recorded = update.recorded or RecordedStep(PLACE, ACCEPTED)
    return replace(update, recorded=replace(recorded, deferrals=(NewDeferral(at(key), {FCM: 1}),)))


def test_a_lane_that_nobody_has_taken_is_not_updated(store: SendingStore) -> None:
    key = lane_of(new_sending())
    with pytest.raises(LostRaceError):
        store.update_lane(key, update(after=CLAIM))
    assert store.lane(key) is None


@pytest.mark.parametrize("deferrals", [0, 1, MAX_STEP_DEFERRALS])
def test_an_update_whose_answer_was_lost_is_not_written_twice(stores: Stores, deferrals: int) -> None:
    store = stores.sendings
    key = taken(store)
    store.update_lane(key, update(after=CLAIM))
    made = tuple(NewDeferral(at(key, f"{PLACE}-{n}"), {APNS: 1}) for n in range(deferrals))
    recording = update(CLAIM, RecordedStep(PLACE, ACCEPTED, made), NEXT_CLAIM)
    stores.lose_next_answer()
    with pytest.raises(UnavailableError):
        store.update_lane(key, recording)
    with pytest.raises(LostRaceError):
        store.update_lane(key, recording)
    assert read_lane(store, key) == Lane(key, RUN, LATER, PLACE, NEXT_CLAIM, ACCEPTED, pending=deferrals)
    assert len(store.deferrals(key.sending, key.part)) == deferrals


def test_of_a_run_and_one_that_takes_its_lane_over_only_one_goes_on(store: SendingStore, eight_hands: ThreadPoolExecutor) -> None:
    def record(key: LaneKey) -> bool:
        try:
            store.update_lane(key, update(CLAIM, RecordedStep(PLACE, ACCEPTED, (NewDeferral(at(key), {APNS: 40}),)), until=LATER))
        except LostRaceError:
            return False
        return True

    for _ in range(10):
        key = taken(store)
        store.update_lane(key, update(after=CLAIM, until=Seconds(NOW - 1)))
        recorded = eight_hands.submit(record, key)
        other = eight_hands.submit(store.take_lane, key, OTHER_RUN, NOW, LATER).result()
        lane = read_lane(store, key)
        if recorded.result():
            lane = read_lane(store, key)
            assert other is None
            assert (lane.run, lane.claim, lane.counts, lane.pending) == (RUN, None, ACCEPTED, 40)
        else:
            assert lane == other == Lane(key, OTHER_RUN, LATER, claim=CLAIM)


def test_the_lanes_of_a_part_are_those_that_a_run_has_taken(store: SendingStore) -> None:
    sending = new_sending()
    keys = [lane_of(sending, lane, part) for part in (0, 1) for lane in INDEX_LANES[: 16 - 15 * part]]
    for key in keys:
        taken(store, key)
    deferred(store, {FCM: 1}, lane_of(new_sending()))
    assert store.lanes(new_id(), 0) == []
    assert {lane.key for lane in store.lanes(sending.id, 0)} == set(keys[:16])
    assert {lane.key for lane in store.lanes(sending.id, 1)} == {keys[16]}


# Deferrals


def test_a_deferral_is_made_with_its_step_and_no_other_has_one(store: SendingStore) -> None:
    key = taken(store)
    store.update_lane(key, update(after=CLAIM))
    assert store.deferral(at(key)) is None
    made = (NewDeferral(at(key), {FCM: 30, APNS: 10}), NewDeferral(at(key, "00ff-2"), {APNS: 1}))
    store.update_lane(key, update(CLAIM, RecordedStep(PLACE, ACCEPTED, made), NEXT_CLAIM))
    assert read_lane(store, key) == Lane(key, RUN, LATER, PLACE, NEXT_CLAIM, ACCEPTED, pending=41)
    assert store.deferral(at(key)) == Deferral(at(key), 0, {FCM: 30, APNS: 10})
    assert store.deferral(at(key, NEXT_PLACE)) is None
    assert store.deferral(at(replace(key, lane=LaneName("b")))) is None
    assert {each.key for each in store.deferrals(key.sending, 0)} == {each.key for each in made}
    assert store.deferrals(key.sending, 1) == []


def test_a_try_is_claimed_once_and_only_at_its_number(store: SendingStore) -> None:
    key = deferred(store, {FCM: 3})
    assert not store.claim_deferral(key, RUN, 1, NOW, LATER)
    assert store.claim_deferral(key, RUN, 0, NOW, LATER)
    claimed = Deferral(key, 0, {FCM: 3}, RUN, NOW, LATER)
    assert read_deferral(store, key) == claimed
    assert not store.claim_deferral(key, OTHER_RUN, 0, Seconds(LATER + 1), Seconds(LATER + 60))
    assert not store.claim_deferral(key, RUN, 0, Seconds(LATER + 1), Seconds(LATER + 60))
    assert read_deferral(store, key) == claimed


def test_a_deferral_that_does_not_exist_is_not_claimed(store: SendingStore) -> None:
    key = at(lane_of(new_sending()))
    assert not store.claim_deferral(key, RUN, 0, NOW, LATER)
    assert store.deferral(key) is None


def test_of_eight_runs_one_claims_a_try(store: SendingStore, eight_hands: ThreadPoolExecutor) -> None:
    for _ in range(5):
        key = deferred(store, {FCM: 3})
        claims = [eight_hands.submit(store.claim_deferral, key, RunId(f"hand-{n}"), 0, NOW, LATER) for n in range(8)]
        won = [each.result() for each in claims]
        assert won.count(True) == 1
        assert read_deferral(store, key).run == f"hand-{won.index(True)}"


def test_a_settled_try_frees_the_deferral_for_the_next_until_nobody_is_left(store: SendingStore) -> None:
    key = deferred(store, {FCM: 3, APNS: 2})
    assert store.claim_deferral(key, RUN, 0, NOW, LATER)
    first = OutcomeCounts.of(FCM, Outcome.ACCEPTED, 3) + OutcomeCounts.of(APNS, Outcome.GONE)
    store.settle_deferral(SettledTry(key, RUN, 0, first, {APNS: 1}))
    assert read_deferral(store, key) == Deferral(key, 1, {APNS: 1})
    lane = read_lane(store, key.lane)
    assert (lane.counts, lane.pending) == (first, 1)
    assert not store.claim_deferral(key, OTHER_RUN, 0, NOW, LATER)
    assert store.claim_deferral(key, OTHER_RUN, 1, NOW, LATER)
    store.settle_deferral(SettledTry(key, OTHER_RUN, 1, OutcomeCounts(), {APNS: 1}))
    assert read_deferral(store, key) == Deferral(key, 2, {APNS: 1})
    assert store.claim_deferral(key, OTHER_RUN, 2, NOW, LATER)
    last = OutcomeCounts.of(APNS, Outcome.EXPIRED)
    store.settle_deferral(SettledTry(key, OTHER_RUN, 2, last))
    assert read_deferral(store, key) == Deferral(key, 3, {}, done=True)
    lane = read_lane(store, key.lane)
    assert (lane.counts, lane.pending) == (first + last, 0)
    assert store.deferrals(key.lane.sending, key.lane.part) == []
    assert not store.claim_deferral(key, RUN, 3, NOW, LATER)


@pytest.mark.parametrize(("run", "tries"), [(OTHER_RUN, 0), (RUN, 1)])
def test_a_try_that_is_not_claimed_so_is_not_settled(store: SendingStore, run: RunId, tries: int) -> None:
    key = deferred(store, {FCM: 3})
    counts = OutcomeCounts.of(FCM, Outcome.ACCEPTED, 3)
    with pytest.raises(LostRaceError):
        store.settle_deferral(SettledTry(key, RUN, 0, counts))
    assert store.claim_deferral(key, RUN, 0, NOW, LATER)
    lane, deferral = read_lane(store, key.lane), read_deferral(store, key)
    with pytest.raises(LostRaceError):
        store.settle_deferral(SettledTry(key, run, tries, counts))
    assert (read_lane(store, key.lane), read_deferral(store, key)) == (lane, deferral)


def test_a_settling_whose_answer_was_lost_counts_once(stores: Stores) -> None:
    store = stores.sendings
    key = deferred(store, {FCM: 3})
    assert store.claim_deferral(key, RUN, 0, NOW, LATER)
    settled = SettledTry(key, RUN, 0, OutcomeCounts.of(FCM, Outcome.ACCEPTED, 2), {FCM: 1})
    stores.lose_next_answer()
    with pytest.raises(UnavailableError):
        store.settle_deferral(settled)
    with pytest.raises(LostRaceError):
        store.settle_deferral(settled)
    lane = read_lane(store, key.lane)
    assert (lane.counts, lane.pending, read_deferral(store, key)) == (settled.counts, 1, Deferral(key, 1, {FCM: 1}))


def test_a_try_that_eight_settle_counts_once(store: SendingStore, eight_hands: ThreadPoolExecutor) -> None:
    def settle(settled: SettledTry) -> bool:
        try:
            store.settle_deferral(settled)
        except LostRaceError:
            return False
        return True

    for _ in range(5):
        key = deferred(store, {FCM: 3})
        assert store.claim_deferral(key, RUN, 0, NOW, LATER)
        settled = SettledTry(key, RUN, 0, OutcomeCounts.of(FCM, Outcome.ACCEPTED, 3))
        assert list(eight_hands.map(settle, [settled] * 8)).count(True) == 1
        assert (read_lane(store, key.lane).counts, read_lane(store, key.lane).pending) == (settled.counts, 0)


def test_a_busy_lane_loses_neither_its_steps_nor_its_deferrals(store: SendingStore, eight_hands: ThreadPoolExecutor) -> None:
    key = taken(store)
    one = OutcomeCounts.of(FCM, Outcome.ACCEPTED)
    names = [at(key, f"{n:04d}") for n in range(6)]
    store.update_lane(key, update(after=CLAIM))
    made = tuple(NewDeferral(name, {APNS: 1}) for name in names)
    store.update_lane(key, update(CLAIM, RecordedStep(PLACE, one, made), NEXT_CLAIM))

    def settle(name: DeferralKey) -> None:
        assert store.claim_deferral(name, OTHER_RUN, 0, NOW, LATER)
        store.settle_deferral(SettledTry(name, OTHER_RUN, 0, OutcomeCounts.of(APNS, Outcome.ACCEPTED)))

    settling = [eight_hands.submit(settle, name) for name in names]
    for n in range(20):
        store.update_lane(key, update(NEXT_CLAIM, RecordedStep(Place(f"02{n:02d}"), one), NEXT_CLAIM))
    for each in settling:
        each.result()
    lane = read_lane(store, key)
    expected = OutcomeCounts.of(FCM, Outcome.ACCEPTED, 21) + OutcomeCounts.of(APNS, Outcome.ACCEPTED, 6)
    assert (lane.counts, lane.pending, lane.done) == (expected, 0, "0219")


# What DynamoDB alone has: bounds, calls, and when an item is forgotten


@pytest.fixture
def dynamo(on_engine: OnEngine) -> DynamoSendings:
    return on_engine.sendings()


def test_a_sending_that_is_too_large_is_refused_with_its_bound_and_nothing_is_written(dynamo: DynamoSendings) -> None:
    text = "я" * (MAX_SENDING_BYTES // 2)
    parts = tuple(Part(n, AppId("app"), NOW) for n in range(MAX_PARTS + 1))
    moments = tuple(Part(n, AppId("app"), Seconds(NOW + n)) for n in range(MAX_DUE_MOMENTS + 1))
    too_large = new_sending(messages={ANY_PROVIDER: Message(text=text)})
    for sending, bound in (
        (too_large, MAX_SENDING_BYTES),
        (new_sending(parts=parts), MAX_PARTS),
        (new_sending(parts=moments), MAX_DUE_MOMENTS),
    ):
        with pytest.raises(SendingTooLargeError, match=f"at most {bound} "):
            dynamo.create(sending)
        assert dynamo.sending(sending.id) is None
    key = lane_of(too_large, NAMED_LANE)
    made = [NewDeferral(at(key, str(n)), {FCM: 1}) for n in range(MAX_ENDED_DEFERRALS + 1)]
    with pytest.raises(SendingTooLargeError, match=f"at most {MAX_ENDED_DEFERRALS} "):
        dynamo.record_ended(new_sending(), made)
    with pytest.raises(ValueError, match=f"at most {MAX_STEP_DEFERRALS} "):
        dynamo.update_lane(key, update(CLAIM, RecordedStep(PLACE, ACCEPTED, (*made, *made[:2]))))


def test_a_sending_as_large_as_may_be_is_stored(dynamo: DynamoSendings) -> None:
    dues = [Seconds(NOW + n % MAX_DUE_MOMENTS) for n in range(MAX_PARTS)]
    parts = tuple(Part(n, AppId(f"{n:036}"), due, -3_600) for n, due in enumerate(dues))
    sending = new_sending(messages={ANY_PROVIDER: Message(text="a" * (MAX_SENDING_BYTES - 100))}, app=parts[0].app, parts=parts)
    dynamo.create(sending)
    assert dynamo.sending(sending.id) == sending
    dynamo.cancel(sending.id, NOW)
    assert sending.id not in due_ids(dynamo, Seconds(NOW + MAX_DUE_MOMENTS))


def test_parts_that_the_release_before_listed_one_by_one_are_read(dynamo: DynamoSendings, on_engine: OnEngine) -> None:
    parts = tuple(Part(n, AppId("app"), NOW) for n in range(2))
    sending = known(dynamo, parts=parts)
    dynamo.forget_due(*due_moments_of(sending))
    for part in parts:
        old = {"pk": "DUE", "sk": f"{NOW:012d}#{sending.id:016d}#{part.number}", "v": 1, "app": "app", "expires": NOW}
        on_engine.client.put_item(TableName=on_engine.table, Item=items.to_wire(old))
    listed = [moment for moment in dynamo.due_moments(NOW) if moment.sending == sending.id]
    assert listed == [DueMoment(sending.id, NOW, part.number, alone=True) for part in parts]
    assert [moment.parts_of(sending) for moment in listed] == [(part,) for part in parts]
    for moment in listed:
        dynamo.forget_due(moment)
    assert sending.id not in due_ids(dynamo, NOW)


def test_a_sending_that_the_release_before_wrote_is_read(dynamo: DynamoSendings, on_engine: OnEngine) -> None:
    sending = replace(new_sending(), messages={ANY_PROVIDER: Message(text="Hello")})
    old = sending_key(sending.id) | {
        "v": 1,
        "app": sending.app,
        "caller": "crm",
        "dialect": "console",
        "name": sending.name,
        "tag": sending.tag,
        "launch": sending.launch.text,
        "content": '{"selection":"everyone","messages":{"":{"text":"Hello"}}}',
        "parts": [{"app": sending.app, "due": NOW}],
        "expire": sending.expire,
        "status": "scheduled",
        "cancelling": False,
        "expires": LATER,
    }
    on_engine.client.put_item(TableName=on_engine.table, Item=items.to_wire(old))
    assert dynamo.sending(sending.id) == sending
    dynamo.drop_part(sending.id, 0)
    assert dynamo.sending(sending.id) == replace(sending, dropped=frozenset({0}))


def test_a_stop_that_the_release_before_wrote_is_one_of_the_sending_s_app(dynamo: DynamoSendings, on_engine: OnEngine) -> None:
    sending = running(dynamo)
    code, stop = PROVIDER_CODES[FCM], items.to_wire({":stop": {"outcome": "credentials_bad", "reason": "401"}})
    on_engine.client.update_item(
        TableName=on_engine.table,
        Key=items.to_wire(sending_key(sending.id)),
        UpdateExpression="SET #stop = :stop",
        ExpressionAttributeNames={"#stop": f"stop:{code}"},
        ExpressionAttributeValues=stop,
    )
    for app in (sending.app, AppId("club")):
        dynamo.stop_provider(sending.id, app, FCM, STOP)
    stopped = {sending.app: {FCM: ProviderStop(Outcome.CREDENTIALS_BAD, "401")}, AppId("club"): {FCM: STOP}}
    assert dynamo.sending(sending.id) == replace(sending, stopped=stopped)
    (listed,) = dynamo.listed(minted_on(sending.id), lambda each: each.id == sending.id)
    assert listed.stopped == stopped


def test_a_listed_sending_has_all_but_its_messages_and_identifiers(dynamo: DynamoSendings) -> None:
    sending = running(dynamo)
    dynamo.stop_provider(sending.id, sending.app, FCM, STOP)
    dynamo.add_example(sending.id, example())
    counts = sum((OutcomeCounts.of(of, outcome) for of in PROVIDER_CODES for outcome in Outcome), OutcomeCounts())
    dynamo.end(sending.id, SendingStatus.COMPLETE, counts, LATER)
    stored = dynamo.sending(sending.id)
    assert stored
    assert stored.counts.total == len(PROVIDER_CODES) * len(Outcome)
    (listed,) = dynamo.listed(minted_on(sending.id), lambda each: each.id == sending.id)
    assert listed == _without_content(stored)


def test_of_a_day_the_newest_are_listed_that_fit(dynamo: DynamoSendings) -> None:
    start = 86_400_000 * (20_000 + secrets.randbelow(4_000))
    ids = [mint_sending_id(Milliseconds(start + n), n / 8) for n in range(4)]
    for id_ in ids:
        known(dynamo, id=id_)
    found = dynamo.listed(minted_on(ids[0]), lambda each: each.id in ids[:3], 2)
    assert [each.id for each in found] == [ids[2], ids[1]]


def calls_of(dynamo: DynamoSendings, client: RecordingClient) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield the name of each method with the calls that it makes."""
    sending, direct, left = new_sending(), new_sending(counts=ACCEPTED), new_sending(counts=ACCEPTED)
    key = lane_of(sending)
    deferral = NewDeferral(at(key), {APNS: 40})
    named = NewDeferral(at(lane_of(left, NAMED_LANE)), {APNS: 1})
    steps: list[tuple[str, Callable[[], object]]] = [
        ("create", lambda: dynamo.create(sending)),
        ("record_ended", lambda: dynamo.record_ended(direct, [])),
        ("record_ended with deferrals", lambda: dynamo.record_ended(left, [named])),
        ("sending", lambda: dynamo.sending(sending.id)),
        ("begin", lambda: dynamo.begin(sending.id, NOW)),
        ("stop_provider", lambda: dynamo.stop_provider(sending.id, sending.app, FCM, STOP)),
        ("add_example", lambda: dynamo.add_example(sending.id, example())),
        ("take_lane", lambda: dynamo.take_lane(key, RUN, NOW, LATER)),
        ("update_lane", lambda: dynamo.update_lane(key, update(after=CLAIM))),
        (
            "update_lane with a deferral",
            lambda: dynamo.update_lane(key, update(CLAIM, RecordedStep(PLACE, ACCEPTED, (deferral,)), NEXT_CLAIM)),
        ),
        ("lane", lambda: dynamo.lane(key)),
        ("lanes", lambda: dynamo.lanes(sending.id, 0)),
        ("deferral", lambda: dynamo.deferral(deferral.key)),
        ("deferrals", lambda: dynamo.deferrals(sending.id, 0)),
        ("claim_deferral", lambda: dynamo.claim_deferral(deferral.key, RUN, 0, NOW, LATER)),
        (
            "settle_deferral",
            lambda: dynamo.settle_deferral(SettledTry(deferral.key, RUN, 0, OutcomeCounts.of(APNS, Outcome.GONE, 40))),
        ),
        ("drop_part", lambda: dynamo.drop_part(sending.id, 0)),
        ("due_moments", lambda: dynamo.due_moments(NOW)),
        ("note_put", lambda: dynamo.note_put(due_moments_of(sending)[0], 1)),
        ("forget_due", lambda: dynamo.forget_due(*due_moments_of(sending))),
        ("running_sendings", lambda: dynamo.running_sendings(LATER)),
        ("listed", lambda: dynamo.listed(minted_on(sending.id))),
        ("cancel of a running one", lambda: dynamo.cancel(sending.id, NOW)),
        ("end", lambda: dynamo.end(sending.id, SendingStatus.COMPLETE, ACCEPTED, NOW)),
        ("end of an ended one", lambda: dynamo.end(sending.id, SendingStatus.COMPLETE, ACCEPTED, NOW)),
    ]
    for name, step in steps:
        client.operations.clear()
        step()
        yield name, tuple(client.operations)
    for name, end in (("cancel of a scheduled one", dynamo.cancel), ("expire", dynamo.expire)):
        doomed = new_sending()
        dynamo.create(doomed)
        client.operations.clear()
        end(doomed.id, NOW)
        yield name, tuple(client.operations)


READ, UPDATE, TRANSACTION = ("get_item",), ("update_item",), ("transact_write_items",)


def test_each_method_makes_as_few_calls_as_can_be(dynamo: DynamoSendings, on_engine: OnEngine) -> None:
    assert dict(calls_of(dynamo, on_engine.client)) == {
        "create": TRANSACTION,
        "record_ended": TRANSACTION,
        "record_ended with deferrals": TRANSACTION,
        "sending": READ,
        "begin": UPDATE,
        "stop_provider": UPDATE,
        "add_example": UPDATE,
        "take_lane": UPDATE,
        "update_lane": UPDATE,
        "update_lane with a deferral": TRANSACTION,
        "lane": READ,
        "lanes": ("batch_get_item",),
        "deferral": READ,
        "deferrals": ("query",),
        "claim_deferral": UPDATE,
        "settle_deferral": TRANSACTION,
        "drop_part": UPDATE,
        "due_moments": ("query",),
        "note_put": UPDATE,
        "forget_due": ("delete_item",),
        "running_sendings": ("query",),
        "listed": ("query",) * 16,
        "cancel of a running one": READ + UPDATE,
        "end": READ + TRANSACTION,
        "end of an ended one": READ,
        "cancel of a scheduled one": READ + TRANSACTION,
        "expire": READ + TRANSACTION,
    }


def test_everything_of_a_sending_is_forgotten_and_the_counters_of_its_launch_are_kept(
    dynamo: DynamoSendings, on_engine: OnEngine
) -> None:
    sending = running(dynamo)
    deferred(dynamo, {FCM: 1}, lane_of(sending))
    dynamo.end(sending.id, SendingStatus.COMPLETE, ACCEPTED, NOW)
    pages = on_engine.client.get_paginator("scan").paginate(TableName=on_engine.table)
    own = [item for page in pages for item in page["Items"] if f"{sending.id}" in item["pk"]["S"] + item["sk"]["S"]]
    expires = NOW + 4 * 3600 + 30 * 86_400
    assert sorted((item["pk"]["S"][:2], int(item["expires"]["N"]), item["v"]["N"]) for item in own) == [
        ("DU", expires, "1"),
        ("L#", expires, "1"),
        ("L#", expires, "1"),
        ("V#", expires, "1"),
    ]
    for page in on_engine.client.get_paginator("scan").paginate(TableName=on_engine.table):
        assert all("expires" not in item for item in page["Items"] if item["pk"]["S"].startswith(("N#", "LAUNCHES")))
