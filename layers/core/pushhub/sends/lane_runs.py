"""How does a run write to the lane whose lease it has?

Every update names the run and the claim that the lane has to have. So an update whose answer was lost is tried again safely: if the
first one was written, the second one finds its guard broken, and a reading tells that the lane is as the update makes it.
"""

from dataclasses import dataclass
from typing import Final

from pushhub.faults import LostRaceError, UnavailableError
from pushhub.moments import Seconds
from pushhub.sends.accounting import all_of
from pushhub.sends.outcomes import Outcome
from pushhub.sends.sending import Claim, Lane, LaneKey, OutcomeCounts, Place, RunId
from pushhub.sends.store import LaneUpdate, RecordedStep, SendingStore

MAX_UPDATE_TRIES: Final = 3
"""Tries of one update in all. Deferrals of the lane are settled at the same time, so items may be busy."""


class LeaseLostError(Exception):
    """Another run has the lease; what this one knows of its claimed step is lost."""


@dataclass(slots=True)
class LaneRun:
    """One run of a lane.

    `claim` is that which the lane has. `recorded` is what came of it, or how far the lane has come without any recipient; it is
    written by the next update. `counts` has everything that is known of the lane.
    """

    store: SendingStore
    key: LaneKey
    run: RunId
    until: Seconds
    done: Place
    claim: Claim | None
    recorded: RecordedStep | None
    counts: OutcomeCounts

    def step_claimed(self, claim: Claim) -> None:
        """Record the step before and claim the next, by one write.

        Raises:
            LeaseLostError: another run has the lease.
            UnavailableError: the store did not answer.
        """
        self._update(claim, self.until)

    def step_done(self, recorded: RecordedStep) -> None:
        """Remember what came of the claimed step, until it is written."""
        self.recorded, self.done = recorded, recorded.place
        self.counts += recorded.counts

    def passed(self, place: Place) -> None:
        """Remember that nobody stands between the last step and a place, and record that step first.

        The way to the next recipients may be long, and the message of those that wait comes as soon as they are due.

        Raises:
            LeaseLostError: another run has the lease.
            UnavailableError: the store did not answer.
        """
        if self.recorded and self.claim:
            self._update(None, self.until)
        self.recorded, self.done = _nobody(place), place

    def give_up(self, free_from: Seconds) -> None:
        """Record what is known, and let another run have the lane from a moment on; a claim of which nothing is known stays.

        A message that another worker takes before its own clock comes to that moment is dropped.

        Raises:
            LeaseLostError: another run has the lease.
            UnavailableError: the store did not answer.
        """
        self._update(None if self.recorded else self.claim, Seconds(free_from - 1))

    def finish(self, now: Seconds) -> None:
        """Record what is known, and that no step is left.

        Raises:
            LeaseLostError: another run has the lease.
            UnavailableError: the store did not answer.
        """
        self._update(None, Seconds(now - 1), finished=True)

    def _update(self, claim: Claim | None, until: Seconds, *, finished: bool = False) -> None:
        update = LaneUpdate(self.run, self.claim, self.recorded, claim, until, finished)
        if not any(self._is_written(update) for _ in range(MAX_UPDATE_TRIES)):
            raise UnavailableError("an update of a lane was not written")
        self.claim, self.recorded = claim, None

    def _is_written(self, update: LaneUpdate) -> bool:
        """Write an update, and say whether the lane is as it makes it."""
        try:
            self.store.update_lane(self.key, update)
        except (LostRaceError, UnavailableError):
            lane = self.store.lane(self.key)
            if lane is None or lane.run != self.run:
                raise LeaseLostError from None
            return is_as_made(lane, update)
        return True


def taken(store: SendingStore, key: LaneKey, run: RunId, now: Seconds, until: Seconds) -> LaneRun | None:
    """Take a lane, and return its run; None where another run has it or it is finished.

    A step that a dead run has claimed may have been pushed: its recipients are unknown.

    Raises:
        UnavailableError: the store did not answer, twice.
    """
    try:
        lane = store.take_lane(key, run, now, until)
    except UnavailableError:
        lane = store.take_lane(key, run, now, until)
    if lane is None:
        return None
    lost = RecordedStep(lane.claim.place, all_of(lane.claim.recipients, Outcome.UNKNOWN)) if lane.claim else None
    run_of = LaneRun(store, key, run, until, lane.done, lane.claim, None, lane.counts)
    if lost:
        run_of.step_done(lost)
    return run_of


def is_as_made(lane: Lane, update: LaneUpdate) -> bool:
    """Say whether a lane is as an update makes it."""
    done = update.recorded is None or lane.done == update.recorded.place
    return done and (lane.claim, lane.until, lane.finished) == (update.claim, update.until, update.finished)


def _nobody(place: Place) -> RecordedStep:
    return RecordedStep(place, OutcomeCounts())
