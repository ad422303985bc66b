"""How is one chunk of a file imported, so that it may be killed at any point and run any number of times?"""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from itertools import batched
from typing import Final

from tenacity import RetryCallState, Retrying, retry_if_exception_type, wait_random_exponential

from pushhub.audience.command import Subscribe
from pushhub.audience.model import ProfileId
from pushhub.audience.port import AudienceStore
from pushhub.audience.resolving import resolve
from pushhub.audience.subscribing import new_profile_id
from pushhub.catalog.model import Catalog
from pushhub.faults import LostRaceError, UnavailableError
from pushhub.imports.files.failed_rows import MAX_LISTED, FailedRow, retry_row
from pushhub.imports.files.records import ChunkText, Record
from pushhub.imports.files.rows import RowReader, match_field, row_reader
from pushhub.imports.job import Chunk, ChunkProgress, Job, JobId, RowOutcome, RowResult, Tally, UnusableFileError
from pushhub.imports.keys import failed_rows_key, retry_rows_key
from pushhub.imports.port import FileStore, JobStore, Journals, MissingObjectError, OpenJournal
from pushhub.imports.steps.attempts import going_on
from pushhub.imports.steps.outcomes import Outcomes, less
from pushhub.imports.steps.settling import Row, Settling
from pushhub.moments import Seconds, seconds_now

WINDOW: Final = 1000
"""Rows that are read and decided before any of them is written: enough to fill every lane of the journal with transactions."""
SECONDS_WITHOUT_PROGRESS: Final = 120
"""How long a run tries again while the store settles no row. The engine starts it again, after ever longer waits."""
LONGEST_WAIT: Final = 10
"""Seconds; a wait is a random part of this, or of less after the first tries (full jitter)."""
FIRST_WAIT: Final = 0.2
"""Seconds, as :data:`LONGEST_WAIT`."""
SECONDS_BETWEEN_LOOKS: Final = 1.0
"""Between two looks at whether the job is to stop, and two writes of its progress."""
THREADS: Final = 8
"""Calls of the store at one time."""


@dataclass(frozen=True, slots=True)
class ChunkRun:
    """What one run has come to; `tally` counts the rows that it settled itself."""

    finished: bool
    tally: Tally


@dataclass(frozen=True, slots=True)
class ImportChunk:
    """The use case. Memory is bounded by the chunk; the catalog is read once."""

    catalog: Callable[[], Catalog]
    audience: AudienceStore
    jobs: JobStore
    journals: Journals
    files: FileStore
    now: Callable[[], Seconds] = seconds_now
    new_id: Callable[[], ProfileId] = new_profile_id
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic

    def __call__(self, job: JobId, attempt: int, chunk: Chunk, seconds_left: float) -> ChunkRun:
        """Settle every row of a chunk, or as many as there is time for: then run it again.

        Args:
            job: what the chunk belongs to.
            attempt: which attempt of the job this is. Where a later one has begun, nothing is done: each would fence the other off.
            chunk: which bytes of the plain file.
            seconds_left: no window of rows is begun later than this from now.

        Raises:
            StoppedError: the job was asked to stop, has ended, or is at another attempt.
            TakenOverError: another run has taken the chunk over.
            UnavailableError, LostRaceError: nothing could be settled for :data:`SECONDS_WITHOUT_PROGRESS`.
            UnusableFileError: the job cannot go on; it is told why.
        """
        latest = self.clock() + seconds_left
        try:
            file = self._open(going_on(self.jobs, job, attempt), chunk)
            with ThreadPoolExecutor(THREADS, "lane") as pool:
                return _Run(self, file, pool, latest)()
        except UnusableFileError as unusable:
            self.jobs.give_up(job, str(unusable))
            raise
        except (LostRaceError, UnavailableError) as fault:
            # Somebody will want to know, should no later run get any further.
            with suppress(UnavailableError):
                self.jobs.note_fault(job, f"its rows could not be written for long ({fault}); once that is mended, a retry goes on")
            raise

    def _open(self, job: Job, chunk: Chunk) -> "_File":
        plan = job.plan
        if plan is None:
            raise UnusableFileError("the file was never planned: import it again")
        reader = row_reader(job.source.key, plan.layout, plan.mode, self.catalog())
        try:
            source = self.files.latest(job.source.bucket, plan.unpacked) if plan.unpacked else job.location
            content = self.files.read(source, chunk.start, chunk.end)
        except MissingObjectError:
            raise UnusableFileError("the file was deleted while it was imported: drop it again") from None
        return _File(job.id, job.attempt, job.source.bucket, chunk, reader, ChunkText(content, plan.layout))


@dataclass(frozen=True, slots=True)
class _File:
    """What a run reads: a chunk's records, and how a record becomes a row."""

    job: JobId
    attempt: int
    bucket: str
    chunk: Chunk
    reader: RowReader
    text: ChunkText


