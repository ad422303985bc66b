"""How is a report written down once, however often its message is delivered?

The first write of a report assumes that its event is new. If bits of the event are set already, the ledger refuses and says which,
and the next write is decided from that. A write that lost a race is tried again after a wait.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from pushhub.events.command import Happening, RecordEvent
from pushhub.events.ledger import AlreadyCountedError, ContradictedError, KnownBits, Ledger, ReportMark, entry_for, own_bits
from pushhub.events.messages import Report
from pushhub.races import rerun_lost_races


@dataclass(frozen=True, slots=True)
class Recording:
    """Writes reports into a ledger: one call for a new one, two for a repeat; `sleep` waits after a lost race."""

    ledger: Ledger
    sleep: Callable[[float], None] = time.sleep

    def __call__(self, report: Report, event: RecordEvent) -> Happening:
        """Return the bits that this report was the first with; a second delivery of it gives the same.

        Raises:
            LostRaceError: every try lost a race.
            UnavailableError: the ledger did not answer.
        """
        return rerun_lost_races(self.sleep)(_ReportWriter(self.ledger, event, ReportMark(report.receipt, report.at)))


@dataclass(slots=True)
class _ReportWriter:
    """Writes one report down; `known_bits` are what the ledger has said of the event, kept from one try to the next."""

    ledger: Ledger
    event: RecordEvent
    mark: ReportMark
    known_bits: KnownBits = field(default_factory=dict)

    def __call__(self) -> Happening:
        """Write until nothing is left to be written, and return the bits that belong to the report."""
        while entry := entry_for(self.event, self.mark, self.known_bits):
            try:
                self.ledger.commit(entry)
            except ContradictedError as contradiction:
                if contradiction.known_bits == self.known_bits:
                    # There is nothing new to decide from: this is a race like any other.
                    raise
                self.known_bits = contradiction.known_bits
            except AlreadyCountedError:
                return Happening(0)
            else:
                return entry.counts.unique
        return own_bits(self.known_bits, self.mark.receipt) & self.event.happening
