"""Import jobs and their journals in memory."""

import threading
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from pushhub.adapters.dynamodb.journal import LANES, require_appendable
from pushhub.audience.changes import Change
from pushhub.catalog.model import DatabaseId
from pushhub.imports.job import ChunkProgress, FilePlan, Job, JobId, JobStatus, RowOutcome, S3Object, UnknownJobError
from pushhub.imports.port import TakenOverError
from pushhub.moments import Seconds
from tests.doubles.audience import MemoryAudience

if TYPE_CHECKING:
    from collections.abc import Iterator


def _nothing() -> None:
    pass


@dataclass
class ChunkLog:
    """The journal of one chunk: `run` is the last that opened it, `entries` hold what each append settled."""

    run: int = 0
    entries: list[Mapping[int, RowOutcome]] = field(default_factory=list)
    finished: bool = False

    @property
    def settled(self) -> dict[int, RowOutcome]:
        return {position: outcome for entry in self.entries for position, outcome in entry.items()}


class MemoryImports:
    """Jobs and journals for tests; changes go to an audience in memory. What it holds may be looked into.

    `before_append` and `after_append` are called around each append and each finish and may raise what a test wants to happen:
    where the first does, nothing is written; where the second does, all is.
    """

    def __init__(self, audience: MemoryAudience | None = None) -> None:
        self.audience = audience or MemoryAudience()
        self.jobs: dict[JobId, Job] = {}
        self.shown: defaultdict[JobId, dict[int, ChunkProgress]] = defaultdict(dict)
        self.logs: defaultdict[tuple[JobId, int], ChunkLog] = defaultdict(ChunkLog)
        self.before_append: Callable[[], None] = _nothing
        self.after_append: Callable[[], None] = _nothing
        self.appends = 0
        self._lock = threading.Lock()

    def create(self, job: Job) -> bool:
        with self._lock:
            new = job.id not in self.jobs
            self.jobs.setdefault(job.id, job)
            return new

    def load(self, job: JobId) -> Job:
        if job not in self.jobs:
            raise UnknownJobError(job)
        return self.jobs[job]

    def recent(self, limit: int) -> Sequence[Job]:
        return sorted(self.jobs.values(), key=lambda job: (job.started, job.id), reverse=True)[:limit]

    def running(self) -> Sequence[Job]:
        return [job for job in self.jobs.values() if not job.status.final]

    def plan(self, job: JobId, plan: FilePlan) -> None:
        with self._changing(job) as stored:
            if not stored.plan:
                self.jobs[job] = replace(stored, plan=plan)

    def give_up(self, job: JobId, reason: str) -> None:
        with self._changing(job) as stored:
            if not stored.refused and not stored.status.final:
                self.jobs[job] = replace(stored, reason=reason, refused=True)

    def note_fault(self, job: JobId, reason: str) -> None:
        with self._changing(job) as stored:
            if not stored.refused and not stored.status.final:
                self.jobs[job] = replace(stored, reason=reason)

    def stop(self, job: JobId) -> None:
        with self._changing(job) as stored:
            self.jobs[job] = replace(stored, stopping=True)

    def resume(self, job: Job, attempt: int) -> bool:
        with self._changing(job.id) as stored:
            if (stored.status, stored.resumed) != (job.status, job.resumed):
                return False
            fresh = replace(stored, status=JobStatus.RUNNING, attempt=attempt, resumed=job.resumed + 1)
            self.jobs[job.id] = replace(fresh, reason="", refused=False, stopping=False, ended=None)
            return True

    def end(self, job: Job, status: JobStatus, reason: str, ended: Seconds, location: S3Object) -> bool:
        if not status.final:
            raise ValueError(f"{status} is no end")
        with self._changing(job.id) as stored:
            if (stored.status, stored.resumed) != (job.status, job.resumed):
                return False
            self.jobs[job.id] = replace(stored, status=status, reason=reason, ended=ended, location=location)
            return True

    def show(self, job: JobId, progress: ChunkProgress) -> None:
        with self._lock:
            shown = self.shown[job].get(progress.number)
            if not shown or (not shown.finished and shown.bytes <= progress.bytes):
                self.shown[job][progress.number] = progress

    def progress(self, job: JobId) -> Mapping[int, ChunkProgress]:
        with self._lock:
            return dict(self.shown[job])

    def open(self, job: JobId, chunk: int) -> "MemoryJournal":
        with self._lock:
            log = self.logs[job, chunk]
            log.run += 1
            return MemoryJournal(self, (job, chunk), log.run, log.settled, log.finished)

    def write(
        self,
        of: tuple[JobId, int],
        run: int,
        outcomes: Mapping[int, RowOutcome],
        changes: Sequence[tuple[DatabaseId, Change]],
        progress: ChunkProgress | None = None,
    ) -> None:
        self.before_append()
        with self._lock:
            log = self.logs[of]
            if log.run != run:
                raise TakenOverError(f"run {log.run} has taken over from run {run}")
            if changes:
                self.audience.commit_together(changes)
            log.entries.append(dict(outcomes))
            self.appends += 1
            if progress:
                log.finished = True
                self.shown[of[0]][progress.number] = progress
        self.after_append()

    @contextmanager
    def _changing(self, job: JobId) -> "Iterator[Job]":
        with self._lock:
            yield self.load(job)


@dataclass(frozen=True, slots=True)
class MemoryJournal:
    """A journal as one run has it open."""

    imports: MemoryImports
    of: tuple[JobId, int]
    run: int
    settled: Mapping[int, RowOutcome]
    finished: bool
    lanes: int = LANES

    def append(self, lane: int, outcomes: Mapping[int, RowOutcome], changes: Sequence[tuple[DatabaseId, Change]] = ()) -> None:
        require_appendable(lane, outcomes, changes)
        self.imports.write(self.of, self.run, outcomes, changes)

    def finish(self, progress: ChunkProgress) -> None:
        self.imports.write(self.of, self.run, {}, (), replace(progress, finished=True))
