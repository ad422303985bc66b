"""A chunk may be killed at any point and run any number of times: its rows are applied and counted once."""

import random
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import pytest

from pushhub.audience.command import Mode
from pushhub.audience.model import ProfileId
from pushhub.audience.port import Snapshot, SnapshotQuery
from pushhub.catalog.model import Catalog
from pushhub.faults import UnavailableError
from pushhub.imports.files.drop import NO_OVERRIDES
from pushhub.imports.files.failed_rows import read_failed_row
from pushhub.imports.files.recognition import find_layout
from pushhub.imports.job import Chunk, ChunkProgress, FilePlan, Job, JobId, JobStatus, S3Object, UnusableFileError
from pushhub.imports.keys import failed_rows_key, retry_rows_key
from pushhub.imports.port import TakenOverError
from pushhub.imports.steps.attempts import StoppedError
from pushhub.imports.steps.chunk import SECONDS_WITHOUT_PROGRESS, WINDOW, ChunkRun, ImportChunk
from pushhub.moments import Seconds
from tests.doubles.audience import MemoryAudience
from tests.doubles.files import MemoryFiles
from tests.doubles.imports import MemoryImports
from tests.doubles.invariants import assert_consistent, told_apart
from tests.doubles.requests import CUSTOMERS, resource

NOW = Seconds(1_000_000)
JOB = JobId("job")
SOURCE = S3Object("bucket", "inbox/5/ios-apns/custom-number/people.csv", "1")
CATALOG = Catalog({CUSTOMERS.id: CUSTOMERS}, {resource().id: resource()})
HEADER = b"subscription_id,number,nick,unsubscribe\n"


class KilledError(BaseException):
    """The process is gone; nothing in it can catch this."""


class FatefulFiles(MemoryFiles):
    """Files of which every read and write may be the last thing that the process does."""

    before_call: Callable[[], None] = staticmethod(lambda: None)

    def read(self, source: S3Object, start: int, end: int) -> bytes:
        self.before_call()
        return super().read(source, start, end)

    def put(self, key: str, content: bytes, content_type: str) -> None:
        self.before_call()
        super().put(key, content, content_type)


class World:
    """A job with its file, cut into chunks of some rows each."""

    def __init__(self, *rows: str, rows_of_a_chunk: int = 100_000, mode: Mode = Mode.UPSERT) -> None:
        lines = [f"{row}\n".encode() for row in rows]
        self.audience = Fateful()
        self.imports = MemoryImports(self.audience)
        self.files = FatefulFiles()
        content = HEADER + b"".join(lines)
        self.files.drop(SOURCE.key, content, version_id=SOURCE.version)
        self.time = 0.0
        self.catalog_reads = 0
        self.chunks: list[Chunk] = []
        start = len(HEADER)
        for number, first in enumerate(range(0, len(lines), rows_of_a_chunk)):
            end = start + sum(map(len, lines[first : first + rows_of_a_chunk]))
            self.chunks.append(Chunk(number, start, end))
            start = end
        plan = FilePlan(find_layout(content, NO_OVERRIDES, whole=True), mode, start, len(self.chunks))
        self.imports.create(Job(JOB, SOURCE, SOURCE, JobStatus.RUNNING, NOW, plan=plan))

    @property
    def content(self) -> bytes:
        """What the file holds."""
        return self.files.content(SOURCE.key)

    @property
    def written(self) -> dict[str, bytes]:
        """What was put beside the file, by its key."""
        return {key: self.files.content(key) for key in self.files.all_keys() if key.startswith("work/")}

    def change(self, content: bytes) -> None:
        """Let the file hold something else, as none in a bucket ever does."""
        self.files.move(SOURCE, "elsewhere")
        self.files.drop(SOURCE.key, content, version_id=SOURCE.version)

    def catalog(self) -> Catalog:
        self.catalog_reads += 1
        return CATALOG

    def sleep(self, seconds: float) -> None:
        self.time += seconds

    def run(self, number: int = 0, seconds_left: float = 600.0, attempt: int | None = None) -> ChunkRun:
        use = ImportChunk(
            catalog=self.catalog,
            audience=self.audience,
            jobs=self.imports,
            journals=self.imports,
            files=self.files,
            now=lambda: NOW,
            new_id=lambda: ProfileId(secrets.token_hex(12)),
            sleep=self.sleep,
            clock=lambda: self.time,
        )
        return use(JOB, self.imports.load(JOB).attempt if attempt is None else attempt, self.chunks[number], seconds_left)

    def counts(self, number: int = 0) -> dict[str, int]:
        return {str(kind): count for kind, count in self.imports.progress(JOB)[number].tally.results.items() if count}

    def reasons(self, number: int = 0) -> dict[str, int]:
        return dict(self.imports.progress(JOB)[number].tally.reasons)


