"""How is a file written: in which encoding, with which delimiter, columns and quotes?"""

from dataclasses import dataclass
from typing import Final

MAX_RECORD: Final = 2**20
"""Bound of a row in bytes, its line end included. What is longer is no row: a quote is not closed, or lines end in another way."""
WIDEST_CHARACTER: Final = 4
"""Bytes that a character takes at most, in any of the encodings."""
MAX_PLAIN_BYTES: Final = 20 * 10**9
"""Bound of a file in bytes, unpacked."""

_ON_ERROR: Final = {
    "utf-8": "surrogateescape",
    "windows-1251": "surrogateescape",
    "utf-16-le": "surrogatepass",
    "utf-16-be": "surrogatepass",
}
"""The encodings that are read, and how each decodes what is not valid in it, so that encoding gives the same bytes again."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How to read any part of a file.

    `encoding` is one of `utf-8`, `utf-16-le`, `utf-16-be`, `windows-1251`; `mark` is the length in bytes of its byte order mark.
    `quoted` says that quotes enclose cells, in which line ends may stand; otherwise the file holds no quote. `header` is the number
    of bytes up to the first row, the mark included; the header is one line. `line_end` is what ends it: LF, CRLF or nothing.
    """

    encoding: str
    mark: int
    delimiter: str
    quoted: bool
    columns: tuple[str, ...]
    header: int
    line_end: str

    @property
    def unit(self) -> int:
        """How many bytes an ASCII character takes; every character begins at a multiple of that."""
        return unit_of(self.encoding)

    def decode(self, content: bytes) -> str:
        """Return content that begins and ends at characters as text, from which :meth:`encode` makes the same bytes again.

        Raises:
            UnicodeDecodeError: half of a character of UTF-16 stands at its end.
        """
        return decode(content, self.encoding)

    def encode(self, text: str) -> bytes:
        """Return the bytes of a text, or of a part of one, that :meth:`decode` returned."""
        return encode(text, self.encoding)


def unit_of(encoding: str) -> int:
    """Return how many bytes an ASCII character takes."""
    return 2 if encoding.startswith("utf-16") else 1


def decode(content: bytes, encoding: str) -> str:
    """Return content as text; what is not valid becomes halves of surrogate pairs, which no valid text holds.

    Raises:
        UnicodeDecodeError: half of a character of UTF-16 stands at its end.
    """
    return content.decode(encoding, _ON_ERROR[encoding])


def encode(text: str, encoding: str) -> bytes:
    """Return the bytes of a text, or of a part of one, that :func:`decode` returned."""
    return text.encode(encoding, _ON_ERROR[encoding])
