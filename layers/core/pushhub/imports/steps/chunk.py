"""How is one chunk of a file imported, so that a run may be killed at any point and the chunk be run any number of times?

A run opens the chunk's journal, which shuts out every earlier run and says which rows are settled. It then reads the other rows
window by window, settles each window (:mod:`pushhub.imports.steps.settling`), and writes the failed rows once all are settled.
After a fault, the run opens the journal again, and goes on from what that then says. That shuts out its own earlier opening: a
write whose answer was lost has happened by then, or never will.
"""

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
from pushhub.imports.port import FileStore, JobWork, Journals, MissingObjectError, OpenJournal
from pushhub.imports.steps.attempts import require_active
from pushhub.imports.steps.outcomes import ChunkOutcomes
from pushhub.imports.steps.rounds import ResolvedRow, resolved_row
from pushhub.imports.steps.settling import SettleRows
from pushhub.moments import Seconds, seconds_now

WINDOW: Final = 1000
"""Rows that are read and decided before any of them is written: enough to fill every lane of the journal with transactions."""
SECONDS_WITHOUT_PROGRESS: Final = 120
"""How long a run tries again while no row is settled. The state machine then runs the chunk again, after ever longer waits."""
LONGEST_CHUNK_WAIT: Final = 10
"""Seconds between two tries of a run at most; a wait is a random part of its bound, which grows with each try (full jitter)."""
FIRST_CHUNK_WAIT: Final = 0.2
"""Seconds before the second try at most, as for :data:`LONGEST_CHUNK_WAIT`."""
SECONDS_BETWEEN_CHECKS: Final = 1.0
"""How often a run stores its progress and asks whether its attempt is still active."""
THREADS: Final = 8
"""Calls of the store at one time."""


@dataclass(frozen=True, slots=True)
class ChunkRun:
    """What one run did; `tally` counts the rows that it settled itself, `finished` says that no row of the chunk remains."""

    finished: bool
    tally: Tally


@dataclass(frozen=True, slots=True)
class ImportChunk:
    """The use case. Memory is bounded by the chunk; the catalog is read once in each run."""

    catalog: Callable[[], Catalog]
    audience: AudienceStore
    jobs: JobWork
    journals: Journals
    files: FileStore
    more_push_hosts: frozenset[str] = frozenset()
    """Hosts of push services of browsers beside the known ones."""
    now: Callable[[], Seconds] = seconds_now
    new_id: Callable[[], ProfileId] = new_profile_id
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic

    def __call__(self, job: JobId, attempt: int, chunk: Chunk, seconds_left: float) -> ChunkRun:
        """Settle every row of a chunk, or as many as there is time for; a chunk that is not finished is run again.

        Args:
            job: what the chunk belongs to.
            attempt: which attempt of the job this is. Unless it is the active one, nothing is done: runs of two attempts would
                shut each other out of the journal, again and again.
            chunk: which bytes of the plain file.
            seconds_left: no window of rows is begun later than this from now.

        Raises:
            StoppedError: the job was asked to stop, has ended, or is at another attempt.
            TakenOverError: a later run has taken the chunk over.
            UnavailableError, LostRaceError: this run settled no row before its time ran out, or before nothing was settled for
                :data:`SECONDS_WITHOUT_PROGRESS`.
            UnusableFileError: the file cannot be imported; the job has stored why.
        """
        deadline = self.clock() + seconds_left
        try:
            source = self._open(require_active(self.jobs, job, attempt), chunk)
            with ThreadPoolExecutor(THREADS, "lane") as pool:
                return _Runner(self, source, pool, deadline).run()
        except UnusableFileError as unusable:
            self.jobs.give_up(job, str(unusable))
            raise
        except (LostRaceError, UnavailableError) as fault:
            # The reason of the job, should no later run make progress.
            with suppress(UnavailableError):
                self.jobs.note_fault(job, f"its rows could not be written for long ({fault}); once that is mended, a retry goes on")
            raise

    def _open(self, job: Job, chunk: Chunk) -> "_ChunkSource":
        plan = job.plan
        if plan is None:
            raise UnusableFileError("the file was never planned: import it again")
        reader = row_reader(job.source.key, plan.layout, plan.mode, self.catalog(), self.more_push_hosts)
        try:
            file = self.files.latest(plan.unpacked) if plan.unpacked else job.location
            content = self.files.read(file, chunk.start, chunk.end)
        except MissingObjectError:
            raise UnusableFileError("the file was deleted while it was imported: drop it again") from None
        return _ChunkSource(job.id, job.attempt, chunk, reader, ChunkText(content, plan.layout))


@dataclass(frozen=True, slots=True)
class _ChunkSource:
    """What a run reads: the records of a chunk, and the reader that makes commands of them."""

    job: JobId
    attempt: int
    chunk: Chunk
    reader: RowReader
    text: ChunkText


