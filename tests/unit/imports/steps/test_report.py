"""A job ends once, when its execution has, with a report of what came of its rows."""

import csv
import json
from collections.abc import Collection, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from pushhub.catalog.file import read_catalog_file
from pushhub.faults import UnavailableError
from pushhub.imports.files.cutting import StreamCutter
from pushhub.imports.job import ChunkProgress, Job, JobId, JobStatus, RowResult, S3Object, Tally, job_of
from pushhub.imports.keys import resting_key
from pushhub.imports.steps import plan as planning
from pushhub.imports.steps import report as reporting
from pushhub.imports.steps.report import LOOKS, SECONDS_TO_END, ReportedJobs
from pushhub.moments import Seconds
from tests.wire.golden import HUB_CATALOG
from tests.wire.importing import BUCKET, HOUR, ImportWorld

KEY = "inbox/5/ios-apns/token/tokens.csv"
HEADER = "subscription_id,CustomNumber1"
DONE = ("start", "plan", "chunks", "SUCCEEDED")


@pytest.fixture
def world() -> ImportWorld:
    return ImportWorld(read_catalog_file(HUB_CATALOG, {}).catalog)


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a chunk be a few rows."""
    monkeypatch.setattr(planning, "StreamCutter", partial(StreamCutter, chunk_size=60))


def rows(count: int, bad: Collection[int] = ()) -> list[str]:
    """Return rows, the bad ones with a number that is none."""
    return [f"token-{number:012d},{'none' if number in bad else number}" for number in range(count)]


def dropped(world: ImportWorld, lines: list[str], *words: str, end: str = "\n") -> JobId:
    """Drop a file, let things happen to its job, and return its id."""
    source = world.files.drop(KEY, (HEADER + end + end.join(lines)).encode())
    for word in words:
        world.happen(word)
    return job_of(source)


def report(world: ImportWorld, job: JobId) -> Any:
    return json.loads(world.files.content(f"reports/{job}/report.json"))


def errors(world: ImportWorld, job: JobId) -> list[list[str]]:
    return list(csv.reader(world.files.content(f"reports/{job}/errors.csv").decode("utf-8-sig").splitlines()))


def test_the_report_counts_every_row_once(world: ImportWorld) -> None:
    job = dropped(world, rows(10, bad={3, 9}), *DONE)
    (ended,) = world.report_job(job).ended
    assert (ended.id, ended.status, ended.ended) == (job, JobStatus.DONE, world.now)
    found = report(world, job)
    assert list(found) == [
        *("job", "status", "reason", "rows", "subscribed", "unchanged", "cancelled", "skipped", "failed"),
        *("reasons", "started", "ended"),
    ]
    assert (found["job"], found["status"], found["reason"]) == (job, "done", "")
    assert (found["rows"], found["subscribed"], found["failed"]) == (10, 8, 2)
    assert found["rows"] == sum(found[kind] for kind in RowResult)
    assert sum(found["reasons"].values()) == found["failed"]
    assert found["started"] == found["ended"] == "2026-11-21T16:00:00Z"


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_failed_rows_of_all_chunks_are_listed_with_their_line_and_given_back_as_they_were(world: ImportWorld, end: str) -> None:
    lines = rows(40, bad={0, 17, 39})
    job = dropped(world, lines, *DONE, end=end)
    assert len(world.imports.progress(job)) > 5
    world.report_job(job)
    assert [row[0] for row in errors(world, job)[1:]] == ["2", "19", "41"]
    retry = world.files.content(f"reports/{job}/retry.csv").decode()
    assert retry == end.join([HEADER, lines[0], lines[17], lines[39], ""])


@pytest.mark.usefixtures("small_chunks")
def test_lines_are_right_behind_a_chunk_that_was_not_finished(world: ImportWorld) -> None:
    job = dropped(world, rows(40, bad={39}), "start", "plan", "chunks", "FAILED")
    world.imports.shown[job][1] = replace(world.imports.progress(job)[1], finished=False, lines=0)
    world.report_job(job)
    assert [row[0] for row in errors(world, job)[1:]] == ["41"]


def streamed_keys(world: ImportWorld, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the names of objects that are streamed from now on."""
    names: list[str] = []
    stream = world.files.stream

    def noted(source: S3Object) -> Iterator[bytes]:
        names.append(source.key.rpartition("/")[2])
        return stream(source)

    monkeypatch.setattr(world.files, "stream", noted)
    return names


