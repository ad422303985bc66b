"""How does a dropped file become a job that runs: exactly one job, however often the hub is notified of the drop?"""

from collections.abc import Callable
from dataclasses import dataclass

from pushhub.imports.job import Job, JobId, JobStatus, S3Object, job_of
from pushhub.imports.keys import INBOX, is_folder_marker
from pushhub.imports.port import Executions, FileStore, JobLifecycle, MissingObjectError
from pushhub.moments import Seconds


@dataclass(frozen=True, slots=True)
class Notice:
    """That a file was dropped; `version` is empty where the notice does not name it."""

    key: str
    version: str = ""


@dataclass(frozen=True, slots=True)
class StartedJobs:
    """Jobs that were started: `new` ones, and `running` ones that existed, whose first start may have failed."""

    new: tuple[JobId, ...] = ()
    running: tuple[JobId, ...] = ()


@dataclass(frozen=True, slots=True)
class StartImport:
    """The use case. It raises UnavailableError; what was not started then, the next sweep starts.

    It may be repeated: a job is created once, by an id that follows from the dropped version, and an execution is started once, by
    a name that follows from job and attempt. A job that exists is started again, since whoever created it may have been killed
    before the start.
    """

    jobs: JobLifecycle
    executions: Executions
    files: FileStore
    now: Callable[[], Seconds]

    def __call__(self, notice: Notice) -> StartedJobs:
        """Start the job of one file."""
        if notice.version:
            return self._start(self.files.version(notice.key, notice.version))
        try:
            return self._start(self.files.latest(notice.key))
        except MissingObjectError:
            # The file was deleted, or imported and moved, after the notice was sent.
            return StartedJobs()

    def sweep(self) -> StartedJobs:
        """Start the jobs of all files in the inbox, and all running jobs once more.

        New files come first: a running job that cannot be started, and probably need not, keeps none of them waiting.
        """
        running = {job.id: job for job in self.jobs.running()}
        waiting = (source for source in self.files.list_inbox() if job_of(source) not in running)
        new = tuple(job for source in waiting for job in self._start(source).new)
        for job in running.values():
            self.executions.start(job.id, job.attempt)
        return StartedJobs(new, tuple(running))

    def _start(self, source: S3Object) -> StartedJobs:
        if is_folder_marker(source.key) or not source.key.startswith(INBOX):
            return StartedJobs()
        id_ = job_of(source)
        job = Job(id_, source, location=source, status=JobStatus.RUNNING, started=self.now())
        if self.jobs.create(job):
            self.executions.start(id_, job.attempt)
            return StartedJobs(new=(id_,))
        known = self.jobs.load(id_)
        if known.status is not JobStatus.RUNNING:
            return StartedJobs()
        self.executions.start(id_, known.attempt)
        return StartedJobs(running=(id_,))
