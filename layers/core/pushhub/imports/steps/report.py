"""How does a job end once its execution has ended: rows counted, reports written, the file moved out of the inbox?"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Final

from pushhub.faults import UnavailableError
from pushhub.imports.files.failed_rows import MAX_LISTED, ErrorsFile, FailedRow, read_failed_row, retry_header
from pushhub.imports.job import Chunk, ChunkProgress, FilePlan, Job, JobId, JobStatus, RowResult, S3Object, UnknownJobError
from pushhub.imports.keys import (
    ERRORS,
    MAX_KEY_BYTES,
    RETRY,
    failed_rows_key,
    report_key,
    resting_key,
    retry_rows_key,
    standstill_key,
)
from pushhub.imports.port import Executions, FileStore, JobLifecycle, MissingObjectError
from pushhub.imports.steps.chunk_list import read_all_chunks
from pushhub.imports.steps.summary import write_summary
from pushhub.moments import Seconds

LOOKS: Final = 5
SECONDS_BETWEEN_LOOKS: Final = 2
"""Step Functions may show an execution as running for a moment after it ended. After these looks the job is left to the sweep."""
SECONDS_TO_END: Final = 5
"""How long chunks of an execution that did not succeed have to write what they had begun, before rows are counted."""

_STATUS_OF: Final = {"SUCCEEDED": JobStatus.DONE, "ABORTED": JobStatus.CANCELLED}
_REASON_OF_STATUS: Final = {"TIMED_OUT": "the import took longer than an execution may"}
_OTHER_REASON: Final = "a step kept failing, and its log says why; a retry goes on from there"


@dataclass(frozen=True, slots=True)
class ReportedJobs:
    """Jobs that this call has `ended`; a job that another call ended at the same time is not among them.

    A call for all jobs (`swept`) also gives the standstill in seconds of each job that still runs, and why jobs are `unreported`.
    """

    ended: tuple[Job, ...] = ()
    swept: bool = False
    standstills: Mapping[JobId, int] = field(default_factory=dict)
    unreported: Mapping[JobId, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ReportJob:
    """The use case.

    It may be repeated at any point, also by several callers at one time. A report is written whole or stays as it was, a file that
    was moved is found where it was moved to, and the status of the job is stored last. Until then a repetition does all of it
    again, afterwards it does nothing.

    `report.json` counts the settled rows of all chunks, also of those that were not finished, by the progress that was stored last.
    `errors.csv` and `retry.csv` hold the failed rows of finished chunks only, since a retry imports the other chunks again.
    `errors.csv` lists :data:`MAX_LISTED` of them at most. So `failed` in `report.json` may be more than the rows of `errors.csv`.
    """

    jobs: JobLifecycle
    executions: Executions
    files: FileStore
    now: Callable[[], Seconds]
    sleep: Callable[[float], None]

    def __call__(self, job: JobId) -> ReportedJobs:
        """End a job of which a notice says that its execution has ended.

        Step Functions is asked all the same: the notice may be late, and belong to an earlier attempt.

        Raises:
            UnavailableError: the job was not ended; the next sweep ends it.
        """
        try:
            known = self.jobs.load(job)
        except UnknownJobError:
            # The job is kept no longer, or somebody has started an execution that belongs to no job.
            return ReportedJobs()
        if known.status.final:
            return ReportedJobs()
        for _ in range(LOOKS):
            if execution_status := self.executions.ended(known.id, known.attempt):
                return ReportedJobs(ended=self._end(known, execution_status))
            self.sleep(SECONDS_BETWEEN_LOOKS)
        return ReportedJobs()

    def sweep(self) -> ReportedJobs:
        """End every running job whose execution has ended, and measure the standstill of the others."""
        ended: list[Job] = []
        standstills: dict[JobId, int] = {}
        unreported: dict[JobId, str] = {}
        for job in self.jobs.running():
            try:
                if execution_status := self.executions.ended(job.id, job.attempt):
                    ended += self._end(job, execution_status)
                else:
                    standstills[job.id] = self._standstill(job)
            except UnavailableError as fault:
                unreported[job.id] = str(fault)
        return ReportedJobs(tuple(ended), True, standstills, unreported)

    def _end(self, job: Job, execution_status: str) -> tuple[Job, ...]:
        """End a job and return it; return nothing where another call has ended it meanwhile."""
        status = _status(job, execution_status)
        reason = (job.reason or _REASON_OF_STATUS.get(execution_status, _OTHER_REASON)) if status is JobStatus.FAILED else ""
        if status is not JobStatus.DONE:
            self.sleep(SECONDS_TO_END)
        progress, now = self.jobs.progress(job.id), self.now()
        ended = replace(job, status=status, reason=reason, ended=now)
        # The summary comes first, still of a running job: the failed rows may take long, and may not be written at all.
        write_summary(self.files, replace(job, reason=reason), progress)
        if job.plan:
            # Where somebody has deleted the file, its rows are reported without the failed ones.
            with suppress(MissingObjectError):
                self._write_failed_rows(job, job.plan, progress)
        write_summary(self.files, ended, progress)
        location = self._move(job, status)
        # The last write: whatever fails before it, a repetition does all of this again.
        if self.jobs.end(job, status, reason, now, location):
            return (replace(ended, location=location),)
        return ()

    def _move(self, job: Job, status: JobStatus) -> S3Object:
        try:
            return self.files.move(job.location, resting_key(job, status))
        except MissingObjectError:
            return job.location

    def _write_failed_rows(self, job: Job, plan: FilePlan, progress: Mapping[int, ChunkProgress]) -> None:
        """Write `errors.csv` and `retry.csv` from all finished chunks, if any of them has failed rows."""
        failed = sorted(number for number, chunk in progress.items() if chunk.finished and chunk.tally[RowResult.FAILED])
        if failed:
            self._write_errors(job, plan, progress, failed[-1])
            self._write_retry(job, plan, failed)

    def _write_errors(self, job: Job, plan: FilePlan, progress: Mapping[int, ChunkProgress], last: int) -> None:
        listing = ErrorsFile(plan.layout)
        with self.files.writing(report_key(job.id, ERRORS), "text/csv; charset=utf-8") as errors:
            errors.write(listing.header())
            for lines_before, row in islice(self._failed_rows(job, plan, progress, last), MAX_LISTED):
                errors.write(listing.line(row, lines_before))

    def _write_retry(self, job: Job, plan: FilePlan, failed: Iterable[int]) -> None:
        with self.files.writing(report_key(job.id, RETRY), "text/csv") as retry:
            retry.write(retry_header(self._bytes_of(job, plan, 0, plan.layout.header), plan.layout))
            for number in failed:
                for block in self._work(retry_rows_key(job.id, number)):
                    retry.write(block)

    def _failed_rows(
        self, job: Job, plan: FilePlan, progress: Mapping[int, ChunkProgress], last: int
    ) -> Iterator[tuple[int, FailedRow]]:
        """Give the failed rows up to chunk `last` in the order of the file, each with how many lines stand before its chunk."""
        lines = 1
        for chunk in read_all_chunks(self.files, job.id)[: last + 1]:
            shown = progress.get(chunk.number)
            if shown is None or not shown.finished:
                lines += self._lines_of(job, plan, chunk)
                continue
            if shown.tally[RowResult.FAILED]:
                for line in _lines(self._work(failed_rows_key(job.id, chunk.number))):
                    yield lines, read_failed_row(line)
            lines += shown.lines

    def _work(self, key: str) -> Iterator[bytes]:
        """Give what a chunk has written for the report."""
        return self.files.stream(self.files.latest(key))

    def _lines_of(self, job: Job, plan: FilePlan, chunk: Chunk) -> int:
        """Count the lines of a chunk that was not finished, by reading it."""
        return plan.layout.decode(self._bytes_of(job, plan, chunk.start, chunk.end)).count("\n")

    def _bytes_of(self, job: Job, plan: FilePlan, start: int, end: int) -> bytes:
        file = self.files.latest(plan.unpacked) if plan.unpacked else job.location
        return self.files.read(file, start, end)

    def _standstill(self, job: Job) -> int:
        """Return for how many seconds a job has made no progress.

        A sweep that finds progress notes its state and time in the bucket; later sweeps compare with that note.
        """
        progress = self.jobs.progress(job.id).values()
        state = [job.attempt, sum(chunk.bytes for chunk in progress), sum(chunk.finished for chunk in progress)]
        key, now = standstill_key(job.id), self.now()
        try:
            note = json.loads(self.files.read(self.files.latest(key), 0, MAX_KEY_BYTES))
        except MissingObjectError:
            note = {}
        if note.get("come") == state:
            return max(0, now - int(note["since"]))
        self.files.put(key, json.dumps({"come": state, "since": now}).encode(), "application/json")
        return 0


def _status(job: Job, execution_status: str) -> JobStatus:
    status = _STATUS_OF.get(execution_status, JobStatus.FAILED)
    # A chunk that sees `stopping` raises. Its execution may so end as FAILED, before the console aborts it.
    return JobStatus.CANCELLED if job.stopping and status is JobStatus.FAILED else status


def _lines(blocks: Iterable[bytes]) -> Iterator[bytes]:
    rest = b""
    for block in blocks:
        *lines, rest = (rest + block).split(b"\n")
        yield from lines
