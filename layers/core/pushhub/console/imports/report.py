"""How is what came of an import shown, to people and as JSON?

Pure. What is shown is an entry: what `report.json` holds, or, as long as there is none, the same from the ledger.
"""

from collections.abc import Iterator, Mapping, Sequence

from pushhub.audience.model import Seconds
from pushhub.console.imports.progress import Standing, duration
from pushhub.console.profile import iso
from pushhub.console.terminal import on_one_line
from pushhub.imports.job import Job, Kind

Entry = Mapping[str, object]
"""A JSON object."""


def progress_entry(standing: Standing) -> dict[str, object]:
    """Return how far a job has come."""
    plan = standing.job.plan
    return {
        "bytes": standing.done,
        "bytes_in_all": standing.size,
        "chunks_finished": sum(chunk.finished for chunk in standing.progress.values()),
        "chunks": plan.chunks if plan else None,
    }


def job_entry(job: Job) -> dict[str, object]:
    """Return a job without what came of its rows, as lists have it."""
    return {
        "job": job.id,
        "status": str(job.status),
        "reason": job.reason,
        "file": job.source.key,
        "version": job.source.version,
        "attempt": job.attempt,
        "started": iso(job.started),
        "ended": None if job.ended is None else iso(job.ended),
    }


def job_lines(jobs: Sequence[Job], now: Seconds) -> Iterator[str]:
    """Give jobs as the lines of a table."""
    table = [("job", "status", "started", "took", "file"), *(_cells(job, now) for job in jobs)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for cells, job in zip(table, [None, *jobs], strict=True):
        yield "  ".join(map(str.ljust, cells, widths)).rstrip()
        if job and job.reason:
            yield f"  {on_one_line(job.reason)}"


def _cells(job: Job, now: Seconds) -> tuple[str, ...]:
    took = duration((now if job.ended is None else job.ended) - job.started)
    return job.id, str(job.status), iso(job.started), took, on_one_line(job.source.key.removeprefix("inbox/"))


def report_lines(entry: Entry) -> Iterator[str]:
    """Give a report as lines for a person."""
    yield f"job {entry['job']}: {entry['status']}"
    if reason := entry.get("reason"):
        yield f"  why         {on_one_line(str(reason))}"
    yield f"  started     {entry['started']}"
    if ended := entry.get("ended"):
        yield f"  ended       {ended}"
    yield from count_lines(entry)


def count_lines(entry: Entry) -> Iterator[str]:
    """Give what came of the rows as lines: how many came to what, and why rows failed, the most frequent reason first."""
    counts = {name: _number(entry.get(name)) for name in ("rows", *map(str, Kind))}
    width = len(f"{counts['rows']:,}")
    for name, count in counts.items():
        yield f"  {name:<10}  {count:>{width},}"
    reasons = entry.get("reasons")
    if isinstance(reasons, Mapping):
        for reason, count in sorted(reasons.items(), key=lambda counted: -_number(counted[1])):
            yield f"  {'':<10}  {_number(count):>{width},}  {on_one_line(str(reason))}"


def progress_lines(standing: Standing, now: Seconds) -> Iterator[str]:
    """Give how far a running job has come as lines, with its speed since it started."""
    plan, tally = standing.job.plan, standing.tally
    if plan is None:
        yield "  progress    the file is not planned yet"
        return
    size, finished = standing.size or 0, sum(chunk.finished for chunk in standing.progress.values())
    share = 100 * standing.done // size if size else 0
    yield f"  progress    {share} % of {size:,} bytes, {finished} of {plan.chunks} chunks finished"
    seconds = now - standing.job.started
    # A later attempt began at a time that nobody noted.
    if standing.job.attempt == 1 and seconds > 0 and standing.done:
        left = (size - standing.done) * seconds / standing.done
        yield f"  speed       {tally.rows / seconds:,.0f} rows/s, {duration(left)} left"


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0
