"""How is a file written: in which encoding, with which delimiter, columns and quotes?"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Layout:
    """How to read any part of a file.

    `encoding` is one of `utf-8`, `utf-16-le`, `utf-16-be`, `windows-1251`; `mark` the bytes of its byte order mark. `quoted` says
    that quotes enclose cells, in which line ends may stand; otherwise the file holds no quote. `header` is the number of bytes up to
    the first row, the mark included. `line_end` is what ended the header: LF, CRLF or nothing.
    """

    encoding: str
    mark: int
    delimiter: str
    quoted: bool
    columns: tuple[str, ...]
    header: int
    line_end: str
