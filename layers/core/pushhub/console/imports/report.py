"""How is the report of an import shown, to people and as JSON?

Pure. A report is what `report.json` holds or, as long as there is no such file, the same from the ledger.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from pushhub.console.imports.progress import Standing
from pushhub.console.speed import duration
from pushhub.console.tables import table_lines
from pushhub.console.terminal import on_one_line
from pushhub.imports.files.layout import Layout
from pushhub.imports.job import FilePlan, RowResult
from pushhub.imports.keys import INBOX
from pushhub.moments import Seconds, iso_seconds

Entry = Mapping[str, object]
"""A JSON object."""

_HEADING: Final = ("job", "status", "started", "took", "rows", str(RowResult.FAILED), "file")
_ALIGNMENTS: Final = "<<<<>><"
_DELIMITERS: Final = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}


def progress_entry(standing: Standing) -> dict[str, object]:
    """Return the progress of a job as JSON has it."""
    plan = standing.job.plan
    return {
        "bytes": standing.done,
        "bytes_in_all": standing.size,
        "chunks_finished": sum(chunk.finished for chunk in standing.progress.values()),
        "chunks": plan.chunks if plan else None,
    }


def job_entry(standing: Standing) -> dict[str, object]:
    """Return a job as lists have it; of its rows they count only all, and those that failed."""
    job, tally = standing.job, standing.tally
    return {
        "job": job.id,
        "status": str(job.status),
        "reason": job.reason,
        "file": job.source.key,
        "version": job.source.version,
        "attempt": job.attempt,
        "started": iso_seconds(job.started),
        "ended": None if job.ended is None else iso_seconds(job.ended),
        "rows": tally.rows,
        str(RowResult.FAILED): tally[RowResult.FAILED],
    }


def job_lines(standings: Sequence[Standing], now: Seconds) -> Iterator[str]:
    """Give jobs as the lines of a table."""
    heading, *rows = table_lines(_ALIGNMENTS, [_HEADING, *(_cells(standing, now) for standing in standings)])
    yield heading
    for row, standing in zip(rows, standings, strict=True):
        yield row
        if standing.job.reason:
            yield f"  {on_one_line(standing.job.reason)}"


def _cells(standing: Standing, now: Seconds) -> tuple[str, ...]:
    job, tally = standing.job, standing.tally
    took = duration((now if job.ended is None else job.ended) - job.started)
    file = on_one_line(job.source.key.removeprefix(INBOX))
    return job.id, str(job.status), iso_seconds(job.started), took, f"{tally.rows:,}", f"{tally[RowResult.FAILED]:,}", file


def read_as_line(layout: Layout) -> str:
    """Return how a file is read as a line for a person, who sees by it what was recognised wrongly."""
    return f"  read as     {layout.encoding}, {_DELIMITERS[layout.delimiter]}, {'quotes' if layout.quoted else 'no quotes'}"


def report_lines(entry: Entry, plan: FilePlan | None) -> Iterator[str]:
    """Give a report as lines for a person, with how the file is read, where that is known."""
    yield f"job {entry['job']}: {entry['status']}"
    if reason := entry.get("reason"):
        yield f"  why         {on_one_line(str(reason))}"
    yield f"  started     {entry['started']}"
    if ended := entry.get("ended"):
        yield f"  ended       {ended}"
    if plan:
        yield read_as_line(plan.layout)
    yield from count_lines(entry)


def count_lines(entry: Entry) -> Iterator[str]:
    """Give the results of the rows as lines: how many rows have each, and why rows failed, the most frequent reason first."""
    rows = [(name, f"{_number(entry.get(name)):,}", "") for name in ("rows", *map(str, RowResult))]
    reasons = entry.get("reasons")
    if isinstance(reasons, Mapping):
        often = sorted(reasons.items(), key=lambda counted: -_number(counted[1]))
        rows += (("", f"{_number(count):,}", on_one_line(str(reason))) for reason, count in often)
    yield from (f"  {line}" for line in table_lines("<><", rows))


def share_line(standing: Standing) -> str:
    """Return the progress of a job as a line."""
    plan, size = standing.job.plan, standing.size
    if plan is None:
        return "  progress    the file is not planned yet"
    finished = sum(chunk.finished for chunk in standing.progress.values())
    share = 100 * standing.done // size if size else 0
    return f"  progress    {share} % of {size or 0:,} bytes, {finished} of {plan.chunks} chunks finished"


def progress_lines(standing: Standing, now: Seconds) -> Iterator[str]:
    """Give the progress of a running job as lines, with its speed since it started."""
    yield share_line(standing)
    seconds = now - standing.job.started
    # When a later attempt began is not stored.
    if standing.size and standing.job.attempt == 1 and seconds > 0 and standing.done:
        left = (standing.size - standing.done) * seconds / standing.done
        yield f"  speed       {standing.tally.rows / seconds:,.0f} rows/s, {duration(left)} left"


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0
