"""Where in the imports bucket does what lie?

A file is dropped at `inbox/<resource id>/<provider>/<matching>/<name>`, see :mod:`pushhub.imports.files.drop`. Once its
job has ended, it rests below `done/` or `failed/`. A job's work lies below `work/<job>/`, its reports below
`reports/<job>/`. The template grants rights and sets expiry by these prefixes.
"""

from typing import Final

from pushhub.imports.job import Job, JobId, JobStatus

INBOX: Final = "inbox/"
DONE: Final = "done/"
FAILED: Final = "failed/"
WORK: Final = "work/"
REPORTS: Final = "reports/"

REPORT: Final = "report.json"
ERRORS: Final = "errors.csv"
RETRY: Final = "retry.csv"

MAX_KEY_BYTES: Final = 1024
"""Bound of a key in bytes of UTF-8; S3's own."""


def resting_key(job: Job, status: JobStatus) -> str:
    """Return where the file of an ended job lies; each job has a place of its own, so that none is written over."""
    folder = DONE if status is JobStatus.DONE else FAILED
    path, _, name = job.source.key.removeprefix(INBOX).rpartition("/")
    key = f"{folder}{path}{'/' if path else ''}{job.id}/{name}"
    return key if len(key.encode()) <= MAX_KEY_BYTES else f"{folder}{job.id}"


def report_key(job: JobId, name: str) -> str:
    """Return the key of one of the files that tell of a job: :data:`REPORT`, :data:`ERRORS` or :data:`RETRY`."""
    return f"{REPORTS}{job}/{name}"


def work_key(job: JobId, name: str) -> str:
    """Return the key of an object that a job makes for itself."""
    return f"{WORK}{job}/{name}"


def plain_copy_key(job: JobId) -> str:
    """Return the key of the unpacked copy of a file that was dropped packed."""
    return work_key(job, "unpacked")


def all_chunks_key(job: JobId) -> str:
    """Return the key of the list of all chunks of a job: a JSON array of `{number, start, end}`."""
    return work_key(job, "chunks.json")


def attempt_chunks_key(job: JobId, attempt: int) -> str:
    """Return the key of the list of chunks that an attempt goes through: a JSON array of `{number, start, end}`."""
    return work_key(job, f"chunks-{attempt}.json")


def failed_rows_key(job: JobId, chunk: int) -> str:
    """Return the key of a chunk's failed rows, those that may be listed: a JSON object a line.

    See :class:`pushhub.imports.files.failed_rows.FailedRow`.
    """
    return work_key(job, f"failed-rows-{chunk}.jsonl")


def retry_rows_key(job: JobId, chunk: int) -> str:
    """Return the key of all failed rows of a chunk as they stand in `retry.csv`.

    See :func:`pushhub.imports.files.failed_rows.retry_row`.
    """
    return work_key(job, f"retry-{chunk}")


def standstill_key(job: JobId) -> str:
    """Return the key of the note since when a running job has come no further."""
    return work_key(job, "standstill.json")
