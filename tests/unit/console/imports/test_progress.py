"""What is shown of running imports, and how a command waits for them."""

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import replace

import pytest

import pushhub.console.imports.watch as watching
from pushhub.audience.command import Mode
from pushhub.console.failure import ConsoleError
from pushhub.console.imports.progress import Moment, Pace, Standing, moment_of, progress_text
from pushhub.console.imports.report import progress_entry, progress_lines, report_lines
from pushhub.console.imports.watch import START_SECONDS, Watch
from pushhub.console.polling import POLL_SECONDS, SILENCE_SECONDS
from pushhub.console.speed import WINDOW_SECONDS
from pushhub.faults import UnavailableError
from pushhub.imports.files.layout import Layout
from pushhub.imports.job import ChunkProgress, FilePlan, Job, JobId, JobStatus, RowResult, S3Object, Tally
from pushhub.imports.steps.summary import summary_of
from pushhub.moments import Seconds
from tests.doubles.imports import MemoryImports

NOON = Seconds(1_700_000_000)
SOURCE = S3Object("bucket", "inbox/5/ios-apns/token/clients.csv", "v1")
LAYOUT = Layout("utf-8", 0, ",", quoted=False, columns=("subscription_id",), header=16, line_end="\n")
PLAN = FilePlan(LAYOUT, Mode.UPSERT, size=1016, chunks=2)
JOB = Job(JobId("clients-1"), SOURCE, SOURCE, JobStatus.RUNNING, NOON, plan=PLAN)


def tally(subscribed: int = 0, failed: int = 0) -> Tally:
    return Tally({RowResult.SUBSCRIBED: subscribed, RowResult.FAILED: failed}, {"a reason": failed} if failed else {})


def moment(at: float, done: int = 0, rows: int = 0, failed: int = 0, *, waiting: bool = False) -> Moment:
    return Moment(at, 1000, done, tally(rows - failed, failed), waiting)


def paced(*moments: Moment) -> Pace:
    pace = Pace()
    for one in moments:
        pace.add(one)
    return pace


# What is shown


def test_rows_speed_failures_and_time_left_stand_beside_the_bar() -> None:
    now = moment(10, done=250, rows=5000, failed=7)
    assert progress_text(now, paced(moment(0), now)) == "5,000 rows, 500 rows/s, 7 failed, 0:30 left"


def test_nothing_is_promised_as_long_as_nothing_is_known() -> None:
    now = moment(10)
    assert progress_text(now, paced(now)) == "0 rows, 0 rows/s, 0 failed"
    waiting = moment(10, waiting=True)
    assert progress_text(waiting, paced(moment(0, waiting=True), waiting)) == "waiting for the hub to plan it"


def test_no_time_left_is_said_as_long_as_the_size_of_a_file_is_not_known() -> None:
    now = moment(10, done=250, rows=5000, waiting=True)
    assert progress_text(now, paced(moment(0), now)) == "5,000 rows, 500 rows/s, 0 failed"


def test_speed_follows_what_changes() -> None:
    slow = [moment(second, done=second, rows=second) for second in range(100)]
    fast = [moment(100 + second, done=99 + 10 * second, rows=99 + 10 * second) for second in range(1, WINDOW_SECONDS + 2)]
    pace = paced(*slow, *fast)
    assert pace.rows_per_second == 10
    assert pace.seconds_left == (1000 - fast[-1].done) / 10


def test_a_pause_longer_than_the_window_still_has_a_speed() -> None:
    assert paced(moment(0), moment(1000, done=500, rows=1000)).rows_per_second == 1


def test_several_jobs_are_summed_up() -> None:
    one = Standing(JOB, {0: ChunkProgress(0, tally(3, 1), bytes=600, finished=True), 1: ChunkProgress(1, tally(1), bytes=100)})
    assert moment_of(5, [one, one]) == Moment(5, 2000, 1400, tally(8, 2), waiting=False)
    assert moment_of(5, [one, None]) == Moment(5, 1000, 700, tally(4, 1), waiting=True)
    assert moment_of(5, [one, Standing(replace(JOB, plan=None))]).waiting


def test_a_job_that_ended_without_a_plan_keeps_nobody_waiting() -> None:
    failed = Standing(replace(JOB, plan=None, status=JobStatus.FAILED))
    assert moment_of(5, [failed]) == Moment(5, 0, 0, Tally(), waiting=False)


def test_a_running_job_says_how_far_it_is() -> None:
    standing = Standing(JOB, {0: ChunkProgress(0, tally(90, 10), bytes=500, finished=True)})
    assert list(progress_lines(standing, Seconds(NOON + 20))) == [
        "  progress    50 % of 1,000 bytes, 1 of 2 chunks finished",
        "  speed       5 rows/s, 0:20 left",
    ]
    assert progress_entry(standing) == {"bytes": 500, "bytes_in_all": 1000, "chunks_finished": 1, "chunks": 2}
    again = Standing(replace(JOB, attempt=2), standing.progress)
    assert list(progress_lines(again, Seconds(NOON + 20))) == ["  progress    50 % of 1,000 bytes, 1 of 2 chunks finished"]
    unplanned = Standing(replace(JOB, plan=None))
    assert list(progress_lines(unplanned, NOON)) == ["  progress    the file is not planned yet"]


