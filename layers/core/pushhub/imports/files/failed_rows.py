"""How are failed rows kept, shown to people in `errors.csv`, and given back in `retry.csv` to be mended?"""

import base64
import csv
import io
import json
import re
from dataclasses import dataclass
from typing import Final

from pushhub.imports.files.columns import PUSH_TOKEN_COLUMN
from pushhub.imports.files.layout import Layout
from pushhub.imports.files.quoting import QUOTE
from pushhub.imports.files.rows import BadRowError, CellReader, without_line_end

MAX_LISTED: Final = 1_000_000
"""Rows that `errors.csv` lists at most: what a spreadsheet shows. `retry.csv` has all."""
MAX_SHOWN_CELL: Final = 1_000
"""Characters of a cell that are shown at most."""
MAX_SPLITS: Final = 100
"""Delimiters at which a row is split that has no readable cells: what follows the last of them is shown as one piece."""

_SHORT: Final = 16
_FIRST, _LAST = 6, 4
_FORMULA: Final = re.compile(r"(?:\A|(?<=[,;|\t\r\n]))(?=[\"' ]*[=+\-@\t\r\uff1d\uff0b\uff0d\uff20])")
"""Where a spreadsheet may see a formula begin, whatever it takes for the delimiter."""
_UNPRINTABLE: Final = re.compile("[\0\ud800-\udfff]")
"""NUL, and what was not valid in the file's encoding."""
_HEADER: Final = ("line", "reason")


@dataclass(frozen=True, slots=True)
class FailedRow:
    """A row that failed: how many lines of its chunk stand before it, why it failed, and its original bytes with the line end.

    It is written and read by hand. A `TypeAdapter` of pydantic would save 3 µs of about 6 for each row, both ways, and cost every
    start of `imports_chunk` and `imports_report` 12 ms.
    """

    line: int
    reason: str
    raw: bytes

    def written(self) -> bytes:
        """Return it as a line of JSON."""
        entry = {"line": self.line, "reason": self.reason, "raw": base64.b64encode(self.raw).decode()}
        return json.dumps(entry, separators=(",", ":")).encode() + b"\n"


def read_failed_row(line: bytes) -> FailedRow:
    """Read back what :meth:`FailedRow.written` wrote."""
    entry = json.loads(line)
    return FailedRow(int(entry["line"]), str(entry["reason"]), base64.b64decode(entry["raw"]))


class ErrorsFile:
    """Writes `errors.csv`: line number, reason and cells of each failed row; push tokens are masked, and no cell is a formula."""

    def __init__(self, layout: Layout) -> None:
        """Prepare for all failed rows of a file."""
        self._layout = layout
        self._cells = CellReader(layout).cells
        self._push_token = layout.columns.index(PUSH_TOKEN_COLUMN)

    def header(self) -> bytes:
        """Return the first line; it begins with the mark by which spreadsheets recognise UTF-8."""
        return "\ufeff".encode() + _line([*_HEADER, *self._layout.columns])

    def line(self, failed: FailedRow, lines_before: int) -> bytes:
        """Return the line of a failed row.

        Args:
            failed: the row.
            lines_before: lines of the file before the row's chunk, the header included.
        """
        return _line([str(lines_before + failed.line + 1), failed.reason, *self._shown(failed.raw)])

    def _shown(self, raw: bytes) -> list[str]:
        text = self._layout.decode(raw)
        try:
            cells = self._cells(text)
        except BadRowError:
            pieces = without_line_end(text).split(self._layout.delimiter, MAX_SPLITS)
            # A push token in quotes may be spread over several of these pieces.
            quoted = QUOTE in text
            return [
                masked(cell) if quoted or position == self._push_token or len(cell) > _SHORT else cell
                for position, cell in enumerate(pieces)
            ]
        return [masked(cell) if position == self._push_token else cell for position, cell in enumerate(cells)]


def masked(cell: str) -> str:
    """Return a push token so that people who know it recognise it, and nobody can use it."""
    return f"{cell[:_FIRST]}…{cell[-_LAST:]}" if len(cell) > _SHORT else "…" * bool(cell)


def retry_header(head: bytes, layout: Layout) -> bytes:
    """Return the first line of `retry.csv`: that of the file itself.

    Args:
        head: the first :attr:`Layout.header` bytes of the file, or more.
        layout: how it is written.
    """
    return retry_row(head[: layout.header], layout)


def retry_row(raw: bytes, layout: Layout) -> bytes:
    """Return a failed row as it stands in `retry.csv`: its original bytes; a last row without a line end gets one."""
    line_end = layout.encode("\n")
    return raw if raw.endswith(line_end) else raw + layout.encode(layout.line_end or "\n")


def _line(cells: list[str]) -> bytes:
    written = io.StringIO()
    csv.writer(written, lineterminator="\r\n").writerow([_safe(cell) for cell in cells])
    return written.getvalue().encode()


def _safe(cell: str) -> str:
    """Return a cell that is bounded, printable and no formula."""
    bounded = f"{cell[:MAX_SHOWN_CELL]}…" if len(cell) > MAX_SHOWN_CELL else cell
    return _FORMULA.sub("'", _UNPRINTABLE.sub("\ufffd", bounded))
