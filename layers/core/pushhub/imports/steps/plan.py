"""How is an attempt at a job planned: how is the file read, and which chunks remain to be imported?"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from functools import partial
from itertools import chain

from pushhub.catalog.model import Catalog
from pushhub.faults import UnavailableError
from pushhub.imports.files.columns import find_columns, row_destination_of
from pushhub.imports.files.cutting import STREAMED_BYTES, CutFile, StreamCutter, cut_by_samples
from pushhub.imports.files.drop import Drop, Overrides, read_key, read_overrides
from pushhub.imports.files.layout import Layout
from pushhub.imports.files.recognition import SAMPLE, find_layout, read_head
from pushhub.imports.files.unpacking import unpacked
from pushhub.imports.job import Chunk, FilePlan, Job, JobId, UnusableFileError
from pushhub.imports.keys import plain_copy_key
from pushhub.imports.port import FileStore, JobWork, MissingObjectError, ObjectWriter
from pushhub.imports.steps.attempts import require_active
from pushhub.imports.steps.chunk_list import read_all_chunks, write_all_chunks, write_chunks_of
from pushhub.imports.steps.summary import write_summary


@dataclass(frozen=True, slots=True)
class AttemptChunks:
    """How many chunks an attempt goes through, and the key of their list."""

    job: JobId
    attempt: int
    chunks: int
    list_key: str


@dataclass(frozen=True, slots=True)
class PlanAttempt:
    """The use case. The first attempt at a job cuts its file; each attempt lists the chunks that are not finished.

    It may be repeated: a file is cut in the same way every time, and the first plan that a job stores stays.
    """

    catalog: Callable[[], Catalog]
    jobs: JobWork
    files: FileStore

    def __call__(self, job: JobId, attempt: int) -> AttemptChunks:
        """Plan an attempt; a repetition gives the same chunks, without those that were finished meanwhile.

        Raises:
            StoppedError: the job was asked to stop, has ended, or is at another attempt.
            UnavailableError: the store, the catalog or the file cannot be reached.
            UnknownJobError: there is no such job.
            UnusableFileError: the file cannot be imported; the job has stored why.
        """
        try:
            return self._chunks_of_attempt(job, attempt)
        except UnusableFileError as unusable:
            self.jobs.give_up(job, str(unusable))
            raise
        except UnavailableError as fault:
            # The reason of the job, should no later try succeed.
            with suppress(UnavailableError):
                self.jobs.note_fault(job, f"it could not be planned for long ({fault}); once that is mended, a retry goes on")
            raise

    def _chunks_of_attempt(self, job: JobId, attempt: int) -> AttemptChunks:
        active = require_active(self.jobs, job, attempt)
        progress = self.jobs.progress(job)
        write_summary(self.files, active, progress)
        chunks = self._planned_chunks(job) if active.plan else self._plan(active)
        remaining = [chunk for chunk in chunks if not (chunk.number in progress and progress[chunk.number].finished)]
        list_key = write_chunks_of(self.files, job, attempt, remaining)
        # Reading a large file takes minutes, in which the job may have been ended.
        require_active(self.jobs, job, attempt)
        return AttemptChunks(job, attempt, len(remaining), list_key)

    def _planned_chunks(self, job: JobId) -> Sequence[Chunk]:
        try:
            return read_all_chunks(self.files, job)
        except MissingObjectError:
            raise UnusableFileError("what was planned for the file is not kept any more: drop the file again") from None

    def _plan(self, job: Job) -> Sequence[Chunk]:
        drop = read_key(job.source.key)
        try:
            facts = self.files.facts(job.location)
            overrides = read_overrides(facts.metadata)
            read, stream = partial(self.files.read, job.location), partial(self.files.stream, job.location)
            file = FileToCut(read, stream, facts.size, overrides, self._checked(drop))
            key = plain_copy_key(job.id) if drop.packed else ""
            cut = file.cut_packed(self.files.writing(key, "text/csv")) if key else file.cut_plain()
        except MissingObjectError:
            raise UnusableFileError("the file was deleted before it was imported: drop it again") from None
        # The list comes before the plan: whoever finds a plan reads the list.
        write_all_chunks(self.files, job.id, cut.chunks)
        self.jobs.plan(job.id, FilePlan(cut.layout, overrides.mode, cut.size, len(cut.chunks), key))
        return cut.chunks

    def _checked(self, drop: Drop) -> Callable[[Layout], Layout]:
        """Return a function that returns its layout, if the columns can be imported, and raises UnusableFileError if not."""
        destination = row_destination_of(drop, self.catalog())

        def checked(layout: Layout) -> Layout:
            find_columns(layout.columns, destination)
            return layout

        return checked


@dataclass(frozen=True, slots=True)
class FileToCut:
    """A file that is to be cut into chunks; `size` is in bytes as the file lies there, packed or not.

    `read` returns the bytes from a place up to, not including, another one, or to the file's end, and is called by several threads.
    `stream` gives the whole content in pieces. `checked` refuses a layout whose columns cannot be imported.
    """

    read: Callable[[int, int], bytes]
    stream: Callable[[], Iterable[bytes]]
    size: int
    overrides: Overrides
    checked: Callable[[Layout], Layout]

    def cut_packed(self, plain_copy: AbstractContextManager[ObjectWriter | None]) -> CutFile:
        """Cut a packed file while it is unpacked, and write its content to a plain copy, if one is wanted."""
        return self._cut_stream(unpacked(self.stream()), plain_copy)

    def cut_plain(self) -> CutFile:
        """Cut a plain file: a large one without quotes by samples, any other by reading all of it."""
        if self.size > STREAMED_BYTES:
            layout = self.checked(find_layout(self.read(0, SAMPLE), self.overrides, whole=False))
            cut = None if layout.quoted else cut_by_samples(self.read, self.size, layout, self.overrides)
            if cut:
                return cut
        return self._cut_stream(self.stream(), nullcontext())

    def _cut_stream(self, blocks: Iterable[bytes], plain_copy: AbstractContextManager[ObjectWriter | None]) -> CutFile:
        rest = iter(blocks)
        head, taken = read_head(rest)
        layout = self.checked(find_layout(head, self.overrides, whole=len(head) < SAMPLE))
        cutter = StreamCutter(layout, self.overrides)
        with plain_copy as copy:
            for block in chain(taken, rest):
                cutter.feed(block)
                if copy:
                    copy.write(block)
            return cutter.finish()