class Fateful(MemoryAudience):
    """An audience whose every read may be the last thing that the process does."""

    before_call: Callable[[], None] = staticmethod(lambda: None)

    def read(self, wanted: Sequence[SnapshotQuery], deadline: float = float("inf")) -> Sequence[Snapshot]:
        self.before_call()
        return super().read(wanted, deadline)


def test_good_rows_are_subscribed_and_bad_ones_kept_for_the_report() -> None:
    world = World("a,1,x,", "b,2,,", "c,one,,", "d,4", ",5,,", "a,1,,yes")
    run = world.run()
    assert run.finished
    assert world.counts() == {"subscribed": 2, "failed": 3, "cancelled": 1} == {str(k): n for k, n in run.tally.results.items()}
    assert world.reasons() == {
        "the value to match by does not fit: number: an integer from -2^63 to 2^63-1 is expected": 1,
        "the row has 2 cells, the header 4": 1,
        "subscription_id is empty": 1,
    }
    kept = [read_failed_row(line) for line in world.written[failed_rows_key(JOB, 0)].splitlines()]
    assert [(row.line, row.raw) for row in kept] == [(2, b"c,one,,\n"), (3, b"d,4\n"), (4, b",5,,\n")]
    assert world.written[retry_rows_key(JOB, 0)] == b"c,one,,\nd,4\n,5,,\n"
    progress = world.imports.progress(JOB)[0]
    assert progress.finished
    assert (progress.lines, progress.bytes) == (6, world.chunks[0].end - world.chunks[0].start)


def test_a_chunk_lists_no_more_bad_rows_than_people_look_at_but_gives_all_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pushhub.imports.steps.chunk.MAX_LISTED", 2)
    world = World("a,1,x,", "b,one,,", "c,two,,", "d,three,,", "e,four,,")
    world.change(world.content.removesuffix(b"\n"))
    world.run()
    kept = [read_failed_row(line) for line in world.written[failed_rows_key(JOB, 0)].splitlines()]
    assert [row.line for row in kept] == [1, 2]
    assert world.written[retry_rows_key(JOB, 0)] == b"b,one,,\nc,two,,\nd,three,,\ne,four,,\n"
    assert world.counts() == {"subscribed": 1, "failed": 4}


def test_a_chunk_without_bad_rows_keeps_none() -> None:
    world = World("a,1,,")
    world.run()
    assert not world.written


def test_a_second_run_of_a_finished_chunk_does_nothing() -> None:
    world = World("a,1,x,", "b,2,,", "c,one,,")
    world.run()
    appends, reads = world.imports.appends, world.audience.reads
    again = world.run()
    assert again.finished
    assert not again.tally.rows
    assert (world.imports.appends, world.audience.reads) == (appends, reads)
    assert world.counts() == {"subscribed": 2, "failed": 1}


def test_the_same_rows_again_in_another_chunk_are_unchanged_and_write_nothing_but_the_journal() -> None:
    rows = [f"token-{number},{number},x," for number in range(100)]
    world = World(*rows, *rows, rows_of_a_chunk=100)
    world.run(0)
    before = world.audience.content(CUSTOMERS.id).copy()
    appends = world.imports.appends
    world.run(1)
    assert world.counts(1) == {"unchanged": 100}
    assert world.audience.content(CUSTOMERS.id) == before
    assert world.imports.appends - appends == 2, "what came of the rows, and the finish"


def test_the_catalog_and_the_file_are_read_once() -> None:
    world = World(*(f"t{number},{number},," for number in range(2 * WINDOW)))
    world.run()
    assert (world.catalog_reads, len(world.files.reads)) == (1, 1)


def test_fifty_new_rows_take_one_read_and_thirty_two_one_write() -> None:
    world = World(*(f"t{number},{number},," for number in range(960)))
    world.run()
    assert world.audience.reads == 20
    assert world.imports.appends == 30 + 1, "and the finish"


