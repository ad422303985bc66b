"""Which rows of a file would fail if it were imported, as far as the file itself shows?

The file is read by the code that imports it: once to cut it into chunks, once for its rows. Memory is bounded by a chunk, not by
the file, also where it is packed.
"""

import csv
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Final

from pushhub.audience.command import DatabaseRefused, Refused, Subscribe
from pushhub.audience.resolving import resolve
from pushhub.console.bars import Show, described_bar
from pushhub.console.failure import ConsoleError
from pushhub.console.imports.destination import Destination
from pushhub.console.imports.report import read_as_line
from pushhub.console.printing import object_or_array, print_found
from pushhub.console.progress import say
from pushhub.console.tables import table_lines
from pushhub.console.terminal import beginning, on_one_line
from pushhub.imports.files.columns import RowDestination, find_columns
from pushhub.imports.files.cutting import CutFile
from pushhub.imports.files.drop import Overrides, read_overrides
from pushhub.imports.files.failed_rows import ErrorsFile, FailedRow
from pushhub.imports.files.layout import Layout
from pushhub.imports.files.reasons import text_of
from pushhub.imports.files.records import ChunkText
from pushhub.imports.files.rows import BadRow, RowReader, match_field
from pushhub.imports.files.unpacking import unpacked
from pushhub.imports.job import Chunk, RowResult, UnusableFileError
from pushhub.imports.steps.plan import FileToCut

SHOWN_ROWS: Final = 20
"""Failed rows that are shown, from the file's beginning."""
SHOWN_CELL: Final = 60
"""Characters of a cell that people are shown."""
NOT_SEEN: Final = (
    "a dry run does not see what depends on what the hub holds: a token that lives on another profile, a match value that another "
    "profile has, too many subscriptions, what a mode passes over"
)

_BLOCK: Final = 2**20


@dataclass(frozen=True, slots=True)
class ShownRow:
    """A row that would fail: its line in the file, why, and its cells with the token masked."""

    line: int
    reason: str
    cells: tuple[str, ...]


@dataclass(slots=True)
class Trial:
    """What a dry run has found in a file. With an `obstacle` it cannot be imported at all, and rows are counted up to there."""

    file: Path
    layout: Layout | None = None
    rows: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    first: list[ShownRow] = field(default_factory=list)
    obstacle: str = ""

    @property
    def entry(self) -> dict[str, object]:
        """The finding as JSON has it."""
        return {
            "file": str(self.file),
            "importable": not self.obstacle,
            "reason": self.obstacle,
            "layout": _layout_entry(self.layout) if self.layout else None,
            "rows": self.rows,
            str(RowResult.FAILED): self.reasons.total(),
            "reasons": dict(self.reasons.most_common()),
            "first_failed": [{"line": row.line, "reason": row.reason, "row": list(row.cells)} for row in self.first],
        }

    @property
    def lines(self) -> Iterator[str]:
        """The finding as lines for a person."""
        yield f"file {on_one_line(str(self.file))}: {'cannot be imported' if self.obstacle else 'can be imported'}"
        if self.obstacle:
            yield f"  why         {on_one_line(self.obstacle)}"
        if not self.layout:
            return
        yield read_as_line(self.layout)
        counts = [("rows", f"{self.rows:,}", ""), ("would fail", f"{self.reasons.total():,}", "")]
        reasons = [("", f"{count:,}", on_one_line(reason)) for reason, count in self.reasons.most_common()]
        yield from (f"  {line}" for line in table_lines("<><", counts + reasons))
        if self.first:
            yield "  first of them, tokens masked"
        for row in self.first:
            yield f"    line {row.line}: {on_one_line(row.reason)}"
            yield f"      {', '.join(on_one_line(beginning(cell, SHOWN_CELL)) for cell in row.cells)}"


def try_and_print(
    files: Sequence[Path],
    destination: Destination,
    settings: Mapping[str, str],
    more_push_hosts: Collection[str] = (),
    *,
    as_json: bool,
) -> bool:
    """Read files, print which rows of each would fail, and return whether all of them can be imported.

    Args:
        files: what is read.
        destination: where they would be dropped.
        settings: the metadata that the dropped objects would have.
        more_push_hosts: hosts of push services of browsers beside the known ones.
        as_json: whether to print JSON: of one file an object, of several an array.

    Raises:
        ConsoleError: a file cannot be read.
    """
    overrides = read_overrides(settings)
    trials = [try_file(file, destination.target(file), overrides, more_push_hosts) for file in files]
    lines = (line for trial in trials for line in trial.lines)
    print_found(object_or_array([trial.entry for trial in trials]), lines, as_json=as_json)
    if any(trial.layout for trial in trials):
        say(NOT_SEEN)
    return not any(trial.obstacle for trial in trials)


