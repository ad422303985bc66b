"""The imports commands: what came of imports is seen, failed ones go on, running ones end."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from click.testing import CliRunner, Result

from pushhub.adapters.step_functions import StepFunctionsExecutions
from pushhub.audience.command import Mode
from pushhub.console.connection import Stack
from pushhub.console.imports import commands, ended
from pushhub.console.imports.commands import imports, retry_command
from pushhub.console.imports.stores import ImportStores
from pushhub.console.imports.watch import Watch
from pushhub.faults import UnavailableError
from pushhub.imports.files.layout import Layout
from pushhub.imports.job import ChunkProgress, FilePlan, Job, JobId, JobStatus, RowResult, S3Object, Tally
from pushhub.moments import Seconds
from tests.doubles.catalog import MemoryCatalog
from tests.doubles.imports import MemoryImports

if TYPE_CHECKING:
    from pushhub.adapters.s3_for_commands import ImportBucket

NOON = Seconds(1_700_000_000)
SOURCE = S3Object("imports", "inbox/5/ios-apns/custom-email/clients.csv", "v1")
LAYOUT = Layout("windows-1251", 0, "\t", quoted=False, columns=("subscription_id", "email"), header=22, line_end="\n")
PLAN = FilePlan(LAYOUT, Mode.ADD, size=1022, chunks=2)
RUNNING = Job(JobId("clients-1"), SOURCE, SOURCE, JobStatus.RUNNING, NOON, plan=PLAN)
DONE = replace(RUNNING, status=JobStatus.DONE, ended=Seconds(NOON + 75))
FAILED = replace(RUNNING, status=JobStatus.FAILED, reason="a chunk failed", ended=Seconds(NOON + 75))
MACHINE = "arn:aws:states:eu-west-1:000000000000:stateMachine:Imports"
EXECUTION = "arn:aws:states:eu-west-1:000000000000:execution:Imports:clients-1"
REPORT = {
    "job": "clients-1",
    "status": "done",
    "reason": "",
    "rows": 10,
    "subscribed": 8,
    "unchanged": 0,
    "cancelled": 0,
    "skipped": 0,
    "failed": 2,
    "reasons": {"the row has 3 cells, the header 2": 2},
    "started": "2023-11-14T22:13:20Z",
    "ended": "2023-11-14T22:14:35Z",
}


@dataclass
class MemoryBucket:
    """A bucket that holds reports."""

    objects: dict[str, bytes] = field(default_factory=dict)
    name: str = "imports"

    def names(self, folder: str) -> list[str]:
        return [key.removeprefix(folder) for key in self.objects if key.startswith(folder)]

    def read(self, key: str) -> bytes | None:
        return self.objects.get(key)

    def download(self, key: str, file: Path) -> bool:
        if key in self.objects:
            file.write_bytes(self.objects[key])
        return key in self.objects


@dataclass
class Machine:
    """A client of Step Functions; `codes` are the errors that it answers with, by operation."""

    codes: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[str, Mapping[str, object]]] = field(default_factory=list)

    def __getattr__(self, operation: str) -> Any:
        def call(**words: object) -> dict[str, object]:
            self.asked.append((operation, words))
            if operation in self.codes:
                name = operation.title().replace("_", "")
                raise ClientError({"Error": {"Code": self.codes[operation], "Message": "no"}}, name)
            return {}

        return call


class FakeHub:
    """A hub whose imports are in memory."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.jobs = MemoryImports()
        self.bucket = MemoryBucket()
        self.machine = Machine()
        self.stacks: list[Stack | None] = []
        monkeypatch.setattr(commands, "open_imports", self.open)
        monkeypatch.setattr(commands, "seconds_now", lambda: Seconds(NOON + 20))

    def open(self, stack: Stack | None) -> ImportStores:
        self.stacks.append(stack)
        executions = StepFunctionsExecutions(cast("Any", self.machine), MACHINE)
        return ImportStores(MemoryCatalog(), self.jobs, cast("ImportBucket", self.bucket), executions)

    def holds(self, job: Job, report: Mapping[str, object] | None = None) -> None:
        self.jobs.create(job)
        if report is not None:
            self.bucket.objects[f"reports/{job.id}/report.json"] = json.dumps(report).encode()


