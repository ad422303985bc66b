"""No accepted event is lost or counted twice, wherever the process is killed: 600 random schedules of the whole way.

Every step that leaves the process (a queue takes a message, the ledger commits, the upstream is asked, a message is deleted) is a
place to be killed, before the step has happened and after. What was not deleted by then is delivered again; now and then a message
is delivered twice without any reason, as SQS may.
"""

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

import pytest

from pushhub.catalog.model import ReportedEvent, Upstream, UpstreamKind
from pushhub.catalog.providers import PushToken
from pushhub.events.accepting import Acceptance
from pushhub.events.command import Happening, Identity, PlainForm, RecordEvent
from pushhub.events.forwarding import Destinations, Forwarding
from pushhub.events.intake import DeliverAgain, Intake
from pushhub.events.ledger import LedgerEntry
from pushhub.events.messages import Forward, Receipt, read_report
from pushhub.events.recording import Recording
from pushhub.faults import UnavailableError
from pushhub.moments import Clock, Milliseconds
from pushhub.outgoing.calls import RETRY_AFTER, Call, CallReply, NoReply
from pushhub.outgoing.queues import Delivery, Envelope
from tests.doubles.ledger import BITS, MemoryLedger

SCHEDULES = 600
EVENTS = frozenset(ReportedEvent)
UPSTREAMS = {
    name: Upstream(name, UpstreamKind.ALTCRAFT, f"https://{name}.example.com", relay_links=False, events=EVENTS)
    for name in ("steady", "moody")
}


LATER = CallReply(429, headers={RETRY_AFTER: "3"})
MOODS: tuple[CallReply | NoReply, ...] = (CallReply(500), LATER, NoReply("no answer", unreachable=True))


class KilledError(BaseException):
    """The process is gone; nothing in it can catch this."""


@dataclass
class Fate:
    """Decides when something fails, and when the process is killed: not for ever, since a kill may double messages."""

    chance: random.Random
    deadliness: float
    strokes: int

    def strikes(self) -> bool:
        struck = self.strokes > 0 and self.chance.random() < self.deadliness
        self.strokes -= struck
        return struck

    def step(self) -> None:
        if self.strikes():
            raise KilledError


@dataclass
class SetClock:
    seconds: float = 0.0


@dataclass
class FatefulQueue:
    """A queue whose every call may be the last one of the process; `ready` says when each message may be taken out."""

    fate: Fate
    clock: "SetClock"
    waiting: dict[str, Envelope] = field(default_factory=dict)
    ready: dict[str, float] = field(default_factory=dict)
    taken: list[Envelope] = field(default_factory=list)

    def put(self, envelopes: Sequence[Envelope]) -> frozenset[int]:
        self.fate.step()
        refused = frozenset(position for position in range(len(envelopes)) if self.fate.strikes())
        for position, envelope in enumerate(envelopes):
            if position not in refused:
                self.taken.append(envelope)
                self.waiting[f"m{len(self.taken)}"] = envelope
                self.ready[f"m{len(self.taken)}"] = self.clock.seconds + envelope.delay
        self.fate.step()
        return refused

    def batch(self) -> list[Delivery]:
        """Take out some of what is ready, or, where nothing is, wait for what is ready first."""
        self.clock.seconds = max(self.clock.seconds, min(self.ready[id_] for id_ in self.waiting))
        ready = sorted(id_ for id_ in self.waiting if self.ready[id_] <= self.clock.seconds)
        ids = self.fate.chance.sample(ready, min(len(ready), self.fate.chance.randint(1, 10)))
        return [Delivery(id_, self.waiting[id_].body) for id_ in ids]

    def delete(self, ids: Sequence[str]) -> None:
        for id_ in ids:
            self.fate.step()
            if not self.fate.strikes():
                del self.waiting[id_]


class FatefulLedger(MemoryLedger):
    def __init__(self, fate: Fate) -> None:
        super().__init__()
        self.fate = fate

    def commit(self, entry: LedgerEntry) -> None:
        self.fate.step()
        if self.fate.strikes():
            raise UnavailableError("the answer was lost on the way there")
        super().commit(entry)
        if self.fate.strikes():
            raise UnavailableError("the answer was lost on the way back")
        self.fate.step()


class ApiThatTellsAll:
    """Puts into its request what the test wants to know of the forward."""

    def call(self, upstream: Upstream, upstream_token: str, forward: Forward) -> Call:
        event = forward.report.content
        assert isinstance(event, RecordEvent)
        return Call(f"{upstream.name} {event.identity} {int(event.happening)} {forward.report.receipt}")

    def accepted(self, forward: Forward, reply: CallReply) -> bool:
        return True


@dataclass
class FatefulUpstreams:
    """Of two upstreams, one is down half of the time."""

    fate: Fate
    arrived: defaultdict[tuple[str, Identity, Happening], list[str]] = field(default_factory=lambda: defaultdict(list))

    def __call__(self, calls: Sequence[Call]) -> Sequence[CallReply | NoReply]:
        self.fate.step()
        answers = [self._answer(*call.url.split()) for call in calls]
        self.fate.step()
        return answers

    def _answer(self, name: str, identity: str, bits: str, receipt: str) -> CallReply | NoReply:
        if name == "moody" and self.fate.chance.random() < 0.5:
            return self.fate.chance.choice(MOODS)
        for bit in BITS:
            if bit & int(bits):
                self.arrived[name, Identity(identity), bit].append(receipt)
        return CallReply(200)