@pytest.mark.parametrize(
    ("mode", "expected"), [(Mode.ADD, {"skipped": 1, "subscribed": 1}), (Mode.UPDATE, {"skipped": 1, "subscribed": 1})]
)
def test_a_mode_passes_over_the_rows_that_it_is_not_for(mode: Mode, expected: dict[str, int]) -> None:
    world = World("known,1,,", "known,1,x,", "new,2,x,", rows_of_a_chunk=1, mode=Mode.UPSERT)
    world.run(0)
    job = world.imports.load(JOB)
    assert job.plan
    world.imports.jobs[JOB] = replace(job, plan=replace(job.plan, mode=mode))
    world.run(1)
    world.run(2)
    together = {**world.counts(1), **world.counts(2)}
    assert together == expected
    assert world.counts(1) == ({"skipped": 1} if mode is Mode.ADD else {"subscribed": 1})


def test_a_run_whose_time_is_up_ends_after_a_window_and_the_next_goes_on_there() -> None:
    world = World(*(f"t{number},{number},," for number in range(3 * WINDOW)))
    runs = [world.run(seconds_left=-1.0)]
    while not runs[-1].finished:
        runs.append(world.run(seconds_left=-1.0))
    assert [run.tally.rows for run in runs] == [WINDOW, WINDOW, WINDOW, 0]
    assert world.counts() == {"subscribed": 3 * WINDOW}


def test_rows_of_one_person_that_take_long_do_not_outlast_the_time_of_a_run() -> None:
    world = World(*(f"t{number},1,," for number in range(50)))
    world.imports.after_append = lambda: world.sleep(10)
    runs = [world.run(seconds_left=100)]
    while not runs[-1].finished:
        world.time = 0
        runs.append(world.run(seconds_left=100))
    assert [run.tally.rows for run in runs] == [11, 11, 11, 11, 6]
    assert world.counts() == {"subscribed": 50}


def test_a_job_that_is_to_stop_stops_and_goes_on_later() -> None:
    world = World(*(f"t{number},{number},," for number in range(2 * WINDOW)))
    world.imports.stop(JOB)
    with pytest.raises(StoppedError):
        world.run()
    assert not world.imports.appends
    world.imports.resume(world.imports.load(JOB), 1)
    world.imports.after_append = lambda: world.imports.stop(JOB)
    with pytest.raises(StoppedError):
        world.run()
    assert len(world.audience.content(CUSTOMERS.id).profiles) == WINDOW
    world.imports.after_append = lambda: None
    world.imports.resume(world.imports.load(JOB), 1)
    assert world.run().tally.rows == WINDOW
    assert world.counts() == {"subscribed": 2 * WINDOW}


def test_a_run_of_a_job_that_has_ended_does_nothing() -> None:
    world = World("a,1,,")
    world.imports.end(world.imports.load(JOB), JobStatus.FAILED, "another chunk kept failing", NOW, SOURCE)
    with pytest.raises(StoppedError, match="is failed already"):
        world.run()
    assert not world.imports.appends


def test_a_run_of_an_earlier_attempt_does_nothing() -> None:
    world = World("a,1,,")
    world.imports.resume(world.imports.load(JOB), 2)
    with pytest.raises(StoppedError, match="is at attempt 2"):
        world.run(attempt=1)
    assert not world.imports.appends
    assert world.run(attempt=2).finished


def test_progress_is_shown_while_a_chunk_runs_and_when_its_time_is_up() -> None:
    world = World(*(f"t{number},{number},," for number in range(4 * WINDOW)))
    world.imports.after_append = lambda: world.sleep(0.02)
    seen: list[int] = []
    show = world.imports.show

    def noted(job: JobId, progress: ChunkProgress) -> None:
        seen.append(progress.tally.rows)
        show(job, progress)

    world.imports.show = noted  # type: ignore[method-assign]
    assert not world.run(seconds_left=1.0).finished
    assert seen == [WINDOW, 2 * WINDOW]
    assert 0 < world.imports.progress(JOB)[0].bytes < world.chunks[0].end


