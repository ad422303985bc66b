"""Everything that an import touches, in memory, and what becomes of it in a golden event of one of its steps.

A case's `<case>.given.json` is an object (:class:`Given`). Its `<case>.reply.json` has the `answer` of the handler, and what the
event has changed: `jobs` that are not as they were, `progress` of chunks, executions `started`, objects `written` and `gone`.
"""

import gzip
import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final, TypedDict

from pushhub.audience.model import ProfileId
from pushhub.catalog.model import Catalog
from pushhub.imports.job import ChunkProgress, Job, UnusableFileError
from pushhub.imports.steps.chunk import ImportChunk
from pushhub.imports.steps.chunk_list import read_all_chunks
from pushhub.imports.steps.plan import PlanAttempt
from pushhub.imports.steps.report import ReportJob
from pushhub.imports.steps.start import StartImport
from pushhub.moments import Seconds
from tests.doubles.executions import MemoryExecutions
from tests.doubles.files import MemoryFiles
from tests.doubles.imports import MemoryImports
from tests.wire.golden import Case

BUCKET = "ImportsBucket"
"""As the template calls it."""
NOW: Final = Seconds(1_795_276_800)
HOUR = 3600
OUTCOMES = ("SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED")


class Dropped(TypedDict, total=False):
    """An object that lies in the bucket, with its text, and perhaps its metadata and version; a key with .gz is packed."""

    key: str
    lines: list[str]
    metadata: dict[str, str]
    version: str


class Given(TypedDict, total=False):
    """What is so before an event.

    `before` are words for what has happened to all jobs: `start`, `plan`, `chunks`, how their executions ended, `report`, `retry`,
    `stop`, and `wait`, for an hour to pass. `later` are objects that were dropped after that. `outcomes` are how executions ended,
    by the name of the file.
    """

    objects: list[Dropped]
    before: list[str]
    later: list[Dropped]
    outcomes: dict[str, str]
    milliseconds_left: int


@dataclass
class ImportWorld:
    """Bucket, jobs, audience and executions of a case, as they are before its event."""

    catalog: Catalog
    now: Seconds = NOW
    files: MemoryFiles = field(default_factory=lambda: MemoryFiles(BUCKET))
    imports: MemoryImports = field(default_factory=MemoryImports)
    executions: MemoryExecutions = field(default_factory=MemoryExecutions)
    ids: "count[int]" = field(default_factory=count)

    @property
    def start_import(self) -> StartImport:
        return StartImport(self.imports, self.executions, self.files, self.clock)

    @property
    def plan_attempt(self) -> PlanAttempt:
        return PlanAttempt(lambda: self.catalog, self.imports, self.files)

    @property
    def import_chunk(self) -> ImportChunk:
        return ImportChunk(
            catalog=lambda: self.catalog,
            audience=self.imports.audience,
            jobs=self.imports,
            journals=self.imports,
            files=self.files,
            now=self.clock,
            new_id=self.new_id,
            sleep=lambda _: None,
            clock=lambda: 0.0,
        )

    @property
    def report_job(self) -> ReportJob:
        return ReportJob(self.imports, self.executions, self.files, self.clock, lambda _: None)

    def clock(self) -> Seconds:
        return self.now

    def new_id(self) -> ProfileId:
        return ProfileId(f"{next(self.ids):024x}")

    def happen(self, word: str) -> None:
        """Let something happen to all jobs that run, or, in a retry, to all that have ended."""
        match word:
            case "start":
                self.start_import.sweep()
            case "report":
                self.report_job.sweep()
            case "wait":
                self.now = Seconds(self.now + HOUR)
            case "retry":
                for job in list(self.imports.jobs.values()):
                    self.imports.resume(job, job.attempt + 1)
            case _:
                for job in self.imports.running():
                    self._happen_to(job, word)

    def _happen_to(self, job: Job, word: str) -> None:
        if word in OUTCOMES:
            self.executions.outcomes[job.id, job.attempt] = word
        elif word == "stop":
            self.imports.stop(job.id)
        elif word == "plan":
            try:
                self.plan_attempt(job.id, job.attempt)
            except UnusableFileError:
                return
        elif word == "chunks":
            for chunk in read_all_chunks(self.files, job.id):
                self.import_chunk(job.id, job.attempt, chunk, 600)
        else:
            raise AssertionError(word)


def world_of(case: Case) -> ImportWorld:
    """Return the world in which the event of a case happens."""
    given: Given = case.given_object  # type: ignore[assignment]
    world = ImportWorld(case.catalog.catalog)
    for dropped in given.get("objects", []):
        _drop(world, dropped)
    for word in given.get("before", []):
        world.happen(word)
    for dropped in given.get("later", []):
        _drop(world, dropped)
    for name, outcome in given.get("outcomes", {}).items():
        for job in world.imports.running():
            if job.source.key.endswith(f"/{name}"):
                world.executions.outcomes[job.id, job.attempt] = outcome
    return world


def _drop(world: ImportWorld, dropped: Dropped) -> None:
    plain = "".join(f"{line}\n" for line in dropped.get("lines", [])).encode()
    content = gzip.compress(plain, mtime=0) if dropped["key"].endswith(".gz") else plain
    world.files.drop(dropped["key"], content, dropped.get("metadata"), dropped.get("version", ""))


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a world holds at a moment."""

    jobs: dict[str, Any]
    progress: dict[str, Any]
    started: Sequence[str]
    objects: dict[str, Any]

    @classmethod
    def of(cls, world: ImportWorld) -> "Snapshot":
        return cls(
            {job.id: _shown_job(job) for job in world.imports.jobs.values()},
            {
                f"{id_} {number}": _shown_progress(one)
                for id_ in world.imports.jobs
                for number, one in world.imports.progress(id_).items()
            },
            [f"{job} {attempt}" for job, attempt in world.executions.calls],
            {key: _shown(key, world.files.content(key)) for key in world.files.all_keys()},
        )

    def changed(self, before: "Snapshot") -> dict[str, Any]:
        changes = {
            "jobs": {id_: job for id_, job in self.jobs.items() if before.jobs.get(id_) != job},
            "progress": {of: progress for of, progress in self.progress.items() if before.progress.get(of) != progress},
            "started": sorted((Counter(self.started) - Counter(before.started)).elements()),
            "written": {key: content for key, content in self.objects.items() if before.objects.get(key) != content},
            "gone": sorted(before.objects.keys() - self.objects.keys()),
        }
        return {name: change for name, change in changes.items() if change}


def what_becomes(world: ImportWorld, run: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Run a handler in a world; return what came of it, as it stands in golden replies."""
    before = Snapshot.of(world)
    answer = json.loads(json.dumps(run()))
    return {"answer": answer} | Snapshot.of(world).changed(before)


def _shown_job(job: Job) -> dict[str, Any]:
    parts = {
        "status": str(job.status),
        "attempt": job.attempt,
        "reason": job.reason,
        "planned": job.plan is not None,
        "location": job.location.key,
    }
    return {name: part for name, part in parts.items() if part}


def _shown_progress(progress: ChunkProgress) -> dict[str, Any]:
    counts = {str(result): number for result, number in progress.tally.results.items() if number}
    return {"finished": progress.finished, "bytes": progress.bytes} | counts


def _shown(key: str, content: bytes) -> Any:
    if key.endswith(".gz"):
        return "packed"
    text = content.decode("utf-8-sig")
    return json.loads(text) if key.endswith(".json") else text.splitlines()
