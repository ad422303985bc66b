"""Which reports are new, what is counted for them, and under which guard is it written down?

Pure. A bit of an event, delivered or opened, belongs to the report that set it first, known by its receipt: that report is counted
as unique and is forwarded, and so again when its message is delivered a second time. A report of which every bit belongs to
others is a repeat: counted in the totals, once for its receipt, and forwarded to nobody.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from pushhub.events.command import Happening, RecordEvent
from pushhub.events.messages import Receipt
from pushhub.faults import LostRaceError
from pushhub.moments import Milliseconds


@dataclass(frozen=True, slots=True)
class FirstReport:
    """Who set a bit first, and when it had been accepted."""

    receipt: Receipt
    at: Milliseconds


KnownBits = Mapping[Happening, FirstReport]
"""What is known of one event: each single bit that is set."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What one report adds to the counters of its launch and provider: bits that nobody had reported before, and all its bits."""

    launch: str
    provider: str
    unique: Happening
    total: Happening


@dataclass(frozen=True, slots=True)
class FirstSeen:
    """Set bits of an event and count, in one step; guarded by the bits being unset."""

    event: RecordEvent
    report: FirstReport
    bits: Happening
    counts: Counts


@dataclass(frozen=True, slots=True)
class Repeated:
    """Count a repeat; guarded by its receipt not having been counted."""

    report: FirstReport
    counts: Counts


Entry = FirstSeen | Repeated


class ContradictedError(LostRaceError):
    """The guard of a `FirstSeen` did not hold; `recorded` is what is known of the event."""

    def __init__(self, recorded: KnownBits) -> None:
        """Say what was found."""
        super().__init__("bits of the event are set already")
        self.recorded = recorded


class AlreadyCountedError(LostRaceError):
    """The guard of a `Repeated` did not hold: this receipt is counted."""


@dataclass(frozen=True, slots=True)
class RecordedEvent:
    """An event as it stands in the ledger, for people; `launch` and `provider` are what it is counted for."""

    uid: str
    launch: str
    provider: str
    plain: bool
    recorded: KnownBits


@dataclass(frozen=True, slots=True)
class LaunchStatistics:
    """Counters of one launch and provider."""

    launch: str
    provider: str
    unique: Mapping[Happening, int]
    total: Mapping[Happening, int]


class Ledger(Protocol):
    """What was reported, and how often."""

    def commit(self, entry: Entry) -> None:
        """Write all of an entry or nothing.

        Raises:
            ContradictedError: bits of a `FirstSeen` are set.
            AlreadyCountedError: the receipt of a `Repeated` is counted.
            LostRaceError: others were writing the same items.
            UnavailableError: the store did not answer in time, or refused for load; the entry may stand written.
        """


def own_bits(recorded: KnownBits, receipt: Receipt) -> Happening:
    """Return the bits that belong to a receipt."""
    return Happening(sum(bit for bit, first in recorded.items() if first.receipt == receipt))


def entry_for(event: RecordEvent, report: FirstReport, recorded: KnownBits) -> Entry | None:
    """Return what is to be written for a report, given what is known of its event; None where all of it is written."""
    if own_bits(recorded, report.receipt):
        return None
    unset = event.happening & ~Happening(sum(recorded))
    counts = Counts(event.launch, event.provider, unset, event.happening)
    return FirstSeen(event, report, unset, counts) if unset else Repeated(report, counts)
