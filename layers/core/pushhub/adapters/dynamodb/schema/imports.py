"""Items of import jobs, of the progress of their chunks, and of journals, in the Ledger table."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from pushhub.adapters.dynamodb.schema.items import ITEM_FORMAT, Item
from pushhub.audience.command import Mode
from pushhub.imports.files.layout import Layout
from pushhub.imports.job import ChunkProgress, FilePlan, Job, JobId, JobStatus, RowOutcome, RowResult, S3Object, Tally
from pushhub.moments import Seconds

JOBS: Final = "JOBS"
"""Partition key of the list of jobs, in the order in which they began."""
RUNNING: Final = "RUNNING"
"""Partition key of the list of jobs that have not ended."""
PROGRESS: Final = "C#"
"""What the sort key of the progress of any chunk begins with, in the partition of its job."""
ENTRIES: Final = "E#"
"""What the sort key of any entry of a journal begins with, in the partition of the journal."""


def job_key(job: JobId) -> Item:
    """Return the key of a job."""
    return {"pk": f"J#{job}", "sk": "J"}


def job_item(job: Job, retention: int) -> Item:
    """Return a job as an item; `retention` is how many seconds after its last change it expires."""
    optional = {
        "ended": job.ended,
        "plan": plan_attribute(job.plan) if job.plan else None,
    }
    return (
        job_key(job.id)
        | {
            "v": ITEM_FORMAT,
            "source": object_attribute(job.source),
            "location": object_attribute(job.location),
            "status": str(job.status),
            "started": job.started,
            "attempt": job.attempt,
            "reason": job.reason,
            "refused": job.refused,
            "stopping": job.stopping,
            "resumed": job.resumed,
            "retention": retention,
        }
        | {name: value for name, value in optional.items() if value is not None}
    )


def stored_job(item: Item) -> Job:
    """Return the job of an item."""
    return Job(
        id=JobId(item["pk"].split("#", 1)[1]),
        source=S3Object(**item["source"]),
        location=S3Object(**item["location"]),
        status=JobStatus(item["status"]),
        started=Seconds(int(item["started"])),
        attempt=int(item["attempt"]),
        reason=item["reason"],
        refused=item["refused"],
        stopping=item["stopping"],
        resumed=int(item["resumed"]),
        ended=Seconds(int(item["ended"])) if "ended" in item else None,
        plan=_plan_of(item["plan"]) if "plan" in item else None,
    )


def object_attribute(place: S3Object) -> dict[str, str]:
    """Return a version of an object as an attribute."""
    return {"bucket": place.bucket, "key": place.key, "version": place.version}


def plan_attribute(plan: FilePlan) -> dict[str, object]:
    """Return how a file is read as an attribute."""
    layout = plan.layout
    return {
        "layout": {
            "encoding": layout.encoding,
            "mark": layout.mark,
            "delimiter": layout.delimiter,
            "quoted": layout.quoted,
            "columns": list(layout.columns),
            "header": layout.header,
            "line_end": layout.line_end,
        },
        "mode": str(plan.mode),
        "size": plan.size,
        "chunks": plan.chunks,
        "unpacked": plan.unpacked,
    }


def _plan_of(attribute: Item) -> FilePlan:
    layout = attribute["layout"]
    return FilePlan(
        layout=Layout(
            encoding=layout["encoding"],
            mark=int(layout["mark"]),
            delimiter=layout["delimiter"],
            quoted=layout["quoted"],
            columns=tuple(layout["columns"]),
            header=int(layout["header"]),
            line_end=layout["line_end"],
        ),
        mode=Mode(attribute["mode"]),
        size=int(attribute["size"]),
        chunks=int(attribute["chunks"]),
        unpacked=attribute["unpacked"],
    )


def listed_key(job: JobId, started: int) -> Item:
    """Return the key of a job in the list of jobs."""
    return {"pk": JOBS, "sk": f"{started:012d}#{job}"}


def listed_job(item: Item) -> JobId:
    """Return which job an entry of the list of jobs is."""
    return JobId(item["sk"].split("#", 1)[1])


def running_key(job: JobId) -> Item:
    """Return the key of a job in the list of running jobs."""
    return {"pk": RUNNING, "sk": job}


def running_job(item: Item) -> JobId:
    """Return which job an entry of the list of running jobs is."""
    return JobId(item["sk"])


def progress_item(job: JobId, progress: ChunkProgress, expires: int) -> Item:
    """Return the progress of a chunk as an item."""
    return {
        "pk": job_key(job)["pk"],
        "sk": f"{PROGRESS}{progress.number:06d}",
        "v": ITEM_FORMAT,
        "expires": expires,
        "kinds": {str(result): count for result, count in progress.tally.results.items()},
        "reasons": dict(progress.tally.reasons),
        "bytes": progress.bytes,
        "lines": progress.lines,
        "finished": progress.finished,
    }


def stored_progress(item: Item) -> ChunkProgress:
    """Return the progress of an item."""
    return ChunkProgress(
        number=int(item["sk"].removeprefix(PROGRESS)),
        tally=Tally(
            results={RowResult(result): int(count) for result, count in item["kinds"].items()},
            reasons={reason: int(count) for reason, count in item["reasons"].items()},
        ),
        bytes=int(item["bytes"]),
        lines=int(item["lines"]),
        finished=item["finished"],
    )


def journal_partition(job: JobId, chunk: int) -> str:
    """Return the partition key of the journal of a chunk."""
    return f"I#{job}#{chunk}"


def gate_key(partition: str, lane: int) -> Item:
    """Return the key of the gate of a lane of a journal."""
    return {"pk": partition, "sk": f"G#{lane:02d}"}


def entry_key(partition: str, lane: int, run: int, place: int) -> Item:
    """Return the key of an entry of a journal; `place` is how many entries its run has appended in its lane before."""
    return {"pk": partition, "sk": f"{ENTRIES}{lane:02d}#{run:06d}#{place:06d}"}


def outcomes_attribute(outcomes: Mapping[int, RowOutcome]) -> list[list[object]]:
    """Return outcomes of rows as an attribute: for each different one, result, reason and the packed positions of its rows."""
    same: defaultdict[RowOutcome, list[int]] = defaultdict(list)
    for position, outcome in outcomes.items():
        same[outcome].append(position)
    return [[str(outcome.result), outcome.reason, packed_positions(positions)] for outcome, positions in same.items()]


def stored_outcomes(attribute: Iterable[list[object]]) -> dict[int, RowOutcome]:
    """Return the outcomes of an attribute, by position."""
    found: dict[int, RowOutcome] = {}
    for result, reason, positions in attribute:
        outcome = RowOutcome(RowResult(str(result)), str(reason))
        found |= dict.fromkeys(unpacked_positions(bytes(positions)), outcome)  # type: ignore[call-overload]
    return found


def packed_positions(positions: Iterable[int]) -> bytes:
    """Return different positions in few bytes: for each range without a gap, the gap before it and its length.

    Each of these two numbers takes as many bytes as it needs, seven bits in each, the lowest first (LEB128).
    """
    numbers = bytearray()
    end = 0
    for start, stop in _ranges(sorted(positions)):
        numbers += _number(start - end) + _number(stop - start)
        end = stop
    return bytes(numbers)


def unpacked_positions(numbers: bytes) -> Iterator[int]:
    """Give packed positions back in ascending order."""
    values = _numbers(numbers)
    end = 0
    for gap, length in zip(values, values, strict=True):
        yield from range(end + gap, end + gap + length)
        end += gap + length


def _ranges(ascending: Iterable[int]) -> Iterator[tuple[int, int]]:
    start = stop = -1
    for position in ascending:
        if position != stop:
            if stop > start:
                yield start, stop
            start = position
        stop = position + 1
    if stop > start:
        yield start, stop


def _number(value: int) -> bytes:
    number = bytearray()
    while value > 0x7F:  # noqa: PLR2004
        number.append(value & 0x7F | 0x80)
        value >>= 7
    number.append(value)
    return bytes(number)


def _numbers(numbers: bytes) -> Iterator[int]:
    value = shift = 0
    for byte in numbers:
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:  # noqa: PLR2004
            yield value
            value = shift = 0
