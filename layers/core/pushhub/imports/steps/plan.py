"""How does an attempt at a job know what to do: how its file is read, and which chunks are not finished?"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from functools import partial
from itertools import chain

from pushhub.catalog.model import Catalog
from pushhub.faults import UnavailableError
from pushhub.imports.files.columns import find_columns, target_of
from pushhub.imports.files.cutting import STREAMED_BYTES, Planned, StreamPlan, plan_ranges
from pushhub.imports.files.drop import Drop, Overrides, read_key, read_overrides
from pushhub.imports.files.layout import Layout
from pushhub.imports.files.recognition import SAMPLE, find_layout, read_head
from pushhub.imports.files.unpacking import unpacked
from pushhub.imports.job import Chunk, FilePlan, Job, JobId, UnusableFileError
from pushhub.imports.keys import plain_copy_key
from pushhub.imports.port import FileStore, JobStore, MissingObjectError, ObjectWriter
from pushhub.imports.steps.attempts import going_on
from pushhub.imports.steps.chunk_list import read_all_chunks, write_all_chunks, write_chunks_of
from pushhub.imports.steps.job_report import write_report


@dataclass(frozen=True, slots=True)
class PlannedAttempt:
    """How many chunks an attempt goes through, and the key of their list."""

    job: JobId
    attempt: int
    chunks: int
    list_key: str


@dataclass(frozen=True, slots=True)
class Planning:
    """The use case, for one bucket. A job is planned once; what a later attempt finds finished, it leaves out."""

    bucket: str
    catalog: Callable[[], Catalog]
    jobs: JobStore
    files: FileStore

    def __call__(self, job: JobId, attempt: int) -> PlannedAttempt:
        """Plan an attempt; repeated, it gives the same, less what has been finished since.

        Raises:
            StoppedError: the job was asked to stop, has ended, or is at another attempt.
            UnavailableError: the store, the catalog or the file cannot be reached.
            UnknownJobError: there is no such job.
            UnusableFileError: the file cannot be imported; the job is told why.
        """
        try:
            return self._attempt(job, attempt)
        except UnusableFileError as unusable:
            self.jobs.give_up(job, str(unusable))
            raise
        except UnavailableError as fault:
            # Somebody will want to know, should no later try get any further.
            with suppress(UnavailableError):
                self.jobs.note_fault(job, f"it could not be planned for long ({fault}); once that is mended, a retry goes on")
            raise

    def _attempt(self, job: JobId, attempt: int) -> PlannedAttempt:
        known = going_on(self.jobs, job, attempt)
        progress = self.jobs.progress(job)
        write_report(self.files, self.bucket, known, progress)
        chunks = self._known_chunks(job) if known.plan else self._plan(known)
        left = [chunk for chunk in chunks if not (chunk.number in progress and progress[chunk.number].finished)]
        list_key = write_chunks_of(self.files, self.bucket, job, attempt, left)
        # To read a large file takes minutes, in which somebody may have ended the job.
        going_on(self.jobs, job, attempt)
        return PlannedAttempt(job, attempt, len(left), list_key)

    def _known_chunks(self, job: JobId) -> Sequence[Chunk]:
        try:
            return read_all_chunks(self.files, self.bucket, job)
        except MissingObjectError:
            raise UnusableFileError("what was planned for the file is not kept any more: drop the file again") from None

    def _plan(self, job: Job) -> Sequence[Chunk]:
        drop = read_key(job.source.key)
        try:
            facts = self.files.facts(job.location)
            overrides = read_overrides(facts.metadata)
            read, stream = partial(self.files.read, job.location), partial(self.files.stream, job.location)
            file = FileToPlan(read, stream, facts.size, overrides, self._checked(drop))
            key = plain_copy_key(job.id) if drop.packed else ""
            planned = file.plan_packed(self.files.writing(self.bucket, key, "text/csv")) if key else file.plan_plain()
        except MissingObjectError:
            raise UnusableFileError("the file was deleted before it was imported: drop it again") from None
        # Before the job knows of its plan: from then on, this is where the chunks are looked up.
        write_all_chunks(self.files, self.bucket, job.id, planned.chunks)
        self.jobs.plan(job.id, FilePlan(planned.layout, overrides.mode, planned.size, len(planned.chunks), key))
        return planned.chunks

    def _checked(self, drop: Drop) -> Callable[[Layout], Layout]:
        """Return what lets a layout pass whose columns can be imported; the catalog is read once."""
        target = target_of(drop, self.catalog())

        def checked(layout: Layout) -> Layout:
            find_columns(layout.columns, target)
            return layout

        return checked


@dataclass(frozen=True, slots=True)
class FileToPlan:
    """A file that is to be planned, of `size` bytes as it lies there.

    `read` returns its bytes from a place up to, not including, another one, or to its end, and is called by several threads;
    `stream` gives all of them in pieces. `checked` refuses a layout whose columns cannot work.
    """

    read: Callable[[int, int], bytes]
    stream: Callable[[], Iterable[bytes]]
    size: int
    overrides: Overrides
    checked: Callable[[Layout], Layout]

    def plan_packed(self, plain_copy: AbstractContextManager[ObjectWriter | None]) -> Planned:
        """Plan it while it is unpacked into a copy, if one is wanted."""
        return self._plan_stream(unpacked(self.stream()), plain_copy)

    def plan_plain(self) -> Planned:
        """Plan it by small reads where that can be, and else by reading all of it."""
        if self.size > STREAMED_BYTES:
            layout = self.checked(find_layout(self.read(0, SAMPLE), self.overrides, whole=False))
            planned = None if layout.quoted else plan_ranges(self.read, self.size, layout, self.overrides)
            if planned:
                return planned
        return self._plan_stream(self.stream(), nullcontext())

    def _plan_stream(self, blocks: Iterable[bytes], plain_copy: AbstractContextManager[ObjectWriter | None]) -> Planned:
        rest = iter(blocks)
        head, taken = read_head(rest)
        layout = self.checked(find_layout(head, self.overrides, whole=len(head) < SAMPLE))
        plan = StreamPlan(layout, self.overrides)
        with plain_copy as copy:
            for block in chain(taken, rest):
                plan.feed(block)
                if copy:
                    copy.write(block)
            return plan.finish()
