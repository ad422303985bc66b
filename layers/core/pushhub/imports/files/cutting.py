"""Where is a file cut into chunks, so that none begins or ends inside a row?

There are two ways. :class:`StreamCutter` reads the whole file, and finds row ends whatever quotes it holds.
:func:`cut_by_samples` reads a sample around each place where a chunk may end, and needs a file without quotes.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from pushhub.imports.files.drop import NO_OVERRIDES, Overrides
from pushhub.imports.files.layout import MAX_PLAIN_BYTES, MAX_RECORD, Layout
from pushhub.imports.files.quoting import WholeRecords, record_ends
from pushhub.imports.files.recognition import SAMPLE, Utf8Evidence, evidence_in, holds_quote, may_be_windows_1251, whole_lines
from pushhub.imports.files.records import half_a_character, too_long
from pushhub.imports.job import Chunk, UnusableFileError

CHUNK_SIZE: Final = 8 * 2**20
"""Bytes of a chunk at least, but for the last one: a chunk ends with the first row that ends there or later."""
STREAMED_BYTES: Final = 64 * 2**20
"""Files up to this size are cut by reading all of them: that takes a moment, and shows more than samples do."""

_SAMPLE_AT_A_CUT: Final = 64 * 2**10
_READERS: Final = 16
_ENOUGH_EVIDENCE: Final = 1_000_000
"""Characters beyond ASCII after which the rest of a file is not looked at for its encoding."""


@dataclass(frozen=True, slots=True)
class CutFile:
    """A file that was cut: its layout with what its content showed, its size in bytes, and chunks from the header to the end."""

    layout: Layout
    size: int
    chunks: tuple[Chunk, ...]


class StreamCutter:
    """Cuts a file while its content passes by; it minds quotes, wherever the first of them stands."""

    def __init__(self, layout: Layout, overrides: Overrides = NO_OVERRIDES, chunk_size: int = CHUNK_SIZE) -> None:
        """Prepare for the first byte of a file."""
        self._layout = layout
        self._chunk_size = _whole_characters(chunk_size, layout)
        self._ends = record_ends(layout)
        self._encoding_open = may_be_windows_1251(layout, overrides)
        self._evidence = Utf8Evidence()
        self._quoted = layout.quoted
        self._size = 0
        self._pending: list[bytes] = []
        """The content that is not cut yet. It begins at byte `_position` of the file, where a record begins, or the header."""
        self._pending_size = 0
        self._position = 0
        self._chunk_start = layout.header
        self._lines = 1
        self._cuts: list[int] = []

    def feed(self, block: bytes) -> None:
        """Take the next part of the file, of any size.

        Raises:
            UnusableFileError: a row or the file is too long.
        """
        self._size += len(block)
        if self._size > MAX_PLAIN_BYTES:
            raise too_large()
        self._pending.append(block)
        self._pending_size += len(block)
        # Several of the longest rows at a time, so that what remains of them is seldom copied.
        if self._pending_size > 4 * MAX_RECORD:
            self._cut(more_follows=True)

    def finish(self) -> CutFile:
        """Return the cut file, once its whole content was fed.

        Raises:
            UnusableFileError: a row is too long, or the file ends within a character.
        """
        if self._size % self._layout.unit:
            raise half_a_character()
        self._cut(more_follows=False)
        layout = _with_evidence(self._layout, self._evidence, quoted=self._quoted)
        return CutFile(layout, self._size, _chunks([self._layout.header, *self._cuts, self._size]))

    def _cut(self, *, more_follows: bool) -> None:
        """Cut the pending content; where more follows, keep as much as a row may have, since its last row may not be whole."""
        content = b"".join(self._pending)
        start = max(self._layout.header - self._position, 0)
        while len(content) - start > (MAX_RECORD if more_follows else 0):
            records = self._next_records(content, start)
            self._learn(content, start, records)
            start = records.end
            if self._position + start - self._chunk_start >= self._chunk_size:
                self._chunk_start = self._position + start
                self._cuts.append(self._chunk_start)
        self._pending, self._pending_size = [content[start:]], len(content) - start
        self._position += start

    def _next_records(self, content: bytes, start: int) -> WholeRecords:
        """Return whole records up to the place where the chunk is to end, or one record where the first passes that place."""
        longest = min(start + MAX_RECORD, len(content))
        chunk_end = self._chunk_start + self._chunk_size - self._position
        records = self._ends.up_to(content, start, min(chunk_end, longest)) or self._ends.first(content, start, longest)
        if records:
            return records
        if len(content) - start > MAX_RECORD:
            raise too_long(content[start:longest], self._lines + 1)
        # The file's last row: without a line end, or with a quote that is never closed.
        return WholeRecords(len(content), 0, holds_quote(content[start:], self._layout.encoding))

    def _learn(self, content: bytes, start: int, records: WholeRecords) -> None:
        self._lines += records.lines
        self._quoted = self._quoted or records.quoted
        if self._encoding_open and self._evidence.valid + self._evidence.broken < _ENOUGH_EVIDENCE:
            self._evidence += evidence_in(content[start : records.end])


def cut_by_samples(
    read: Callable[[int, int], bytes], size: int, layout: Layout, overrides: Overrides = NO_OVERRIDES, chunk_size: int = CHUNK_SIZE
) -> CutFile | None:
    """Cut a file without quotes by samples of the places where chunks may end; return None where a sample holds a quote.

    Such a file has to be cut by a :class:`StreamCutter`.

    Args:
        read: returns the bytes from a place up to, not including, another one, or to the file's end; called by several threads.
        size: of the file in bytes.
        layout: how it is written.
        overrides: what its metadata say.
        chunk_size: how many bytes a chunk has at least, but for the last.

    Raises:
        UnusableFileError: a row or the file is too long, or it ends within a character.
    """
    if size > MAX_PLAIN_BYTES:
        raise too_large()
    if size % layout.unit:
        raise half_a_character()
    chunk_size = _whole_characters(chunk_size, layout)
    sampler = _Sampler(read, size, layout, encoding_open=may_be_windows_1251(layout, overrides))
    with ThreadPoolExecutor(_READERS) as readers:
        beginning = readers.submit(sampler.beginning)
        samples = [*readers.map(sampler.at, range(layout.header + chunk_size, size, chunk_size)), beginning.result()]
    if any(sample.quoted for sample in samples):
        return None
    evidence = sum((sample.evidence for sample in samples), Utf8Evidence())
    cuts = sorted({layout.header, *(sample.cut for sample in samples), size})
    return CutFile(_with_evidence(layout, evidence, quoted=layout.quoted), size, _chunks(cuts))


def too_large() -> UnusableFileError:
    """Return the error for a file over :data:`pushhub.imports.files.layout.MAX_PLAIN_BYTES`."""
    return UnusableFileError(f"the file is over {MAX_PLAIN_BYTES // 10**9} GB; drop it in parts")


@dataclass(frozen=True, slots=True)
class _Sample:
    """What a part of a file shows: a byte at which a row ends, whether there is a quote, and evidence of the encoding."""

    cut: int
    quoted: bool
    evidence: Utf8Evidence


class _Sampler:
    """Finds row ends by small reads of a file without quotes, in which every line end is a row end."""

    def __init__(self, read: Callable[[int, int], bytes], size: int, layout: Layout, *, encoding_open: bool) -> None:
        self._read = read
        self._size = size
        self._layout = layout
        self._encoding_open = encoding_open

    def beginning(self) -> _Sample:
        """Sample the first rows; the cut is the end of the header."""
        start = self._layout.header
        return self._sample(start, self._read(start, min(start + SAMPLE, self._size)) if start < self._size else b"")

    def at(self, place: int) -> _Sample:
        """Sample a place; the cut is the first line end at or after it, or the file's end."""
        start = place - self._layout.unit
        content = self._read(start, min(start + _SAMPLE_AT_A_CUT, self._size))
        length = self._line_length(content)
        if not length and start + len(content) < self._size:
            content += self._read(start + len(content), min(start + MAX_RECORD, self._size))
            length = self._line_length(content)
        if not length and start + len(content) < self._size:
            raise UnusableFileError(f"near byte {start}, {too_long(content)}")
        return self._sample(start + length if length else self._size, content)

    def _sample(self, cut: int, content: bytes) -> _Sample:
        evidence = evidence_in(whole_lines(content)) if self._encoding_open else Utf8Evidence()
        return _Sample(cut, holds_quote(content, self._layout.encoding), evidence)

    def _line_length(self, content: bytes) -> int:
        """Return the length in bytes of the first line, its end included; 0 where the line does not end in the content."""
        if self._layout.unit == 1:
            return content.find(b"\n") + 1
        line, line_end, _ = self._layout.decode(content).partition("\n")
        return len(self._layout.encode(line + line_end)) if line_end else 0


def _with_evidence(layout: Layout, evidence: Utf8Evidence, *, quoted: bool) -> Layout:
    encoding = "windows-1251" if evidence.speaks_for_windows_1251 else layout.encoding
    return replace(layout, quoted=quoted, encoding=encoding)


def _whole_characters(size: int, layout: Layout) -> int:
    """Return a size in bytes, rounded down to whole ASCII characters; it is one character at least."""
    return max(size - size % layout.unit, layout.unit)


def _chunks(cuts: list[int]) -> tuple[Chunk, ...]:
    pairs = ((start, end) for start, end in pairwise(cuts) if start < end)
    return tuple(Chunk(number, start, end) for number, (start, end) in enumerate(pairs))
