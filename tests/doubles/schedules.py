"""Sendings that run in memory while everything fails that can: crashes, twins, lost answers, leases that end under a live run."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from random import Random

from pushhub.audience.model import Address, MatchKey, Origin, Profile, ProfileId, Subscription, SubscriptionRef, SubscriptionState
from pushhub.audience.port import ReachedProfile, ReachPage
from pushhub.audience.values import Value
from pushhub.catalog.model import App, AppId, DatabaseId, ResourceId
from pushhub.catalog.providers import Provider, PushToken
from pushhub.events.uid import Launch
from pushhub.faults import LostRaceError, UnavailableError
from pushhub.moments import Clock, Milliseconds, Seconds
from pushhub.outgoing.queues import Delivery, Envelope
from pushhub.sends.deferrals import TryDeferral
from pushhub.sends.direct import SendDirectly
from pushhub.sends.lanes import AdvanceLane
from pushhub.sends.message import Message
from pushhub.sends.outcomes import Outcome, RecipientOutcome
from pushhub.sends.pack_ids import PackIds, PackKey
from pushhub.sends.port import NO_LANGUAGES
from pushhub.sends.scheduling import schedule
from pushhub.sends.sending import (
    Everyone,
    Named,
    NamedProfile,
    OutcomeCounts,
    Part,
    RunId,
    Selection,
    Sending,
    SendingId,
    mint_sending_id,
)
from pushhub.sends.steps import IndexSteps, NamedSteps, Steps, StepSource
from pushhub.sends.sweeping import Sweep
from tests.doubles.pack_ids import MemoryPackIds
from tests.doubles.sendings import MemorySendings

START = Milliseconds(1_800_000_000_000)
ANDROID, APNS = Provider("android-firebase"), Provider("ios-apns")
FUNCTION_SECONDS = 60
LEASE_SECONDS = FUNCTION_SECONDS + 10
HIDDEN_SECONDS = LEASE_SECONDS + 20
MAX_RECEIVES = 6
PROFILES = 12
DEVICES = (0, 1, 1, 2, 3)
AN_APP = App(AppId("shop"), "shop", frozenset(), DatabaseId(1), None, True, True, (), {})
OUTCOMES: tuple[tuple[int, RecipientOutcome], ...] = (
    (60, RecipientOutcome(Outcome.ACCEPTED)),
    (4, RecipientOutcome(Outcome.GONE, "410")),
    (4, RecipientOutcome(Outcome.UNKNOWN)),
    (2, RecipientOutcome(Outcome.LATER)),
    (2, RecipientOutcome(Outcome.WRONG_TARGET, "400")),
    (2, RecipientOutcome(Outcome.MESSAGE_BAD, "400")),
    (12, RecipientOutcome(Outcome.RETRY)),
    (6, RecipientOutcome(Outcome.RETRY, after=30)),
    (3, RecipientOutcome(Outcome.RETRY, after=1_000)),
    (4, RecipientOutcome(Outcome.RETRY, after=120, throttled=True)),
    (1, RecipientOutcome(Outcome.CREDENTIALS_BAD, "403")),
)
WEIGHTS = [weight for weight, _ in OUTCOMES]


class CrashError(BaseException):
    """The process has died; nothing of it runs any more."""


@cache
def device(number: int, profile: int) -> Subscription:
    return Subscription(
        address=Address((ANDROID, APNS)[number % 2], PushToken(f"device-{number}")),
        profile=ProfileId(f"profile-{profile:02}"),
        resources={ResourceId(5): (SubscriptionState.ACTIVE, Seconds(1))},
        owner_may_be_anonymous=False,
        created=Seconds(1),
        seen=Seconds(1),
        version=1,
    )


def a_sending(id_: SendingId, selection: Selection, due: Seconds, expire: int = 3_600) -> Sending:
    return Sending(
        id=id_,
        app=AN_APP.id,
        caller="crm",
        dialect="console",
        name="",
        tag="",
        launch=Launch(account=1, campaign=0, at=1),
        selection=selection,
        messages={"": Message(text="Hello")},
        parts=(Part(0, AN_APP.id, due),),
        expire=expire,
    )


@dataclass
class SentMessage:
    """A message of a queue, visible from a moment on."""

    id: str
    body: str
    visible: int
    receives: int = 0


class FaultyQueue:
    """A queue that refuses, loses its answer, or is never reached, as its schedule has it."""

    def __init__(self, schedule: "Schedule") -> None:
        self.schedule = schedule
        self.messages: list[SentMessage] = []
        self.refuses_until = 0

    def put(self, envelopes: Sequence[Envelope]) -> frozenset[int]:
        everything = frozenset(range(len(envelopes)))
        self.schedule.interrupt("before put")
        if self.schedule.happens(0.3):
            self.refuses_until = self.schedule.milliseconds + self.schedule.random.choice((1, 5_000))
        if self.schedule.milliseconds < self.refuses_until:
            return everything
        for envelope in envelopes:
            self.schedule.made += 1
            visible = self.schedule.seconds + envelope.delay
            self.messages.append(SentMessage(str(self.schedule.made), envelope.body, visible))
        self.schedule.interrupt("after put")
        return everything if self.schedule.happens(0.3) else frozenset()


class PlacedProfiles:
    """Profiles in three lanes of the index, in the order in which they are given."""

    def __init__(
        self,
        profiles: Mapping[ProfileId, tuple[Subscription, ...]],
        interrupt: Callable[[str], None],
        fields: Mapping[ProfileId, Mapping[str, Value]] | None = None,
    ) -> None:
        self.profiles_ = profiles
        self.fields = {} if fields is None else fields
        self.interrupt = interrupt
        self.found = {each.ref: each for devices in profiles.values() for each in devices}

    def page(self, database: DatabaseId, lane: str, after: str, limit: int) -> ReachPage:
        self.interrupt("before page")
        placed = [(f"{number:016x}", id_) for number, id_ in enumerate(self.profiles_) if "05f"[number % 3] == lane]
        behind = [(place, id_) for place, id_ in placed if place > after]
        reached = [
            ReachedProfile(id_, place, self.fields.get(id_, {}), frozenset(each.ref for each in self.profiles_[id_]))
            for place, id_ in behind
        ]
        return ReachPage(tuple(reached[:limit]), more=len(reached) > limit)

    def subscriptions(self, database: DatabaseId, refs: Sequence[SubscriptionRef]) -> Mapping[SubscriptionRef, Subscription]:
        self.interrupt("before subscriptions")
        return {ref: self.found[ref] for ref in refs if ref in self.found}

    def holders(self, database: DatabaseId, keys: Sequence[MatchKey]) -> Mapping[MatchKey, ProfileId]:
        raise NotImplementedError

    def profiles(self, database: DatabaseId, ids: Sequence[ProfileId]) -> Mapping[ProfileId, Profile]:
        self.interrupt("before profiles")
        return {id_: profile_with(id_, self.fields.get(id_, {})) for id_ in ids}


def profile_with(id_: ProfileId, fields: Mapping[str, Value]) -> Profile:
    """Return a profile of which nothing but its fields is known."""
    none = Seconds(0)
    return Profile(id_, Origin.ID, fields, keys=frozenset(), live={}, cancelled={}, created=none, updated=none)


class Schedule:
    """One sending from its beginning to its end, along a way that `seed` chooses."""

    person = 0.02
    """How much of what happens a person brings about."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.random = Random(seed)
        self.milliseconds = int(START)
        self.calm = False
        self.depth = 0
        self.made = 0
        self.danger = self.random.choice((0.0, 0.02, 0.06, 0.15, 0.3))
        self.handed: dict[SubscriptionRef, Outcome] = {}
        self.seen: list[Outcome] = []
        self.doubles: list[SubscriptionRef] = []
        self.cancelled = False
        numbers = iter(range(100))
        self.profiles = {
            ProfileId(f"profile-{number:02}"): tuple(device(next(numbers), number) for _ in range(self.random.choice(DEVICES)))
            for number in range(self.random.randint(1, PROFILES))
        }
        self.clock = Clock(
            now=lambda: Milliseconds(self.milliseconds), elapsed=lambda: self.milliseconds / 1000, chance=self.random.random
        )
        self.store = MemorySendings(interrupt=self.interrupt)
        self.pack_ids = PackIds(MemoryPackIds(self.store), self.mint_run)
        self.sends, self.deliveries, self.dead_letters = FaultyQueue(self), FaultyQueue(self), FaultyQueue(self)
        reach = self.placed()
        most = self.random.choice((2, 3, 100))
        index = IndexSteps(
            reach,
            references=lambda _, references: sorted(references),
            recipients=lambda _, profile, references, found: [found[each] for each in references if each in found],
            most=most,
            page_profiles=self.random.choice((1, 2, 500)),
        )
        steps = self.watched(Steps(index, NamedSteps(lambda _, identifiers: self._found(), most)))
        self.advance = AdvanceLane(
            self.store,
            self.app,
            steps,
            self,
            self.sends,
            self.deliveries,
            self.dead_letters,
            self.clock,
            self.mint_run,
            FUNCTION_SECONDS,
        )
        self.try_deferral = TryDeferral(
            self.store,
            self.app,
            reach,
            lambda _, subscriptions: subscriptions,
            self,
            self.deliveries,
            self.dead_letters,
            self.clock,
            self.mint_run,
            FUNCTION_SECONDS,
        )
        self.sweep = Sweep(self.store, self.sends, self.clock, self.mint_run)
        self.id = mint_sending_id(START, 0.5)

    @property
    def seconds(self) -> int:
        return self.milliseconds // 1000

    @property
    def recipients(self) -> int:
        return sum(map(len, self.profiles.values()))

    def placed(self) -> "PlacedProfiles":
        """Return its profiles as the index has them."""
        return PlacedProfiles(self.profiles, self.interrupt)

    def watched(self, steps: StepSource) -> StepSource:
        """Return the steps of its lanes."""
        return steps

    def app(self, id_: AppId, since: Milliseconds) -> App | None:
        self.interrupt("before app")
        return AN_APP

    def mint_run(self) -> RunId:
        self.made += 1
        return RunId(f"run-{self.made}")

    def _found(self) -> Sequence[Sequence[Subscription]]:
        self.interrupt("before find")
        return list(self.profiles.values())

    def happens(self, share: float) -> bool:
        """Whether something goes wrong now; nothing does any more once it is calm."""
        return not self.calm and self.random.random() < self.danger * share

    def interrupt(self, point: str) -> None:
        """Let anything happen between two calls of a run."""
        if self.calm:
            return
        self.milliseconds += self.random.choice((0, 10, 10, 300))
        if not self.happens(1):
            return
        what = self.random.randrange(6)
        if what == 0:
            raise CrashError
        if what == 1 and "push" not in point and "put" not in point:
            raise UnavailableError
        if what == 2 and point in ("before update_lane", "before settle_deferral"):
            raise LostRaceError
        if what >= 3 and self.depth < 2:
            self._meanwhile(stalls=what == 3)

    def _meanwhile(self, *, stalls: bool) -> None:
        """Let others run in the middle of a run, perhaps after its lease has ended."""
        self.milliseconds += 1000 * (LEASE_SECONDS + self.random.randint(0, 60)) if stalls else 0
        for _ in range(self.random.randint(1, 3)):
            self.something()

    def push(
        self,
        sending: Sending,
        app: App,
        recipients: Sequence[Subscription],
        seconds: float,
        languages: Mapping[SubscriptionRef, str] = NO_LANGUAGES,
    ) -> Sequence[RecipientOutcome]:
        """Play the providers; a process may die with some pushes on their way and others not."""
        outcomes: list[RecipientOutcome] = []
        self.interrupt("before push")
        for recipient in recipients:
            outcome = self.answer(app)
            if self.handed.get(recipient.ref, Outcome.RETRY) is not Outcome.RETRY:
                self.doubles.append(recipient.ref)
            self.handed[recipient.ref] = outcome.outcome
            self.seen.append(outcome.outcome)
            outcomes.append(outcome)
            if self.happens(0.2):
                self._die_with(recipients[: len(outcomes)])
        if self.happens(0.5):
            self._die_with(recipients)
        self.interrupt("after push")
        return outcomes

    def answer(self, app: App) -> RecipientOutcome:
        """Return what a provider says of one recipient of an app."""
        ((_, outcome),) = self.random.choices(OUTCOMES, WEIGHTS)
        return outcome

    def _die_with(self, recipients: Sequence[Subscription]) -> None:
        """Crash with pushes on their way: whatever the provider says of them, none may be sent again."""
        self.handed |= dict.fromkeys((each.ref for each in recipients), Outcome.UNKNOWN)
        raise CrashError

    def begin(self) -> None:
        """Have the sending begin: by lanes of named recipients or of the index, or within a request."""
        way = self.random.choices((self._schedule, self._send_directly), (75, 25))[0]
        everyone = way == self._schedule and self.random.random() < 0.3
        selection = Everyone() if everyone else Named(tuple(map(NamedProfile, self.profiles)))
        wait = self.random.choice((0, 0, 60, 2_000)) if way == self._schedule else 0
        way(a_sending(self.id, selection, Seconds(self.seconds + wait), self.random.choice((100, 3_600, 14_400))))

    def _schedule(self, sending: Sending) -> None:
        self.calm = True
        if self.random.random() < 0.2:
            self.store.create(sending)
        else:
            schedule(self.store, self.sends, sending, Seconds(self.seconds))
        self.calm = False

    def _send_directly(self, sending: Sending) -> None:
        directly = SendDirectly(self.store, self.pack_ids, self, self.deliveries, self.clock, lambda _: None)
        pack = PackKey(sending.caller, sending.app, "order-7") if self.random.random() < 0.5 else None
        with suppress(CrashError, UnavailableError, LostRaceError):
            if pack is None or self.pack_ids.claim(pack, sending.id, Seconds(self.seconds)):
                directly(sending, AN_APP, list(self.profiles.values()), self.clock.elapsed(), pack)

    def something(self) -> None:
        """Let one thing happen that a clock, a queue or a person brings about."""
        what = self.random.random()
        self.depth += 1
        try:
            if what < self.person:
                self.by_a_person()
            elif what < 0.1:
                self.sweep()
            elif what < 0.25:
                self.milliseconds += self.random.choice((1_000, 15_000, 120_000))
            else:
                self.deliver()
        except (CrashError, UnavailableError):
            pass
        finally:
            self.depth -= 1

    def by_a_person(self) -> None:
        """Let a person cancel it, now and then."""
        if not self.cancelled and self.random.random() < 0.1 and self.store.unended():
            self.cancelled = True
            self.store.cancel(self.id, Seconds(self.seconds))

    def deliver(self) -> bool:
        """Hand a message that is visible to its function, and say whether there was one."""
        pairs = ((self.sends, self.advance), (self.deliveries, self.try_deferral))
        visible = [(queue, use_case, each) for queue, use_case in pairs for each in queue.messages if each.visible <= self.seconds]
        if not visible:
            return False
        queue, use_case, message = self.random.choice(visible)
        message.receives += 1
        if message.receives > MAX_RECEIVES:
            queue.messages.remove(message)
            return True
        message.visible = self.seconds + (0 if self.happens(1) else HIDDEN_SECONDS)
        handled = use_case([Delivery(message.id, message.body)])
        if message.id not in handled.to_redeliver and message in queue.messages and not self.happens(1):
            queue.messages.remove(message)
        return True

    def run(self) -> Sending | None:
        """Run it to its end, and until no message of it is left; None where its request died before it was recorded."""
        self.begin()
        for _ in range(self.random.randint(0, 60)):
            self.something()
        self.calm = True
        for _ in range(400):
            while self.deliver():
                pass
            waiting = [each.visible for queue in (self.sends, self.deliveries) for each in queue.messages]
            if not waiting and not self.store.unended():
                break
            self.milliseconds = 1000 * min(waiting, default=self.seconds + 1_700)
            self.sweep()
        return None if self.store.is_pushing(self.id) else self.store.sending(self.id)

    def faults(self) -> list[str]:
        """Run it, and say which promises were broken."""
        sending = self.run()
        always = {
            "no device is handed over twice": not self.doubles,
            "no message is left": not self.sends.messages and not self.deliveries.messages,
        }
        promises = always | (self._promises(sending) if sending else {})
        return [promise for promise, kept in promises.items() if not kept]

    def _promises(self, sending: Sending) -> dict[str, bool]:
        counts = sending.counts
        lost = [self.seen.count(outcome) - counts.number(outcome) for outcome in Outcome if outcome not in _BEYOND_SEEING]
        lanes = [lane for part in sending.parts for lane in self.store.lanes(self.id, part.number)]
        deferrals = [deferral for part in sending.parts for deferral in self.store.deferrals(self.id, part.number)]
        return {
            "the sending ends": sending.status.ended,
            "nobody waits": not any(lane.pending for lane in lanes) and not deferrals,
            "everybody is accounted for once": self.is_accounted_for(sending),
            "what is counted was seen": all(number >= 0 for number in lost),
            "what was seen is counted, or unknown": sum(map(max, lost, [0] * len(lost))) <= counts.number(Outcome.UNKNOWN),
            "the launch counts the same": self.store.launch_counts.get(sending.launch, OutcomeCounts()) == counts,
        }

    def is_accounted_for(self, sending: Sending) -> bool:
        """Say whether the counts of an ended sending have as many recipients as there are."""
        counted = sending.counts.total
        return counted == self.recipients or (self.cancelled and counted <= self.recipients)


_BEYOND_SEEING = frozenset({Outcome.RETRY, Outcome.UNKNOWN, Outcome.EXPIRED, Outcome.MESSAGE_BAD, Outcome.CREDENTIALS_BAD})
"""Outcomes that a provider has not said, or that are counted for recipients of a stopped provider too."""
