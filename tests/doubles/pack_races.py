"""Requests with one pack id that race in memory, step by step in an order that a seed chooses.

Each request is a thread, of which one at a time runs: it hands the turn back before and after each of its calls. Meanwhile it may
die, clocks go on, and writes whose answers are lost happen at once, later, or not at all.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise
from random import Random

from pushhub.audience.model import Subscription, SubscriptionRef
from pushhub.catalog.model import App, AppId
from pushhub.faults import LostRaceError, UnavailableError
from pushhub.moments import Clock, Milliseconds, Seconds
from pushhub.outgoing.queues import Envelope
from pushhub.sends.direct import SendDirectly
from pushhub.sends.outcomes import Outcome, RecipientOutcome
from pushhub.sends.pack_ids import BLOCKED_SECONDS, CLAIM_SECONDS, PackClaim, PackIds, PackKey
from pushhub.sends.port import NO_LANGUAGES
from pushhub.sends.sending import Named, RunId, Sending, SendingId, mint_sending_id
from tests.doubles.pack_ids import MemoryPackIds
from tests.doubles.schedules import AN_APP, CrashError, a_sending, device
from tests.doubles.sendings import MemorySendings

START = 1_800_000_000_000
LIVES = (28_000, 28_000, 120_000)
"""How many milliseconds a function with a request lives at most; one that outlives its claim has to find that out."""
SKEW = 2_000
"""By how many milliseconds a clock may be wrong."""
PACK = PackKey("crm", AppId("shop"), "order-7")
MAX_REQUESTS = 8


@dataclass
class Racer:
    """A request: a process with a clock of its own."""

    number: int
    sending: SendingId
    begun: int
    skew: int
    life: int
    faults: int = 0
    """How often the store has not answered."""
    pushed: int | None = None
    """When its first push left, or went to the queue."""
    end: str = ""
    turn: threading.Lock = field(default_factory=threading.Lock)

    @property
    def slow(self) -> bool:
        """Whether it may outlive its claim."""
        return self.life > 1000 * CLAIM_SECONDS


class LatePackIds(MemoryPackIds):
    """Pack ids whose writes may happen after their answers are lost, or twice."""

    def __init__(self, race: "PackRace") -> None:
        super().__init__(race.sendings)
        self.race = race

    def claim_pack(self, pack: PackKey, claim: PackClaim, now: Seconds) -> bool:
        return self.race.written(lambda: super(LatePackIds, self).claim_pack(pack, claim, now))

    def start(self, pack: PackKey, sending: Sending, now: Seconds, until: Seconds) -> None:
        self.race.written(lambda: super(LatePackIds, self).start(pack, sending, now, until))

    def release_pack(self, pack: PackKey, sending: SendingId) -> bool:
        return self.race.written(lambda: super(LatePackIds, self).release_pack(pack, sending))


class PackRace:
    """Requests of one caller with one pack id."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.milliseconds = START
        self.danger = self.random.choice((0.0, 0.02, 0.1, 0.3))
        self.calm = False
        self.running: Racer | None = None
        self.back = threading.Lock()
        self.back.acquire()
        self.racers: list[Racer] = []
        self.late: list[Callable[[], object]] = []
        self.sendings = MemorySendings(interrupt=self.interrupt)
        self.pack_ids = PackIds(LatePackIds(self), self._mint_run)
        self.claimed = START
        """When an id was claimed last, by the clock that is the furthest ahead."""
        self.runs = 0

    def is_started(self, racer: Racer) -> bool:
        return self.sendings.sending(racer.sending) is not None

    def run(self) -> None:
        """Let requests come and race until all are over, and late writes have happened."""
        live: list[Racer] = []
        most = self.random.randint(1, MAX_REQUESTS)
        while live or len(self.racers) < most:
            if len(self.racers) < most and (not live or self.random.random() < 0.3):
                live.append(self._begin())
            racer = self.random.choice(live)
            self._let_go_on(racer)
            live = [each for each in live if not each.end]
            if not live:
                self.milliseconds += self.random.choice((0, 1_000, 34_000, 36_000, 300_000, 601_000))
        self._write_late(all_of_them=True)

    def once_more(self, at: int) -> str:
        """Return what comes of a request that meets no fault, at a moment that has not passed."""
        self.calm, self.milliseconds = True, max(self.milliseconds, at)
        racer = self._begin(skew=0)
        while not racer.end:
            self._let_go_on(racer)
        return racer.end

    def interrupt(self, point: str) -> None:
        """Hand the turn back, and perhaps die: time goes on, and others do."""
        racer = self.running
        if racer is None:
            return
        self.back.release()
        racer.turn.acquire()
        if self.calm:
            return
        if point == "after claim_pack":
            self.claimed = max(self.claimed, self.milliseconds)
        self.milliseconds += self.random.choice((0, 0, 10, 300, 5_000, 40_000 if racer.slow else 300))
        if self._happens(0.3) or self.milliseconds - racer.begun > racer.life:
            raise CrashError
        if not point.endswith("push") and self._happens(1):
            racer.faults += 1
            raise UnavailableError

    def written[Answer](self, write: Callable[[], Answer]) -> Answer:
        """Write, or lose the answer of a write that happens later; it may happen twice as well."""
        racer = self.running
        if racer and self._happens(1):
            self.late.append(write)
            racer.faults += 1
            if self._happens(5):
                raise UnavailableError
        return write()

    def _happens(self, share: float) -> bool:
        return not self.calm and self.random.random() < self.danger * share

    def _mint_run(self) -> RunId:
        self.runs += 1
        return RunId(f"run-{self.runs}")

    def _begin(self, skew: int | None = None) -> Racer:
        wrong = self.random.randint(-SKEW, SKEW) if skew is None else skew
        number = len(self.racers)
        sending = mint_sending_id(Milliseconds(START + number), 0.5)
        racer = Racer(number, sending, self.milliseconds, wrong, self.random.choice(LIVES))
        racer.turn.acquire()
        self.racers.append(racer)
        threading.Thread(target=self._request, args=(racer,), daemon=True).start()
        return racer

    def _let_go_on(self, racer: Racer) -> None:
        if self._happens(0.5):
            self._write_late()
        self.running = racer
        racer.turn.release()
        self.back.acquire()
        self.running = None

    def _write_late(self, *, all_of_them: bool = False) -> None:
        self.random.shuffle(self.late)
        for _ in range(len(self.late) if all_of_them else min(1, len(self.late))):
            with suppress(LostRaceError):
                self.late.pop()()
            self.claimed = max(self.claimed, self.milliseconds)

    def _request(self, racer: Racer) -> None:
        racer.turn.acquire()
        try:
            racer.end = self._answer(racer)
        except CrashError:
            racer.end = "died"
        except (LostRaceError, UnavailableError) as error:
            racer.end = type(error).__name__
        self.back.release()

    def _answer(self, racer: Racer) -> str:
        clock = Clock(
            now=lambda: Milliseconds(self.milliseconds + racer.skew), elapsed=lambda: self.milliseconds / 1000, chance=lambda: 0.5
        )
        if not self.pack_ids.claim(PACK, racer.sending, Seconds(clock.now() // 1000)):
            return "blocked"
        send = SendDirectly(self.sendings, self.pack_ids, _Provider(self, racer), _Queue(self, racer), clock, lambda _: None)
        sending = a_sending(racer.sending, Named(()), Seconds(clock.now() // 1000))
        send(sending, AN_APP, [[device(0, 0)], [device(1, 1)]], clock.elapsed(), PACK)
        return "sent"

    def faults(self) -> list[str]:
        """Run it, and say which promises were broken."""
        self.run()
        sent = sorted((each for each in self.racers if each.pushed), key=lambda each: each.pushed or 0)
        for_nothing = [each for each in self.racers if self.is_started(each) and not each.pushed]
        promises = {
            "nobody sends without a start": all(map(self.is_started, sent)),
            "of those within ten minutes one sends": all(
                (second.pushed or 0) >= first.begun + 1000 * BLOCKED_SECONDS - 2 * SKEW for first, second in pairwise(sent)
            ),
            "who has got an answer that says so has sent": all((each.end == "sent") <= bool(each.pushed) for each in self.racers),
            "who was refused has not sent": not any(each.pushed for each in self.racers if each.end not in ("sent", "died")),
            "without faults one sends": bool(sent)
            or self.danger > 0
            or any(each.end == "died" or each.slow for each in self.racers),
            "a single fault does not block for nothing": all(each.end == "died" or each.faults > 1 for each in for_nothing),
            "a sweep sees no sending that is pushing": all(
                self.sendings.lanes(each, 0) for each in self.sendings.running_sendings(Seconds(2**40))
            ),
        }
        return [promise for promise, kept in promises.items() if not kept] + self._faults_afterwards()

    def _faults_afterwards(self) -> list[str]:
        """Say whether the id is free again when it should be."""
        started = any(map(self.is_started, self.racers))
        if not started and self.once_more(self.claimed + SKEW + 1000 * CLAIM_SECONDS) != "sent":
            return ["a claim that was not started is free within 35 s"]
        last = self.milliseconds
        if self.once_more(last + 1000 * BLOCKED_SECONDS // 2) == "sent" and not started:
            return ["a sending blocks its id"]
        if self.once_more(last + 1000 * (BLOCKED_SECONDS + 1) + 2 * SKEW) not in ("sent", "blocked"):
            return ["a request without faults is answered"]
        if self.once_more(self.milliseconds + 1000 * (BLOCKED_SECONDS + 1) + 2 * SKEW) != "sent":
            return ["the id is free ten minutes later"]
        return []


@dataclass
class _Provider:
    """Takes all pushes of a request."""

    race: PackRace
    racer: Racer

    def push(
        self,
        sending: Sending,
        app: App,
        recipients: Sequence[Subscription],
        seconds: float,
        languages: Mapping[SubscriptionRef, str] = NO_LANGUAGES,
    ) -> Sequence[RecipientOutcome]:
        self.race.interrupt("before push")
        self.racer.pushed = self.racer.pushed or self.race.milliseconds
        self.race.interrupt("after push")
        return [RecipientOutcome(Outcome.ACCEPTED)] * len(recipients)


@dataclass
class _Queue:
    """Takes what a request leaves over, which somebody pushes then."""

    race: PackRace
    racer: Racer

    def put(self, envelopes: Sequence[Envelope]) -> frozenset[int]:
        self.race.interrupt("before push")
        self.racer.pushed = self.racer.pushed or self.race.milliseconds
        self.race.interrupt("after push")
        return frozenset()
