"""Where is a file cut into chunks, so that none begins or ends inside a row?"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from pushhub.imports.files.drop import NO_OVERRIDES, Overrides
from pushhub.imports.files.layout import MAX_PLAIN_BYTES, MAX_RECORD, Layout
from pushhub.imports.files.quoting import Passed, record_ends
from pushhub.imports.files.recognition import SAMPLE, Utf8Evidence, evidence_in, holds_quote, may_be_windows_1251, whole_lines
from pushhub.imports.files.records import half_a_character, too_long
from pushhub.imports.job import Chunk, UnusableFileError

CHUNK_TARGET: Final = 8 * 2**20
"""A chunk ends with the first row that ends so many bytes after its begin, or later."""
STREAMED_BYTES: Final = 64 * 2**20
"""Files up to this size are read as a whole to be planned: it takes a moment, and shows more than samples do."""

_BOUNDARY_SAMPLE: Final = 64 * 2**10
_READERS: Final = 16
_ENOUGH_EVIDENCE: Final = 1_000_000
"""Characters beyond ASCII after which no more of a file is looked at for its encoding."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A planned file: `layout` says what its content showed beyond what was known; the chunks cover it from the header on."""

    layout: Layout
    size: int
    chunks: tuple[Chunk, ...]


class StreamPlan:
    """The plan of a file that grows while its content passes by; minds quotes wherever the first one stands."""

    def __init__(self, layout: Layout, overrides: Overrides = NO_OVERRIDES, target: int = CHUNK_TARGET) -> None:
        """Begin a plan, before the file's first byte."""
        self._layout = layout
        self._target = _even(target, layout)
        self._ends = record_ends(layout)
        self._doubtful = may_be_windows_1251(layout, overrides)
        self._evidence = Utf8Evidence()
        self._quoted = layout.quoted
        self._size = 0
        self._waiting: list[bytes] = []
        """What has come since a record began, which is at `_at`; the header is taken for one."""
        self._waiting_size = 0
        self._at = 0
        self._chunk = layout.header
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
        self._waiting.append(block)
        self._waiting_size += len(block)
        # Several times the longest row at once, so that what is left over is seldom copied.
        if self._waiting_size > 4 * MAX_RECORD:
            self._go_through(more_comes=True)

    def finish(self) -> Planned:
        """Return the plan, once all has passed by.

        Raises:
            UnusableFileError: a row is too long, or the file ends within a character.
        """
        if self._size % self._layout.unit:
            raise half_a_character()
        self._go_through(more_comes=False)
        return Planned(self._settled(), self._size, _chunks([self._layout.header, *self._cuts, self._size]))

    def _go_through(self, *, more_comes: bool) -> None:
        content = b"".join(self._waiting)
        start = max(self._layout.header - self._at, 0)
        while len(content) - start > (MAX_RECORD if more_comes else 0):
            passed = self._pass(content, start)
            self._learn(content, start, passed)
            start = passed.end
            if self._at + start - self._chunk >= self._target:
                self._chunk = self._at + start
                self._cuts.append(self._chunk)
        self._waiting, self._waiting_size = [content[start:]], len(content) - start
        self._at += start

    def _pass(self, content: bytes, start: int) -> Passed:
        """Pass over whole records, up to where the chunk is to end or no record can be longer."""
        longest = min(start + MAX_RECORD, len(content))
        wanted = self._chunk + self._target - self._at
        passed = self._ends.last(content, start, min(wanted, longest)) or self._ends.first(content, start, longest)
        if passed:
            return passed
        if len(content) - start > MAX_RECORD:
            raise too_long(content[start:longest], self._lines + 1)
        # The file's last row: without a line end, or with a quote that is never closed.
        return Passed(len(content), 0, holds_quote(content[start:], self._layout.encoding))

    def _learn(self, content: bytes, start: int, passed: Passed) -> None:
        self._lines += passed.lines
        self._quoted = self._quoted or passed.quoted
        if self._doubtful and self._evidence.valid + self._evidence.broken < _ENOUGH_EVIDENCE:
            self._evidence += evidence_in(content[start : passed.end])

    def _settled(self) -> Layout:
        return _settled(self._layout, self._evidence, quoted=self._quoted)


