"""What comes round every minute, and keeps every sending going?

It puts into the queue what is due, ends what is over, and sees to what has come to a standstill: a lane whose message was lost, and
a deferral whose message was. Whatever it does twice, or at one time with others, does no harm.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import takewhile
from typing import Final

from pushhub.faults import UnavailableError
from pushhub.moments import Clock, Seconds
from pushhub.outgoing.queues import Queue
from pushhub.sends.accounting import all_of
from pushhub.sends.deferrals import is_settled
from pushhub.sends.ending import counts_if_over, end_as_read, never_begins, part_counts
from pushhub.sends.handling import SendFault, now_of
from pushhub.sends.lane_runs import LeaseLostError, taken
from pushhub.sends.outcomes import Outcome
from pushhub.sends.scheduling import PUT_AHEAD_SECONDS, lane_envelopes, note_begun, put_parts
from pushhub.sends.sending import Lane, LaneKey, OutcomeCounts, Part, RunId, Sending, SendingId
from pushhub.sends.store import DueMoment, SendingStore, SettledTry

STANDSTILL_SECONDS: Final = 600
"""How long a lane may wait for its next run, besides :data:`TURN_SECONDS` for each lane that waits as well."""
TURN_SECONDS: Final = 60
"""How long one run takes at most, from its delivery to the next: lanes have turns, however few workers there are."""
FORGOTTEN_SECONDS: Final = 3600
"""How long after its part's time a deferral waits for its message, before it is settled without."""
BEGIN_SECONDS: Final = 20
"""For how long one round goes on putting what is due: the rest of its minute is for what runs."""
MAX_CLOSED: Final = 400
"""Lanes of one sending that one round closes: two calls each."""
SWEEP_LEASE_SECONDS: Final = 300
"""How long the sweep has what it takes itself."""


