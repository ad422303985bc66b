"""What becomes of an accepted report: is it new, and who gets it?"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from pushhub.catalog.model import ReportedEvent, Upstream
from pushhub.events.command import Happening, RecordEvent, RelayLink
from pushhub.events.messages import Forward, PoisonError, Report, read_report, write_forward
from pushhub.events.recording import Recording
from pushhub.faults import LostRaceError, UnavailableError
from pushhub.moments import Milliseconds
from pushhub.outgoing.queues import Delivery, Envelope, Queue, not_taken

SECONDS_TO_LAST_REPORT: Final = 15
"""No report of a batch is begun later than this after the batch: one that cannot be written may take 24 s to find that out."""

_ASKED_FOR: Final = {ReportedEvent.DELIVERED: Happening.DELIVERED, ReportedEvent.OPENED: Happening.OPENED}


@dataclass(frozen=True, slots=True)
class Recorded:
    """A report is written down; `new` are the bits that it was the first with, `upstreams` how many of them get those."""

    event: RecordEvent
    new: Happening
    upstreams: int


@dataclass(frozen=True, slots=True)
class Relayed:
    """A link that is not ours goes to this many upstreams."""

    upstreams: int


@dataclass(frozen=True, slots=True)
class GivenUp:
    """The message is among the dead letters: none of ours, or a link that no upstream takes any more."""

    reason: str


@dataclass(frozen=True, slots=True)
class Undone:
    """The message is to be delivered again."""

    reason: str


TakenIn = Recorded | Relayed | GivenUp | Undone


@dataclass(frozen=True, slots=True)
class Intake:
    """Writes reports of a batch down, then puts what is new into the queue of forwards, one message for each upstream.

    In this order: a message that fails between the two is delivered again, and its bits are still its own then.
    """

    recording: Recording
    upstreams: Callable[[], Mapping[str, Upstream]]
    forwards: Queue
    dead_letters: Queue
    now: Callable[[], Milliseconds]
    clock: Callable[[], float] = time.monotonic

    def __call__(self, deliveries: Sequence[Delivery]) -> dict[str, TakenIn]:
        """Deal with a batch; return what became of each message.

        Raises:
            UnavailableError: it is not known which upstreams there are; the whole batch is to be delivered again.
        """
        upstreams = self.upstreams()
        latest = self.clock() + SECONDS_TO_LAST_REPORT
        taken_in: dict[str, TakenIn] = {}
        outgoing: list[tuple[str, Envelope]] = []
        for delivery in deliveries:
            taken_in[delivery.id], forwards = self._one(delivery.body, upstreams, latest)
            outgoing += ((delivery.id, Envelope(write_forward(forward))) for forward in forwards)
        bodies = {delivery.id: delivery.body for delivery in deliveries}
        dead = [(id_, Envelope(bodies[id_], reason=one.reason)) for id_, one in taken_in.items() if isinstance(one, GivenUp)]
        for id_ in not_taken(self.forwards, outgoing) | not_taken(self.dead_letters, dead):
            taken_in[id_] = Undone("a queue did not take what follows from it")
        return taken_in

    def _one(self, body: str, upstreams: Mapping[str, Upstream], latest: float) -> tuple[TakenIn, tuple[Forward, ...]]:
        try:
            report = read_report(body)
        except PoisonError as poison:
            return GivenUp(str(poison)), ()
        if isinstance(report.content, RelayLink):
            relays = tuple(self._forward(name, report) for name, upstream in upstreams.items() if upstream.relay_links)
            return (Relayed(len(relays)), relays) if relays else (GivenUp("no upstream takes links that are not ours any more"), ())
        if self.clock() > latest:
            return Undone("time was up before it was begun"), ()
        try:
            new = self.recording(report, report.content)
        except (LostRaceError, UnavailableError) as fault:
            return Undone(f"{type(fault).__name__}: {fault}"), ()
        forwards = tuple(self._forwards(report, report.content, new, upstreams))
        return Recorded(report.content, new, len(forwards)), forwards

    def _forwards(self, report: Report, event: RecordEvent, new: Happening, upstreams: Mapping[str, Upstream]) -> Iterator[Forward]:
        for name, upstream in upstreams.items():
            if wanted := new & Happening(sum(_ASKED_FOR[asked] for asked in upstream.events)):
                yield self._forward(name, replace(report, content=replace(event, happening=wanted)))

    def _forward(self, upstream: str, report: Report) -> Forward:
        return Forward(upstream, report, since=self.now())
