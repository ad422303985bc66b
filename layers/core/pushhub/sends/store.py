"""What does the room of sendings need of the store that remembers them?

Every write is guarded, and names what it was decided from. So a write whose answer was lost may be tried again: the second one
finds its guard broken, and a read says which of the two it was. All reads are consistent.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from pushhub.catalog.model import AppId
from pushhub.catalog.providers import Provider
from pushhub.moments import Seconds
from pushhub.sends.sending import (
    Claim,
    Deferral,
    DeferralKey,
    Example,
    Lane,
    LaneKey,
    OutcomeCounts,
    Part,
    Place,
    ProviderStop,
    RunId,
    Sending,
    SendingId,
    SendingStatus,
)

MAX_SENDING_BYTES: Final = 100_000
"""Messages, translations, and identifiers or filters of one sending as they are stored, in JSON."""
MAX_PARTS: Final = 1_000
"""Parts of one sending: each step of a lane reads them."""
MAX_DUE_MOMENTS: Final = 40
"""Moments at which parts of one sending are due: all are listed at one time, by the transaction that writes the sending."""
MAX_STEP_DEFERRALS: Final = 99
"""Deferrals that are written with one step."""
MAX_ENDED_DEFERRALS: Final = 97
"""Deferrals that are written with one direct sending that has pushed already."""
MAX_DUE_READ: Final = 1_000
"""Moments that one reading of those that are due returns."""


class KnownSendingError(Exception):
    """A sending with this id exists already."""


class SendingTooLargeError(Exception):
    """A sending does not fit into the store; the text says which bound it exceeds, and by how much."""


def require_bound(things: str, number: int, bound: int) -> None:
    """Require that a sending has no more of some things than can be stored.

    Raises:
        SendingTooLargeError: it has.
    """
    if number > bound:
        raise SendingTooLargeError(f"the sending has {number} {things}; at most {bound} can be stored")


def require_content_bound(content: str) -> None:
    """Require that the content of a sending, as it is stored, is within :data:`MAX_SENDING_BYTES`.

    Raises:
        SendingTooLargeError: it is not.
    """
    require_bound("bytes of messages, translations and whom it is for", len(content.encode()), MAX_SENDING_BYTES)


@dataclass(frozen=True, slots=True)
class DueMoment:
    """A moment at which parts of a sending are due, as it is listed until their messages are in the queue.

    Attributes:
        sending: whose parts they are.
        due: when they are due.
        first: number of the first of them.
        alone: it is the only one. The release before listed each part so.
        put: how many of them, the first ones, have their messages in the queue already.
    """

    sending: SendingId
    due: Seconds
    first: int
    alone: bool = False
    put: int = 0

    def parts_of(self, sending: Sending) -> tuple[Part, ...]:
        """Return its parts, those too whose messages are in the queue."""
        return tuple(part for part in sending.parts if part.number == self.first or (not self.alone and part.due == self.due))


def due_moments_of(sending: Sending) -> tuple[DueMoment, ...]:
    """Return the moments at which parts of a sending are due, the earliest first."""
    first: dict[Seconds, int] = {}
    for part in sending.parts:
        first.setdefault(part.due, part.number)
    return tuple(DueMoment(sending.id, due, first[due]) for due in sorted(first))


@dataclass(frozen=True, slots=True)
class NewDeferral:
    """A deferral that is made with the step whose recipients are left over: how many of each provider wait in it."""

    key: DeferralKey
    recipients: Mapping[Provider, int]


@dataclass(frozen=True, slots=True)
class RecordedStep:
    """What came of a claimed step: the lane is done up to `place`.

    `counts` has every recipient of the step but those that wait in `deferrals`.
    """

    place: Place
    counts: OutcomeCounts
    deferrals: tuple[NewDeferral, ...] = ()


@dataclass(frozen=True, slots=True)
class LaneUpdate:
    """One write of the run that has a lane's lease.

    Attributes:
        run: it has to have the lease.
        claim_before: the claim that the lane has to have, None for none.
        recorded: what came of that claim; None leaves what is recorded as it is.
        claim: the claim that the lane has afterwards.
        until: the last moment of the lease afterwards; one in the past gives it up.
        finished: no step is left.
    """

    run: RunId
    claim_before: Claim | None
    recorded: RecordedStep | None
    claim: Claim | None
    until: Seconds
    finished: bool = False


@dataclass(frozen=True, slots=True)
class SettledTry:
    """What came of one try of a deferral.

    Attributes:
        key: which deferral.
        run: the run that has claimed the try.
        tries: how many tries were recorded before.
        counts: what came of those recipients that are accounted for now.
        left: how many of each provider still wait; nobody makes the deferral done.
    """

    key: DeferralKey
    run: RunId
    tries: int
    counts: OutcomeCounts
    left: Mapping[Provider, int] = field(default_factory=dict)


class SendingStore(Protocol):
    """Remembers sendings, their lanes and their deferrals, until some time after their end.

    Every method raises `UnavailableError` where the store did not answer in time or refused for load: the write may have happened.
    """

    def create(self, sending: Sending) -> None:
        """Write a new sending and list the moments at which its parts are due.

        Raises:
            KnownSendingError: its id is taken.
            SendingTooLargeError: it exceeds :data:`MAX_SENDING_BYTES`, :data:`MAX_PARTS` or :data:`MAX_DUE_MOMENTS`.
        """

    def record_ended(self, sending: Sending, deferrals: Sequence[NewDeferral], *, started: bool = False) -> None:
        """Write a direct sending that has pushed already, in one write.

        Without deferrals it is over: `sending` has its final status and counts, and the counters of its launch are added to. With
        some, it is running, its lane is finished and has the counts of `sending` and the deferrals. Its identifiers are not kept,
        since nobody looks for its recipients again; nor are its messages, where it is over. One that was started is there already,
        and whether a person has cancelled it meanwhile stays.

        Args:
            sending: as it is written.
            deferrals: what waits in the queue.
            started: it was written before its first push, see :meth:`pushhub.sends.pack_ids.PackIdStore.start`.

        Raises:
            KnownSendingError: its id is taken; or, where it was started, it is recorded already.
            SendingTooLargeError: it exceeds :data:`MAX_SENDING_BYTES`, or there are more than :data:`MAX_ENDED_DEFERRALS`.
        """

    def sending(self, sending: SendingId) -> Sending | None:
        """Return a sending; None where there is none."""

    def begin(self, sending: SendingId, now: Seconds, push: int | None = None) -> bool:
        """Make a scheduled sending a running one, whose content does not change any more, and say whether that was done.

        Nothing happens to any other, nor to one to which another push is bound than `push`; None for none.
        """

    def cancel(self, sending: SendingId, now: Seconds) -> None:
        """End a scheduled sending as cancelled; a running one is marked as cancelling; nothing happens to one that has ended."""

    def expire(self, sending: SendingId, now: Seconds) -> None:
        """End a scheduled sending to which no push is bound as expired; nothing happens to any other."""

    def drop_part(self, sending: SendingId, part: int) -> None:
        """Write down that the app of a part is gone, so nothing more of it is pushed."""

    def stop_provider(self, sending: SendingId, app: AppId, provider: Provider, stop: ProviderStop) -> None:
        """Write down that a provider gets nothing of a sending through an app any more; the first reason stays."""

    def add_example(self, sending: SendingId, example: Example) -> None:
        """Keep an example, unless there is one of its provider, outcome and code."""

    def end(self, sending: SendingId, status: SendingStatus, counts: OutcomeCounts, now: Seconds) -> None:
        """End a running sending, and add its accepted, erroneous and unknown recipients to the counters of its launch.

        Nothing happens to one that has ended.
        """

    def take_lane(self, key: LaneKey, run: RunId, now: Seconds, until: Seconds) -> Lane | None:
        """Take the lease of a lane that is new, or whose `until` has passed; a run that has the lease takes it again.

        Returns:
            The lane with the new run and `until`; None where another run has the lease, or the lane is finished.
        """

    def update_lane(self, key: LaneKey, update: LaneUpdate) -> None:
        """Write an update of the run that has the lease.

        Raises:
            LostRaceError: another run has the lease, or the lane has another claim.
            ValueError: there are more than :data:`MAX_STEP_DEFERRALS`.
        """

    def lane(self, key: LaneKey) -> Lane | None:
        """Return a lane; None where no run has taken it yet."""

    def lanes(self, sending: SendingId, part: int) -> Sequence[Lane]:
        """Return the lanes of a part that a run has taken so far."""

    def deferral(self, key: DeferralKey) -> Deferral | None:
        """Return a deferral; None where the step that it belongs to is not recorded with one."""

    def deferrals(self, sending: SendingId, part: int) -> Sequence[Deferral]:
        """Return the deferrals of a part that are not done."""

    def claim_deferral(self, key: DeferralKey, run: RunId, tries: int, now: Seconds, until: Seconds) -> bool:
        """Claim the next try of a deferral, and say whether it is ours: nobody has claimed it, and so many tries are recorded."""

    def settle_deferral(self, settled: SettledTry) -> None:
        """Write what came of a claimed try, into the deferral and the counts of its lane at one time.

        Raises:
            LostRaceError: the try is not claimed by that run any more.
        """

    def due_moments(self, until: Seconds) -> Sequence[DueMoment]:
        """Return what is listed as due up to a moment, the earliest first, at most :data:`MAX_DUE_READ`."""

    def note_put(self, moment: DueMoment, put: int) -> None:
        """Write down of how many parts of a moment the messages are in the queue; nothing happens to one that is not listed."""

    def forget_due(self, moment: DueMoment) -> None:
        """Take a moment from the list."""

    def running_sendings(self, now: Seconds) -> Sequence[SendingId]:
        """Return the sendings that have not ended and whose first part is due by now, the earliest due first."""

    def listed(self, day: str) -> Sequence[Sending]:
        """Return the sendings whose ids were made on a UTC day, `yyyymmdd`, newest first."""