@pytest.fixture
def hub_(monkeypatch: pytest.MonkeyPatch) -> FakeHub:
    return FakeHub(monkeypatch)


def run(*words: str) -> Result:
    return CliRunner(mix_stderr=False).invoke(imports, words)


# Looking


def test_the_jobs_begun_last_are_listed_and_say_why_they_failed(hub_: FakeHub) -> None:
    hub_.holds(FAILED)
    hub_.holds(replace(RUNNING, id=JobId("more-2"), source=replace(SOURCE, key="inbox/5/x.csv"), started=Seconds(NOON + 10)))
    hub_.jobs.show(FAILED.id, ChunkProgress(0, Tally({RowResult.SUBSCRIBED: 1200, RowResult.FAILED: 3}), bytes=500))
    hub_.jobs.show(FAILED.id, ChunkProgress(1, Tally({RowResult.FAILED: 20}), bytes=100))
    result = run("list")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines() == [
        "job        status   started               took   rows  failed  file",
        "more-2     running  2023-11-14T22:13:30Z  0:10      0       0  5/x.csv",
        "clients-1  failed   2023-11-14T22:13:20Z  1:15  1,223      23  5/ios-apns/custom-email/clients.csv",
        "  a chunk failed",
    ]
    assert [one["job"] for one in json.loads(run("list", "--json", "--limit", "1").stdout)] == ["more-2"]


def test_a_job_in_the_list_has_all_that_is_known_without_its_chunks(hub_: FakeHub) -> None:
    hub_.holds(FAILED)
    hub_.jobs.show(FAILED.id, ChunkProgress(0, Tally({RowResult.SUBSCRIBED: 3, RowResult.FAILED: 1}), bytes=500))
    assert json.loads(run("list", "--json").stdout) == [
        {
            "job": "clients-1",
            "status": "failed",
            "reason": "a chunk failed",
            "file": "inbox/5/ios-apns/custom-email/clients.csv",
            "version": "v1",
            "attempt": 1,
            "started": "2023-11-14T22:13:20Z",
            "ended": "2023-11-14T22:14:35Z",
            "rows": 4,
            "failed": 1,
        }
    ]


