"""How do rows become the lines of a table?

Pure.
"""

from collections.abc import Iterable, Sequence
from io import StringIO
from typing import Final

_WIDEST: Final = 2**16
"""Columns of a terminal that a line may take: no line is wrapped or cut."""


def table_lines(alignments: str, rows: Iterable[Sequence[str]]) -> list[str]:
    """Return a table as lines, two blanks between columns and none at the end of a line.

    Args:
        alignments: `<` or `>` for each column.
        rows: cells without line ends; a heading is a row like any other.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2, 0, 0))
    for alignment in alignments:
        table.add_column(justify="right" if alignment == ">" else "left", no_wrap=True)
    for row in rows:
        # A plain text would be read as markup.
        table.add_row(*map(Text, row))
    drawn = StringIO()
    # Set, so that no variable of the environment, such as FORCE_COLOR, changes what is drawn.
    Console(file=drawn, width=_WIDEST, color_system=None, force_terminal=False).print(table)
    return [line.rstrip() for line in drawn.getvalue().splitlines()]
