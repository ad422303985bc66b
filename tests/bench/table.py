"""How results are shown."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Table:
    """Results with a title; the first column is text, the others are figures. `missed` names the budgets that were not kept."""

    title: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    missed: tuple[str, ...] = ()

    def text(self) -> str:
        """Return it in Markdown."""
        widths = [max(len(cell) for cell in column) for column in zip(self.columns, *self.rows, strict=True)]
        lines = [self._line(self.columns, widths), "|".join(["", *("-" * (width + 2) for width in widths), ""])]
        return "\n".join([f"## {self.title}", "", *lines, *(self._line(row, widths) for row in self.rows)])

    @staticmethod
    def _line(cells: tuple[str, ...], widths: list[int]) -> str:
        first, *others = zip(cells, widths, strict=True)
        return "| " + " | ".join([first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others)]) + " |"


def percentile(values: Sequence[float], percent: int) -> float:
    """Return the value that this percentage of the values does not exceed."""
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]