class _Runner:
    """One run of a chunk. It tries again after a fault, from what the journal then says, as long as rows get settled."""

    def __init__(self, step: ImportChunk, source: _ChunkSource, pool: Executor, deadline: float) -> None:
        self._step = step
        self._source = source
        self._pool = pool
        self._deadline = deadline
        self._outcomes = ChunkOutcomes()
        self._tally_before: Tally | None = None
        """The rows that earlier runs have settled; None until the journal was opened."""
        self._progress_at = step.clock()
        self._checked_at = -math.inf

    def run(self) -> ChunkRun:
        tries = Retrying(
            retry=retry_if_exception_type((UnavailableError, LostRaceError)),
            wait=wait_random_exponential(multiplier=FIRST_CHUNK_WAIT, max=LONGEST_CHUNK_WAIT),
            stop=self._gives_up,
            sleep=self._step.sleep,
            reraise=True,
        )
        try:
            finished = tries(self._try)
        except (UnavailableError, LostRaceError):
            if not self._own_tally().rows:
                raise
            finished = False
        return ChunkRun(finished, self._own_tally())

    def _try(self) -> bool:
        """Settle rows that the journal does not know; return whether none remains."""
        step = self._step
        journal = step.journals.open(self._source.job, self._source.chunk.number)
        self._outcomes = ChunkOutcomes()
        self._outcomes.add(journal.settled)
        if self._tally_before is None:
            self._tally_before = self._outcomes.tally()
        if journal.finished:
            return True
        settle = SettleRows(step.audience, journal, self._pool, step.now, step.new_id, step.sleep, self._out_of_time)
        remaining = (record for record in self._source.text.records() if record.position not in self._outcomes)
        for window in batched(remaining, WINDOW, strict=False):
            self._settle(window, settle, journal)
            if self._out_of_time():
                self._show(window[-1])
                return False
            self._check(window[-1])
        self._finish(journal)
        return True

    def _settle(self, window: Sequence[Record], settle: SettleRows, journal: OpenJournal) -> None:
        rows: list[ResolvedRow] = []
        bad: dict[int, RowOutcome] = {}
        for record in window:
            command = self._source.reader.read(record.text)
            if isinstance(command, Subscribe):
                rows.append(row_of(record, command))
            else:
                bad[record.position] = RowOutcome(RowResult.FAILED, command.reason)
        if bad:
            journal.append(0, bad)
        self._outcomes.add(bad)
        self._outcomes.add(settle(rows))
        self._progress_at = self._step.clock()

    def _check(self, last: Record) -> None:
        """From time to time, store the progress, and check that the attempt is still active.

        Raises:
            StoppedError: it is not.
        """
        if self._step.clock() - self._checked_at < SECONDS_BETWEEN_CHECKS:
            return
        self._show(last)
        require_active(self._step.jobs, self._source.job, self._source.attempt)
        self._checked_at = self._step.clock()

    def _show(self, last: Record) -> None:
        """Store the progress; the bytes are estimated by the share of lines up to the last settled row."""
        chunk = self._source.chunk
        settled_bytes = (chunk.end - chunk.start) * last.line // (self._source.text.lines + 1)
        self._step.jobs.show(self._source.job, ChunkProgress(chunk.number, self._outcomes.tally(), settled_bytes))

    def _finish(self, journal: OpenJournal) -> None:
        """Write the failed rows, then finish the journal; a run that is killed in between does both again."""
        chunk, tally = self._source.chunk, self._outcomes.tally()
        if tally[RowResult.FAILED]:
            self._write_failed_rows()
        journal.finish(ChunkProgress(chunk.number, tally, chunk.end - chunk.start, self._source.text.lines, finished=True))

    def _write_failed_rows(self) -> None:
        """Write the failed rows twice: with reasons for `errors.csv`, which lists a part, and all as they were for `retry.csv`."""
        job, chunk, files = self._source.job, self._source.chunk.number, self._step.files
        with (
            files.writing(failed_rows_key(job, chunk), "application/x-ndjson") as listing,
            files.writing(retry_rows_key(job, chunk), "text/csv") as retry,
        ):
            for listed, row in enumerate(self._failed_rows()):
                if listed < MAX_LISTED:
                    listing.write(row.written())
                retry.write(retry_row(row.raw, self._source.text.layout))

    def _failed_rows(self) -> Iterator[FailedRow]:
        for record in self._source.text.records():
            outcome = self._outcomes[record.position]
            if outcome.result is RowResult.FAILED:
                yield FailedRow(record.line, outcome.reason, self._source.text.raw(record.text))

    def _own_tally(self) -> Tally:
        """Count the rows that this run has settled itself."""
        return self._outcomes.tally() - (self._tally_before or Tally())

    def _out_of_time(self) -> bool:
        return self._step.clock() > self._deadline

    def _gives_up(self, _: RetryCallState) -> bool:
        return self._out_of_time() or self._step.clock() - self._progress_at > SECONDS_WITHOUT_PROGRESS


def row_of(record: Record, command: Subscribe) -> ResolvedRow:
    """Return the row of a record, resolved."""
    unsubscribe = any(desired.unsubscribe for desired in command.subscriptions)
    return resolved_row(
        record.position, len(record.text), resolve(command), unsubscribe=unsubscribe, match_field=match_field(command)
    )
