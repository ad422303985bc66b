"""What has come of the rows of a chunk, in a few bytes for each row?"""

from array import array
from collections import Counter
from collections.abc import Mapping
from itertools import repeat

from pushhub.imports.job import RowOutcome, RowResult, Tally


class Outcomes:
    """What came of rows, by their position in the chunk; what came of many is kept once."""

    def __init__(self) -> None:
        """Begin with no row."""
        self._known: list[RowOutcome] = []
        self._numbers: dict[RowOutcome, int] = {}
        """From 1, in the order in which they are known."""
        self._of_rows = array("I")
        """The numbers; 0 stands for a row of which nothing is known."""

    def add(self, outcomes: Mapping[int, RowOutcome]) -> None:
        """Keep what came of further rows."""
        if outcomes:
            self._of_rows.extend(repeat(0, max(outcomes) + 1 - len(self._of_rows)))
        for position, outcome in outcomes.items():
            number = self._numbers.setdefault(outcome, len(self._known) + 1)
            if number > len(self._known):
                self._known.append(outcome)
            self._of_rows[position] = number

    def __contains__(self, position: int) -> bool:
        """Say whether it is known what came of a row."""
        return position < len(self._of_rows) and self._of_rows[position] > 0

    def __getitem__(self, position: int) -> RowOutcome:
        """Return what came of a row that is known."""
        return self._known[self._of_rows[position] - 1]

    def tally(self) -> Tally:
        """Count them."""
        counts = Counter(self._of_rows)
        kinds: Counter[RowResult] = Counter()
        reasons: Counter[str] = Counter()
        for outcome, number in self._numbers.items():
            kinds[outcome.kind] += counts[number]
            if outcome.kind is RowResult.FAILED:
                reasons[outcome.reason] += counts[number]
        return Tally(+kinds, +reasons)


def less(whole: Tally, part: Tally) -> Tally:
    """Return what is left of a tally without a part of it."""
    return Tally(Counter(whole.kinds) - Counter(part.kinds), Counter(whole.reasons) - Counter(part.reasons))