def test_a_table_that_throttles_for_a_minute_is_waited_for() -> None:
    world = World("a,1,,", "b,2,,")

    def throttled() -> None:
        if world.time < 60:
            raise UnavailableError("ThrottlingException")

    world.audience.before_call = throttled
    assert world.run().finished
    assert world.time >= 60
    assert world.counts() == {"subscribed": 2}


def test_a_table_that_stays_away_is_given_up_after_a_while_and_the_engine_starts_again() -> None:
    world = World("a,1,,")

    def away() -> None:
        raise UnavailableError("ThrottlingException")

    world.audience.before_call = away
    with pytest.raises(UnavailableError):
        world.run()
    assert SECONDS_WITHOUT_PROGRESS <= world.time < SECONDS_WITHOUT_PROGRESS + 30
    assert "ThrottlingException" in world.imports.load(JOB).reason, "should no later run get any further"


def test_a_quote_in_a_file_that_was_planned_without_fails_the_job_with_advice() -> None:
    world = World("a,1,,", "b,2,,")
    world.change(world.content.replace(b"b,2", b'",2'))
    with pytest.raises(UnusableFileError):
        world.run()
    assert "quoted: true" in world.imports.load(JOB).reason


def test_a_file_or_a_resource_that_is_gone_fails_the_job() -> None:
    gone = World("a,1,,")
    gone.files.move(SOURCE, "elsewhere")
    closed = World("a,1,,")
    closed.catalog = lambda: Catalog({}, {})  # type: ignore[method-assign]
    for world, reason in ((gone, "deleted"), (closed, "no resource 5")):
        with pytest.raises(UnusableFileError):
            world.run()
        assert reason in world.imports.load(JOB).reason


def test_a_run_that_was_taken_over_ends_without_another_word() -> None:
    world = World("a,1,,")

    def twin() -> None:
        world.imports.open(JOB, 0)

    world.imports.before_append = twin
    with pytest.raises(TakenOverError):
        world.run()
    assert not world.imports.load(JOB).reason


# Every way to be killed


ROWS = (
    *("a,1,x,", "b,1,y,", "c,2,,", "a,2,,", "a,2,,yes", "a,2,,yes", "d,3,z,", "d,3,z,", "bad,one,,", "c,2,,yes", "c,2,w,"),
    *("e,4,,", "f,4,,", "g,4,,", "e,5,,", "h,6,q,yes", "b,1,x,yes", "b,7,,", "i,8,,", "j,8,,", "short", "a,1,,", "k,9,,"),
)


@dataclass
class Fate:
    """Strikes at random steps, a few times."""

    chance: random.Random
    strokes: int

    def step(self) -> None:
        if self.strokes and self.chance.random() < 0.15:
            self.strokes -= 1
            raise KilledError if self.chance.random() < 0.6 else UnavailableError("no answer")


def killed_and_run_again(chance: random.Random, rows_of_a_chunk: int) -> World:
    world = World(*ROWS, rows_of_a_chunk=rows_of_a_chunk)
    fate = Fate(chance, chance.randint(0, 12))
    world.imports.before_append = world.imports.after_append = fate.step
    world.audience.before_call = fate.step
    world.files.before_call = fate.step
    for number in range(len(world.chunks)):
        runs_left = 100
        while not world.imports.progress(JOB).get(number) or not world.imports.progress(JOB)[number].finished:
            runs_left -= 1
            assert runs_left
            try:
                world.run(number, seconds_left=chance.choice([-1.0, 600.0]))
            except (KilledError, UnavailableError):
                continue
    return world


def test_wherever_chunks_are_killed_the_end_is_the_same_and_every_row_counted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pushhub.imports.steps.chunk.WINDOW", 5)
    for seed in range(80):
        chance = random.Random(seed)
        rows_of_a_chunk = chance.choice([3, 7, 100])
        world = killed_and_run_again(chance, rows_of_a_chunk)
        count = len(world.chunks)
        expected = World(*ROWS, rows_of_a_chunk=rows_of_a_chunk)
        for number in range(count):
            expected.run(number)
        content = world.audience.content(CUSTOMERS.id)
        assert_consistent(content)
        assert told_apart(content) == told_apart(expected.audience.content(CUSTOMERS.id)), seed
        assert [world.counts(number) for number in range(count)] == [expected.counts(number) for number in range(count)], seed
        assert [world.reasons(number) for number in range(count)] == [expected.reasons(number) for number in range(count)]
        assert world.written == expected.written, seed