class World:
    """The whole way of events, with one thing that is killed: whatever is running."""

    def __init__(self, seed: int, deadliness: float) -> None:
        self.chance = random.Random(seed)
        self.fate = Fate(self.chance, deadliness, strokes=40)
        self.clock = SetClock()
        self.events, self.forwards, self.retries, self.relays, self.event_dead_letters, self.forward_dead_letters = (
            FatefulQueue(self.fate, self.clock) for _ in range(6)
        )
        self.ledger, self.upstreams = FatefulLedger(self.fate), FatefulUpstreams(self.fate)
        self.receipts = 0
        self.promised: list[RecordEvent] = []
        self.start()

    def start(self) -> None:
        """Begin with a new process, which remembers nothing."""
        self.acceptance = Acceptance(self.events, self.receipt, self.now)
        self.intake = Intake(
            Recording(self.ledger, sleep=lambda _: None),
            lambda: UPSTREAMS,
            self.forwards,
            self.event_dead_letters,
            self.now,
            lambda: self.clock.seconds,
        )
        self.forwarding = Forwarding(
            lambda: Destinations(UPSTREAMS, dict.fromkeys(UPSTREAMS, "a token")),
            {UpstreamKind.ALTCRAFT: ApiThatTellsAll()},
            self.upstreams,
            self.retries,
            self.relays,
            self.forward_dead_letters,
            Clock(self.now, lambda: self.clock.seconds, self.chance.random),
        )

    def now(self) -> Milliseconds:
        return Milliseconds(int(self.clock.seconds * 1000))

    def receipt(self) -> Receipt:
        self.receipts += 1
        return Receipt(f"{self.receipts:032x}")

    def accept(self, event: RecordEvent) -> None:
        """A client repeats what was not answered, each time as a new report."""
        while True:
            try:
                self.acceptance(event)
            except (KilledError, UnavailableError):
                self.start()
                if self.chance.random() < 0.5:
                    return
            else:
                self.promised.append(event)
                return

    def record(self) -> None:
        batch = self.events.batch()
        outcomes = self.intake(batch)
        self.events.delete([delivery.id for delivery in batch if not isinstance(outcomes[delivery.id], DeliverAgain)])

    def forward(self, queue: FatefulQueue) -> None:
        batch = queue.batch()
        handled = self.forwarding(batch)
        queue.delete([delivery.id for delivery in batch if delivery.id not in handled.to_redeliver])

    def run_out(self) -> None:
        """Work until every queue is empty."""
        work: dict[str, Callable[[], None]] = {
            "events": self.record,
            "forwards": partial(self.forward, self.forwards),
            "retries": partial(self.forward, self.retries),
        }
        while waiting := [name for name in work if getattr(self, name).waiting]:
            self.clock.seconds += 1
            try:
                work[self.chance.choice(waiting)]()
            except KilledError:
                self.start()


def some_event(chance: random.Random) -> RecordEvent:
    launches: tuple[str | int, ...] = ("spring", 7)
    plain = PlainForm(chance.choice(launches), chance.choice(["ios-apns", "android-firebase"]), PushToken("a token"))
    happening = Happening(chance.randint(1, 3))
    return RecordEvent(happening, f"uid {chance.randint(1, 5)}", chance.choice([None, plain]))


@pytest.mark.parametrize("seeds", [range(first, first + 50) for first in range(0, SCHEDULES, 50)], ids=lambda seeds: str(seeds[0]))
def test_every_accepted_event_reaches_every_upstream_and_counters_are_exact(seeds: range) -> None:
    killed = 0
    for seed in seeds:
        world = World(seed, deadliness=(seed % 5) * 0.05)
        for _ in range(world.chance.randint(1, 12)):
            world.accept(some_event(world.chance))
            if world.chance.random() < 0.3:
                world.events.waiting["poison"] = Envelope("not a report")
                world.events.ready["poison"] = 0
        poisoned = "poison" in world.events.waiting
        world.run_out()
        assert_nothing_is_lost(world)
        assert_counters_are_exact(world)
        reasons = {envelope.reason for envelope in world.event_dead_letters.waiting.values()}
        assert reasons == ({"not a message of this hub"} if poisoned else set())
        assert not world.forward_dead_letters.waiting
        killed += 40 - world.fate.strokes
    assert killed > 10 * len(seeds)


def assert_nothing_is_lost(world: World) -> None:
    promised = {(event.identity, bit) for event in world.promised for bit in BITS if bit & event.happening}
    for name in UPSTREAMS:
        arrived = {
            (identity, bit): receipts for (upstream, identity, bit), receipts in world.upstreams.arrived.items() if upstream == name
        }
        assert promised <= set(arrived)
        for (identity, bit), receipts in arrived.items():
            # Whoever was the first is forwarded, again after a fault, and nobody else.
            assert set(receipts) == {world.ledger.known_bits[identity][bit].receipt}
            if not world.fate.deadliness:
                assert len(receipts) == 1


def assert_counters_are_exact(world: World) -> None:
    unique: Counter[tuple[str, str, Happening]] = Counter()
    total: Counter[tuple[str, str, Happening]] = Counter()
    for envelope in world.events.taken:
        event = read_report(envelope.body).content
        assert isinstance(event, RecordEvent)
        bits = [(event.launch, event.provider, bit) for bit in BITS if bit & event.happening]
        total.update(bits)
    for identity, known_bits in world.ledger.known_bits.items():
        event = world.ledger.events[identity]
        unique.update((event.launch, event.provider, bit) for bit in known_bits)
    assert world.ledger.unique == unique
    assert world.ledger.total == total