def test_the_progress_of_the_jobs_in_the_list_alone_is_asked_for(hub_: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[JobId] = []

    def progress(job: JobId) -> Mapping[int, ChunkProgress]:
        asked.append(job)
        return {}

    monkeypatch.setattr(hub_.jobs, "progress", progress)
    hub_.holds(FAILED)
    hub_.holds(replace(RUNNING, id=JobId("more-2"), started=Seconds(NOON + 10)))
    assert run("list", "--limit", "1").exit_code == 0
    assert asked == ["more-2"]


def test_no_imports_are_an_empty_list(hub_: FakeHub) -> None:
    assert run("list").stdout == "no imports\n"
    assert json.loads(run("list", "--json").stdout) == []


def test_a_job_that_ended_is_shown_by_its_report_and_where_that_lies(hub_: FakeHub) -> None:
    hub_.holds(DONE, REPORT)
    hub_.bucket.objects |= {"reports/clients-1/retry.csv": b"", "reports/clients-1/errors.csv": b""}
    assert json.loads(run("show", "clients-1", "--json").stdout) == REPORT
    assert run("show", "clients-1", "--stack", "my hub").stdout.splitlines() == [
        "job clients-1: done",
        "  started     2023-11-14T22:13:20Z",
        "  ended       2023-11-14T22:14:35Z",
        "  read as     windows-1251, tab, no quotes",
        "  rows        10",
        "  subscribed   8",
        "  unchanged    0",
        "  cancelled    0",
        "  skipped      0",
        "  failed       2",
        "               2  the row has 3 cells, the header 2",
        "  reports     s3://imports/reports/clients-1/ report.json, errors.csv, retry.csv",
        "  fetch them  uv run pushhub imports fetch clients-1 --stack 'my hub'",
    ]


@pytest.mark.parametrize("status", [JobStatus.FAILED, JobStatus.CANCELLED])
def test_a_job_that_did_not_get_through_says_how_far_it_came_and_what_lets_it_go_on(hub_: FakeHub, status: JobStatus) -> None:
    hub_.holds(replace(FAILED, status=status), REPORT)
    hub_.jobs.show(FAILED.id, ChunkProgress(0, Tally({RowResult.SUBSCRIBED: 3}), bytes=420, finished=True))
    assert run("show", "clients-1", "--stack", "mine").stdout.splitlines()[-4:-2] == [
        "  progress    42 % of 1,000 bytes, 1 of 2 chunks finished",
        "  go on with  uv run pushhub imports retry clients-1 --stack mine",
    ]


def test_one_that_was_not_planned_goes_on_in_the_same_way(hub_: FakeHub) -> None:
    hub_.holds(replace(FAILED, plan=None), REPORT)
    lines = run("show", "clients-1").stdout.splitlines()
    assert lines[-4:-2] == [
        "  progress    the file is not planned yet",
        "  go on with  uv run pushhub imports retry clients-1",
    ]
    assert not any("read as" in line for line in lines)


@pytest.mark.parametrize("plan", [PLAN, None])
def test_a_file_that_was_refused_is_to_be_mended(hub_: FakeHub, plan: FilePlan | None) -> None:
    hub_.holds(replace(FAILED, refused=True, plan=plan), REPORT)
    stdout = run("show", "clients-1").stdout
    assert stdout.splitlines()[-3] == "  next        mend the file, its path or its metadata, and drop it again"
    assert ("  progress    0 % of 1,000 bytes, 0 of 2 chunks finished\n" in stdout) is (plan is not None)
    assert "retry clients-1" not in stdout


def test_a_report_that_is_not_kept_any_more_is_made_up_for_by_the_ledger(hub_: FakeHub) -> None:
    hub_.holds(FAILED)
    hub_.jobs.show(FAILED.id, ChunkProgress(0, Tally({RowResult.SUBSCRIBED: 3}), bytes=500))
    shown = json.loads(run("show", "clients-1", "--json").stdout)
    assert shown.keys() == REPORT.keys()
    assert (shown["status"], shown["reason"], shown["rows"], shown["subscribed"]) == ("failed", "a chunk failed", 3, 3)
    assert run("show", "clients-1").stdout.splitlines()[-1] == "  reports     are not kept any more"


def test_a_running_job_is_shown_by_the_ledger_whatever_its_report_says(hub_: FakeHub) -> None:
    hub_.holds(RUNNING, REPORT)
    hub_.jobs.show(
        RUNNING.id, ChunkProgress(0, Tally({RowResult.SUBSCRIBED: 3, RowResult.FAILED: 1}, {"why": 1}), bytes=500, finished=True)
    )
    shown = json.loads(run("show", "clients-1", "--json").stdout)
    assert shown.pop("progress") == {"bytes": 500, "bytes_in_all": 1000, "chunks_finished": 1, "chunks": 2}
    assert shown.keys() == REPORT.keys()
    assert (shown["status"], shown["rows"], shown["ended"]) == ("running", 4, None)
    assert run("show", "clients-1").stdout.splitlines()[-2:] == [
        "  progress    50 % of 1,000 bytes, 1 of 2 chunks finished",
        "  speed       0 rows/s, 0:20 left",
    ]


@pytest.mark.parametrize("words", [("show",), ("fetch",), ("retry",), ("retry", "--wait"), ("cancel",)])
@pytest.mark.parametrize("job", ["nobody", "no\x1bbody", "", "a" * 58])
def test_an_unknown_job_is_named_with_the_way_to_find_others(hub_: FakeHub, words: Sequence[str], job: str) -> None:
    result = run(*words, job, "--stack", "mine")
    named = json.dumps(job) if "\x1b" in job else job
    told = f"Error: there is no job {named}, or it is not kept any more; `uv run pushhub imports list --stack mine` shows them\n"
    assert (result.exit_code, result.stdout, result.stderr) == (1, "", told)


def test_a_table_that_cannot_be_read_is_told_in_one_line(hub_: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise UnavailableError("DynamoDB answered AccessDenied to GetItem")

    monkeypatch.setattr(hub_.jobs, "load", fail)
    result = run("show", "clients-1")
    told = "Error: the hub's data cannot be used: DynamoDB answered AccessDenied to GetItem; run it again\n"
    assert (result.exit_code, result.stderr) == (1, told)


# Fetching


def test_the_reports_are_fetched_into_a_folder_of_the_jobs_name(
    hub_: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    hub_.holds(DONE, REPORT)
    hub_.bucket.objects |= {"reports/clients-1/errors.csv": b"errors", "reports/clients-1/retry.csv": b"retry"}
    result = run("fetch", "clients-1")
    assert (result.exit_code, result.stdout.splitlines()) == (
        0,
        ["clients-1/report.json", "clients-1/errors.csv", "clients-1/retry.csv"],
    )
    assert (tmp_path / "clients-1" / "retry.csv").read_bytes() == b"retry"
    assert result.stderr == (
        "mend clients-1/retry.csv, then: uv run pushhub import clients-1/retry.csv --resource 5 --provider ios-apns"
        " --match email --mode add --encoding windows-1251 --delimiter tab\n"
    )


@pytest.mark.parametrize(
    ("matching", "option"),
    [
        ("token", "token"),
        ("profile_id", "profile_id"),
        ("custom-custom-x", "custom-x"),
        ("custom-token", "custom-token"),
        ("custom-profile_id", "custom-profile_id"),
    ],
)
def test_mended_rows_are_matched_as_the_whole_file_was(hub_: FakeHub, matching: str, option: str) -> None:
    source = replace(SOURCE, key=f"inbox/5/ios-apns/{matching}/clients.csv")
    assert f" --match {option} --mode add " in retry_command(replace(DONE, source=source), Path("retry.csv"), None)


def test_only_what_is_there_is_fetched(hub_: FakeHub, tmp_path: Path) -> None:
    hub_.holds(DONE, REPORT)
    result = run("fetch", "clients-1", "--to", str(tmp_path / "a" / "b"), "--json")
    assert json.loads(result.stdout) == {"job": "clients-1", "files": [str(tmp_path / "a" / "b" / "report.json")]}
    assert (result.exit_code, result.stderr) == (0, "")


def test_nothing_that_may_have_been_mended_is_overwritten(hub_: FakeHub, tmp_path: Path) -> None:
    hub_.holds(DONE, REPORT)
    (tmp_path / "retry.csv").write_bytes(b"mended")
    result = run("fetch", "clients-1", "--to", str(tmp_path))
    told = f"Error: {tmp_path / 'retry.csv'} is there already, and may hold what you mended; choose another folder with --to\n"
    assert (result.exit_code, result.stderr) == (1, told)
    assert [file.name for file in tmp_path.iterdir()] == ["retry.csv"]


def test_a_folder_that_cannot_be_made_is_told_in_one_line(hub_: FakeHub, tmp_path: Path) -> None:
    hub_.holds(DONE, REPORT)
    (tmp_path / "file").touch()
    result = run("fetch", "clients-1", "--to", str(tmp_path / "file"))
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)


def test_reports_of_a_running_job_and_those_that_are_gone_cannot_be_fetched(hub_: FakeHub, tmp_path: Path) -> None:
    hub_.holds(RUNNING)
    hub_.holds(replace(DONE, id=JobId("old")))
    assert run("fetch", "clients-1").stderr == "Error: job clients-1 is running: its reports are written when it has ended\n"
    assert run("fetch", "old", "--to", str(tmp_path)).stderr == "Error: the reports of job old are not kept any more\n"


# Going on


def test_a_job_whose_chunks_kept_failing_is_redriven_after_it_is_marked_as_running(hub_: FakeHub) -> None:
    hub_.holds(replace(FAILED, attempt=2))
    result = run("retry", "clients-1")
    assert result.stdout == "job clients-1 goes on, attempt 2; see it with `uv run pushhub imports show clients-1`\n"
    assert hub_.machine.asked == [("redrive_execution", {"executionArn": f"{EXECUTION}-2"})]
    assert hub_.jobs.jobs[FAILED.id] == replace(RUNNING, attempt=2, resumed=2)


@pytest.mark.parametrize(
    "job",
    [
        replace(FAILED, refused=True),
        replace(FAILED, status=JobStatus.CANCELLED, stopping=True),
        replace(FAILED, plan=None),
    ],
    ids=["refused", "cancelled", "never planned"],
)
def test_what_would_fail_again_in_a_redrive_is_another_attempt(hub_: FakeHub, job: Job) -> None:
    hub_.holds(job)
    assert run("retry", "clients-1").exit_code == 0
    assert [operation for operation, _ in hub_.machine.asked] == ["start_execution"]
    assert hub_.jobs.jobs[FAILED.id] == replace(RUNNING, attempt=2, plan=job.plan, resumed=1)


def test_a_job_that_a_sweep_ends_between_two_calls_is_running_all_the_same(hub_: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    def redrive(**_: object) -> None:
        hub_.jobs.end(hub_.jobs.jobs[FAILED.id], JobStatus.FAILED, "a chunk failed", NOON, SOURCE)

    monkeypatch.setattr(hub_.machine, "redrive_execution", redrive, raising=False)
    hub_.holds(FAILED)
    assert run("retry", "clients-1").exit_code == 0
    assert hub_.jobs.jobs[FAILED.id] == replace(RUNNING, resumed=2)


def test_whoever_has_looked_at_the_job_before_its_redrive_does_not_end_it(hub_: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Job] = []
    monkeypatch.setattr(hub_.machine, "redrive_execution", lambda **_: seen.append(hub_.jobs.load(FAILED.id)), raising=False)
    hub_.holds(FAILED)
    run("retry", "clients-1")
    assert not hub_.jobs.end(seen[0], JobStatus.FAILED, "the execution had failed", NOON, SOURCE)
    assert hub_.jobs.jobs[FAILED.id] == replace(RUNNING, resumed=2)


def test_of_two_people_who_retry_at_one_time_one_is_told(hub_: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    hub_.holds(replace(FAILED, refused=True))
    monkeypatch.setattr(hub_.jobs, "resume", lambda *_: False)
    result = run("retry", "clients-1")
    told = "Error: somebody else has let job clients-1 go on at this moment; `imports show` tells how it stands\n"
    assert (result.exit_code, result.stderr, hub_.machine.asked) == (1, told, [])


@pytest.mark.parametrize("code", ["InvalidAction", "UnknownOperationException", "ExecutionNotRedrivable", "ExecutionDoesNotExist"])
def test_where_nothing_can_be_redriven_another_attempt_is_started(hub_: FakeHub, code: str) -> None:
    hub_.machine.codes["redrive_execution"] = code
    hub_.holds(FAILED)
    result = run("retry", "clients-1", "--json")
    assert json.loads(result.stdout) == {"job": "clients-1", "status": "running", "attempt": 2}
    operation, words = hub_.machine.asked[-1]
    assert (operation, words["stateMachineArn"], words["name"]) == ("start_execution", MACHINE, "clients-1-2")
    assert json.loads(str(words["input"])) == {"job": "clients-1", "attempt": 2}
    assert hub_.jobs.jobs[FAILED.id] == replace(RUNNING, attempt=2, resumed=2)


def test_an_attempt_that_somebody_else_has_started_is_good_enough(hub_: FakeHub) -> None:
    hub_.machine.codes = {"redrive_execution": "InvalidAction", "start_execution": "ExecutionAlreadyExists"}
    hub_.holds(FAILED)
    assert run("retry", "clients-1").exit_code == 0


def test_step_functions_that_refuse_are_told_in_one_line(hub_: FakeHub) -> None:
    hub_.machine.codes["redrive_execution"] = "AccessDeniedException"
    hub_.holds(FAILED)
    result = run("retry", "clients-1")
    told = "Error: the hub's data cannot be used: Step Functions answered AccessDeniedException to RedriveExecution; run it again\n"
    assert (result.exit_code, result.stdout, result.stderr) == (1, "", told)


@pytest.mark.parametrize(
    ("job", "told"),
    [
        (RUNNING, "job clients-1 is running; `uv run pushhub imports cancel clients-1` ends it"),
        (
            DONE,
            "job clients-1 is done; if rows failed, mend its retry.csv (`uv run pushhub imports fetch clients-1`) and import that",
        ),
    ],
)
def test_running_and_done_jobs_are_not_retried(hub_: FakeHub, job: Job, told: str) -> None:
    hub_.holds(job)
    result = run("retry", "clients-1")
    assert (result.exit_code, result.stderr, hub_.machine.asked) == (1, f"Error: {told}\n", [])
    assert hub_.jobs.jobs[job.id] == job


@pytest.mark.parametrize(("status", "exit_code"), [(JobStatus.DONE, 0), (JobStatus.FAILED, 1), (JobStatus.CANCELLED, 1)])
def test_a_retry_can_be_waited_for(hub_: FakeHub, monkeypatch: pytest.MonkeyPatch, status: JobStatus, exit_code: int) -> None:
    def end(_: float) -> None:
        hub_.bucket.objects["reports/clients-1/report.json"] = json.dumps(REPORT | {"status": status}).encode()
        hub_.jobs.end(hub_.jobs.jobs[FAILED.id], status, "", NOON, SOURCE)

    monkeypatch.setattr(ended, "Watch", lambda jobs: Watch(jobs, clock=lambda: 0, sleep=end))
    hub_.holds(FAILED)
    result = run("retry", "clients-1", "--wait", "--json")
    assert (result.exit_code, json.loads(result.stdout)) == (exit_code, REPORT | {"status": status})
    assert result.stderr == "waiting for job clients-1; Ctrl-C does not stop it\n"


def test_ctrl_c_leaves_a_retry_running_and_says_so(hub_: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(ended, "Watch", lambda jobs: Watch(jobs, clock=lambda: 0, sleep=interrupt))
    hub_.holds(FAILED)
    result = run("retry", "clients-1", "--wait")
    assert (result.exit_code, result.stdout) == (130, "")
    assert result.stderr.splitlines()[1:] == ["job clients-1 goes on; see it with `uv run pushhub imports show clients-1`"]
    assert hub_.jobs.jobs[FAILED.id].status is JobStatus.RUNNING


# Ending


def test_a_running_job_is_told_to_stop_before_its_execution_is_stopped(hub_: FakeHub) -> None:
    hub_.holds(replace(RUNNING, attempt=3))
    result = run("cancel", "clients-1")
    told = "job clients-1 is being cancelled; see it with `uv run pushhub imports show clients-1`\n"
    assert (result.exit_code, result.stdout, result.stderr) == (0, told, "")
    (asked,) = hub_.machine.asked
    assert (asked[0], asked[1]["executionArn"]) == ("stop_execution", f"{EXECUTION}-3")
    assert hub_.jobs.jobs[RUNNING.id] == replace(RUNNING, attempt=3, stopping=True)


@pytest.mark.parametrize("code", ["ExecutionDoesNotExist", "ValidationException"])
def test_a_job_of_which_nothing_runs_is_cancelled_all_the_same(hub_: FakeHub, code: str) -> None:
    hub_.machine.codes["stop_execution"] = code
    hub_.holds(RUNNING)
    result = run("cancel", "clients-1", "--json")
    assert (result.exit_code, json.loads(result.stdout)) == (0, {"job": "clients-1", "stopping": True})
    assert "nothing runs of job clients-1 at present; within 15 minutes the hub notices that it was cancelled\n" in result.stderr
    assert hub_.jobs.jobs[RUNNING.id].stopping


@pytest.mark.parametrize("job", [DONE, FAILED])
def test_a_job_that_has_ended_is_not_cancelled(hub_: FakeHub, job: Job) -> None:
    hub_.holds(job)
    result = run("cancel", "clients-1")
    told = f"Error: job clients-1 has ended already: it is {job.status}\n"
    assert (result.exit_code, result.stderr, hub_.machine.asked) == (1, told, [])


def test_step_functions_that_do_not_answer_are_told_in_one_line(hub_: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    def hang(**_: object) -> None:
        raise ReadTimeoutError(endpoint_url="x")

    monkeypatch.setattr(hub_.machine, "stop_execution", hang, raising=False)
    hub_.holds(RUNNING)
    result = run("cancel", "clients-1")
    told = "Error: the hub's data cannot be used: Step Functions did not answer: ReadTimeoutError; run it again\n"
    assert (result.exit_code, result.stderr) == (1, told)


@pytest.mark.parametrize("words", [("list", "--limit", "0"), ("show",), ("show", "a", "b"), ("retry",), ("cancel",), ("fetch",)])
def test_wrong_use_exits_with_2_before_the_hub_is_asked(hub_: FakeHub, words: Sequence[str]) -> None:
    result = run(*words)
    assert (result.exit_code, result.stdout, hub_.stacks) == (2, "", [])
