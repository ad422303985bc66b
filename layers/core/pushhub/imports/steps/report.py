"""How does a job end, once its execution has: counted, reported on, its file moved out of the inbox?"""

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
from pushhub.imports.port import Executions, FileStore, JobStore, MissingObjectError
from pushhub.imports.steps.chunk_list import read_all_chunks
from pushhub.imports.steps.job_report import write_report
from pushhub.moments import Seconds

LOOKS: Final = 5
SECONDS_BETWEEN_LOOKS: Final = 2
"""An execution that has just ended may be shown as running for a moment. What is not seen then is left to the sweep."""
SECONDS_TO_END: Final = 5
"""Chunks of an execution that did not succeed have so long to write what they had begun, before rows are counted."""

_STATUS_OF: Final = {"SUCCEEDED": JobStatus.DONE, "ABORTED": JobStatus.CANCELLED}
_REASON_OF: Final = {"TIMED_OUT": "the import took longer than an execution may"}
_REASON: Final = "a step kept failing, and its log says why; a retry goes on from there"


@dataclass(frozen=True, slots=True)
class Reported:
    """Jobs that were `ended` by this, not by another at the same time.

    A sweep, which looks at all jobs, also says for how many seconds each of the others has come no further, and why one could not
    be reported on.
    """

    ended: tuple[Job, ...] = ()
    swept: bool = False
    standstills: Mapping[JobId, int] = field(default_factory=dict)
    undone: Mapping[JobId, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reporting:
    """The use case, for one bucket. All may be repeated, also by several at one time.

    `report.json` counts the rows of chunks that were not finished too, as far as these have shown them. `errors.csv` and
    `retry.csv` hold the failed rows of finished chunks only, as a retry goes on with the others: where a job is not done, `failed`
    may be more.
    """

    bucket: str
    jobs: JobStore
    executions: Executions
    files: FileStore
    now: Callable[[], Seconds]
    sleep: Callable[[float], None]

    def report(self, job: JobId) -> Reported:
        """End a job whose execution is said to have ended. It counts what the execution itself says: others may come late.

        Raises:
            UnavailableError: it has not ended; the next sweep sees to it.
        """
        try:
            known = self.jobs.load(job)
        except UnknownJobError:
            # Forgotten since; or somebody has started an execution that belongs to no job.
            return Reported()
        if known.status.final:
            return Reported()
        for _ in range(LOOKS):
            if outcome := self.executions.ended(known.id, known.attempt):
                return Reported(ended=self._end(known, outcome))
            self.sleep(SECONDS_BETWEEN_LOOKS)
        return Reported()

    def sweep(self) -> Reported:
        """End every job whose execution has ended unnoticed, and see how long the others have come no further."""
        ended: list[Job] = []
        standstills: dict[JobId, int] = {}
        undone: dict[JobId, str] = {}
        for job in self.jobs.running():
            try:
                if outcome := self.executions.ended(job.id, job.attempt):
                    ended += self._end(job, outcome)
                else:
                    standstills[job.id] = self._standstill(job)
            except UnavailableError as fault:
                undone[job.id] = str(fault)
        return Reported(tuple(ended), True, standstills, undone)

    def _end(self, job: Job, outcome: str) -> tuple[Job, ...]:
        """End a job, and return it unless another has ended it meanwhile."""
        status = _status(job, outcome)
        reason = (job.reason or _REASON_OF.get(outcome, _REASON)) if status is JobStatus.FAILED else ""
        if status is not JobStatus.DONE:
            self.sleep(SECONDS_TO_END)
        progress, now = self.jobs.progress(job.id), self.now()
        ended = replace(job, status=status, reason=reason, ended=now)
        # Before what may take long, so that rows are counted in a report whatever happens.
        write_report(self.files, self.bucket, replace(job, reason=reason), progress)
        if job.plan:
            # Somebody may have deleted the file; what came of its rows is counted all the same.
            with suppress(MissingObjectError):
                self._write_failed_rows(job, job.plan, progress)
        write_report(self.files, self.bucket, ended, progress)
        location = self._move(job, status)
        # At last: until then a repetition does all of it again.
        if self.jobs.end(job, status, reason, now, location):
            return (replace(ended, location=location),)
        return ()

    def _move(self, job: Job, status: JobStatus) -> S3Object:
        try:
            return self.files.move(job.location, resting_key(job, status))
        except MissingObjectError:
            return job.location

    def _write_failed_rows(self, job: Job, plan: FilePlan, progress: Mapping[int, ChunkProgress]) -> None:
        """Write the failed rows of all finished chunks, for people and to be dropped again, if there are any."""
        failed = sorted(number for number, chunk in progress.items() if chunk.finished and chunk.tally[RowResult.FAILED])
        if failed:
            self._write_errors(job, plan, progress, failed[-1])
            self._write_retry(job, plan, failed)

    def _write_errors(self, job: Job, plan: FilePlan, progress: Mapping[int, ChunkProgress], last: int) -> None:
        listing = ErrorsFile(plan.layout)
        with self.files.writing(self.bucket, report_key(job.id, ERRORS), "text/csv; charset=utf-8") as errors:
            errors.write(listing.header())
            for lines_before, row in islice(self._failed_rows(job, plan, progress, last), MAX_LISTED):
                errors.write(listing.line(row, lines_before))

    def _write_retry(self, job: Job, plan: FilePlan, failed: Iterable[int]) -> None:
        with self.files.writing(self.bucket, report_key(job.id, RETRY), "text/csv") as retry:
            retry.write(retry_header(self._bytes_of(job, plan, 0, plan.layout.header), plan.layout))
            for number in failed:
                for block in self._work(retry_rows_key(job.id, number)):
                    retry.write(block)

    def _failed_rows(
        self, job: Job, plan: FilePlan, progress: Mapping[int, ChunkProgress], last: int
    ) -> Iterator[tuple[int, FailedRow]]:
        """Give the failed rows up to chunk `last` in the order of the file, each with the lines before its chunk."""
        lines = 1
        for chunk in read_all_chunks(self.files, self.bucket, job.id)[: last + 1]:
            come = progress.get(chunk.number)
            if come is None or not come.finished:
                lines += self._lines_of(job, plan, chunk)
                continue
            if come.tally[RowResult.FAILED]:
                for line in _lines(self._work(failed_rows_key(job.id, chunk.number))):
                    yield lines, read_failed_row(line)
            lines += come.lines

    def _work(self, key: str) -> Iterator[bytes]:
        """Give what a chunk has left behind."""
        return self.files.stream(self.files.latest(self.bucket, key))

    def _lines_of(self, job: Job, plan: FilePlan, chunk: Chunk) -> int:
        """Count the lines of a chunk that was not finished."""
        return plan.layout.decode(self._bytes_of(job, plan, chunk.start, chunk.end)).count("\n")

    def _bytes_of(self, job: Job, plan: FilePlan, start: int, end: int) -> bytes:
        file = self.files.latest(self.bucket, plan.unpacked) if plan.unpacked else job.location
        return self.files.read(file, start, end)

    def _standstill(self, job: Job) -> int:
        """Return for how many seconds a job has come no further, as far as sweeps have seen: each notes what is new to it."""
        progress = self.jobs.progress(job.id).values()
        come = [job.attempt, sum(chunk.bytes for chunk in progress), sum(chunk.finished for chunk in progress)]
        key, now = standstill_key(job.id), self.now()
        try:
            noted = json.loads(self.files.read(self.files.latest(self.bucket, key), 0, MAX_KEY_BYTES))
        except MissingObjectError:
            noted = {}
        if noted.get("come") == come:
            return max(0, now - int(noted["since"]))
        self.files.put(self.bucket, key, json.dumps({"come": come, "since": now}).encode(), "application/json")
        return 0


def _status(job: Job, outcome: str) -> JobStatus:
    status = _STATUS_OF.get(outcome, JobStatus.FAILED)
    # A chunk may have seen that it is to stop before its execution was stopped.
    return JobStatus.CANCELLED if job.stopping and status is JobStatus.FAILED else status


def _lines(blocks: Iterable[bytes]) -> Iterator[bytes]:
    rest = b""
    for block in blocks:
        *lines, rest = (rest + block).split(b"\n")
        yield from lines
