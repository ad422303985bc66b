"""When is a sending over, and how has it ended?"""

from collections.abc import Sequence

from pushhub.moments import Seconds
from pushhub.sends.outcomes import Outcome
from pushhub.sends.sending import Lane, OutcomeCounts, Sending, SendingId, SendingStatus
from pushhub.sends.store import SendingStore


def end_if_over(store: SendingStore, sending_id: SendingId, now: Seconds) -> bool:
    """End a running sending of which no lane and no deferral is left, and say whether it was over.

    Who finishes the last lane or settles the last deferral sees all others finished, since every read is consistent. So nobody has
    to wait for anybody, and two may end it at one time: the store counts it once.

    Raises:
        UnavailableError: the store did not answer; whether the sending has ended is seen by the sweep.
    """
    sending = store.sending(sending_id)
    return sending is not None and end_as_read(store, sending, now)


def end_as_read(store: SendingStore, sending: Sending, now: Seconds) -> bool:
    """Do as :func:`end_if_over` with a sending as it was read; stops and a cancel that came since then count for the next reading.

    Raises:
        UnavailableError: as for `end_if_over`.
    """
    if sending.status is not SendingStatus.RUNNING:
        return False
    counts = OutcomeCounts()
    for part in sending.parts:
        lanes = store.lanes(sending.id, part.number)
        if not _is_over(sending, lanes):
            return False
        counts = sum((lane.counts for lane in lanes), counts)
    store.end(sending.id, status_at_end(sending, counts), counts, now)
    return True


def status_at_end(sending: Sending, counts: OutcomeCounts) -> SendingStatus:
    """Return how a sending has ended whose recipients have all come to an outcome."""
    if sending.cancelling:
        return SendingStatus.CANCELLED
    if not counts.total:
        return SendingStatus.COMPLETE
    if all(outcome is Outcome.EXPIRED for _, outcome, _ in counts):
        return SendingStatus.EXPIRED
    stops = {(provider, stop.outcome) for provider, stop in sending.stopped.items()}
    if all((provider, outcome) in stops for provider, outcome, _ in counts):
        return SendingStatus.STOPPED
    return SendingStatus.COMPLETE


def _is_over(sending: Sending, lanes: Sequence[Lane]) -> bool:
    over = {lane.key.lane for lane in lanes if lane.finished and not lane.pending}
    return over.issuperset(sending.lanes)
