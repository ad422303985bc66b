"""The store of sendings in memory and the one in DynamoDB come to the same, whatever is written."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pushhub.catalog.model import AppId
from pushhub.catalog.providers import Provider
from pushhub.faults import LostRaceError
from pushhub.moments import Milliseconds, Seconds
from pushhub.sends.outcomes import Outcome
from pushhub.sends.sending import (
    INDEX_LANES,
    Claim,
    Deferral,
    DeferralKey,
    Everyone,
    Example,
    Lane,
    LaneKey,
    OutcomeCounts,
    Part,
    Place,
    ProviderStop,
    RunId,
    Sending,
    SendingStatus,
    launch_of,
    mint_sending_id,
)
from pushhub.sends.store import LaneUpdate, NewDeferral, RecordedStep, SendingStore, SettledTry, due_moments_of
from tests.contract.sendings_table import NOW, OnEngine
from tests.doubles.sendings import MemorySendings

FCM, APNS = Provider("android-firebase"), Provider("ios-apns")
PLACES = [Place("00ff"), Place("01ff")]


@dataclass(frozen=True, slots=True)
class Seen:
    """What a writer has read before it writes."""

    sending: Sending
    lane: Lane | None
    deferral: Deferral | None


@dataclass(frozen=True, slots=True)
class Write:
    """A write; one that is `fitting` says of the lane or deferral what was read of it, so its guard holds."""

    kind: str
    fitting: bool
    deferring: bool
    finished: bool
    now: Seconds
    until: Seconds
    run: RunId
    number: int
    place: Place
    counts: OutcomeCounts
    left: Mapping[Provider, int]
    before: Claim | None
    after: Claim | None

    def lane(self, seen: Seen) -> LaneKey:
        return LaneKey(seen.sending.id, 0, INDEX_LANES[3])

    def deferral(self, seen: Seen) -> DeferralKey:
        return DeferralKey(self.lane(seen), self.place)


def _update(store: SendingStore, write: Write, seen: Seen) -> None:
    run, claim = (seen.lane.run, seen.lane.claim) if write.fitting and seen.lane else (write.run, write.before)
    made = (NewDeferral(write.deferral(seen), {FCM: 2}),) if write.deferring and not seen.deferral else ()
    recorded = RecordedStep(write.place, write.counts, made) if claim else None
    store.update_lane(write.lane(seen), LaneUpdate(run, claim, recorded, write.after, write.until, write.finished))


def _settle(store: SendingStore, write: Write, seen: Seen) -> None:
    known = seen.deferral
    if not known or sum(write.left.values()) > sum(known.recipients.values()):
        return
    run, tries = (known.run or write.run, known.tries) if write.fitting else (write.run, write.number)
    gone = OutcomeCounts.of(FCM, Outcome.GONE, sum(known.recipients.values()) - sum(write.left.values()))
    store.settle_deferral(SettledTry(known.key, run, tries, gone, write.left))


def _claim(store: SendingStore, write: Write, seen: Seen) -> bool:
    tries = seen.deferral.tries if write.fitting and seen.deferral else write.number
    return store.claim_deferral(write.deferral(seen), write.run, tries, write.now, write.until)


def _example(write: Write) -> Example:
    return Example(FCM, Outcome.GONE, str(write.number), str(write.now), "abc…")


KINDS: Mapping[str, Callable[[SendingStore, Write, Seen], object]] = {
    "begin": lambda store, write, seen: store.begin(seen.sending.id, write.now),
    "cancel": lambda store, write, seen: store.cancel(seen.sending.id, write.now),
    "expire": lambda store, write, seen: store.expire(seen.sending.id, write.now),
    "drop": lambda store, write, seen: store.drop_part(seen.sending.id, write.number),
    "put": lambda store, write, seen: store.note_put(due_moments_of(seen.sending)[0], write.number),
    "forget": lambda store, write, seen: store.forget_due(due_moments_of(seen.sending)[0]),
    "stop": lambda store, write, seen: store.stop_provider(
        seen.sending.id, AppId(f"app-{write.number % 2}"), FCM, ProviderStop(Outcome.MESSAGE_BAD, write.run)
    ),
    "example": lambda store, write, seen: store.add_example(seen.sending.id, _example(write)),
    "end": lambda store, write, seen: store.end(seen.sending.id, SendingStatus.COMPLETE, write.counts, write.now),
    "take": lambda store, write, seen: store.take_lane(write.lane(seen), write.run, write.now, write.until),
    "update": _update,
    "claim": _claim,
    "settle": _settle,
}

moments = st.integers(NOW, NOW + 3).map(Seconds)
numbers_of = st.dictionaries(st.sampled_from([FCM, APNS]), st.integers(1, 3), max_size=2)
counted = st.dictionaries(st.sampled_from(Outcome), st.integers(1, 3), min_size=1, max_size=2)
claims = st.none() | st.builds(Claim, st.sampled_from(PLACES), st.just({FCM: 1}))
writes = st.builds(
    Write,
    kind=st.sampled_from([*KINDS, "take", "update", "update", "claim", "settle"]),
    fitting=st.sampled_from([True, True, False]),
    deferring=st.booleans(),
    finished=st.sampled_from([True, *[False] * 9]),
    now=moments,
    until=moments,
    run=st.sampled_from([RunId("run-1"), RunId("run-2")]),
    number=st.integers(0, 2),
    place=st.sampled_from(PLACES),
    counts=st.dictionaries(st.sampled_from([FCM, APNS]), counted, max_size=2).map(OutcomeCounts),
    left=numbers_of,
    before=claims,
    after=claims,
)


def _new_sending(chance: int) -> Sending:
    id_ = mint_sending_id(Milliseconds(1_900_000_000_000 + chance // 4096), chance % 4096 / 4096)
    part = Part(0, AppId("app"), NOW)
    return Sending(id_, part.app, "crm", "console", "", "", launch_of(id_, 17), Everyone(), {}, (part,))


def _answer(store: SendingStore, write: Write, seen: Seen) -> object:
    try:
        return KINDS[write.kind](store, write, seen)
    except LostRaceError:
        return LostRaceError


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(writes, min_size=10, max_size=50))
def test_both_give_the_same_answers_and_hold_the_same(on_engine: OnEngine, written: list[Write]) -> None:
    memory, dynamo = MemorySendings(), on_engine.sendings()
    sending = _new_sending(next(on_engine.numbers))
    both: tuple[SendingStore, SendingStore] = (memory, dynamo)
    for store in both:
        store.create(sending)
    for write in written:
        now = memory.sending(sending.id)
        assert now
        seen = Seen(now, None, None)
        seen = Seen(now, memory.lane(write.lane(seen)), memory.deferral(write.deferral(seen)))
        answers = [_answer(store, write, seen) for store in both]
        assert answers[0] == answers[1]
        held = [(store.sending(sending.id), store.lane(write.lane(seen)), store.deferral(write.deferral(seen))) for store in both]
        assert held[0] == held[1]
    assert (sending.id in memory.running_sendings(NOW)) == (sending.id in dynamo.running_sendings(NOW))
    due = [[moment for moment in store.due_moments(NOW) if moment.sending == sending.id] for store in both]
    assert due[0] == due[1]
    assert memory.lanes(sending.id, 0) == dynamo.lanes(sending.id, 0)
    open_deferrals = [sorted(store.deferrals(sending.id, 0), key=lambda deferral: deferral.key.name) for store in both]
    assert open_deferrals[0] == open_deferrals[1]
