"""How much of imports is done, how fast are they, and how long will they take?

Pure.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pushhub.console.speed import Speed, duration
from pushhub.imports.job import ChunkProgress, Job, RowResult, Tally


@dataclass(frozen=True, slots=True)
class Standing:
    """A job with the progress of its chunks, by their numbers."""

    job: Job
    progress: Mapping[int, ChunkProgress] = field(default_factory=dict)

    @property
    def tally(self) -> Tally:
        """The results of the rows that are settled."""
        return sum((chunk.tally for chunk in self.progress.values()), Tally())

    @property
    def done(self) -> int:
        """Bytes of the plain file whose rows are settled."""
        return sum(chunk.bytes for chunk in self.progress.values())

    @property
    def size(self) -> int | None:
        """Bytes of the plain file's rows, None before the file is planned."""
        return self.job.plan.size - self.job.plan.layout.header if self.job.plan else None

    @property
    def expected(self) -> int | None:
        """Bytes whose rows are settled when the job ends, None before the file is planned."""
        return self.done if self.job.status.final else self.size


@dataclass(frozen=True, slots=True)
class Moment:
    """The progress of several jobs together, at a time in seconds of any clock.

    `size` and `done` are bytes; `waiting` says that the size of some job is not known yet.
    """

    at: float
    size: int
    done: int
    tally: Tally
    waiting: bool


def moment_of(at: float, standings: Iterable[Standing | None]) -> Moment:
    """Sum up the progress of jobs; None stands for a job that the hub has not started yet."""
    given = list(standings)
    known = [standing for standing in given if standing]
    sizes = [standing.expected for standing in known if standing.expected is not None]
    done = sum(standing.done for standing in known)
    tally = sum((standing.tally for standing in known), Tally())
    return Moment(at, sum(sizes), done, tally, waiting=len(sizes) < len(given))


class Pace:
    """The speed of jobs over the last seconds."""

    def __init__(self) -> None:
        """Begin without a moment."""
        self._rows, self._bytes = Speed(), Speed()
        self._latest: Moment | None = None

    def add(self, moment: Moment) -> None:
        """Add a later moment."""
        self._rows.add(moment.at, moment.tally.rows)
        self._bytes.add(moment.at, moment.done)
        self._latest = moment

    @property
    def rows_per_second(self) -> float:
        """Rows settled in a second; 0 before there are two moments."""
        return self._rows.per_second

    @property
    def seconds_left(self) -> float | None:
        """How long the rest takes from the latest moment on; None as long as nobody knows."""
        speed = self._bytes.per_second
        if not self._latest or self._latest.waiting or speed <= 0:
            return None
        return (self._latest.size - self._latest.done) / speed


def progress_text(moment: Moment, pace: Pace) -> str:
    """Return what stands beside a bar: rows, speed, failures and time left."""
    parts = [f"{moment.tally.rows:,} rows", f"{pace.rows_per_second:,.0f} rows/s", f"{moment.tally[RowResult.FAILED]:,} failed"]
    if moment.waiting and not moment.tally.rows:
        return "waiting for the hub to plan it"
    if (left := pace.seconds_left) is not None:
        parts.append(f"{duration(left)} left")
    return ", ".join(parts)
