"""Files dropped into the bucket of a running hub, from the inbox to the report, and everything that may come in between."""

import csv
import io
import json
import os
import secrets
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from pushhub.adapters.dynamodb.jobs import DynamoJobs
from pushhub.audience.model import MatchKey
from pushhub.audience.port import SnapshotQuery
from pushhub.catalog.model import DatabaseId, FieldType
from pushhub.imports.job import Job, JobId, JobStatus, S3Object, job_of
from pushhub.imports.keys import attempt_chunks_key
from tests.conftest import Hub
from tests.running_upstream import until

FOLDER = "inbox/5/ios-apns/custom-CustomNumber1"
HEADER = "subscription_id,CustomNumber1,nick\n"


class Imports:
    """The imports of a hub, as whoever may use its bucket and its tables sees them."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.s3 = hub.connection.client("s3")
        self.bucket = hub.connection.outputs["ImportsBucket"]
        self.jobs = DynamoJobs(hub.connection.client("dynamodb"), hub.connection.outputs["LedgerTable"])

    def drop(self, content: str, key: str = "", **metadata: str) -> JobId:
        """Upload a file as any tool does, and return the job that it becomes."""
        where = key or f"{FOLDER}/{secrets.token_hex(4)}.csv"
        put = self.s3.put_object(Bucket=self.bucket, Key=where, Body=content.encode(), Metadata=metadata)
        return job_of(S3Object(self.bucket, where, put["VersionId"]))

    def ended(self, job: JobId, seconds: float = 120) -> Job:
        """Return a job once it has ended."""
        return until(
            lambda: next((one for one in self.jobs.recent(1000) if one.id == job and one.status.final), None), seconds
        ) or (self.jobs.load(job))

    def report(self, job: JobId) -> dict[str, Any]:
        """Return the report of a job once that has ended. It says `running` until the files of failed rows are written."""
        self.ended(job)
        until(lambda: self._written_report(job)["status"] != "running")
        report = self._written_report(job)
        assert report["job"] == job
        counted = ("subscribed", "unchanged", "cancelled", "skipped", "failed")
        assert report["rows"] == sum(report[kind] for kind in counted)
        return report

    def _written_report(self, job: JobId) -> dict[str, Any]:
        report: dict[str, Any] = json.loads(self.content(f"reports/{job}/report.json"))
        return report

    def content(self, key: str) -> bytes:
        """Return what is in an object."""
        return self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()

    def keys(self, prefix: str) -> list[str]:
        """Return the keys that begin so."""
        listed = self.s3.list_objects_v2(Bucket=self.bucket, Prefix=prefix)
        return [found["Key"] for found in listed.get("Contents", [])]

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the command line against the hub."""
        return subprocess.run(
            [sys.executable, "-m", "pushhub.console.cli", *words],
            env=os.environ | {"PUSHHUB_HOME": str(self.hub.up.home)},
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def imports(hub: Hub) -> Imports:
    return Imports(hub)


def numbered(count: int) -> list[str]:
    """Return good rows that nobody else has."""
    first = secrets.randbelow(2**60)
    return [f"token-{secrets.token_hex(16)},{first + number},nick {number}\n" for number in range(count)]


def everyone(hub: Hub) -> list[Any]:
    """Return all that the Audience table holds."""
    pages = hub.connection.client("dynamodb").get_paginator("scan").paginate(TableName=hub.connection.outputs["AudienceTable"])
    return sorted((item for page in pages for item in page["Items"]), key=str)


def test_a_dropped_file_is_imported_and_its_bad_rows_come_back_to_be_mended(hub: Hub, imports: Imports) -> None:
    rows = numbered(5)
    bad = ["no-number,one,x\n", "short,1\n", ",5,x\n"]
    content = HEADER + "".join([*rows[:3], *bad, *rows[3:]])
    key = f"{FOLDER}/first and ünusual+name.csv"
    report = imports.report(first := imports.drop(content, key))
    assert (report["status"], report["subscribed"], report["failed"], sum(report["reasons"].values())) == ("done", 5, 3, 3)
    assert not imports.keys(key)
    assert [found.rsplit("/", 1)[-1] for found in imports.keys(f"done/5/ios-apns/custom-CustomNumber1/{first}/")] == [
        "first and ünusual+name.csv"
    ]
    listed = list(csv.reader(io.StringIO(imports.content(f"reports/{first}/errors.csv").decode("utf-8-sig"), newline="")))
    assert [line[0] for line in listed[1:]] == ["5", "6", "7"]
    retry = imports.content(f"reports/{first}/retry.csv").decode()
    assert retry == HEADER + "".join(bad)

    mended = retry.replace("no-number,one,x\n", numbered(1)[0]).replace("short,1\n", "").replace(",5,x\n", "")
    assert imports.report(imports.drop(mended))["subscribed"] == 1

    before = everyone(hub)
    again = imports.report(imports.drop(content))
    assert (again["unchanged"], again["failed"], again["subscribed"]) == (5, 3, 0)
    assert everyone(hub) == before


def test_a_notification_that_comes_five_times_makes_one_job(hub: Hub, imports: Imports) -> None:
    rows = numbered(40)
    job = imports.drop(HEADER + "".join(rows))
    source = imports.jobs.load(
        until(lambda: next((one.id for one in imports.jobs.recent(1000) if one.id == job), None)) or job
    ).source
    event = {
        "source": "aws.s3",
        "detail-type": "Object Created",
        "detail": {"bucket": {"name": source.bucket}, "object": {"key": source.key, "version-id": source.version, "size": 1}},
    }
    functions = hub.connection.client("lambda")
    (start,) = (
        function["FunctionName"]
        for page in functions.get_paginator("list_functions").paginate()
        for function in page["Functions"]
        if "ImportsStart" in function["FunctionName"]
    )
    for _ in range(5):
        told = functions.invoke(FunctionName=start, Payload=json.dumps(event).encode())
        assert "FunctionError" not in told, told["Payload"].read()
    assert imports.report(job)["subscribed"] == 40
    machine = hub.connection.outputs["ImportsStateMachine"]
    executions = hub.connection.client("stepfunctions").list_executions(stateMachineArn=machine)["executions"]
    assert [execution["status"] for execution in executions if execution["name"].startswith(job)] == ["SUCCEEDED"]


@pytest.mark.parametrize(
    ("key", "content", "reason"),
    [
        ("inbox/5/ios-apns/people.csv", HEADER, "inbox/<resource id>/<provider>/<matching>/<name>"),
        ("inbox/999/ios-apns/token/people.csv", HEADER, "no resource 999"),
        (f"{FOLDER}/unknown.csv", "subscription_id,CustomNumber1,shoe_size\n", "shoe_size"),
        (f"{FOLDER}/empty.csv", "", "empty"),
    ],
)
def test_a_file_that_cannot_work_fails_at_once_with_one_reason(imports: Imports, key: str, content: str, reason: str) -> None:
    report = imports.report(job := imports.drop(content, key))
    assert (report["status"], report["rows"]) == ("failed", 0)
    assert reason in report["reason"]
    assert not imports.keys(key)
    assert imports.jobs.load(job).location.key.startswith("failed/")


def test_a_file_of_a_header_alone_is_done(imports: Imports) -> None:
    report = imports.report(imports.drop(HEADER))
    assert (report["status"], report["rows"]) == ("done", 0)


def killing(hub: Hub, function: str) -> Callable[[], bool]:
    """Return what kills every worker of a function, and says whether there was one."""

    def kill() -> bool:
        workers = [
            process
            for process in psutil.Process(hub.up.note.engine.pid).children(recursive=True)
            if any(f"-{function}-" in word for word in process.cmdline())
        ]
        for worker in workers:
            worker.kill()
        return bool(workers)

    return kill


def test_killed_chunks_are_run_again_and_every_row_is_counted_once(hub: Hub, imports: Imports) -> None:
    rows = numbered(3000)
    job = imports.drop(HEADER + "".join(rows))
    kill = killing(hub, "ImportsChunk")
    for settled in (1, 1500):
        until(lambda settled=settled: _settled(imports, job) >= settled)  # type: ignore[misc]
        assert kill()
    report = imports.report(job)
    assert (report["status"], report["rows"], report["subscribed"]) == ("done", 3000, 3000)
    owners = {_owner(hub, int(row.split(",")[1])) for row in rows[::300]}
    assert len(owners) == 10


def test_a_cancelled_import_stops_and_a_retry_goes_on_with_the_chunks_that_are_not_finished(imports: Imports) -> None:
    # Two chunks run at one time, so the fourth begins long after the command to cancel has started, even on a busy machine.
    chunks, good, filler = 4, 1200, 420
    sections = ["".join([*numbered(good), *(f"{'x' * 20_000}\n" for _ in range(filler))]) for _ in range(chunks)]
    job = imports.drop(HEADER + "".join(sections))
    until(lambda: _settled(imports, job) >= 1000)
    cancelled = imports.run("imports", "cancel", job)
    assert cancelled.returncode == 0, cancelled.stderr
    report = imports.report(job)
    assert report["status"] == "cancelled"
    assert report["subscribed"] < chunks * good
    finished = {number for number, chunk in imports.jobs.progress(job).items() if chunk.finished}
    plan = imports.jobs.load(job).plan
    assert plan
    every = set(range(plan.chunks))
    assert finished < every

    retried = imports.run("imports", "retry", job)
    assert retried.returncode == 0, retried.stderr
    until(lambda: imports.jobs.load(job).status is JobStatus.DONE, 120)
    report = imports.report(job)
    assert (report["status"], report["subscribed"], report["failed"]) == ("done", chunks * good, chunks * filler)
    gone_through = json.loads(imports.content(attempt_chunks_key(job, 2)))
    assert {chunk["number"] for chunk in gone_through} == every - finished
    again = imports.run("imports", "retry", job)
    assert again.returncode == 1
    assert "done" in again.stderr


def test_the_command_shows_the_report_and_ends_with_1_where_a_job_failed(imports: Imports, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    good.write_text(HEADER + "".join(numbered(10)) + "no-number,one,x\n", encoding="utf-8")
    bad.write_text("subscription_id,CustomNumber1,shoe_size\n", encoding="utf-8")
    options = ("--resource", "5", "--provider", "ios-apns", "--match", "CustomNumber1", "--wait", "--json")
    done = imports.run("import", str(good), *options)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert (report["status"], report["subscribed"], report["failed"]) == ("done", 10, 1)
    failed = imports.run("import", str(bad), *options)
    assert failed.returncode == 1
    assert json.loads(failed.stdout)["status"] == "failed"


def _settled(imports: Imports, job: JobId) -> int:
    return sum(chunk.tally.rows for chunk in imports.jobs.progress(job).values())


def _owner(hub: Hub, number: int) -> str:
    key = MatchKey("CustomNumber1", FieldType.INTEGER, number)
    (snapshot,) = hub.audience().read([SnapshotQuery(DatabaseId(17), keys=(key,))])
    return snapshot.key_holders[key]
