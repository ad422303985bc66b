"""How fast are files imported, how much of that is what writing alone takes, and in how much memory?"""

import gzip
import json
import os
import re
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count, repeat
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pushhub.adapters.clients import PATIENCE_OF_CHUNKS
from pushhub.adapters.dynamodb.audience import DynamoAudience, transact_actions
from pushhub.adapters.dynamodb.jobs import DynamoJobs
from pushhub.adapters.dynamodb.journal import DynamoJournals
from pushhub.adapters.s3 import S3Files
from pushhub.audience.changes import Change
from pushhub.audience.command import Mode, Subscribe
from pushhub.audience.matching import decide
from pushhub.audience.model import ProfileId
from pushhub.audience.port import Snapshot
from pushhub.catalog.model import Catalog, Database, DatabaseId, FieldType, PushTokenConflict, Resource, ResourceId
from pushhub.imports.files.cutting import CHUNK_SIZE, cut_by_samples
from pushhub.imports.files.drop import NO_OVERRIDES
from pushhub.imports.files.recognition import SAMPLE, find_layout
from pushhub.imports.files.records import ChunkText
from pushhub.imports.files.rows import row_reader
from pushhub.imports.files.unpacking import unpacked
from pushhub.imports.job import ChunkProgress, FilePlan, Job, JobId, JobStatus, RowOutcome, S3Object
from pushhub.imports.port import OpenJournal
from pushhub.imports.steps.chunk import THREADS, ImportChunk, row_of
from pushhub.moments import Seconds
from tests.bench.table import Table
from tests.doubles.import_files import cut_stream
from tests.lambda_environment import ROOT
from tests.running_hub import Up, running

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

ROWS = 100_000
RATIO = 0.6
MICROSECONDS_PER_ROW = 60
PEAK_MIB = 256
PLAN_BYTES = 20 * 10**9
PLAN_SECONDS = 10
PLAN_MIB = 100
MEASURED_PACKED_BYTES = 200 * 10**6
BLOCK_BYTES = 2**20
READ_SECONDS = 0.03
"""How long a small ranged read of S3 takes."""

CUSTOMERS = Database(DatabaseId(17), "customers", {"number": FieldType.INTEGER, "nick": FieldType.TEXT}, ("number",))
SHOP = Resource(ResourceId(5), "shop app", frozenset(), (CUSTOMERS.id,), PushTokenConflict.REJECT, None)
CATALOG = Catalog({CUSTOMERS.id: CUSTOMERS}, {SHOP.id: SHOP})
ELSEWHERE = DatabaseId(18)
KEY = "inbox/5/android-firebase/custom-number/people.csv"
HEADER = b"subscription_id,number,nick,unsubscribe\n"


def measure() -> Table:
    """Measure what a row costs the processor; then chunks on the local engine; then the plan of a large file."""
    micros = _micros_per_row()
    rows = [("parsing and matching of a new row", f"{micros:.0f} µs of CPU", f"at most {MICROSECONDS_PER_ROW}")]
    missed = ["CPU of a row"] if micros > MICROSECONDS_PER_ROW else []
    with tempfile.TemporaryDirectory() as folder, running(Path(folder), "--ephemeral") as up:
        assert up.process.poll() is None, up.said
        for name, value, budget, kept in (*_rates(up), *_memory(Path(folder))):
            rows.append((name, value, budget))
            missed += [] if kept else [name]
    plan = _in_another_process("plan")
    rows.append((f"plan of an unquoted file of {PLAN_BYTES / 10**9:.0f} GB", f"{plan['seconds']:.1f} s", f"at most {PLAN_SECONDS}"))
    rows.append(("its peak memory", f"{plan['mib']:.0f} MiB", f"at most {PLAN_MIB}"))
    packed = _packed_plan_seconds()
    rows.append((f"plan of a packed, quoted file of {PLAN_BYTES / 10**9:.0f} GB", f"{packed:.0f} s of CPU", ""))
    missed += ["plan"] if plan["seconds"] > PLAN_SECONDS or plan["mib"] > PLAN_MIB else []
    return Table("Imports", ("what", "figure", "budget"), rows, tuple(missed))


# Files


def new_row(number: int) -> bytes:
    """Return a row with a token as long as those of Firebase."""
    return f"{secrets.token_urlsafe(16)}:{secrets.token_urlsafe(90)},{number},nick {number},\n".encode()


def bad_row(number: int) -> bytes:
    """Return a row of 39 bytes that fails."""
    return f"{number:012d}:{number:012d},none,nickel,\n".encode()


def mixed(lines: Sequence[bytes]) -> list[bytes]:
    """Return a file of which a third is known and unchanged, a third known and changed, and a third new."""
    third = len(lines) // 3
    changed = [line.replace(b"nick ", b"name ") for line in lines[third : 2 * third]]
    return [*lines[:third], *changed, *(new_row(len(lines) + number) for number in range(len(lines) - 2 * third))]


