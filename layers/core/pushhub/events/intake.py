"""What comes of an accepted report: is it new, and which upstreams get it?"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, assert_never

from pushhub.catalog.model import ReportedEvent, Upstream
from pushhub.events.command import Happening, RecordEvent, RelayLink
from pushhub.events.messages import Forward, PoisonError, Report, read_report, write_forward
from pushhub.events.recording import Recording
from pushhub.faults import LostRaceError, UnavailableError
from pushhub.moments import Milliseconds
from pushhub.outgoing.queues import Delivery, Envelope, Queue, put_all

SECONDS_TO_LAST_REPORT: Final = 15
"""Seconds after the beginning of a batch in which a report of it may be begun: one that cannot be written may take 24 s more."""

_BIT: Final = {ReportedEvent.DELIVERED: Happening.DELIVERED, ReportedEvent.OPENED: Happening.OPENED}


@dataclass(frozen=True, slots=True)
class InLedger:
    """The event is in the ledger; this report was the first with the bits `new`, and so many `upstreams` get some of those."""

    event: RecordEvent
    new: Happening
    upstreams: int


@dataclass(frozen=True, slots=True)
class Relayed:
    """The link is not ours; it goes to this many upstreams."""

    upstreams: int


@dataclass(frozen=True, slots=True)
class GivenUp:
    """The message becomes a dead letter: it cannot be read, or it is a link that no upstream takes any more."""

    reason: str


@dataclass(frozen=True, slots=True)
class DeliverAgain:
    """The message is to be delivered again."""

    reason: str


IntakeOutcome = InLedger | Relayed | GivenUp | DeliverAgain
"""What came of a message of the queue Events."""


@dataclass(frozen=True, slots=True)
class Intake:
    """Writes the reports of a batch down, then puts what is new into the queue of forwards, one message for each upstream.

    A message that fails between the two steps is delivered again. Its bits still belong to it then, so they are forwarded.
    """

    recording: Recording
    upstreams: Callable[[], Mapping[str, Upstream]]
    """May raise `UnavailableError`."""
    forwards: Queue
    dead_letters: Queue
    now: Callable[[], Milliseconds]
    clock: Callable[[], float] = time.monotonic

    def __call__(self, deliveries: Sequence[Delivery]) -> dict[str, IntakeOutcome]:
        """Process a batch; return what came of each message, by its id.

        Raises:
            UnavailableError: it is not known which upstreams there are; the whole batch is to be delivered again.
        """
        upstreams = self.upstreams()
        deadline = self.clock() + SECONDS_TO_LAST_REPORT
        outcomes: dict[str, IntakeOutcome] = {}
        forwards: list[tuple[str, Envelope]] = []
        dead: dict[str, Envelope] = {}
        for delivery in deliveries:
            outcome, made = self._process(delivery.body, upstreams, deadline)
            outcomes[delivery.id] = outcome
            forwards += ((delivery.id, Envelope(write_forward(forward))) for forward in made)
            if isinstance(outcome, GivenUp):
                dead[delivery.id] = Envelope(delivery.body, reason=outcome.reason)
        for id_ in put_all(self.forwards, forwards) | put_all(self.dead_letters, dead.items()):
            outcomes[id_] = DeliverAgain("a queue did not take what follows from it")
        return outcomes

    def _process(self, body: str, upstreams: Mapping[str, Upstream], deadline: float) -> tuple[IntakeOutcome, tuple[Forward, ...]]:
        """Process a message; return what came of it, and its forwards."""
        try:
            report = read_report(body)
        except PoisonError as poison:
            return GivenUp(str(poison)), ()
        match report.content:
            case RelayLink():
                return self._relayed(report, upstreams)
            case RecordEvent() as event:
                return self._recorded(report, event, upstreams, deadline)
            case _:
                assert_never(report.content)

    def _relayed(self, report: Report, upstreams: Mapping[str, Upstream]) -> tuple[Relayed | GivenUp, tuple[Forward, ...]]:
        """Hand on a link that the release before this one has accepted; by now links go into a queue of their own at once."""
        relays = tuple(self._forward(name, report) for name, upstream in upstreams.items() if upstream.relay_links)
        return (Relayed(len(relays)) if relays else GivenUp("no upstream takes links that are not ours any more")), relays

    def _recorded(
        self, report: Report, event: RecordEvent, upstreams: Mapping[str, Upstream], deadline: float
    ) -> tuple[InLedger | DeliverAgain, tuple[Forward, ...]]:
        if self.clock() > deadline:
            return DeliverAgain("time was up before it was begun"), ()
        try:
            new = self.recording(report, event)
        except (LostRaceError, UnavailableError) as fault:
            return DeliverAgain(f"{type(fault).__name__}: {fault}"), ()
        forwards = tuple(self._forwards(report, event, new, upstreams))
        return InLedger(event, new, len(forwards)), forwards

    def _forwards(self, report: Report, event: RecordEvent, new: Happening, upstreams: Mapping[str, Upstream]) -> Iterator[Forward]:
        for name, upstream in upstreams.items():
            if bits := new & Happening(sum(_BIT[reported] for reported in upstream.events)):
                yield self._forward(name, replace(report, content=replace(event, happening=bits)))

    def _forward(self, upstream: str, report: Report) -> Forward:
        return Forward(upstream, report, since=self.now())
