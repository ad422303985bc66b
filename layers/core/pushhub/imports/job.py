"""What is an import job, how is its file read, and which results do its rows have so far?"""

import hashlib
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, NewType

from pushhub.audience.command import Mode
from pushhub.imports.files.layout import Layout
from pushhub.moments import Seconds

JobId = NewType("JobId", str)
"""At most :data:`MAX_JOB_ID` characters of `A-Z a-z 0-9 _ -`: the name of an execution, too."""

MAX_JOB_ID: Final = 57
JOB_ID: Final = re.compile(rf"[A-Za-z0-9_-]{{1,{MAX_JOB_ID}}}", re.ASCII)
_NAME_SHOWN: Final = 40
_NOT_IN_AN_ID: Final = re.compile(r"[^A-Za-z0-9_-]+", re.ASCII)


class UnusableFileError(Exception):
    """A file cannot be imported at all; the text says what is wrong and what to do, and holds no push token and no value."""


class UnknownJobError(Exception):
    """There is no such job."""


class JobStatus(StrEnum):
    """What state a job is in."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def final(self) -> bool:
        """Whether the job has ended; only a person makes it run again."""
        return self is not JobStatus.RUNNING


@dataclass(frozen=True, slots=True)
class S3Object:
    """One version of an object; `version` is `null` where the bucket keeps none."""

    bucket: str
    key: str
    version: str


def job_of(source: S3Object) -> JobId:
    """Return the id of the job that imports an object; the same object always gives the same id.

    The id begins with the file's name, so that people recognise it.
    """
    digest = hashlib.sha256(f"{source.bucket}\0{source.key}\0{source.version}".encode()).hexdigest()[:16]
    name = _NOT_IN_AN_ID.sub("-", source.key.rsplit("/", 1)[-1].split(".", 1)[0])[:_NAME_SHOWN].strip("-")
    return JobId(f"{name}-{digest}" if name else digest)


@dataclass(frozen=True, slots=True)
class Chunk:
    """A part of a plain file: bytes from `start` up to, not including, `end`; it begins and ends at line ends."""

    number: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class FilePlan:
    """How a file is read: worked out once for a job, so that all of its chunks are read alike.

    `size` is in bytes of the plain file. `unpacked` is the key of the plain copy of a packed file, and empty for a plain file.
    """

    layout: Layout
    mode: Mode
    size: int
    chunks: int
    unpacked: str = ""


@dataclass(frozen=True, slots=True)
class Job:
    """An import job.

    `source` is the object as it was dropped, `location` where it lies now. `attempt` counts from 1; each attempt is an execution of
    its own. `reason` says why the job failed; it may be known, and is then set, while the job still runs. `refused` says that the
    file itself is at fault, so that another attempt would fail too. `stopping` asks running chunks to end. `resumed` counts how
    often the job was made to run again after it had ended.
    """

    id: JobId
    source: S3Object
    location: S3Object
    status: JobStatus
    started: Seconds
    attempt: int = 1
    reason: str = ""
    refused: bool = False
    stopping: bool = False
    resumed: int = 0
    ended: Seconds | None = None
    plan: FilePlan | None = None


class RowResult(StrEnum):
    """What a row is counted under; each row has exactly one result."""

    SUBSCRIBED = "subscribed"
    """Subscriptions or fields changed."""
    UNCHANGED = "unchanged"
    CANCELLED = "cancelled"
    SKIPPED = "skipped"
    """The mode is not for the profile of the row."""
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class RowOutcome:
    """The result of a row; `reason` says why a row failed, and holds no push token and no value of the row."""

    result: RowResult
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Tally:
    """How many rows have which result, and how many failed for which reason.

    The counts of `results` add up to :attr:`rows`, those of `reasons` to the failed rows.
    """

    results: Mapping[RowResult, int] = field(default_factory=dict)
    reasons: Mapping[str, int] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """All rows."""
        return sum(self.results.values())

    def __getitem__(self, result: RowResult) -> int:
        """Return how many rows have a result."""
        return self.results.get(result, 0)

    def __add__(self, other: "Tally") -> "Tally":
        """Return the tally of the rows of both."""
        return Tally(Counter(self.results) + Counter(other.results), Counter(self.reasons) + Counter(other.reasons))

    def __sub__(self, part: "Tally") -> "Tally":
        """Return the tally of the rows that are not in a part of this."""
        return Tally(Counter(self.results) - Counter(part.results), Counter(self.reasons) - Counter(part.reasons))


@dataclass(frozen=True, slots=True)
class ChunkProgress:
    """How much of a chunk is settled.

    `bytes` counts those of the file whose rows are settled. `lines` counts the line ends of the whole chunk, once it is finished.
    """

    number: int
    tally: Tally
    bytes: int
    lines: int = 0
    finished: bool = False
