"""When is a sending over, and how has it ended?"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from pushhub.catalog.model import AppId
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
    of_apps: dict[AppId, OutcomeCounts] = {}
    for part in sorted(sending.parts, key=lambda part: (part.number == first, part.due, part.number), reverse=True):
        of_part = counts_of(part)
        if of_part is None:
            return False
        of_apps[part.app] = of_apps.get(part.app, OutcomeCounts()) + of_part
    store.end(sending.id, status_at_end(sending, of_apps), sum(of_apps.values(), OutcomeCounts()), now)
    return True


def part_counts(store: SendingStore, sending: Sending, now: Seconds, part: Part) -> OutcomeCounts | None:
    """Return what came of the recipients of a part that is over; None where it goes on, or is not due yet.

    Raises:
        UnavailableError: the store did not answer.
    """
    if is_ahead(part, now):
        return OutcomeCounts() if sending.cancelling else None
    return counts_if_over(sending, store.lanes(sending.id, part.number))


def counts_if_over(sending: Sending, lanes: Sequence[Lane]) -> OutcomeCounts | None:
    """Return what came of the recipients of a part, by its lanes; None where one of them is not over."""
    over = {lane.key.lane for lane in lanes if lane.finished and not lane.pending}
    return sum((lane.counts for lane in lanes), OutcomeCounts()) if over.issuperset(sending.lanes) else None


def is_ahead(part: Part, now: Seconds) -> bool:
    """Say whether a part is not due yet, even by a clock that is ahead.

    If its sending is cancelled by now, whoever finds the part due reads that and pushes nothing: its lanes need not be closed.
    """
    return part.due > now + 2 * CLOCKS_APART_SECONDS


def status_at_end(sending: Sending, of_apps: Mapping[AppId, OutcomeCounts]) -> SendingStatus:
    """Return how a sending has ended whose recipients have all come to an outcome, by the app through which they were pushed to."""
    if sending.cancelling or len(sending.dropped) == len(sending.parts):
        return SendingStatus.CANCELLED
    came = {(app, provider, outcome) for app, counts in of_apps.items() for provider, outcome, _ in counts}
    if not came:
        return SendingStatus.COMPLETE
    if all(outcome is Outcome.EXPIRED for _, _, outcome in came):
        return SendingStatus.EXPIRED
    stops = {(app, provider, stop.outcome) for app, stops in sending.stopped.items() for provider, stop in stops.items()}
    return SendingStatus.STOPPED if came <= stops else SendingStatus.COMPLETE
