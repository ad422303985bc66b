"""Where in the imports bucket does what lie?

| prefix | what lies there |
|---|---|
| `inbox/<resource id>/<provider>/<matching>/<name>` | a file as it was dropped |
| `done/`, `failed/` | the file of an ended job |
| `work/<job>/` | what the steps of a job write for each other |
| `reports/<job>/` | what people read about a job |

What the parts of an inbox key mean says :mod:`pushhub.imports.files.drop`. The template grants rights and sets expiry by
these prefixes; `tests/shape/test_template.py` compares them.
"""

from typing import Final, NamedTuple

from pushhub.imports.job import Job, JobId, JobStatus, UnusableFileError

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

MATCH_FIELD: Final = "custom-"
"""What stands before the name of a match field in the `<matching>` of a key."""
MATCHINGS: Final = f"token, profile_id or {MATCH_FIELD}<match field>"
"""What `<matching>` may be, as messages list it."""

_INBOX_PARTS: Final = ("<resource id>", "<provider>", "<matching>", "<name>")
_INBOX_LAYOUT: Final = f"{INBOX}{'/'.join(_INBOX_PARTS)}, where <matching> is {MATCHINGS}"


class InboxKey(NamedTuple):
    """The parts of the key of a dropped file, as they are written there."""

    resource: str
    provider: str
    matching: str
    name: str


def inbox_key(parts: InboxKey) -> str:
    """Return the key under which a file is dropped; :func:`split_inbox_key` says whether it can be read back."""
    return f"{INBOX}{'/'.join(parts)}"


def split_inbox_key(key: str) -> InboxKey:
    """Return the parts of the key of a dropped file.

    Raises:
        UnusableFileError: the key is laid out in another way.
    """
    parts = key.removeprefix(INBOX).split("/")
    if not key.startswith(INBOX):
        wrong = f"does not begin with {INBOX}"
    elif (count := len(parts)) != len(_INBOX_PARTS):
        wrong = f"has {count} part{'s' * (count != 1)} behind {INBOX}, not {len(_INBOX_PARTS)}"
    elif "" in parts:
        wrong = f"has no {_INBOX_PARTS[parts.index('')]}"
    else:
        return InboxKey(*parts)
    raise UnusableFileError(f"the key has to be {_INBOX_LAYOUT}; this one {wrong}")


def is_folder_marker(key: str) -> bool:
    """Say whether a key is that of an object by which consoles show an empty folder."""
    return key.endswith("/")


def resting_key(job: Job, status: JobStatus) -> str:
    """Return where the file of an ended job lies; each job has a place of its own, so that no file is overwritten."""
    folder = DONE if status is JobStatus.DONE else FAILED
    path, _, name = job.source.key.removeprefix(INBOX).rpartition("/")
    key = f"{folder}{path}{'/' if path else ''}{job.id}/{name}"
    return key if len(key.encode()) <= MAX_KEY_BYTES else f"{folder}{job.id}"


def report_key(job: JobId, name: str) -> str:
    """Return the key of one of the reports of a job: :data:`REPORT`, :data:`ERRORS` or :data:`RETRY`."""
    return f"{REPORTS}{job}/{name}"


def work_key(job: JobId, name: str) -> str:
    """Return the key of an object that the steps of a job write for each other."""
    return f"{WORK}{job}/{name}"


def plain_copy_key(job: JobId) -> str:
    """Return the key of the plain copy of a packed file."""
    return work_key(job, "unpacked")


def all_chunks_key(job: JobId) -> str:
    """Return the key of the list of all chunks of a job: a JSON array of `{number, start, end}`."""
    return work_key(job, "chunks.json")


def attempt_chunks_key(job: JobId, attempt: int) -> str:
    """Return the key of the list of chunks that an attempt goes through: a JSON array of `{number, start, end}`."""
    return work_key(job, f"chunks-{attempt}.json")


def failed_rows_key(job: JobId, chunk: int) -> str:
    """Return the key of the failed rows of a chunk that `errors.csv` lists: a JSON object a line.

    See :class:`pushhub.imports.files.failed_rows.FailedRow`.
    """
    return work_key(job, f"failed-rows-{chunk}.jsonl")


def retry_rows_key(job: JobId, chunk: int) -> str:
    """Return the key of all failed rows of a chunk as they stand in `retry.csv`.

    See :func:`pushhub.imports.files.failed_rows.retry_row`.
    """
    return work_key(job, f"retry-{chunk}")


def standstill_key(job: JobId) -> str:
    """Return the key of the note which says since when a running job makes no progress."""
    return work_key(job, "standstill.json")
