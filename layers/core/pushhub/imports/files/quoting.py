"""Where do quotes let a record end?

A quote opens a cell only where the cell begins, and two of them inside stand for one: what the `csv` module reads in its strict
mode. Any other quote is a character like others here, so that every text has records; `csv` says which of them are well written.
"""

import re
from dataclasses import dataclass
from functools import cache
from typing import Final, Protocol

from pushhub.imports.files.layout import Layout

QUOTE: Final = '"'


def record_source(delimiter: str) -> str:
    """Return the regular expression of a record up to its line end, for a text that begins at a record.

    It stops before a quote that is never closed. Nothing in it tries again: its time grows with the text's length alone.
    """
    stray = rf'(?<=[^{re.escape(delimiter)}\n])"'
    return rf'[^"\n]*+(?:(?:{cell_source(delimiter)}|{stray})[^"\n]*+)*+'


def cell_source(delimiter: str) -> str:
    """Return the regular expression of a cell in quotes."""
    return rf'(?<![^{re.escape(delimiter)}\n])"[^"]*+(?:""[^"]*+)*+"'


@dataclass(frozen=True, slots=True)
class Passed:
    """Whole records: where they end, in bytes; how many line ends and whether any quote stand in them."""

    end: int
    lines: int
    quoted: bool


class RecordEnds(Protocol):
    """Finds where records end in bytes."""

    def last(self, content: bytes, start: int, stop: int) -> Passed | None:
        """Pass over as many whole records from `start`, where one begins, up to `stop`, as there are; None where there is none."""

    def first(self, content: bytes, start: int, stop: int) -> Passed | None:
        """Pass over one record in the same way."""


def record_ends(layout: Layout) -> RecordEnds:
    """Return what finds the ends of records in a file; it minds quotes whether or not any were seen so far."""
    return _WideRecordEnds(layout) if layout.unit > 1 else _RecordEnds(layout)


class _RecordEnds:
    """In encodings where delimiters, quotes and line ends are single bytes, and these bytes nothing else."""

    def __init__(self, layout: Layout) -> None:
        self._many, self._one = _byte_patterns(layout.delimiter)

    def last(self, content: bytes, start: int, stop: int) -> Passed | None:
        quoted = content.find(b'"', start, stop) >= 0
        found = self._many.match(content, start, stop) if quoted else None
        end = found.end() if found else content.rfind(b"\n", start, stop) + 1
        return Passed(end, content.count(b"\n", start, end), quoted) if end > start else None

    def first(self, content: bytes, start: int, stop: int) -> Passed | None:
        found = self._one.match(content, start, stop)
        if not found:
            return None
        end = found.end()
        return Passed(end, content.count(b"\n", start, end), content.find(b'"', start, end) >= 0)


class _WideRecordEnds:
    """In UTF-16: what is looked through is decoded, and the length of what was passed encoded again."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._many, self._one = _text_patterns(layout.delimiter)

    def last(self, content: bytes, start: int, stop: int) -> Passed | None:
        return self._passed(self._many, content, start, stop)

    def first(self, content: bytes, start: int, stop: int) -> Passed | None:
        return self._passed(self._one, content, start, stop)

    def _passed(self, pattern: re.Pattern[str], content: bytes, start: int, stop: int) -> Passed | None:
        found = pattern.match(self._layout.decode(content[start : stop - (stop - start) % 2]))
        passed = found[0] if found else ""
        end = start + len(self._layout.encode(passed))
        return Passed(end, passed.count("\n"), QUOTE in passed) if passed else None


@cache
def _text_patterns(delimiter: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    record = record_source(delimiter)
    return re.compile(rf"(?:{record}\n)*+"), re.compile(rf"{record}\n")


@cache
def _byte_patterns(delimiter: str) -> tuple[re.Pattern[bytes], re.Pattern[bytes]]:
    many, one = _text_patterns(delimiter)
    return re.compile(many.pattern.encode()), re.compile(one.pattern.encode())
