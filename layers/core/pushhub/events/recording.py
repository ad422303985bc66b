"""How is a report written down once, however often its message is delivered?"""

import time
from collections.abc import Callable

from pushhub.events.command import Happening, RecordEvent
from pushhub.events.ledger import AlreadyCountedError, ContradictedError, FirstReport, KnownBits, Ledger, entry_for, own_bits
from pushhub.events.messages import Report
from pushhub.races import rerun_lost_races


class Recording:
    """Writes reports into a ledger: one call for a new one, two for a repeat."""

    def __init__(self, ledger: Ledger, sleep: Callable[[float], None] = time.sleep) -> None:
        """Write into a ledger; `sleep` waits between tries of what lost a race."""
        self._ledger = ledger
        self._sleep = sleep

    def __call__(self, report: Report, event: RecordEvent) -> Happening:
        """Return the bits that this report was the first with; a second delivery of it gives the same.

        Raises:
            LostRaceError: every try lost a race.
            UnavailableError: the ledger did not answer.
        """
        first = FirstReport(report.receipt, report.at)
        recorded: KnownBits = {}

        def attempt() -> Happening:
            nonlocal recorded
            while entry := entry_for(event, first, recorded):
                try:
                    self._ledger.commit(entry)
                except ContradictedError as contradiction:
                    if contradiction.recorded == recorded:
                        raise
                    recorded = contradiction.recorded
                except AlreadyCountedError:
                    return Happening(0)
                else:
                    return entry.counts.unique
            return own_bits(recorded, first.receipt) & event.happening

        return rerun_lost_races(self._sleep)(attempt)
