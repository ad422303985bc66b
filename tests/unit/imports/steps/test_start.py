"""A dropped file is one job that is started, however often and in whatever order its drop is told of."""

from collections.abc import Callable

import pytest

from pushhub.catalog.model import Catalog
from pushhub.faults import UnavailableError
from pushhub.imports.job import JobId, JobStatus, S3Object, job_of
from pushhub.imports.steps.start import Notice, StartedJobs
from tests.wire.importing import ImportWorld

KEY = "inbox/5/ios-apns/token/tokens.csv"


@pytest.fixture
def world() -> ImportWorld:
    return ImportWorld(Catalog({}, {}))


def drop(world: ImportWorld, key: str = KEY) -> S3Object:
    return world.files.drop(key, b"content")


def test_a_dropped_file_becomes_a_job_that_runs(world: ImportWorld) -> None:
    source = drop(world)
    assert world.start_import(Notice(KEY, source.version)) == StartedJobs(new=(job_of(source),))
    job = world.imports.load(job_of(source))
    assert (job.source, job.location, job.status, job.started, job.attempt) == (source, source, JobStatus.RUNNING, world.now, 1)
    assert world.executions.calls == [(job.id, 1)]


def test_five_notices_and_sweeps_make_one_job(world: ImportWorld) -> None:
    source = drop(world)
    for _ in range(5):
        world.start_import(Notice(KEY, source.version))
        world.start_import(Notice(KEY))
        world.start_import.sweep()
    assert list(world.imports.jobs) == [job_of(source)]
    assert world.executions.started == {(job_of(source), 1)}


def test_each_version_of_a_file_is_a_job(world: ImportWorld) -> None:
    versions = [drop(world), drop(world)]
    assert set(world.start_import.sweep().new) == {job_of(version) for version in versions}


@pytest.mark.parametrize("key", ["inbox/", "inbox/5/ios-apns/", "elsewhere/tokens.csv", "reports/inbox/tokens.csv"])
def test_folders_and_what_lies_elsewhere_are_passed_over(world: ImportWorld, key: str) -> None:
    source = drop(world, key)
    assert world.start_import(Notice(key, source.version)) == world.start_import.sweep() == StartedJobs()
    assert not world.imports.jobs


@pytest.mark.parametrize("key", ["inbox/tokens.csv", "inbox/5/ios-apns/token/a/b.csv", "inbox/x/y/z/photo.png"])
def test_what_cannot_be_imported_is_a_job_all_the_same_so_that_its_report_says_why(world: ImportWorld, key: str) -> None:
    source = drop(world, key)
    assert world.start_import.sweep().new == (job_of(source),)


def test_a_file_that_is_gone_when_it_is_told_of_is_no_job(world: ImportWorld) -> None:
    assert world.start_import(Notice(KEY)) == StartedJobs()
    drop(world)
    world.files.delete(KEY)
    assert world.start_import(Notice(KEY)) == world.start_import.sweep() == StartedJobs()


def killed_at(world: ImportWorld, monkeypatch: pytest.MonkeyPatch, begin: Callable[[], object]) -> None:
    """Begin a file, but get no further than to its job."""

    def start(job: JobId, attempt: int) -> None:
        raise UnavailableError("the execution could not be started")

    with monkeypatch.context() as patch:
        patch.setattr(world.executions, "start", start)
        with pytest.raises(UnavailableError):
            begin()
    assert world.imports.jobs
    assert not world.executions.calls


def test_a_job_that_was_not_started_is_started_when_its_file_is_told_of_again(
    world: ImportWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = drop(world)
    killed_at(world, monkeypatch, lambda: world.start_import(Notice(KEY, source.version)))
    assert world.start_import(Notice(KEY, source.version)) == StartedJobs(running=(job_of(source),))
    assert world.executions.started == {(job_of(source), 1)}


def test_a_job_that_was_not_started_is_started_by_the_next_sweep(world: ImportWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    source = drop(world)
    killed_at(world, monkeypatch, world.start_import.sweep)
    assert world.start_import.sweep() == StartedJobs(running=(job_of(source),))
    assert world.executions.started == {(job_of(source), 1)}


def test_a_retry_that_was_not_started_is_started_by_the_next_sweep_although_its_file_lies_elsewhere(world: ImportWorld) -> None:
    source = drop(world)
    for word in ("start", "FAILED", "report", "retry"):
        world.happen(word)
    world.start_import.sweep()
    assert (job_of(source), 2) in world.executions.started


def test_a_sweep_begins_new_files_before_it_starts_running_jobs_again(world: ImportWorld) -> None:
    running = drop(world)
    world.start_import.sweep()
    world.executions.calls.clear()
    new = drop(world, f"{KEY}.txt")
    assert world.start_import.sweep() == StartedJobs((job_of(new),), (job_of(running),))
    assert world.executions.calls == [(job_of(new), 1), (job_of(running), 1)]


def test_a_running_job_that_cannot_be_started_again_keeps_no_new_file_waiting(
    world: ImportWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = drop(world)
    killed_at(world, monkeypatch, world.start_import.sweep)
    new, start = drop(world, f"{KEY}.txt"), world.executions.start

    def start_what_is_new(job: JobId, attempt: int) -> None:
        if job == job_of(source):
            raise UnavailableError("the execution could not be started")
        start(job, attempt)

    monkeypatch.setattr(world.executions, "start", start_what_is_new)
    with pytest.raises(UnavailableError):
        world.start_import.sweep()
    assert world.executions.started == {(job_of(new), 1)}


def test_a_job_that_has_ended_is_not_started_again(world: ImportWorld) -> None:
    source = drop(world)
    for word in ("start", "FAILED", "report"):
        world.happen(word)
    world.executions.calls.clear()
    assert world.start_import(Notice(KEY, source.version)) == world.start_import.sweep() == StartedJobs()
    assert not world.executions.calls
