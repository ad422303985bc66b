"""Which records does a chunk hold?"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from pushhub.imports.files.layout import MAX_RECORD, WIDEST_CHARACTER, Layout
from pushhub.imports.files.quoting import QUOTE, record_source
from pushhub.imports.job import UnusableFileError


@dataclass(frozen=True, slots=True)
class Record:
    """A record that is not blank.

    `position` is its number in the chunk from 0, with blank records counted too. `line` is how many lines of the chunk stand before
    it. `text` includes the line end, if there is one.
    """

    position: int
    line: int
    text: str


class ChunkText:
    """The text of one chunk, split into records."""

    def __init__(self, content: bytes, layout: Layout) -> None:
        """Decode a chunk.

        Raises:
            UnusableFileError: it holds a quote although the file was cut as one without quotes, or it ends in half a character.
        """
        self.layout = layout
        try:
            self._text = layout.decode(content)
        except UnicodeDecodeError:
            raise half_a_character() from None
        if not layout.quoted and QUOTE in self._text:
            raise UnusableFileError(
                "a quote stands in a file that seemed to have none, so rows may have been cut apart; drop it again with the object "
                "metadata quoted: true (x-amz-meta-quoted: true)"
            )

    @property
    def lines(self) -> int:
        """How many line ends there are."""
        return self._text.count("\n")

    def records(self) -> Iterator[Record]:
        """Give the records in order.

        Raises:
            UnusableFileError: a record is over :data:`pushhub.imports.files.layout.MAX_RECORD`.
        """
        line = 0
        for position, text in enumerate(self._quoted() if self.layout.quoted else self._unquoted()):
            if len(text) * WIDEST_CHARACTER > MAX_RECORD and len(self.raw(text)) > MAX_RECORD:
                raise too_long(text)
            if text not in {"\n", "\r\n"}:
                yield Record(position, line, text)
            line += text.count("\n") if self.layout.quoted else 1

    def raw(self, text: str) -> bytes:
        """Return the original bytes of a record's text."""
        return self.layout.encode(text)

    def _unquoted(self) -> Iterator[str]:
        text, start = self._text, 0
        while end := text.find("\n", start) + 1:
            yield text[start:end]
            start = end
        if start < len(text):
            yield text[start:]

    def _quoted(self) -> Iterator[str]:
        text, start, pattern = self._text, 0, _pattern(self.layout.delimiter)
        while start < len(text):
            found = pattern.match(text, start)
            # Where a quote is never closed, nobody knows where records end: the rest of the chunk is one record.
            end = found.end() if found else len(text)
            yield text[start:end]
            start = end


def half_a_character() -> UnusableFileError:
    """Return the error for UTF-16 with an odd number of bytes."""
    return UnusableFileError("the file is UTF-16 with half a character at its end: it is damaged or cut short")


def too_long(start: str | bytes, line: int | None = None) -> UnusableFileError:
    """Return the error for a record over :data:`pushhub.imports.files.layout.MAX_RECORD`; `start` is how the record begins."""
    quoted = QUOTE in start if isinstance(start, str) else QUOTE.encode() in start
    where = "a row" if line is None else f"the row in line {line}"
    why = "a quote in it is probably never closed" if quoted else "lines probably do not end with LF or CRLF"
    return UnusableFileError(f"{where} is over {MAX_RECORD // 2**20} MiB long: {why}")


@cache
def _pattern(delimiter: str) -> re.Pattern[str]:
    return re.compile(rf"{record_source(delimiter)}(?:\n|\Z)")