@pytest.mark.usefixtures("small_chunks")
def test_what_people_look_at_is_bounded_and_no_more_is_read_for_it_while_all_rows_are_given_back(
    world: ImportWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reporting, "MAX_LISTED", 2)
    lines = rows(40, bad={0, 17, 39})
    job = dropped(world, lines, *DONE)
    read = streamed_keys(world, monkeypatch)
    world.report_job(job)
    assert [row[0] for row in errors(world, job)[1:]] == ["2", "19"]
    assert world.files.content(f"reports/{job}/retry.csv").decode() == "\n".join([HEADER, lines[0], lines[17], lines[39], ""])
    kinds = [name.partition("-")[0] for name in read]
    assert (kinds.count("failed"), kinds.count("retry")) == (2, 3)


@pytest.mark.usefixtures("small_chunks")
def test_the_list_of_chunks_is_read_once_although_many_were_not_finished(
    world: ImportWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = dropped(world, rows(40, bad={39}), "start", "plan", "chunks", "FAILED")
    last = max(world.imports.progress(job))
    world.imports.shown[job] = {last: world.imports.progress(job)[last]}
    read = streamed_keys(world, monkeypatch)
    world.report_job(job)
    assert read.count("chunks.json") == 1
    assert [row[0] for row in errors(world, job)[1:]] == ["41"]


def test_rows_are_counted_in_a_report_before_they_are_listed(world: ImportWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    job = dropped(world, rows(5, bad={1}), "start", "plan", "chunks", "TIMED_OUT")

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(world.files, "writing", killed)
    with pytest.raises(KeyboardInterrupt):
        world.report_job(job)
    found = report(world, job)
    assert (found["status"], found["ended"], found["rows"], found["failed"]) == ("running", None, 5, 1)
    assert found["reason"] == "the import took longer than an execution may"


@pytest.mark.parametrize("by_sweep", [False, True])
@pytest.mark.parametrize("outcome", ["FAILED", "TIMED_OUT", "ABORTED"])
def test_chunks_of_an_execution_that_did_not_succeed_may_end_what_they_had_begun(
    world: ImportWorld, outcome: str, *, by_sweep: bool
) -> None:
    job = dropped(world, rows(5), "start", "plan", outcome)
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        world.happen("chunks")

    waiting = replace(world.report_job, sleep=sleep)
    assert (waiting.sweep() if by_sweep else waiting(job)).ended
    assert waits == [SECONDS_TO_END]
    assert report(world, job)["rows"] == 5


def test_a_job_that_succeeded_is_reported_on_at_once(world: ImportWorld) -> None:
    job = dropped(world, rows(5), *DONE)

    def sleep(_: float) -> None:
        pytest.fail("nothing is to be waited for")

    assert replace(world.report_job, sleep=sleep)(job).ended


def test_of_two_that_report_at_one_time_one_has_ended_the_job(world: ImportWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    job = dropped(world, rows(3), *DONE)
    others: list[ReportedJobs] = []
    move = world.files.move

    def meanwhile(source: S3Object, key: str) -> S3Object:
        monkeypatch.setattr(world.files, "move", move)
        others.append(world.report_job.sweep())
        return move(source, key)

    monkeypatch.setattr(world.files, "move", meanwhile)
    first = world.report_job(job)
    assert ([[ended.id for ended in other.ended] for other in others], first.ended) == ([[job]], ())


def test_without_failed_rows_there_is_nothing_to_mend(world: ImportWorld) -> None:
    job = dropped(world, rows(3), *DONE)
    world.report_job(job)
    assert [key for key in world.files.all_keys() if key.startswith("reports/")] == [f"reports/{job}/report.json"]


@pytest.mark.parametrize(
    ("outcome", "status", "reason"),
    [
        ("FAILED", JobStatus.FAILED, "a step kept failing, and its log says why; a retry goes on from there"),
        ("TIMED_OUT", JobStatus.FAILED, "the import took longer than an execution may"),
        ("ABORTED", JobStatus.CANCELLED, ""),
    ],
)
def test_how_an_execution_ended_is_how_the_job_did(world: ImportWorld, outcome: str, status: JobStatus, reason: str) -> None:
    job = dropped(world, rows(3), "start", "plan", outcome)
    world.report_job(job)
    assert (world.imports.load(job).status, report(world, job)["status"], report(world, job)["reason"]) == (status, status, reason)


def test_a_job_that_was_given_up_says_why(world: ImportWorld) -> None:
    job = dropped(world, rows(3), "start", "plan", "FAILED")
    world.imports.give_up(job, "a quote stands in it")
    world.report_job(job)
    assert world.imports.load(job).reason == report(world, job)["reason"] == "a quote stands in it"


def test_the_file_leaves_the_inbox_for_a_place_of_its_own(world: ImportWorld) -> None:
    jobs = [dropped(world, rows(3), *DONE) for _ in range(2)]
    for job in jobs:
        world.report_job(job)
        assert world.imports.load(job).location.key == f"done/5/ios-apns/token/{job}/tokens.csv"
        assert world.files.facts(world.imports.load(job).location).size
    assert not list(world.files.list_inbox())


def test_a_key_that_would_get_too_long_is_cut_short() -> None:
    source = S3Object(BUCKET, f"inbox/{'a' * 500}/{'ä' * 250}.csv", "v")
    job = Job(job_of(source), source, source, JobStatus.RUNNING, Seconds(0))
    assert resting_key(job, JobStatus.CANCELLED) == f"failed/{job.id}"


def test_reporting_again_changes_nothing(world: ImportWorld) -> None:
    job = dropped(world, rows(3, bad={1}), *DONE)
    world.report_job(job)
    ended, keys = world.imports.load(job), world.files.all_keys()
    world.happen("wait")
    assert world.report_job(job) == ReportedJobs()
    assert (world.imports.load(job), world.files.all_keys()) == (ended, keys)


@pytest.mark.parametrize("fatal", ["end", "move"])
def test_a_run_that_was_killed_is_made_good_by_the_sweep(world: ImportWorld, monkeypatch: pytest.MonkeyPatch, fatal: str) -> None:
    job = dropped(world, rows(5, bad={1}), *DONE)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(world.imports if fatal == "end" else world.files, fatal, killed)
        with pytest.raises(KeyboardInterrupt):
            world.report_job(job)
    assert [ended.id for ended in world.report_job.sweep().ended] == [job]
    known = world.imports.load(job)
    assert (known.status, known.location.key) == (JobStatus.DONE, f"done/5/ios-apns/token/{job}/tokens.csv")
    assert (report(world, job)["rows"], len(errors(world, job))) == (5, 2)


def test_a_file_that_somebody_deleted_does_not_keep_its_job_from_ending(world: ImportWorld) -> None:
    job = dropped(world, rows(5, bad={1}), *DONE)
    world.files.move(world.imports.load(job).location, "elsewhere")
    world.report_job(job)
    assert (report(world, job)["rows"], len(errors(world, job))) == (5, 2)
    assert world.imports.load(job).status is JobStatus.DONE


def test_what_is_said_of_an_execution_counts_once_it_can_be_seen(world: ImportWorld) -> None:
    job = dropped(world, rows(3), "start", "plan", "chunks")
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == LOOKS - 1:
            world.happen("SUCCEEDED")

    assert replace(world.report_job, sleep=sleep)(job).ended
    assert sum(waits) <= 10


def test_a_job_that_still_runs_is_left_alone(world: ImportWorld) -> None:
    job = dropped(world, rows(3), "start", "plan", "FAILED", "report", "retry")
    assert world.report_job(job) == ReportedJobs()
    assert world.imports.load(job).status is JobStatus.RUNNING


def test_an_execution_of_no_job_is_passed_over(world: ImportWorld) -> None:
    assert world.report_job(JobId("nobody")) == ReportedJobs()


def test_a_sweep_ends_the_jobs_whose_execution_ended_and_goes_on_behind_one_that_it_cannot_end(
    world: ImportWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    stubborn, other = (dropped(world, rows(3), *DONE) for _ in range(2))
    progress = world.imports.progress

    def fails_for_one(job: JobId) -> Any:
        if job == stubborn:
            raise UnavailableError("busy")
        return progress(job)

    monkeypatch.setattr(world.imports, "progress", fails_for_one)
    reported = world.report_job.sweep()
    assert ([job.id for job in reported.ended], reported.unreported) == ([other], {stubborn: "busy"})


def test_a_sweep_sees_for_how_long_a_job_has_come_no_further(world: ImportWorld) -> None:
    job = dropped(world, rows(3), "start", "plan")
    seen = []
    for finished in (False, False, True, True, True):
        if finished:
            world.imports.show(job, ChunkProgress(0, Tally(), 60, 3, finished=True))
        seen.append(world.report_job.sweep().standstills[job])
        world.happen("wait")
    assert seen == [0, HOUR, 0, HOUR, 2 * HOUR]