def test_what_came_of_the_rows_adds_up_and_has_the_most_frequent_reason_first() -> None:
    counted = Tally({RowResult.SUBSCRIBED: 1200, RowResult.FAILED: 34}, {"rare": 4, "frequent": 30})
    entry = summary_of(JOB, counted)
    assert entry["rows"] == 1234
    assert list(report_lines(entry, PLAN)) == [
        "job clients-1: running",
        "  started     2023-11-14T22:13:20Z",
        "  read as     utf-8, comma, no quotes",
        "  rows        1,234",
        "  subscribed  1,200",
        "  unchanged       0",
        "  cancelled       0",
        "  skipped         0",
        "  failed         34",
        "                 30  frequent",
        "                  4  rare",
    ]


def test_why_a_job_failed_cannot_steer_the_terminal() -> None:
    entry = summary_of(replace(JOB, status=JobStatus.FAILED, reason='unknown column "\x1b[2J"', ended=NOON), Tally())
    lines = list(report_lines(entry, None))
    assert lines[1] == '  why         "unknown column \\"\\u001b[2J\\""'
    assert lines[3] == "  ended       2023-11-14T22:13:20Z"


# Waiting


class Played(MemoryImports):
    """Jobs that change between two looks; time passes only while somebody sleeps."""

    def __init__(self, *scenes: Callable[["Played"], None]) -> None:
        super().__init__()
        self.scenes = list(scenes)
        self.time = 0.0

    def clock(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.time += seconds
        if self.scenes:
            self.scenes.pop(0)(self)

    def watch(self) -> Watch:
        return Watch(self, self.clock, self.sleep)


def create(played: Played) -> None:
    played.create(replace(JOB, plan=None))


def plan(played: Played) -> None:
    played.plan(JOB.id, PLAN)


def advance(played: Played) -> None:
    played.show(JOB.id, ChunkProgress(0, tally(5), bytes=500))


def finish(played: Played) -> None:
    played.show(JOB.id, ChunkProgress(0, tally(9, 1), bytes=1000, finished=True))
    played.end(JOB, JobStatus.DONE, "", NOON, SOURCE)


def nothing(played: Played) -> None:
    pass


def test_a_job_is_followed_from_before_it_is_known_to_its_end() -> None:
    played = Played(create, plan, advance, finish)
    (ended,) = played.watch().until_ended([JOB.id])
    assert (ended.job.status, ended.tally) == (JobStatus.DONE, tally(9, 1))
    assert played.time == 4 * POLL_SECONDS


def test_every_look_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[tuple[object, ...]] = []
    monkeypatch.setattr(watching, "described_bar", lambda label: nullcontext(lambda *what: shown.append(what)))
    Played(create, plan, advance, finish).watch().until_ended([JOB.id])
    assert shown == [
        (0, 0, "waiting for the hub to plan it"),
        (0, 0, "waiting for the hub to plan it"),
        (0, 1000, "0 rows, 0 rows/s, 0 failed"),
        (500, 1000, "5 rows, 2 rows/s, 0 failed, 0:03 left"),
        (1000, 1000, "10 rows, 2 rows/s, 1 failed, 0:00 left"),
    ]


def test_nothing_of_a_bar_is_seen_without_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    Played(create, finish).watch().until_ended([JOB.id])
    assert capsys.readouterr() == ("", "")


def test_jobs_that_have_ended_are_not_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    played = Played(create, finish, nothing)
    other = replace(JOB, id=JobId("other"), status=JobStatus.FAILED)
    played.create(other)
    asked: list[str] = []
    load = played.load

    def count(id_: JobId) -> Job:
        asked.append(id_)
        return load(id_)

    monkeypatch.setattr(played, "load", count)
    ended = played.watch().until_ended([other.id, JOB.id])
    assert [standing.job.status for standing in ended] == [JobStatus.FAILED, JobStatus.DONE]
    assert asked.count("other") == 1


def test_a_job_that_is_never_begun_is_not_waited_for_for_ever() -> None:
    played = Played()
    with pytest.raises(ConsoleError, match=r"^the hub has not begun job clients-1 for 30 minutes: see the log of imports_start$"):
        played.watch().until_ended([JOB.id])
    assert played.time == START_SECONDS + POLL_SECONDS


def failing_for(played: Played, monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    load = played.load

    def fail(id_: JobId) -> Job:
        if 1 <= played.time < seconds:
            raise UnavailableError("no network")
        return load(id_)

    monkeypatch.setattr(played, "load", fail)


def test_a_table_that_is_out_of_reach_for_a_while_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    scenes: Sequence[Callable[[Played], None]] = [create, *([nothing] * 100), finish]
    played = Played(*scenes)
    failing_for(played, monkeypatch, 60)
    (ended,) = played.watch().until_ended([JOB.id])
    assert ended.job.status is JobStatus.DONE


def test_one_that_stays_out_of_reach_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    played = Played(create)
    failing_for(played, monkeypatch, 10_000)
    with pytest.raises(UnavailableError, match="no network"):
        played.watch().until_ended([JOB.id])
    assert played.time == SILENCE_SECONDS + POLL_SECONDS