class Content(S3Files):
    """A bucket in which one file lies, whatever is read."""

    def __init__(self, client: "S3Client", bucket: str, content: bytes) -> None:
        super().__init__(client, bucket)
        self._content = content

    def read(self, source: S3Object, start: int, end: int) -> bytes:
        return self._content[start:end]


ROWS_OF_A_CHUNK: dict[str, Callable[[int], bytes]] = {"new rows": new_row, "rows of 39 bytes that all fail": bad_row}


# Processor time


def _micros_per_row() -> float:
    content = HEADER + b"".join(new_row(number) for number in range(20_000))
    layout = find_layout(content, NO_OVERRIDES, whole=True)
    reader = row_reader(KEY, layout, Mode.UPSERT, CATALOG)
    nothing, now = Snapshot(), Seconds(int(time.time()))

    def once() -> float:
        started = time.process_time()
        done = 0
        for record in ChunkText(content[layout.header :], layout).records():
            command = reader.read(record.text)
            assert isinstance(command, Subscribe)
            for request in row_of(record, command).requests:
                assert decide(request, nothing, ProfileId(secrets.token_hex(12)), now).change
            done += 1
        return (time.process_time() - started) / done * 1e6

    return min(once() for _ in range(5))


def _packed_plan_seconds() -> float:
    """Return what it costs to unpack and plan the largest file that is packed and quoted, by a smaller one."""
    rows = b"".join(b'"%s","%d","nick, %d",\n' % (new_row(number).partition(b",")[0], number, number) for number in range(120_000))
    rounds = MEASURED_PACKED_BYTES // len(rows)
    # Parts that were packed on their own are one file, too.
    packed = [gzip.compress(HEADER), *repeat(gzip.compress(rows), rounds)]
    blocks = (block[start : start + BLOCK_BYTES] for block in packed for start in range(0, len(block), BLOCK_BYTES))
    started = time.process_time()
    cut = cut_stream(unpacked(blocks), find_layout(HEADER + rows[:SAMPLE], NO_OVERRIDES, whole=False))
    seconds = time.process_time() - started
    assert cut.size == len(HEADER) + rounds * len(rows)
    return seconds / cut.size * PLAN_BYTES


# Chunks on the local engine


@dataclass
class Recorded:
    """A journal that keeps what was written, so that it can be written again elsewhere."""

    journal: OpenJournal
    written: list[Sequence[tuple[DatabaseId, Change]]] = field(default_factory=list)

    @property
    def settled(self) -> Mapping[int, RowOutcome]:
        return self.journal.settled

    @property
    def finished(self) -> bool:
        return self.journal.finished

    @property
    def lanes(self) -> int:
        return self.journal.lanes

    def append(self, lane: int, outcomes: Mapping[int, RowOutcome], changes: Sequence[tuple[DatabaseId, Change]] = ()) -> None:
        self.journal.append(lane, outcomes, changes)
        if changes:
            self.written.append(changes)

    def finish(self, progress: ChunkProgress) -> None:
        self.journal.finish(progress)


@dataclass
class Recording:
    """Journals of which, if they are to be, all that was opened are kept."""

    journals: DynamoJournals
    keep: bool
    opened: list[Recorded] = field(default_factory=list)

    def open(self, job: JobId, chunk: int) -> OpenJournal:
        journal = self.journals.open(job, chunk)
        if not self.keep:
            return journal
        self.opened.append(Recorded(journal))
        return self.opened[-1]


class Hub:
    """The tables of a local hub."""

    def __init__(self, up: Up) -> None:
        connection = up.connection()
        self.client: DynamoDBClient = connection.session.client(
            "dynamodb", endpoint_url=connection.endpoint_url, config=PATIENCE_OF_CHUNKS
        )
        self.audience = connection.outputs["AudienceTable"]
        self.ledger = connection.outputs["LedgerTable"]
        self.bucket = connection.outputs["ImportsBucket"]
        self.s3: S3Client = connection.session.client("s3", endpoint_url=connection.endpoint_url)

    def import_all(self, lines: Iterable[bytes], *, keep: bool = False) -> tuple[float, Recording]:
        """Import a file as one job; return the seconds, and what was written, if it is to be kept."""
        content = HEADER + b"".join(lines)
        cut = cut_stream([content], find_layout(content, NO_OVERRIDES, whole=True))
        source = S3Object(self.bucket, KEY, secrets.token_hex(4))
        job = JobId(f"bench-{secrets.token_hex(4)}")
        jobs = DynamoJobs(self.client, self.ledger, 1)
        plan = FilePlan(cut.layout, Mode.UPSERT, cut.size, len(cut.chunks))
        jobs.create(Job(job, source, source, JobStatus.RUNNING, Seconds(int(time.time())), plan=plan))
        journals = Recording(DynamoJournals(self.client, self.ledger, self.audience, 1), keep)
        files = Content(self.s3, self.bucket, content)
        import_chunk = ImportChunk(lambda: CATALOG, DynamoAudience(self.client, self.audience), jobs, journals, files)
        started = time.perf_counter()
        for chunk in cut.chunks:
            assert import_chunk(job, 1, chunk, 900).finished
        return time.perf_counter() - started, journals

    def write_again(self, written: Sequence[Sequence[tuple[DatabaseId, Change]]]) -> float:
        """Write the same items to another database in as many calls, from as many threads, and do nothing else."""

        def write(changes: Sequence[tuple[DatabaseId, Change]]) -> None:
            actions = [action for _, change in changes for action in transact_actions(self.audience, ELSEWHERE, change)]
            self.client.transact_write_items(TransactItems=actions)

        started = time.perf_counter()
        with ThreadPoolExecutor(THREADS) as pool:
            for _ in pool.map(write, written):
                pass
        return time.perf_counter() - started


