"""Is a job still to go on with an attempt?"""

from pushhub.imports.job import Job, JobId
from pushhub.imports.port import JobStore


class StoppedError(Exception):
    """The job was asked to stop, has ended, or goes on in another attempt; what is not done stays so."""


def going_on(jobs: JobStore, job: JobId, attempt: int) -> Job:
    """Return a job that is to go on with an attempt.

    Raises:
        StoppedError: it is not.
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
