"""What is an import job, what belongs to it, and what has come of it so far?"""

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
    """A file cannot be imported at all; the text says what is wrong and what to do, and holds no token and no value."""


class UnknownJobError(Exception):
    """There is no such job."""


class JobStatus(StrEnum):
    """Where a job stands."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def final(self) -> bool:
        """Whether nothing more happens by itself."""
        return self is not JobStatus.RUNNING


@dataclass(frozen=True, slots=True)
class S3Object:
    """One version of an object; `version` is `null` where the bucket keeps none."""

    bucket: str
    key: str
    version: str


def job_of(source: S3Object) -> JobId:
    """Return the id of the job that imports an object: always the same, however often it is asked for.

    It begins with the file's name, so that people recognise it.
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
    """How a file is read: decided once, so that all chunks go by the same.

    `size` is in bytes of the plain file; `unpacked` is the key of its plain copy where it was dropped packed, else empty.
    """

    layout: Layout
    mode: Mode
    size: int
    chunks: int
    unpacked: str = ""


@dataclass(frozen=True, slots=True)
class Job:
    """An import job.

    `source` is the object as it was dropped, `location` where it lies now. `attempt` counts from 1; each is an execution of its
    own. `reason` says why it failed, and stands there from the moment that is known; `refused` that it is the file's own fault, so
    that the same would fail again. `stopping` asks running chunks to end. `resumed` counts how often it was let run again.
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
    """What came of a row; each row is counted under exactly one."""

    SUBSCRIBED = "subscribed"
    """A change of subscriptions or fields."""
    UNCHANGED = "unchanged"
    CANCELLED = "cancelled"
    SKIPPED = "skipped"
    """The mode passes over it."""
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class RowOutcome:
    """What came of a row; `reason` says why it failed and holds no token and no value."""

    kind: RowResult
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Tally:
    """How many rows came to what; the counts of `kinds` add up to :attr:`rows`, those of `reasons` to the failed ones."""

    kinds: Mapping[RowResult, int] = field(default_factory=dict)
    reasons: Mapping[str, int] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """All rows."""
        return sum(self.kinds.values())

    def __getitem__(self, kind: RowResult) -> int:
        """Return how many rows came to this."""
        return self.kinds.get(kind, 0)

    def __add__(self, other: "Tally") -> "Tally":
        """Count both together."""
        return Tally(Counter(self.kinds) + Counter(other.kinds), Counter(self.reasons) + Counter(other.reasons))


@dataclass(frozen=True, slots=True)
class ChunkProgress:
    """How far a chunk has come.

    `bytes` are those of the file that are dealt with. `lines` are the line ends in the whole chunk, known once it is finished.
    """

    number: int
    tally: Tally
    bytes: int
    lines: int = 0
    finished: bool = False
