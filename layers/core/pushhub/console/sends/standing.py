"""How far has a sending come, as a whole?"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

from pushhub.console.failure import ConsoleError
from pushhub.events.ledger import LaunchStatistics
from pushhub.moments import Seconds
from pushhub.sends.ending import is_ahead
from pushhub.sends.outcomes import Outcome
from pushhub.sends.sending import BEGINNING, Lane, LaneKey, Named, OutcomeCounts, Sending, SendingId, SendingStatus
from pushhub.sends.store import SendingStore

CONSOLE: Final = "console"
"""The caller and the dialect of the sendings that the command line makes."""
_DIRECT_SECONDS: Final = 60
"""A direct sending that pushes within a request has ended by then, or its worker has died."""
_PLACES: Final = 16**16
"""Places of a lane of the index: 16 hex digits, evenly distributed."""


class LaunchCounters(Protocol):
    """Counts what was reported of launches; the ledger does."""

    def statistics(self, launch: str) -> Sequence[LaunchStatistics]:
        """Return the counters of a launch, one for each provider.

        Raises:
            UnavailableError: the table did not answer in time, or refused for load.
        """


@dataclass(frozen=True, slots=True)
class SendingStanding:
    """A sending with what came of its recipients so far.

    Attributes:
        sending: as it is stored.
        counts: of those that are accounted for; those that wait are counted under `retry` once :func:`with_waiting` was asked.
        waiting: recipients that are to be tried again.
        share: of its places that the lanes have gone through, from 0 to 1.
        in_lanes: whether any worker has taken a lane.
        statistics: what was reported of its launch, where that was asked for.
    """

    sending: Sending
    counts: OutcomeCounts
    waiting: int = 0
    share: float = 1
    in_lanes: bool = False
    statistics: Sequence[LaunchStatistics] = field(default=())

    def interrupted(self, now: Seconds) -> bool:
        """Say whether the worker of a direct sending must have died in the middle of it, within the request that asked for it."""
        sending = self.sending
        within_a_request = isinstance(sending.selection, Named) and sending.dialect != CONSOLE
        if not within_a_request or sending.status is not SendingStatus.RUNNING or self.in_lanes or sending.begun is None:
            return False
        return now - sending.begun > _DIRECT_SECONDS


def stored_sending(store: SendingStore, id_: SendingId) -> Sending:
    """Return a sending.

    Raises:
        ConsoleError: there is none.
        UnavailableError: the store did not answer in time, or refused for load.
    """
    sending = store.sending(id_)
    if sending is None:
        raise ConsoleError(f"there is no sending {id_}, or it was forgotten; `sendings list` shows those that there are")
    return sending


def standing_of(store: SendingStore, sending: Sending, now: Seconds) -> SendingStanding:
    """Return how far a sending has come; of one that has not ended, a read for each part that is due says that.

    Raises:
        UnavailableError: the store did not answer in time, or refused for load.
    """
    # The sending was read before: where it has ended, its own counts are complete.
    if sending.status.ended:
        return SendingStanding(sending, sending.counts)
    lanes = [lane for part in sending.parts if not is_ahead(part, now) for lane in store.lanes(sending.id, part.number)]
    counts = sum((lane.counts for lane in lanes), OutcomeCounts())
    return SendingStanding(
        sending, counts, sum(lane.pending for lane in lanes), _share(sending, {lane.key: lane for lane in lanes}), bool(lanes)
    )


def with_waiting(store: SendingStore, standing: SendingStanding) -> SendingStanding:
    """Count those that wait, too, of each provider.

    Raises:
        UnavailableError: the store did not answer in time, or refused for load.
    """
    if not standing.waiting:
        return standing
    sending = standing.sending
    waiting = [
        OutcomeCounts.of(provider, Outcome.RETRY, number)
        for part in sending.parts
        for deferral in store.deferrals(sending.id, part.number)
        for provider, number in deferral.recipients.items()
    ]
    return replace(standing, counts=sum(waiting, standing.counts))


def with_statistics(counters: LaunchCounters, standing: SendingStanding) -> SendingStanding:
    """Add what was reported of its launch.

    Raises:
        UnavailableError: the table did not answer in time, or refused for load.
    """
    return replace(standing, statistics=counters.statistics(standing.sending.launch.text))


def _share(sending: Sending, taken: Mapping[LaneKey, Lane]) -> float:
    keys = [LaneKey(sending.id, part.number, lane) for part in sending.parts for lane in sending.lanes]
    return _mean(_share_of_lane(sending, taken.get(key)) for key in keys)


def _share_of_lane(sending: Sending, lane: Lane | None) -> float:
    if lane is None:
        return 0
    if lane.finished:
        return 1
    if lane.done == BEGINNING:
        return 0
    match sending.selection:
        case Named(identifiers):
            return (int(lane.done) + 1) / len(identifiers)
        case _:
            return int(lane.done, 16) / _PLACES


def _mean(shares: Iterable[float]) -> float:
    given = list(shares)
    return sum(given) / len(given)
