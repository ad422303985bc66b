"""What do imports need of the world?"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol

from pushhub.audience.changes import Change
from pushhub.catalog.model import DatabaseId
from pushhub.imports.job import ChunkProgress, FilePlan, Job, JobId, JobStatus, RowOutcome, S3Object
from pushhub.moments import Seconds


class TakenOverError(Exception):
    """Another run has taken the chunk over; this one has written nothing since, and must end."""


class MissingObjectError(Exception):
    """There is no such object."""


class JobStore(Protocol):
    """Import jobs and their progress. All reads see every write made before. All raise UnavailableError."""

    def create(self, job: Job) -> bool:
        """Remember a new job; return False where it is known already, and change nothing."""

    def load(self, job: JobId) -> Job:
        """Return a job.

        Raises:
            UnknownJobError: there is none.
        """

    def recent(self, limit: int) -> Sequence[Job]:
        """Return the jobs begun last, the latest first."""

    def running(self) -> Sequence[Job]:
        """Return the jobs that have not ended."""

    def plan(self, job: JobId, plan: FilePlan) -> None:
        """Remember how the file of a job is read."""

    def give_up(self, job: JobId, reason: str) -> None:
        """Remember why the file of a running job cannot be imported; the first such reason stays."""

    def note_fault(self, job: JobId, reason: str) -> None:
        """Remember what keeps a running job from getting on; it counts if the job fails, and is not given up."""

    def stop(self, job: JobId) -> None:
        """Ask the chunks of a job to end."""

    def resume(self, job: Job, attempt: int) -> bool:
        """Let a job run again: status running, no reason, not refused, not stopping, not ended.

        Returns False, and changes nothing, where it has ended or was resumed since it was loaded.
        """

    def end(self, job: Job, status: JobStatus, reason: str, ended: Seconds, location: S3Object) -> bool:
        """Remember how a running job ended, and where its object lies now.

        Returns False, and changes nothing, where it has ended or was resumed since it was loaded.
        """

    def show(self, job: JobId, progress: ChunkProgress) -> None:
        """Show how far a chunk has come, for people to look at; changes nothing once the chunk is finished."""

    def progress(self, job: JobId) -> Mapping[int, ChunkProgress]:
        """Return how far each chunk has come that has begun, by number."""


class OpenJournal(Protocol):
    """What is settled of one chunk, and the way to settle more: the log of one run, which fences every earlier run off.

    Several threads may append at one time, each in a lane of its own.
    """

    @property
    def settled(self) -> Mapping[int, RowOutcome]:
        """What came of rows that were settled when the journal was opened, by their position in the chunk."""

    @property
    def finished(self) -> bool:
        """Whether every row was settled, and `finish` said so, when the journal was opened."""

    @property
    def lanes(self) -> int:
        """How many threads may append at one time."""

    def append(self, lane: int, outcomes: Mapping[int, RowOutcome], changes: Sequence[tuple[DatabaseId, Change]] = ()) -> None:
        """Write changes, and what came of the rows that they are for, together or not at all.

        Raises:
            LostRaceError: a guard of a change did not hold; nothing was written.
            TakenOverError: another run has opened the journal; nothing was written.
            UnavailableError: it may or may not have been written: open the journal again to know.
        """

    def finish(self, progress: ChunkProgress) -> None:
        """Remember that every row of the chunk is settled.

        Raises:
            TakenOverError: another run has opened the journal.
            UnavailableError: as for `append`.
        """


class Journals(Protocol):
    """The journals of all chunks."""

    def open(self, job: JobId, chunk: int) -> OpenJournal:
        """Take a chunk over.

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
    """Objects of the imports bucket. All raise UnavailableError, and MissingObjectError where they read."""

    def facts(self, source: S3Object) -> ObjectFacts:
        """Return size and metadata."""

    def read(self, source: S3Object, start: int, end: int) -> bytes:
        """Return the bytes from `start` up to, not including, `end`, or to the object's end."""

    def stream(self, source: S3Object) -> Iterator[bytes]:
        """Give the whole content in order, in pieces of any size up to 1 MiB."""

    def put(self, bucket: str, key: str, content: bytes, content_type: str) -> None:
        """Write a small object at once."""

    def writing(self, bucket: str, key: str, content_type: str) -> AbstractContextManager[ObjectWriter]:
        """Write an object of any size; it exists once the block has ended without an error, and not at all otherwise."""

    def move(self, source: S3Object, key: str) -> S3Object:
        """Copy an object of any size with its metadata to another key of its bucket, then delete that version; return the copy.

        Moved already (the source is gone, the target is there), it returns the target.
        """

    def latest(self, bucket: str, key: str) -> S3Object:
        """Return the current version of a key."""

    def list_inbox(self, bucket: str) -> Iterator[S3Object]:
        """Give every version of every object in the inbox that nobody has deleted, one by one."""


class Executions(Protocol):
    """Runs of the state machine. All raise UnavailableError."""

    def start(self, job: JobId, attempt: int) -> None:
        """Start an execution of a job; does nothing where this attempt has been started before."""

    def ended(self, job: JobId, attempt: int) -> str | None:
        """Return with which status (`SUCCEEDED`, `FAILED`, `TIMED_OUT`, `ABORTED`) an attempt ended, or None while it runs.

        An attempt that was never started counts as running.
        """