def try_file(file: Path, target: RowDestination, overrides: Overrides, more_push_hosts: Collection[str] = ()) -> Trial:
    """Read a whole file and return which rows would fail.

    Raises:
        ConsoleError: it cannot be read.
    """
    trial = Trial(file)
    try:
        with described_bar(f"reading {on_one_line(file.name)}") as show:
            source = _Source(file, file.stat().st_size, show)
            cut = source.cut(target, overrides)
            trial.layout = cut.layout
            reader = RowReader(cut.layout, target, overrides.mode, more_push_hosts)
            _try_rows(trial, cut.layout, source.chunks(cut, target, trial), reader)
    except UnusableFileError as unusable:
        trial.obstacle = str(unusable)
    except OSError as error:
        raise ConsoleError(f"{on_one_line(str(file))}: {error.strerror or type(error).__name__}") from None
    return trial


@dataclass(frozen=True, slots=True)
class _Source:
    """A file on this machine, of `size` bytes; `show` moves the bar as it is read."""

    file: Path
    size: int
    show: Show

    def cut(self, target: RowDestination, overrides: Overrides) -> CutFile:
        """Return the layout of the file and its chunks, as the hub would find them.

        Raises:
            UnusableFileError: it cannot be imported.
        """

        def checked(layout: Layout) -> Layout:
            find_columns(layout.columns, target)
            return layout

        stream = partial(self._blocks, lambda: "seeing how it is written")
        whole = FileToCut(self._read, stream, self.size, overrides, checked)
        return whole.cut_packed(nullcontext()) if target.drop.packed else whole.cut_plain()

    def chunks(self, cut: CutFile, target: RowDestination, trial: Trial) -> Iterator[bytes]:
        """Give the content of the chunks, one after the other."""
        blocks = self._blocks(lambda: f"{trial.rows:,} rows, {trial.reasons.total():,} would fail")
        return _contents(unpacked(blocks) if target.drop.packed else blocks, cut.chunks)

    def _read(self, start: int, end: int) -> bytes:
        with self.file.open("rb") as opened:
            opened.seek(start)
            return opened.read(end - start)

    def _blocks(self, text: Callable[[], str]) -> Iterator[bytes]:
        read = 0
        with self.file.open("rb") as opened:
            while block := opened.read(_BLOCK):
                yield block
                read += len(block)
                self.show(read, self.size, text())


def _contents(blocks: Iterable[bytes], chunks: Sequence[Chunk]) -> Iterator[bytes]:
    """Give the content of each chunk of a stream; no more than a chunk and a block is in memory."""
    pending, position, following = bytearray(), 0, iter(chunks)
    chunk = next(following, None)
    for block in blocks:
        pending += block
        while chunk and chunk.end <= position + len(pending):
            yield bytes(pending[chunk.start - position : chunk.end - position])
            del pending[: chunk.end - position]
            position, chunk = chunk.end, next(following, None)


def _try_rows(trial: Trial, layout: Layout, chunks: Iterable[bytes], reader: RowReader) -> None:
    shown = ErrorsFile(layout)
    # The header is one line.
    lines = 1
    for content in chunks:
        text = ChunkText(content, layout)
        for record in text.records():
            trial.rows += 1
            reason = why_failed(reader.read(record.text))
            if reason is None:
                continue
            trial.reasons[reason] += 1
            if len(trial.first) < SHOWN_ROWS:
                failed = FailedRow(record.line, reason, text.raw(record.text))
                trial.first.append(_shown(shown.line(failed, lines)))
        lines += text.lines


def why_failed(row: Subscribe | BadRow) -> str | None:
    """Return why a row would fail whatever the hub holds, None where it would not."""
    if isinstance(row, BadRow):
        return row.reason
    for request in resolve(row):
        if isinstance(request, DatabaseRefused):
            return text_of(request.refused, match_field(row))
        for subscription in request.subscriptions:
            if isinstance(subscription.address, Refused):
                return text_of(subscription.address)
    return None


def _shown(line: bytes) -> ShownRow:
    """Read back a line of `errors.csv`."""
    number, reason, *cells = next(csv.reader(StringIO(line.decode(), newline="")))
    return ShownRow(int(number), reason, tuple(cells))


def _layout_entry(layout: Layout) -> dict[str, object]:
    return {
        "encoding": layout.encoding,
        "delimiter": layout.delimiter,
        "quoted": layout.quoted,
        "columns": list(layout.columns),
    }