def _rates(up: Up) -> Iterator[tuple[str, str, str, bool]]:
    hub = Hub(up)
    lines = [new_row(number) for number in range(ROWS)]
    seconds, journals = hub.import_all(lines, keep=True)
    bare = hub.write_again([changes for journal in journals.opened for changes in journal.written])
    ratio = bare / seconds
    yield f"{ROWS} new rows", f"{ROWS / seconds:.0f} rows/s", "", True
    yield "the same items in as many calls, no matching", f"{ROWS / bare:.0f} rows/s", "", True
    yield "ratio", f"{ratio:.2f}", f"at least {RATIO}", ratio >= RATIO
    for name, rows in (("unchanged", lines), ("mixed", mixed(lines))):
        seconds, _ = hub.import_all(rows)
        yield f"{ROWS} {name} rows", f"{ROWS / seconds:.0f} rows/s", "", True


# Memory, each in a process of its own


def _memory(home: Path) -> Iterator[tuple[str, str, str, bool]]:
    for rows in ROWS_OF_A_CHUNK:
        peak = _in_another_process("chunk", str(home), rows)["mib"]
        yield f"peak memory of a chunk of 8 MiB, {rows}", f"{peak:.0f} MiB", f"at most {PEAK_MIB}", peak <= PEAK_MIB


def _in_another_process(part: str, *arguments: str) -> dict[str, float]:
    script = [sys.executable, __file__, part, *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    finished = subprocess.run(script, capture_output=True, text=True, check=False, env=environment)
    assert finished.returncode == 0, finished.stderr
    figures: dict[str, float] = json.loads(finished.stdout)
    return figures


def _peak_mib() -> float:
    """Return the peak of this process alone: what `getrusage` tells begins with that of the process it was forked from."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0]) / 1024


def _one_chunk(home: str, rows: str) -> dict[str, Any]:
    """Import 8 MiB of rows into the hub that runs with this home."""

    def lines() -> Iterator[bytes]:
        size = 0
        for number in count(10_000_000):
            if size >= CHUNK_SIZE:
                return
            line = ROWS_OF_A_CHUNK[rows](number)
            size += len(line)
            yield line

    seconds, _ = Hub(Up(subprocess.Popen(["true"], text=True), Path(home), Path(home) / "stderr.txt")).import_all(lines())
    return {"mib": _peak_mib(), "seconds": seconds}


def _large_plan() -> dict[str, Any]:
    """Plan a file that is never there as a whole: one line after the other, all of one length."""
    line = new_row(12345678)

    def read(start: int, end: int) -> bytes:
        time.sleep(READ_SECONDS)
        first = (start - len(HEADER)) // len(line) if start >= len(HEADER) else 0
        text = line * ((end - start) // len(line) + 2)
        if start < len(HEADER):
            return (HEADER + text)[start:end]
        skipped = start - len(HEADER) - first * len(line)
        return text[skipped : skipped + end - start]

    size = len(HEADER) + (PLAN_BYTES - len(HEADER)) // len(line) * len(line)
    started = time.perf_counter()
    layout = find_layout(read(0, 2**20), NO_OVERRIDES, whole=False)
    cut = cut_by_samples(read, size, layout)
    seconds = time.perf_counter() - started
    assert cut
    assert cut.chunks[-1].end == size
    return {"seconds": seconds, "mib": _peak_mib(), "chunks": len(cut.chunks)}


PARTS: dict[str, Callable[..., dict[str, Any]]] = {"chunk": _one_chunk, "plan": _large_plan}

if __name__ == "__main__":
    part, *arguments = sys.argv[1:]
    sys.stdout.write(json.dumps(PARTS[part](*arguments)))
