"""When is a sending over, and how has it ended?"""

from collections.abc import Callable, Sequence
from functools import partial

from pushhub.moments import CLOCKS_APART_SECONDS, Seconds
from pushhub.sends.outcomes import Outcome
from pushhub.sends.sending import Lane, LaneKey, OutcomeCounts, Part, Sending, SendingStatus
from pushhub.sends.store import SendingStore


def end_if_over(store: SendingStore, key: LaneKey, now: Seconds) -> bool:
    """End a running sending of which no lane and no deferral is left, and say whether it was over.

    Who finishes the last lane or settles the last deferral sees all others finished, since every read is consistent. So nobody has
    to wait for anybody, and two may end it at one time: the store counts it once.

    Args:
        store: where it stands.
        key: the lane that was just finished, or whose deferral was settled. Its part is looked at first: it is likely to go on.
        now: the present moment.

    Raises:
        UnavailableError: the store did not answer; whether the sending has ended is seen by the sweep.
    """
    sending = store.sending(key.sending)
    return sending is not None and end_as_read(store, sending, now, partial(part_counts, store, sending, now), key.part)


def end_as_read(
    store: SendingStore, sending: Sending, now: Seconds, counts_of: Callable[[Part], OutcomeCounts | None], first: int | None = None
) -> bool:
    """Do as :func:`end_if_over` with a sending as it was read; stops and a cancel that came since then count for the next reading.

    Parts go on for longest that are due last, so they are looked at first. No part is, behind one that goes on.

    Args:
        store: where it stands.
        sending: as it was read.
        now: the present moment.
        counts_of: gives the counts of a part that is over, see :func:`part_counts`.
        first: number of the part that is looked at before all others.

    Raises:
        UnavailableError: as for `end_if_over`.
    """
    if sending.status is not SendingStatus.RUNNING:
        return False
    counts = OutcomeCounts()
    for part in sorted(sending.parts, key=lambda part: (part.number == first, part.due, part.number), reverse=True):
        of_part = counts_of(part)
        if of_part is None:
            return False
        counts += of_part
    store.end(sending.id, status_at_end(sending, counts), counts, now)
    return True


def part_counts(store: SendingStore, sending: Sending, now: Seconds, part: Part) -> OutcomeCounts | None:
    """Return what came of the recipients of a part that is over; None where it goes on, or is not due yet.

    Raises:
        UnavailableError: the store did not answer.
    """
    if never_begins(sending, part, now):
        return OutcomeCounts()
    return counts_if_over(sending, store.lanes(sending.id, part.number))


def counts_if_over(sending: Sending, lanes: Sequence[Lane]) -> OutcomeCounts | None:
    """Return what came of the recipients of a part, by its lanes; None where one of them is not over."""
    over = {lane.key.lane for lane in lanes if lane.finished and not lane.pending}
    return sum((lane.counts for lane in lanes), OutcomeCounts()) if over.issuperset(sending.lanes) else None


def never_begins(sending: Sending, part: Part, now: Seconds) -> bool:
    """Say whether a part of a cancelled sending is not due yet, even by a clock that is ahead.

    Whoever finds it due has read the sending after it was cancelled, and pushes nothing. So its lanes need not be closed.
    """
    return sending.cancelling and part.due > now + 2 * CLOCKS_APART_SECONDS


def status_at_end(sending: Sending, counts: OutcomeCounts) -> SendingStatus:
    """Return how a sending has ended whose recipients have all come to an outcome."""
    if sending.cancelling or len(sending.dropped) == len(sending.parts):
        return SendingStatus.CANCELLED
    if not counts.total:
        return SendingStatus.COMPLETE
    if all(outcome is Outcome.EXPIRED for _, outcome, _ in counts):
        return SendingStatus.EXPIRED
    stops = {(provider, stop.outcome) for provider, stop in sending.stopped.items()}
    if all((provider, outcome) in stops for provider, outcome, _ in counts):
        return SendingStatus.STOPPED
    return SendingStatus.COMPLETE
