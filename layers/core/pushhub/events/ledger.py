"""Which reports are new, what is counted for them, and under which guard is it written down?

Pure. An event has two bits, delivered and opened. A bit belongs to the report that sets it, known by its receipt:

    unset ── first report of the bit ──► set, with the receipt ── `retention_days` after the last write ──► forgotten

Nothing else changes a bit, and no report takes one from another. What a report finds of its event decides what is written for it:

=================================  =============  =======================  ==================  =========================
the ledger has                     is written     counted as unique        counted in totals   is forwarded
=================================  =============  =======================  ==================  =========================
no bit of this receipt,            `FirstSeen`    bits that were unset     all its bits        bits that were unset
and some of its bits unset
no bit of this receipt,            `Repeated`     none                     all its bits, once  none
and all of its bits set                                                    for its receipt
a bit of this receipt              nothing        none                     none                bits of this receipt
=================================  =============  =======================  ==================  =========================

The last row is a message that is delivered again after its report was written: it is counted once and forwarded again, since nobody
knows whether its forwards reached their queue.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from pushhub.events.command import Happening, RecordEvent
from pushhub.events.messages import Receipt
from pushhub.faults import LostRaceError
from pushhub.moments import Milliseconds


@dataclass(frozen=True, slots=True)
class ReportMark:
    """What the ledger keeps of a report: its receipt, and the moment `at` which it was accepted."""

    receipt: Receipt
    at: Milliseconds


KnownBits = Mapping[Happening, ReportMark]
"""What the ledger says of one event: each bit that is set, and the report that it belongs to."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What one report adds to the counters of its launch and provider: one for each bit that it sets, one for each that it has."""

    launch: str
    provider: str
    unique: Happening
    total: Happening


@dataclass(frozen=True, slots=True)
class FirstSeen:
    """Set bits of an event and count the report, in one step; the guard is that the bits are unset."""

    event: RecordEvent
    report: ReportMark
    bits: Happening
    counts: Counts


@dataclass(frozen=True, slots=True)
class Repeated:
    """Count a repeat; the guard is that its receipt is not counted yet."""

    report: ReportMark
    counts: Counts


LedgerEntry = FirstSeen | Repeated
"""What is written into the ledger for one report."""


class ContradictedError(LostRaceError):
    """The guard of a `FirstSeen` did not hold; `known_bits` are those that the event has."""

    def __init__(self, known_bits: KnownBits) -> None:
        """Keep the bits that the event has."""
        super().__init__("bits of the event are set already")
        self.known_bits = known_bits


class AlreadyCountedError(LostRaceError):
    """The guard of a `Repeated` did not hold: this receipt is counted."""


@dataclass(frozen=True, slots=True)
class LedgerEvent:
    """An event as it stands in the ledger, for people; `launch` and `provider` are what it is counted for."""

    uid: str
    launch: str
    provider: str
    plain: bool
    known_bits: KnownBits


@dataclass(frozen=True, slots=True)
class SentCounts:
    """Recipients of those sendings that have ended: accepted by the provider, perhaps sent, or neither."""

    accepted: int = 0
    erroneous: int = 0
    unknown: int = 0


@dataclass(frozen=True, slots=True)
class LaunchStatistics:
    """Counters of one launch and provider: what devices reported, `unique` and in `total`, and what the hub has sent itself."""

    launch: str
    provider: str
    unique: Mapping[Happening, int]
    total: Mapping[Happening, int]
    sent: SentCounts = SentCounts()

    @property
    def reported(self) -> bool:
        """Whether any device has reported anything."""
        return any(self.total.values())


class Ledger(Protocol):
    """Keeps which events were reported, and how often."""

    def commit(self, entry: LedgerEntry) -> None:
        """Write the whole of an entry or nothing.

        Raises:
            ContradictedError: a bit that a `FirstSeen` would set is set already.
            AlreadyCountedError: the receipt of a `Repeated` is counted already.
            LostRaceError: others were writing the same items.
            UnavailableError: the store did not answer in time, or refused for load; the entry may stand written.
        """


def own_bits(known_bits: KnownBits, receipt: Receipt) -> Happening:
    """Return the bits of an event that belong to a receipt."""
    return Happening(sum(bit for bit, first in known_bits.items() if first.receipt == receipt))


def entry_for(event: RecordEvent, report: ReportMark, known_bits: KnownBits) -> LedgerEntry | None:
    """Return what is to be written for a report, given what the ledger has of its event; None if it is written already."""
    if own_bits(known_bits, report.receipt):
        return None
    unset = event.happening & ~Happening(sum(known_bits))
    counts = Counts(event.launch, event.provider, unset, event.happening)
    return FirstSeen(event, report, unset, counts) if unset else Repeated(report, counts)
