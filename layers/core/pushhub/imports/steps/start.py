"""How does a dropped file become a job that runs, exactly one, however often its drop is told of?"""

from collections.abc import Callable
from dataclasses import dataclass

from pushhub.imports.files.drop import is_folder_marker
from pushhub.imports.job import Job, JobId, JobStatus, S3Object, job_of
from pushhub.imports.keys import INBOX
from pushhub.imports.port import Executions, FileStore, JobStore, MissingObjectError
from pushhub.moments import Seconds


@dataclass(frozen=True, slots=True)
class Notice:
    """What is told of a file in the inbox; `version` is empty where that is not told."""

    key: str
    version: str = ""


@dataclass(frozen=True, slots=True)
class Begun:
    """Jobs that are `new`, and `running` ones that were known; these were started once more, in case they had not been."""

    new: tuple[JobId, ...] = ()
    running: tuple[JobId, ...] = ()


@dataclass(frozen=True, slots=True)
class Starting:
    """The use case, for one bucket. All raise UnavailableError; what was not begun then is begun by the next sweep."""

    bucket: str
    jobs: JobStore
    executions: Executions
    files: FileStore
    now: Callable[[], Seconds]

    def begin(self, notice: Notice) -> Begun:
        """Begin the job of one file."""
        if not notice.version:
            try:
                return self._begin(self.files.latest(self.bucket, notice.key))
            except MissingObjectError:
                # Deleted, or imported and moved, since it was told of.
                return Begun()
        return self._begin(S3Object(self.bucket, notice.key, notice.version))

    def sweep(self) -> Begun:
        """Begin the jobs of all files in the inbox, and start all that run once more: whoever began them may have been killed.

        New files come first, so that none waits where a start goes wrong that is probably needless.
        """
        known = {job.id: job for job in self.jobs.running()}
        waiting = (source for source in self.files.list_inbox(self.bucket) if job_of(source) not in known)
        new = tuple(begun for source in waiting for begun in self._begin(source).new)
        for job in known.values():
            self.executions.start(job.id, job.attempt)
        return Begun(new, tuple(known))

    def _begin(self, source: S3Object) -> Begun:
        if is_folder_marker(source.key) or not source.key.startswith(INBOX):
            # Consoles mark an empty folder by an object of this name.
            return Begun()
        id_ = job_of(source)
        job = Job(id_, source, location=source, status=JobStatus.RUNNING, started=self.now())
        if self.jobs.create(job):
            self.executions.start(id_, job.attempt)
            return Begun(new=(id_,))
        known = self.jobs.load(id_)
        if known.status is not JobStatus.RUNNING:
            return Begun()
        # Whoever made it may have been killed before it was started.
        self.executions.start(id_, known.attempt)
        return Begun(running=(id_,))