class _Run:
    """One run of a chunk: tries again, from what the journal then knows, as long as that leads anywhere."""

    def __init__(self, use: ImportChunk, file: _File, pool: Executor, latest: float) -> None:
        self._use = use
        self._file = file
        self._pool = pool
        self._latest = latest
        self._outcomes = Outcomes()
        self._of_earlier_runs: Tally | None = None
        self._moved_at = use.clock()
        self._looked_at = -math.inf

    def __call__(self) -> ChunkRun:
        tries = Retrying(
            retry=retry_if_exception_type((UnavailableError, LostRaceError)),
            wait=wait_random_exponential(multiplier=FIRST_WAIT, max=LONGEST_WAIT),
            stop=self._leads_nowhere,
            sleep=self._use.sleep,
            reraise=True,
        )
        try:
            finished = tries(self._attempt)
        except (UnavailableError, LostRaceError):
            if not self._own().rows:
                raise
            finished = False
        return ChunkRun(finished, self._own())

    def _attempt(self) -> bool:
        """Go on from what the journal knows; say whether every row is settled."""
        journal = self._use.journals.open(self._file.job, self._file.chunk.number)
        self._outcomes = Outcomes()
        self._outcomes.add(journal.settled)
        if self._of_earlier_runs is None:
            self._of_earlier_runs = self._outcomes.tally()
        if journal.finished:
            return True
        use = self._use
        settle = Settling(use.audience, journal, self._pool, use.now, use.new_id, use.sleep, self._late)
        left = (record for record in self._file.text.records() if record.position not in self._outcomes)
        for window in batched(left, WINDOW, strict=False):
            self._settle(window, settle, journal)
            if self._late():
                self._show(window[-1])
                return False
            self._look(window[-1])
        self._finish(journal)
        return True

    def _settle(self, window: Sequence[Record], settle: Settling, journal: OpenJournal) -> None:
        rows: list[Row] = []
        bad: dict[int, RowOutcome] = {}
        for record in window:
            command = self._file.reader.read(record.text)
            if isinstance(command, Subscribe):
                rows.append(row_of(record, command))
            else:
                bad[record.position] = RowOutcome(RowResult.FAILED, command.reason)
        if bad:
            journal.append(0, bad)
        self._outcomes.add(bad)
        self._outcomes.add(settle(rows))
        self._moved_at = self._use.clock()

    def _look(self, last: Record) -> None:
        """From time to time, show how far the chunk has come, and see whether to go on.

        Raises:
            StoppedError: it is not to go on.
        """
        if self._use.clock() - self._looked_at < SECONDS_BETWEEN_LOOKS:
            return
        self._show(last)
        going_on(self._use.jobs, self._file.job, self._file.attempt)
        self._looked_at = self._use.clock()

    def _show(self, last: Record) -> None:
        chunk = self._file.chunk
        done = (chunk.end - chunk.start) * last.line // (self._file.text.lines + 1)
        self._use.jobs.show(self._file.job, ChunkProgress(chunk.number, self._outcomes.tally(), done))

    def _finish(self, journal: OpenJournal) -> None:
        chunk, tally = self._file.chunk, self._outcomes.tally()
        if tally[RowResult.FAILED]:
            self._keep_failed_rows()
        journal.finish(ChunkProgress(chunk.number, tally, chunk.end - chunk.start, self._file.text.lines, finished=True))

    def _keep_failed_rows(self) -> None:
        """Write the failed rows twice: those that people may look at, with their reasons, and all as they are given back."""
        bucket, job, chunk = self._file.bucket, self._file.job, self._file.chunk.number
        with (
            self._use.files.writing(bucket, failed_rows_key(job, chunk), "application/x-ndjson") as listing,
            self._use.files.writing(bucket, retry_rows_key(job, chunk), "text/csv") as retry,
        ):
            for listed, row in enumerate(self._failed_rows()):
                if listed < MAX_LISTED:
                    listing.write(row.written())
                retry.write(retry_row(row.raw, self._file.text.layout))

    def _failed_rows(self) -> Iterator[FailedRow]:
        for record in self._file.text.records():
            outcome = self._outcomes[record.position]
            if outcome.kind is RowResult.FAILED:
                yield FailedRow(record.line, outcome.reason, self._file.text.raw(record.text))

    def _own(self) -> Tally:
        """Count what came of the rows that this run has settled itself."""
        return less(self._outcomes.tally(), self._of_earlier_runs or Tally())

    def _late(self) -> bool:
        return self._use.clock() > self._latest

    def _leads_nowhere(self, _: RetryCallState) -> bool:
        return self._late() or self._use.clock() - self._moved_at > SECONDS_WITHOUT_PROGRESS


def row_of(record: Record, command: Subscribe) -> Row:
    """Return a row as it is settled."""
    unsubscribe = any(desired.unsubscribe for desired in command.subscriptions)
    return Row(record.position, len(record.text), resolve(command), unsubscribe, match_field(command))
