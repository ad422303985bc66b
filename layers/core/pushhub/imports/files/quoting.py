"""Where does a record end, with quotes minded?

A quote opens a cell only where the cell begins, and two quotes inside a cell stand for one. That is what the `csv` module reads in
its strict mode. Any other quote is taken for an ordinary character here, so that every text has records; `csv` later says which
records are well written.
"""

import re
from dataclasses import dataclass
from functools import cache
from typing import Final, Protocol

from pushhub.imports.files.layout import Layout

QUOTE: Final = '"'


def record_source(delimiter: str) -> str:
    """Return the regular expression of a record up to its line end, for a text that begins at a record.

    It stops before a quote that is never closed. It never backtracks: its time is linear in the length of the text.
    """
    stray = rf'(?<=[^{re.escape(delimiter)}\n])"'
    return rf'[^"\n]*+(?:(?:{cell_source(delimiter)}|{stray})[^"\n]*+)*+'


def cell_source(delimiter: str) -> str:
    """Return the regular expression of a cell in quotes."""
    return rf'(?<![^{re.escape(delimiter)}\n])"[^"]*+(?:""[^"]*+)*+"'


@dataclass(frozen=True, slots=True)
class WholeRecords:
    """Records that follow each other: where the last of them ends, in bytes, and how many line ends they hold.

    `quoted` says whether they hold a quote. It may also be true where only the content behind them holds one, up to the place that
    was asked for.
    """

    end: int
    lines: int
    quoted: bool


class RecordEnds(Protocol):
    """Finds where records end in bytes."""

    def up_to(self, content: bytes, start: int, stop: int) -> WholeRecords | None:
        """Return all whole records from `start`, where one begins, up to `stop`; None where not one is whole."""

    def first(self, content: bytes, start: int, stop: int) -> WholeRecords | None:
        """Return the first record in the same way."""


def record_ends(layout: Layout) -> RecordEnds:
    """Return what finds the ends of records in a file; it minds quotes even where the layout knows of none."""
    return _WideRecordEnds(layout) if layout.unit > 1 else _RecordEnds(layout)


class _RecordEnds:
    """In encodings where delimiters, quotes and line ends are single bytes, and those bytes mean nothing else."""

    def __init__(self, layout: Layout) -> None:
        self._many, self._one = _byte_patterns(layout.delimiter)

    def up_to(self, content: bytes, start: int, stop: int) -> WholeRecords | None:
        quoted = content.find(b'"', start, stop) >= 0
        found = self._many.match(content, start, stop) if quoted else None
        end = found.end() if found else content.rfind(b"\n", start, stop) + 1
        return WholeRecords(end, content.count(b"\n", start, end), quoted) if end > start else None

    def first(self, content: bytes, start: int, stop: int) -> WholeRecords | None:
        found = self._one.match(content, start, stop)
        if not found:
            return None
        end = found.end()
        return WholeRecords(end, content.count(b"\n", start, end), content.find(b'"', start, end) >= 0)


class _WideRecordEnds:
    """In UTF-16: content is decoded to be searched, and the records found are encoded again to know their length in bytes."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._many, self._one = _text_patterns(layout.delimiter)

    def up_to(self, content: bytes, start: int, stop: int) -> WholeRecords | None:
        return self._match(self._many, content, start, stop)

    def first(self, content: bytes, start: int, stop: int) -> WholeRecords | None:
        return self._match(self._one, content, start, stop)

    def _match(self, pattern: re.Pattern[str], content: bytes, start: int, stop: int) -> WholeRecords | None:
        found = pattern.match(self._layout.decode(content[start : stop - (stop - start) % 2]))
        text = found[0] if found else ""
        end = start + len(self._layout.encode(text))
        return WholeRecords(end, text.count("\n"), QUOTE in text) if text else None


@cache
def _text_patterns(delimiter: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    record = record_source(delimiter)
    return re.compile(rf"(?:{record}\n)*+"), re.compile(rf"{record}\n")


@cache
def _byte_patterns(delimiter: str) -> tuple[re.Pattern[bytes], re.Pattern[bytes]]:
    many, one = _text_patterns(delimiter)
    return re.compile(many.pattern.encode()), re.compile(one.pattern.encode())
