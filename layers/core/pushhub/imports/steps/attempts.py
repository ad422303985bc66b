"""May a step still work on an attempt at a job?"""

from pushhub.imports.job import Job, JobId
from pushhub.imports.port import JobReader


class StoppedError(Exception):
    """The attempt is not the active one: the job was asked to stop, has ended, or is at another attempt."""


def require_active(jobs: JobReader, job: JobId, attempt: int) -> Job:
    """Return a job that may go on with an attempt.

    Raises:
        StoppedError: it may not.
        UnavailableError: the store did not answer in time, or refused for load.
        UnknownJobError: there is no such job.
    """
    loaded = jobs.load(job)
    if loaded.stopping:
        raise StoppedError(f"the job {job} was asked to stop")
    if loaded.status.final:
        raise StoppedError(f"the job {job} is {loaded.status} already")
    if loaded.attempt != attempt:
        raise StoppedError(f"the job {job} is at attempt {loaded.attempt}; this is {attempt}")
    return loaded