def plan_ranges(
    read: Callable[[int, int], bytes], size: int, layout: Layout, overrides: Overrides = NO_OVERRIDES, target: int = CHUNK_TARGET
) -> Planned | None:
    """Plan a file without quotes by looking only at places where chunks may end; None where one is seen: stream it then.

    Args:
        read: returns the bytes from a place up to, not including, another one, or to the file's end; called by several threads.
        size: of the file in bytes.
        layout: how it is written.
        overrides: what its metadata say.
        target: how many bytes a chunk has at least, but for the last.

    Raises:
        UnusableFileError: a row or the file is too long, or it ends within a character.
    """
    if size > MAX_PLAIN_BYTES:
        raise too_large()
    if size % layout.unit:
        raise half_a_character()
    target = _even(target, layout)
    boundaries = _Boundaries(read, size, layout, doubtful=may_be_windows_1251(layout, overrides))
    with ThreadPoolExecutor(_READERS) as readers:
        beginning = readers.submit(boundaries.beginning)
        seen = [*readers.map(boundaries.look, range(layout.header + target, size, target)), beginning.result()]
    if any(one.quoted for one in seen):
        return None
    evidence = sum((one.evidence for one in seen), Utf8Evidence())
    cuts = sorted({layout.header, *(one.cut for one in seen), size})
    return Planned(_settled(layout, evidence, quoted=layout.quoted), size, _chunks(cuts))


def too_large() -> UnusableFileError:
    """Return how it is said that a file is over :data:`pushhub.imports.files.layout.MAX_PLAIN_BYTES`."""
    return UnusableFileError(f"the file is over {MAX_PLAIN_BYTES // 10**9} GB; drop it in parts")


@dataclass(frozen=True, slots=True)
class _Seen:
    """What stands around a place where a chunk may end: where a row ends, and what there is to learn."""

    cut: int
    quoted: bool
    evidence: Utf8Evidence


class _Boundaries:
    """Looks for line ends by small reads."""

    def __init__(self, read: Callable[[int, int], bytes], size: int, layout: Layout, *, doubtful: bool) -> None:
        self._read = read
        self._size = size
        self._layout = layout
        self._doubtful = doubtful

    def beginning(self) -> _Seen:
        """Look at the first rows."""
        start = self._layout.header
        return self._seen(start, self._read(start, min(start + SAMPLE, self._size)) if start < self._size else b"")

    def look(self, wanted: int) -> _Seen:
        """Look for the first line end at or after a place; the file's end counts as one."""
        start = wanted - self._layout.unit
        sample = self._read(start, min(start + _BOUNDARY_SAMPLE, self._size))
        length = self._line(sample)
        if not length and start + len(sample) < self._size:
            sample += self._read(start + len(sample), min(start + MAX_RECORD, self._size))
            length = self._line(sample)
        if not length and start + len(sample) < self._size:
            raise UnusableFileError(f"near byte {start}, {too_long(sample)}")
        return self._seen(start + length if length else self._size, sample)

    def _seen(self, cut: int, sample: bytes) -> _Seen:
        evidence = evidence_in(whole_lines(sample)) if self._doubtful else Utf8Evidence()
        return _Seen(cut, holds_quote(sample, self._layout.encoding), evidence)

    def _line(self, sample: bytes) -> int:
        """Return how long the line is that a sample begins with, its end included; 0 where it does not end."""
        if self._layout.unit == 1:
            return sample.find(b"\n") + 1
        line, line_end, _ = self._layout.decode(sample).partition("\n")
        return len(self._layout.encode(line + line_end)) if line_end else 0


def _settled(layout: Layout, evidence: Utf8Evidence, *, quoted: bool) -> Layout:
    encoding = "windows-1251" if evidence.speaks_for_windows_1251 else layout.encoding
    return replace(layout, quoted=quoted, encoding=encoding)


def _even(target: int, layout: Layout) -> int:
    return max(target - target % layout.unit, layout.unit)


def _chunks(cuts: list[int]) -> tuple[Chunk, ...]:
    pairs = ((start, end) for start, end in pairwise(cuts) if start < end)
    return tuple(Chunk(number, start, end) for number, (start, end) in enumerate(pairs))
