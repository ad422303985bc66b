"""A job is planned once, and each attempt goes through what is not finished."""

import gzip
import json
from typing import Any

import pytest

from pushhub.audience.command import Mode
from pushhub.catalog.file import read_catalog_file
from pushhub.faults import UnavailableError
from pushhub.imports.files.cutting import CHUNK_SIZE, STREAMED_BYTES
from pushhub.imports.job import ChunkProgress, FilePlan, Job, JobId, JobStatus, S3Object, Tally, UnusableFileError, job_of
from pushhub.imports.keys import REPORT, report_key, work_key
from pushhub.imports.steps import plan as planning
from pushhub.imports.steps.attempts import StoppedError
from tests.wire.golden import HUB_CATALOG
from tests.wire.importing import BUCKET, ImportWorld

KEY = "inbox/5/ios-apns/token/tokens.csv"
HEADER = b"subscription_id,nick\n"
ROW = b"a-token-of-some-length-0123456789,somebody\n"
LONG = HEADER + ROW * (3 * CHUNK_SIZE // len(ROW))


@pytest.fixture
def world() -> ImportWorld:
    return ImportWorld(read_catalog_file(HUB_CATALOG, {}).catalog)


def begun(world: ImportWorld, content: bytes, key: str = KEY, **metadata: str) -> JobId:
    """Drop a file and begin its job; return its id."""
    source = world.files.drop(key, content, metadata)
    world.happen("start")
    return job_of(source)


def read_json(world: ImportWorld, key: str) -> Any:
    return json.loads(world.files.content(key))


def test_the_list_of_chunks_covers_the_rows_of_the_file(world: ImportWorld) -> None:
    job = begun(world, LONG)
    planned = world.plan_attempt(job, 1)
    chunks = read_json(world, planned.list_key)
    assert planned.chunks == len(chunks) >= 3
    assert [chunk["number"] for chunk in chunks] == list(range(len(chunks)))
    assert [chunk["start"] for chunk in chunks] == [len(HEADER), *(chunk["end"] for chunk in chunks[:-1])]
    assert chunks[-1]["end"] == len(LONG)


def test_the_job_knows_how_its_file_is_read(world: ImportWorld) -> None:
    job = begun(world, b'subscription_id;nick\n"a";b\n', mode="update")
    world.plan_attempt(job, 1)
    plan = world.imports.load(job).plan
    assert plan
    assert (plan.layout.delimiter, plan.layout.quoted, plan.mode, plan.chunks, plan.unpacked) == (";", True, Mode.UPDATE, 1, "")


def test_a_report_says_that_it_runs(world: ImportWorld) -> None:
    job = begun(world, LONG)
    world.plan_attempt(job, 1)
    report = read_json(world, f"reports/{job}/report.json")
    assert (report["status"], report["rows"], report["ended"]) == ("running", 0, None)


def test_a_packed_file_is_unpacked_once_and_planned_by_its_plain_content(world: ImportWorld) -> None:
    job = begun(world, gzip.compress(LONG), f"{KEY}.gz")
    world.plan_attempt(job, 1)
    plan = world.imports.load(job).plan
    assert plan
    assert world.files.content(plan.unpacked) == LONG
    assert plan.size == len(LONG)


def test_a_large_file_without_quotes_is_planned_by_small_reads(world: ImportWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, "STREAMED_BYTES", 0)
    monkeypatch.setattr(world.files, "stream", lambda _: pytest.fail("all of it was read"))
    job = begun(world, LONG)
    assert world.plan_attempt(job, 1).chunks >= 3
    assert sum(end - start for start, end in world.files.reads) < len(LONG) // 4
    assert STREAMED_BYTES > CHUNK_SIZE


def test_a_large_file_with_a_quote_is_planned_by_reading_all_of_it(world: ImportWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, "STREAMED_BYTES", 0)
    job = begun(world, HEADER + b'"quoted",a\n' + LONG[len(HEADER) :])
    world.plan_attempt(job, 1)
    plan = world.imports.load(job).plan
    assert plan
    assert plan.layout.quoted


def test_planning_again_gives_the_same(world: ImportWorld) -> None:
    job = begun(world, LONG)
    first = world.plan_attempt(job, 1)
    chunks = read_json(world, first.list_key)
    assert world.plan_attempt(job, 1) == first
    assert read_json(world, first.list_key) == chunks


def test_another_attempt_goes_through_the_chunks_that_are_not_finished(world: ImportWorld) -> None:
    job = begun(world, LONG)
    first = world.plan_attempt(job, 1)
    world.imports.show(job, ChunkProgress(1, Tally(), 1, finished=True))
    world.imports.show(job, ChunkProgress(2, Tally(), 1))
    world.imports.resume(world.imports.load(job), 2)
    second = world.plan_attempt(job, 2)
    assert second.list_key != first.list_key
    assert [chunk["number"] for chunk in read_json(world, second.list_key)] == [0, *range(2, first.chunks)]


def test_a_job_that_is_to_stop_is_not_planned(world: ImportWorld) -> None:
    job = begun(world, LONG)
    world.imports.stop(job)
    with pytest.raises(StoppedError):
        world.plan_attempt(job, 1)
    assert world.files.all_keys() == [KEY]


def test_a_job_that_ended_while_its_file_was_read_keeps_its_report(world: ImportWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    job = begun(world, LONG)
    plan = world.imports.plan

    def ended_meanwhile(id_: JobId, known: FilePlan) -> None:
        plan(id_, known)
        world.imports.end(world.imports.load(job), JobStatus.CANCELLED, "", world.now, S3Object(BUCKET, KEY, "1"))
        world.files.put(report_key(job, REPORT), b"final", "application/json")

    monkeypatch.setattr(world.imports, "plan", ended_meanwhile)
    with pytest.raises(StoppedError, match="cancelled already"):
        world.plan_attempt(job, 1)
    assert b"".join(world.files.stream(world.files.latest(report_key(job, REPORT)))) == b"final"


def test_what_keeps_a_file_from_being_planned_is_noted(world: ImportWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    job = begun(world, LONG)

    def away(*_: object) -> None:
        raise UnavailableError("DynamoDB answered ThrottlingException")

    monkeypatch.setattr(world.imports, "plan", away)
    with pytest.raises(UnavailableError):
        world.plan_attempt(job, 1)
    known = world.imports.load(job)
    assert "ThrottlingException" in known.reason
    assert not known.refused


def test_a_retry_whose_plan_is_not_kept_any_more_says_so(world: ImportWorld) -> None:
    job = begun(world, LONG)
    world.plan_attempt(job, 1)
    world.files.delete(work_key(job, "chunks.json"))
    with pytest.raises(UnusableFileError, match="not kept any more"):
        world.plan_attempt(job, 1)


def test_a_run_that_was_killed_before_the_job_knew_of_its_plan_is_made_good(
    world: ImportWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = begun(world, LONG)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(world.imports, "plan", killed)
        with pytest.raises(KeyboardInterrupt):
            world.plan_attempt(job, 1)
    assert world.plan_attempt(job, 1).chunks >= 3


UNUSABLE = {
    "the file is empty": (KEY, b"", {}),
    "the key has to be": ("inbox/tokens.csv", LONG, {}),
    "there is no resource 404": ("inbox/404/ios-apns/token/tokens.csv", LONG, {}),
    '"nicks" is a field of no database': (KEY, b"subscription_id,nicks\n", {}),
    'the header has no column "email"': ("inbox/5/ios-apns/custom-email/tokens.csv", LONG, {}),
    "metadata say mode": (KEY, LONG, {"mode": "replace"}),
    "no gzip file": (f"{KEY}.gz", LONG, {}),
    "the gzip file is cut short": (f"{KEY}.gz", gzip.compress(LONG)[:-5], {}),
}


@pytest.mark.parametrize("reason", UNUSABLE)
def test_a_file_that_cannot_be_imported_is_given_up_with_one_reason_and_nothing_is_planned(world: ImportWorld, reason: str) -> None:
    key, content, metadata = UNUSABLE[reason]
    job = begun(world, content, key, **metadata)
    with pytest.raises(UnusableFileError, match=reason):
        world.plan_attempt(job, 1)
    known = world.imports.load(job)
    assert reason in known.reason
    assert not known.plan
    assert world.files.all_keys() == sorted([key, report_key(job, REPORT)])


def test_a_file_that_was_deleted_meanwhile_is_given_up(world: ImportWorld) -> None:
    source = S3Object(BUCKET, KEY, "gone")
    world.imports.create(Job(job_of(source), source, source, JobStatus.RUNNING, world.now))
    with pytest.raises(UnusableFileError, match="deleted"):
        world.plan_attempt(job_of(source), 1)
    assert "deleted" in world.imports.load(job_of(source)).reason
