"""What do imports need of the world?

Jobs are split by who calls: :class:`JobReader` for all, :class:`JobLifecycle` for the steps `start` and `report`,
:class:`JobWork` for the steps `plan` and `chunk`, :class:`JobControl` for people. One adapter serves all four.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol

from pushhub.audience.changes import Change
from pushhub.catalog.model import DatabaseId
from pushhub.imports.job import ChunkProgress, FilePlan, Job, JobId, JobStatus, RowOutcome, S3Object
from pushhub.moments import Seconds


class TakenOverError(Exception):
    """The journal of the chunk was opened again. Nothing can be written by this opening any more, and its run must end."""


class MissingObjectError(Exception):
    """There is no such object."""


class JobReader(Protocol):
    """What is known of import jobs. All reads see every write made before. All raise UnavailableError."""

    def load(self, job: JobId) -> Job:
        """Return a job.

        Raises:
            UnknownJobError: there is no such job.
        """

    def running(self) -> Sequence[Job]:
        """Return the jobs that have not ended."""

    def progress(self, job: JobId) -> Mapping[int, ChunkProgress]:
        """Return the progress of each chunk that was begun, by its number."""


class JobLifecycle(JobReader, Protocol):
    """How a job begins and ends. All raise UnavailableError."""

    def create(self, job: Job) -> bool:
        """Store a new job; return False, and change nothing, where it is stored already."""

    def end(self, job: Job, status: JobStatus, reason: str, ended: Seconds, location: S3Object) -> bool:
        """Store how a running job ended, and where its file lies now.

        Returns False, and changes nothing, where the job has ended or was resumed since it was loaded.
        """


class JobWork(JobReader, Protocol):
    """What is stored while a job runs. All raise UnavailableError."""

    def plan(self, job: JobId, plan: FilePlan) -> None:
        """Store how the file of a job is read."""

    def show(self, job: JobId, progress: ChunkProgress) -> None:
        """Store the progress of a chunk, for people to look at; change nothing once the chunk is finished."""

    def give_up(self, job: JobId, reason: str) -> None:
        """Store why the file of a running job cannot be imported; the first such reason stays."""

    def note_fault(self, job: JobId, reason: str) -> None:
        """Store what keeps a running job from making progress: the reason, should the job fail. A later try may still succeed."""


class JobControl(JobReader, Protocol):
    """What people do with jobs. All raise UnavailableError."""

    def recent(self, limit: int) -> Sequence[Job]:
        """Return the jobs that were begun last, the latest first."""

    def stop(self, job: JobId) -> None:
        """Ask the chunks of a job to end."""

    def resume(self, job: Job, attempt: int) -> bool:
        """Make a job run again: status running, no reason, not refused, not stopping, not ended.

        Returns False, and changes nothing, where the job has ended or was resumed since it was loaded.
        """


class OpenJournal(Protocol):
    """What is settled of one chunk, and the way to settle more. Whoever opened the journal earlier can append nothing any more.

    Several threads may append at one time, each in a lane of its own.
    """

    @property
    def settled(self) -> Mapping[int, RowOutcome]:
        """The outcomes of rows that were settled when the journal was opened, by their position in the chunk."""

    @property
    def finished(self) -> bool:
        """Whether a run had called `finish` when the journal was opened."""

    @property
    def lanes(self) -> int:
        """How many threads may append at one time."""

    def append(self, lane: int, outcomes: Mapping[int, RowOutcome], changes: Sequence[tuple[DatabaseId, Change]] = ()) -> None:
        """Write changes and the outcomes of their rows, together or not at all.

        Raises:
            LostRaceError: a guard of a change did not hold, or items were busy; nothing was written.
            TakenOverError: the journal was opened again; nothing was written.
            UnavailableError: it may or may not have been written: open the journal again to know.
        """

    def finish(self, progress: ChunkProgress) -> None:
        """Store that every row of the chunk is settled.

        Raises:
            LostRaceError: items were busy; nothing was stored.
            TakenOverError: the journal was opened again; nothing was stored.
            UnavailableError: as for `append`.
        """


class Journals(Protocol):
    """The journals of all chunks."""

    def open(self, job: JobId, chunk: int) -> OpenJournal:
        """Open the journal of a chunk, and shut out every earlier opening.

        Raises:
            UnavailableError: the store did not answer in time, or refused for load.
        """


@dataclass(frozen=True, slots=True)
class ObjectFacts:
    """What is known of an object without reading it; `metadata` by lower-case name, without `x-amz-meta-`."""

    size: int
    metadata: Mapping[str, str] = field(default_factory=dict)


class ObjectWriter(Protocol):
    """Takes the content of a new object, piece by piece."""

    def write(self, content: bytes) -> None:
        """Add to the content."""


class FileStore(Protocol):
    """Objects of one bucket, that of imports. All raise UnavailableError, and MissingObjectError where they read."""

    def facts(self, source: S3Object) -> ObjectFacts:
        """Return size and metadata."""

    def read(self, source: S3Object, start: int, end: int) -> bytes:
        """Return the bytes from `start` up to, not including, `end`, or to the object's end."""

    def stream(self, source: S3Object) -> Iterator[bytes]:
        """Give the whole content in order, in pieces of any size up to 1 MiB."""

    def put(self, key: str, content: bytes, content_type: str) -> None:
        """Write a small object at once."""

    def writing(self, key: str, content_type: str) -> AbstractContextManager[ObjectWriter]:
        """Write an object of any size; it exists once the block has ended without an error, and not at all otherwise."""

    def move(self, source: S3Object, key: str) -> S3Object:
        """Copy an object of any size with its metadata to another key, then delete that version; return the copy.

        Where it was moved before (the source is gone, the target is there), return the target.
        """

    def version(self, key: str, version: str) -> S3Object:
        """Return a version of a key by its name; whether it exists is not looked up."""

    def latest(self, key: str) -> S3Object:
        """Return the current version of a key."""

    def list_inbox(self) -> Iterator[S3Object]:
        """Give every version of every object in the inbox that nobody has deleted, one by one."""


class Executions(Protocol):
    """Executions of the state machine. All raise UnavailableError."""

    def start(self, job: JobId, attempt: int) -> None:
        """Start an attempt at a job; does nothing where this attempt was started before."""

    def ended(self, job: JobId, attempt: int) -> str | None:
        """Return with which status (`SUCCEEDED`, `FAILED`, `TIMED_OUT`, `ABORTED`) an attempt ended, or None while it runs.

        An attempt that was never started counts as running.
        """