@dataclass(slots=True)
class Swept:
    """What one round came to; it is gathered while it lasts.

    Attributes:
        begun: parts whose messages were put into the queue.
        running: sendings that are due and have not ended, at its beginning.
        standstill: how many seconds the lane that stands still longest has waited longer than it should; 0 where none does.
        prompted: lanes whose messages were put again.
        counts: recipients that were accounted for by it.
        ended: sendings that it has ended.
        faults: what went wrong on the hub's own side.
    """

    begun: int = 0
    running: int = 0
    standstill: int = 0
    prompted: int = 0
    counts: OutcomeCounts = field(default_factory=OutcomeCounts)
    ended: list[SendingId] = field(default_factory=list)
    faults: list[SendFault] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Sweep:
    """Goes through all that is due and all that runs."""

    store: SendingStore
    sends: Queue
    clock: Clock
    mint_run: Callable[[], RunId]
    _over: dict[SendingId, dict[int, OutcomeCounts]] = field(default_factory=dict, init=False, repr=False)
    """Counts of those parts that are over, of sendings that go on: nothing of them changes any more, so they are not read again."""

    def __call__(self) -> Swept:
        """Go round once.

        Raises:
            UnavailableError: what is due, or what runs, cannot be read.
        """
        swept, begun = Swept(), self.clock.elapsed()
        for moment in self.store.due_moments(Seconds(now_of(self.clock) + PUT_AHEAD_SECONDS)):
            with self._apart(swept):
                self._begin(moment, begun + BEGIN_SECONDS, swept)
        running = self.store.running_sendings(now_of(self.clock))
        swept.running = len(running)
        for ended in self._over.keys() - running:
            del self._over[ended]
        for sending_id in running:
            with self._apart(swept):
                self._see_to(sending_id, swept)
        return swept

    @contextmanager
    def _apart(self, swept: Swept) -> Iterator[None]:
        """Keep the faults of one sending from the others."""
        try:
            yield
        except UnavailableError:
            swept.faults.append(SendFault.UNAVAILABLE)
        except LeaseLostError:
            swept.faults.append(SendFault.LEASE_LOST)

    def _begin(self, moment: DueMoment, until: float, swept: Swept) -> None:
        """Put the messages of a moment's parts, as far as there is time; the others are put by the next round."""
        sending = self.store.sending(moment.sending)
        if sending is None or sending.status.ended:
            self.store.forget_due(moment)
            return
        parts = moment.parts_of(sending)[moment.put :]
        in_time = takewhile(lambda _: self.clock.elapsed() < until, parts)
        put = put_parts(self.sends, sending, in_time, now_of(self.clock))
        note_begun(self.store, sending, moment, put)
        swept.begun += put
        if put < len(parts) and self.clock.elapsed() < until:
            swept.faults.append(SendFault.QUEUE_REFUSED)

    def _see_to(self, sending_id: SendingId, swept: Swept) -> None:
        sending = self.store.sending(sending_id)
        if sending is None or self._has_ended(sending, swept):
            return
        begun = [part for part in sending.parts if self._is_begun(sending, part)]
        lanes = [(part, key, lane) for part in begun for key, lane in self._unfinished(sending, part)]
        for key in [key for part, key, _ in lanes if sending.drops(part)][:MAX_CLOSED]:
            self._close(key, swept)
        self._prompt(sending, [(key, lane) for part, key, lane in lanes if not sending.drops(part)], swept)
        given_up = [part for part in begun if self._is_given_up(sending, part)]
        for part in given_up:
            self._settle_waiting(sending, part, swept)
        if given_up:
            self._has_ended(sending, swept)

    def _is_begun(self, sending: Sending, part: Part) -> bool:
        """Say whether a part has to be seen to: it is due, or its lanes have to be closed, and it was not over before."""
        now = now_of(self.clock)
        is_due = not never_begins(sending, part, now) if sending.drops(part) else part.due <= now
        return is_due and part.number not in self._over_of(sending)

    def _over_of(self, sending: Sending) -> dict[int, OutcomeCounts]:
        return self._over.setdefault(sending.id, {})

    def _has_ended(self, sending: Sending, swept: Swept) -> bool:
        if not end_as_read(self.store, sending, now_of(self.clock), partial(self._counts, sending)):
            return False
        swept.ended.append(sending.id)
        return True

    def _counts(self, sending: Sending, part: Part) -> OutcomeCounts | None:
        """Return the counts of a part that is over, see :func:`pushhub.sends.ending.part_counts`."""
        known = self._over_of(sending).get(part.number)
        return known if known is not None else part_counts(self.store, sending, now_of(self.clock), part)

    def _is_given_up(self, sending: Sending, part: Part) -> bool:
        """Say whether nobody who waits in a part is pushed to any more."""
        return sending.drops(part) or now_of(self.clock) > sending.not_after(part) + FORGOTTEN_SECONDS

    def _unfinished(self, sending: Sending, part: Part) -> list[tuple[LaneKey, Lane | None]]:
        """Return the lanes of a part that are not finished; None for those that no run has taken yet."""
        lanes = {lane.key.lane: lane for lane in self.store.lanes(sending.id, part.number)}
        counts = counts_if_over(sending, list(lanes.values()))
        if counts is not None:
            self._over_of(sending)[part.number] = counts
        unfinished = [name for name in sending.lanes if name not in lanes or not lanes[name].finished]
        return [(LaneKey(sending.id, part.number, name), lanes.get(name)) for name in unfinished]

    def _close(self, key: LaneKey, swept: Swept) -> None:
        """Finish a lane of a cancelled sending, where nobody else has it: its message may be due much later, or be lost."""
        now = now_of(self.clock)
        run = taken(self.store, key, self.mint_run(), now, Seconds(now + SWEEP_LEASE_SECONDS))
        if run:
            recorded = run.recorded
            run.finish(now)
            swept.counts += recorded.counts if recorded else OutcomeCounts()

    def _prompt(self, sending: Sending, lanes: Sequence[tuple[LaneKey, Lane | None]], swept: Swept) -> None:
        """Put the messages of lanes again that must have been lost.

        A lane may only be waiting for its turn. If its message were put again for that, each round would lengthen the queue that
        all others wait in. So the more lanes wait, the longer is the time that is given to each.
        """
        now = now_of(self.clock)
        waits = [(key, now - max(lane.until if lane else 0, sending.parts[key.part].due)) for key, lane in lanes]
        allowed = STANDSTILL_SECONDS + TURN_SECONDS * sum(wait > 0 for _, wait in waits)
        for key, wait in waits:
            swept.standstill = max(swept.standstill, wait - allowed)
            if wait > allowed:
                swept.prompted += 1
                if self.sends.put(lane_envelopes(sending, sending.parts[key.part], (key.lane,))):
                    swept.faults.append(SendFault.QUEUE_REFUSED)

    def _settle_waiting(self, sending: Sending, part: Part, swept: Swept) -> None:
        """Settle the deferrals of a part that nobody has claimed, and those of dead runs, whose recipients may have been pushed."""
        now = now_of(self.clock)
        for deferral in self.store.deferrals(sending.id, part.number):
            run, outcome = self.mint_run(), Outcome.EXPIRED
            if deferral.run is not None:
                if deferral.until is None or deferral.until >= now:
                    continue
                run, outcome = deferral.run, Outcome.UNKNOWN
            elif not self.store.claim_deferral(deferral.key, run, deferral.tries, now, Seconds(now + SWEEP_LEASE_SECONDS)):
                continue
            counts = all_of(deferral.recipients, outcome)
            if is_settled(self.store, SettledTry(deferral.key, run, deferral.tries, counts)):
                swept.counts += counts
