"""How are the outcomes of all rows of a chunk kept in a few bytes for each row?"""

from array import array
from collections import Counter
from collections.abc import Mapping
from itertools import repeat

from pushhub.imports.job import RowOutcome, RowResult, Tally


class ChunkOutcomes:
    """Outcomes of rows, by their position in the chunk; each different outcome is kept once, under a number."""

    def __init__(self) -> None:
        """Begin with no row."""
        self._known: list[RowOutcome] = []
        self._numbers: dict[RowOutcome, int] = {}
        """The numbers of outcomes, from 1, in the order of `_known`."""
        self._of_rows = array("I")
        """The number of each row's outcome; 0 for a row without one."""

    def add(self, outcomes: Mapping[int, RowOutcome]) -> None:
        """Keep the outcomes of further rows."""
        if outcomes:
            self._of_rows.extend(repeat(0, max(outcomes) + 1 - len(self._of_rows)))
        for position, outcome in outcomes.items():
            number = self._numbers.setdefault(outcome, len(self._known) + 1)
            if number > len(self._known):
                self._known.append(outcome)
            self._of_rows[position] = number

    def __contains__(self, position: int) -> bool:
        """Say whether a row has an outcome."""
        return position < len(self._of_rows) and self._of_rows[position] > 0

    def __getitem__(self, position: int) -> RowOutcome:
        """Return the outcome of a row that has one."""
        return self._known[self._of_rows[position] - 1]

    def tally(self) -> Tally:
        """Count the rows by result and by reason."""
        counts = Counter(self._of_rows)
        results: Counter[RowResult] = Counter()
        reasons: Counter[str] = Counter()
        for outcome, number in self._numbers.items():
            results[outcome.result] += counts[number]
            if outcome.result is RowResult.FAILED:
                reasons[outcome.reason] += counts[number]
        return Tally(+results, +reasons)
