"""Which layout does a file have, judging by its beginning?"""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from pushhub.imports.files.columns import PUSH_TOKEN_COLUMN
from pushhub.imports.files.drop import DELIMITERS, Overrides
from pushhub.imports.files.layout import Layout, decode, encode, unit_of
from pushhub.imports.files.quoting import QUOTE
from pushhub.imports.files.records import half_a_character
from pushhub.imports.files.shown import looks_like_data, shown_of_first_line
from pushhub.imports.job import UnusableFileError
from pushhub.text import trimmed, without_invisible_edges

SAMPLE: Final = 2**20
"""How many bytes of a file are enough to recognise how it is written."""
MAX_HEADER: Final = 64 * 2**10
"""Bound of the first line in bytes."""

_MARKS: Final = {b"\xef\xbb\xbf": "utf-8", b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
_NOT_TEXT: Final = {
    b"PK\x03\x04": "a zip archive or an Excel workbook",
    b"\x1f\x8b": "packed with gzip; its name has to end in .gz, and it has to be packed once only",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"%PDF": "a PDF document",
    b"\x28\xb5\x2f\xfd": "packed with zstd",
    b"BZh": "packed with bzip2",
    b"\xfd7zXZ\0": "packed with xz",
    b"7z\xbc\xaf": "a 7z archive",
    b"Rar!": "a rar archive",
    b"PAR1": "a Parquet file",
    b"SQLite format 3": "a database",
    b"\xff\xfe\0\0": "written in UTF-32",
    b"\0\0\xfe\xff": "written in UTF-32",
}
"""The first bytes of files that people drop by mistake, and what such a file is."""
_TEXT_IS: Final = "plain text in UTF-8, UTF-16 or Windows-1251 is expected"
_LOOKED_AT_FOR_NULS: Final = 1024
_WIDE_SHARE: Final = 4
"""At least one character in so many is ASCII in a header of UTF-16."""


@dataclass(frozen=True, slots=True)
class Utf8Evidence:
    """How many characters beyond ASCII were valid in UTF-8, and how many bytes were not."""

    valid: int = 0
    broken: int = 0

    def __add__(self, other: "Utf8Evidence") -> "Utf8Evidence":
        """Count both together."""
        return Utf8Evidence(self.valid + other.valid, self.broken + other.broken)

    @property
    def speaks_for_windows_1251(self) -> bool:
        """Whether so much is broken that the file has another encoding, rather than a damaged row."""
        return self.broken > self.valid


def evidence_in(sample: bytes) -> Utf8Evidence:
    """Count what speaks for and against UTF-8 in a sample that begins and ends at line ends."""
    if sample.isascii():
        return Utf8Evidence()
    text = decode(sample, "utf-8")
    unbroken = len(text.encode("utf-8", "ignore").decode())
    plain = len(text.encode("ascii", "ignore"))
    return Utf8Evidence(valid=unbroken - plain, broken=len(text) - unbroken)


def whole_lines(sample: bytes) -> bytes:
    """Return the whole lines of a sample from anywhere in a file, which surely begin and end at characters; not for UTF-16."""
    return sample[sample.find(b"\n") + 1 : sample.rfind(b"\n") + 1]


def may_be_windows_1251(layout: Layout, overrides: Overrides) -> bool:
    """Say whether the rows may still show that a file is not UTF-8, since neither mark, metadata nor header tell."""
    return layout.encoding == "utf-8" and not (layout.mark or overrides.encoding) and "".join(layout.columns).isascii()


def find_layout(head: bytes, overrides: Overrides, *, whole: bool) -> Layout:
    """Return how a file is written.

    Args:
        head: how it begins; :data:`SAMPLE` bytes or all of it.
        overrides: what its metadata say.
        whole: whether that is all of it.

    Raises:
        UnusableFileError: it is empty, is no text, or does not begin with a header that has a column of push tokens.
    """
    for beginning, kind in _NOT_TEXT.items():
        if head.startswith(beginning):
            raise UnusableFileError(f"the file is {kind}; {_TEXT_IS}")
    mark, encoding = _encoding(head, overrides)
    if whole and len(head) % unit_of(encoding):
        raise half_a_character()
    line, line_end = _first_line(head[mark:], encoding, whole=whole)
    delimiter, columns = _delimiter(line, overrides)
    return Layout(
        encoding=encoding,
        mark=mark,
        delimiter=delimiter,
        quoted=overrides.quoted or holds_quote(head[mark:], encoding),
        columns=columns,
        header=mark + len(encode(line + line_end, encoding)),
        line_end=line_end,
    )


def holds_quote(sample: bytes, encoding: str) -> bool:
    """Say whether a quote stands in a sample, which in UTF-16 begins at an even place."""
    return QUOTE.encode() in sample and (unit_of(encoding) == 1 or QUOTE in _decoded(sample, encoding))


def _encoding(head: bytes, overrides: Overrides) -> tuple[int, str]:
    mark = next((mark for mark in _MARKS if head.startswith(mark)), b"")
    given = overrides.encoding
    if not mark:
        return 0, given if given and given != "utf-16" else _unmarked(head, wide=given == "utf-16")
    marked = _MARKS[mark]
    if given and given != marked and not (given == "utf-16" and marked.startswith(given)):
        raise UnusableFileError(f"the object's metadata say that the encoding is {given}, but the file has the mark of {marked}")
    return len(mark), marked


def _unmarked(head: bytes, *, wide: bool) -> str:
    beginning = head[:_LOOKED_AT_FOR_NULS].partition(b"\n")[0]
    even, odd = beginning[::2].count(0), beginning[1::2].count(0)
    fewest = len(beginning) / 2 / _WIDE_SHARE
    if even > max(fewest, odd * _WIDE_SHARE):
        return "utf-16-be"
    if wide or odd > max(fewest, even * _WIDE_SHARE):
        return "utf-16-le"
    header = head[: head.find(b"\n") + 1]
    deciding = (head[: head.rfind(b"\n") + 1] or head) if header.isascii() else header
    return "windows-1251" if evidence_in(deciding).speaks_for_windows_1251 else "utf-8"


def _decoded(sample: bytes, encoding: str) -> str:
    return decode(sample[: len(sample) - len(sample) % unit_of(encoding)], encoding)


def _first_line(content: bytes, encoding: str, *, whole: bool) -> tuple[str, str]:
    """Return the first line without its line end, and the line end."""
    if not content:
        raise UnusableFileError("the file is empty")
    beginning, found, _ = _decoded(content[:MAX_HEADER], encoding).partition("\n")
    line = beginning.removesuffix("\r") if found else beginning
    if "\0" in line:
        raise UnusableFileError(f"the first line of the file holds NUL characters; {_TEXT_IS}")
    if "\r" in line:
        raise UnusableFileError("lines of the file end with CR alone; LF or CRLF is expected")
    if not found and not (whole and len(content) <= MAX_HEADER):
        raise UnusableFileError(f"the first line is over {MAX_HEADER // 2**10} KiB; it has to hold the names of the columns")
    if not line.strip():
        raise UnusableFileError("the first line is empty; it has to hold the names of the columns")
    return line, "" if not found else "\n" if line == beginning else "\r\n"


def _delimiter(line: str, overrides: Overrides) -> tuple[str, tuple[str, ...]]:
    """Return the delimiter that makes the push token a column, and the columns; of several, the one that gives the most columns."""
    candidates = (overrides.delimiter,) if overrides.delimiter else DELIMITERS
    read = {delimiter: cells for delimiter in candidates if (cells := _cells(line, delimiter))}
    delimiter, columns = max(read.items(), key=lambda found: (PUSH_TOKEN_COLUMN in found[1], len(found[1])), default=("", ()))
    if PUSH_TOKEN_COLUMN in columns:
        return delimiter, columns
    unread = (cell for delimiter in candidates if delimiter not in read for cell in line.split(delimiter))
    if not read or any(PUSH_TOKEN_COLUMN in cell for cell in unread):
        raise UnusableFileError("a quote in the first line is never closed, or text follows one")
    found = f"found, and case counts: {shown_of_first_line(columns)}"
    advice = "it looks like data: add a header line, or give the delimiter" if looks_like_data(columns) else found
    raise UnusableFileError(f"the first line has no column {PUSH_TOKEN_COLUMN}; {advice}")


def _cells(line: str, delimiter: str) -> tuple[str, ...]:
    """Return the cells of a first line; none where this delimiter cannot be the one."""
    try:
        return tuple(
            trimmed(cell) for row in csv.reader([without_invisible_edges(line)], delimiter=delimiter, strict=True) for cell in row
        )
    except csv.Error:
        return ()


def read_head(blocks: Iterable[bytes]) -> tuple[bytes, list[bytes]]:
    """Take blocks of a stream until :data:`SAMPLE` bytes are there; return these bytes, and the blocks they came in."""
    taken, size = [], 0
    for block in blocks:
        taken.append(block)
        size += len(block)
        if size >= SAMPLE:
            break
    return b"".join(taken), taken
