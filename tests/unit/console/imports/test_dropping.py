"""The import command: files are checked, uploaded, and waited for."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest
from click.testing import CliRunner, Result

import pushhub.console.imports.dropping as commands
from pushhub.catalog.file import parse_catalog
from pushhub.console.connection import Stack
from pushhub.console.imports import ended
from pushhub.console.imports.dropping import import_
from pushhub.console.imports.stores import ImportStores
from pushhub.console.imports.watch import Watch
from pushhub.faults import UnavailableError
from pushhub.imports.job import Job, JobStatus, RowResult, S3Object, Tally, job_of
from pushhub.imports.steps.summary import summary_of
from pushhub.moments import Seconds
from tests.doubles.catalog import MemoryCatalog
from tests.doubles.imports import MemoryImports

if TYPE_CHECKING:
    from pushhub.adapters.s3_for_commands import ImportBucket
    from pushhub.adapters.step_functions import StepFunctionsExecutions

NOON = Seconds(1_700_000_000)
CATALOG = parse_catalog(
    """
databases:
  - {id: 17, name: customers, fields: {number: integer, email: email, nick: text}, match: [number, email]}
  - {id: 2, name: letters, fields: {email: email}, match: [email]}
resources:
  - {id: 5, name: app, token: a-token-of-the-app, databases: [17]}
  - {id: 22, name: both, token: a-token-of-both, databases: [17, 2], providers: [ios-apns]}
  - {id: 31, name: none, token: a-token-of-none, databases: []}
  - {id: 40, name: narrow, token: a-token-of-the-narrow-one, databases: [17], matching: [token]}
""",
    "catalog",
    {},
).catalog
TALLY = Tally({RowResult.SUBSCRIBED: 2, RowResult.FAILED: 1}, {"subscription_id is empty": 1})
WORDS = ("--resource", "5", "--provider", "ios-apns", "--match", "token")


@dataclass
class MemoryBucket:
    """A bucket in memory that numbers its versions."""

    name: str = "imports"
    objects: dict[str, bytes] = field(default_factory=dict)
    metadata: dict[str, Mapping[str, str]] = field(default_factory=dict)
    refused: BaseException | None = None
    """What the upload of a file called `refused.csv` ends with."""

    def upload(self, file: Path, key: str, metadata: Mapping[str, str], sent: Callable[[int], object]) -> S3Object:
        if self.refused and file.name == "refused.csv":
            raise self.refused
        self.objects[key], self.metadata[key] = file.read_bytes(), metadata
        sent(file.stat().st_size)
        return S3Object(self.name, key, f"v{len(self.objects)}")

    def names(self, folder: str) -> list[str]:
        return [key.removeprefix(folder) for key in self.objects if key.startswith(folder)]

    def read(self, key: str) -> bytes | None:
        return self.objects.get(key)


class FakeHub:
    """A hub that imports at once, with the status that a test wants."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.catalog = MemoryCatalog(CATALOG)
        self.jobs = MemoryImports()
        self.bucket = MemoryBucket()
        self.stacks: list[Stack | None] = []
        self.statuses: dict[str, JobStatus] = {}
        monkeypatch.setattr(commands, "open_imports", self.open)
        monkeypatch.setattr(ended, "Watch", lambda jobs: Watch(jobs, clock=lambda: 0, sleep=self.work))

    def open(self, stack: Stack | None) -> ImportStores:
        self.stacks.append(stack)
        bucket, executions = cast("ImportBucket", self.bucket), cast("StepFunctionsExecutions", None)
        return ImportStores(self.catalog, self.jobs, bucket, executions)

    def work(self, _: float) -> None:
        dropped = [key for key in self.bucket.objects if key.startswith("inbox/")]
        for number, key in enumerate(dropped, 1):
            source = S3Object(self.bucket.name, key, f"v{number}")
            status = self.statuses.get(key.rsplit("/", 1)[-1], JobStatus.DONE)
            job = Job(
                job_of(source), source, source, status, NOON, ended=NOON, reason="" if status is JobStatus.DONE else "a reason"
            )
            self.jobs.create(job)
            self.bucket.objects[f"reports/{job.id}/report.json"] = json.dumps(summary_of(job, TALLY)).encode()


@pytest.fixture
def hub_(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeHub:
    monkeypatch.chdir(tmp_path)
    return FakeHub(monkeypatch)


def run(*words: str) -> Result:
    return CliRunner(mix_stderr=False).invoke(import_, words)


def write(*names: str, content: bytes = b"subscription_id\nt\n") -> None:
    for name in names:
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_bytes(content)


# What is refused


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--resource", "6"), "there is no resource 6; there are 5, 22, 31, 40"),
        (("--resource", "31"), "resource 31 has no databases, so nothing can be imported through it"),
        (("--resource", "22", "--provider", "ios-huawei"), "resource 22 does not admit the provider ios-huawei; there is ios-apns"),
        (
            ("--resource", "22", "--match", "number"),
            "number is no match field of database 2 letters, which resource 22 has; there are token, profile_id, email",
        ),
        (
            ("--resource", "40", "--match", "email"),
            "resource 40 may not match by custom: its matching in the catalog is [token]; import through another resource",
        ),
        (
            ("--resource", "40", "--match", "profile_id"),
            "resource 40 may not match by id: its matching in the catalog is [token]; import through another resource",
        ),
        (
            ("--match", "nick"),
            "nick is no match field of database 17 customers, which resource 5 has; there are token, profile_id, number, email",
        ),
        (
            ("--match", "custom-x"),
            "custom-x is no match field of database 17 customers, which resource 5 has; there are token, profile_id, number, email",
        ),
    ],
)
def test_what_the_hub_would_not_take_is_refused_before_anything_is_uploaded(hub_: FakeHub, words: Sequence[str], told: str) -> None:
    write("clients.csv")
    result = run("clients.csv", *WORDS, *words)
    assert (result.exit_code, result.stdout, result.stderr) == (1, "", f"Error: {told}\n")
    assert hub_.bucket.objects == {}


def test_an_unknown_provider_is_told_with_those_that_are_known(hub_: FakeHub) -> None:
    write("clients.csv")
    result = run("clients.csv", *WORDS, "--provider", "pigeon")
    assert result.stderr.startswith("Error: unknown provider pigeon; there are android-firebase, ios-firebase, ios-apns, ")
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)


@pytest.mark.parametrize(
    ("files", "told"),
    [
        (("missing.csv",), "missing.csv: no such file"),
        (("folder.csv",), "folder.csv: not a regular file"),
        (("clients.xlsx",), "clients.xlsx: the name of a file to import ends in .csv, .txt, .csv.gz, .txt.gz"),
        (("clients.csv", "other/clients.csv"), "two files are called clients.csv; import them one after the other, or rename one"),
        (("clients.csv", "clients.csv"), "two files are called clients.csv; import them one after the other, or rename one"),
    ],
)
def test_files_that_cannot_be_dropped_are_refused_before_the_hub_is_asked(hub_: FakeHub, files: Sequence[str], told: str) -> None:
    write("clients.csv", "other/clients.csv", "clients.xlsx", "folder.csv/file")
    result = run(*files, *WORDS)
    assert (result.exit_code, result.stdout, result.stderr) == (1, "", f"Error: {told}\n")
    assert hub_.stacks == []


@pytest.mark.parametrize(
    "words",
    [
        WORDS,
        ("clients.csv", "--provider", "ios-apns", "--match", "token"),
        ("clients.csv", "--resource", "5", "--match", "token"),
        ("clients.csv", "--resource", "5", "--provider", "ios-apns"),
        ("clients.csv", *WORDS, "--mode", "replace"),
        ("clients.csv", *WORDS, "--delimiter", "x"),
        ("clients.csv", *WORDS, "--encoding", "koi8-r", "--dry-run"),
        ("clients.csv", *WORDS, "--wait", "--dry-run"),
        ("clients.csv", *WORDS, "--catalog", "catalog.yaml"),
        ("clients.csv", *WORDS, "--dry-run", "--catalog", "catalog.yaml", "--stack", "hub"),
    ],
)
def test_wrong_use_exits_with_2_before_the_hub_is_asked(hub_: FakeHub, words: Sequence[str]) -> None:
    result = run(*words)
    assert (result.exit_code, result.stdout, hub_.stacks) == (2, "", [])


@pytest.mark.parametrize(
    ("option", "value", "told"),
    [
        ("--delimiter", "x", '"x"; one of comma semicolon pipe tab \\t , ; | is expected'),
        ("--encoding", "koi8-r", '"koi8-r"; one of utf-8 utf-16 utf-16-le utf-16-be windows-1251 cp1251 is expected'),
    ],
)
def test_how_a_file_cannot_be_written_is_told_with_how_it_can(hub_: FakeHub, option: str, value: str, told: str) -> None:
    assert run("clients.csv", *WORDS, option, value).stderr.splitlines()[-1] == f"Error: {option} {told}"


# What is dropped


def test_a_file_is_dropped_where_its_job_finds_it_and_says_how_it_is_meant(hub_: FakeHub) -> None:
    write("Clients 1.CSV")
    result = run("Clients 1.CSV", *WORDS, "--match", "email", "--stack", "mine")
    key = "inbox/5/ios-apns/custom-email/Clients 1.CSV"
    assert hub_.bucket.objects == {key: b"subscription_id\nt\n"}
    assert hub_.bucket.metadata == {key: {"mode": "upsert"}}
    job = job_of(S3Object("imports", key, "v1"))
    assert (result.exit_code, result.stdout) == (0, f"Clients 1.CSV is uploaded as job {job}\n")
    assert result.stderr == f"see how far it is with `uv run pushhub imports show {job} --stack mine`\n"


def test_what_is_known_of_a_file_goes_along(hub_: FakeHub) -> None:
    write("clients.txt.gz")
    run("clients.txt.gz", *WORDS, "--mode", "add", "--delimiter", "\t", "--encoding", "CP1251", "--quoted")
    (metadata,) = hub_.bucket.metadata.values()
    assert metadata == {"mode": "add", "delimiter": "tab", "encoding": "CP1251", "quoted": "true"}


@pytest.mark.parametrize(
    ("match", "matching"),
    [("token", "token"), ("profile_id", "profile_id"), ("email", "custom-email"), ("custom-email", "custom-email")],
)
def test_matching_is_written_as_keys_have_it(hub_: FakeHub, match: str, matching: str) -> None:
    write("clients.csv")
    assert run("clients.csv", *WORDS, "--match", match).exit_code == 0
    assert list(hub_.bucket.objects) == [f"inbox/5/ios-apns/{matching}/clients.csv"]


def test_json_has_an_object_for_one_file_and_an_array_for_several(hub_: FakeHub) -> None:
    write("a.csv", "b.csv")
    one = json.loads(run("a.csv", *WORDS, "--json").stdout)
    key = "inbox/5/ios-apns/token/a.csv"
    assert one == {"job": job_of(S3Object("imports", key, "v1")), "file": "a.csv", "bucket": "imports", "key": key, "version": "v1"}
    several = run("a.csv", "b.csv", *WORDS, "--json")
    assert [entry["file"] for entry in json.loads(several.stdout)] == ["a.csv", "b.csv"]
    assert several.exit_code == 0


@pytest.mark.parametrize(
    ("refused", "told"),
    [
        (
            UnavailableError("S3 answered AccessDenied to PutObject"),
            "was not uploaded: S3 answered AccessDenied to PutObject; run it again",
        ),
        (OSError(5, "Input/output error"), "Input/output error"),
    ],
)
def test_what_was_uploaded_before_an_error_is_imported_and_told(hub_: FakeHub, refused: Exception, told: str) -> None:
    write("a.csv", "refused.csv", "z.csv")
    hub_.bucket.refused = refused
    result = run("a.csv", "refused.csv", "z.csv", *WORDS)
    job = job_of(S3Object("imports", "inbox/5/ios-apns/token/a.csv", "v1"))
    said, error = result.stderr.splitlines()
    assert said == f"job {job} goes on; see it with `uv run pushhub imports show {job}`"
    assert error.startswith("Error: refused.csv")
    assert error.endswith(told)
    assert (result.exit_code, list(hub_.bucket.objects)) == (1, ["inbox/5/ios-apns/token/a.csv"])


# Waiting


def test_the_report_of_one_file_is_an_object(hub_: FakeHub) -> None:
    write("a.csv")
    result = run("a.csv", *WORDS, "--wait", "--json")
    report = json.loads(result.stdout)
    assert (result.exit_code, report["status"], report["rows"]) == (0, "done", 3)
    assert result.stderr == f"waiting for job {report['job']}; Ctrl-C does not stop it\n"


def test_the_reports_of_several_files_are_an_array_in_the_order_of_the_files(hub_: FakeHub) -> None:
    write("a.csv", "b.csv", "c.csv")
    hub_.statuses = {"b.csv": JobStatus.FAILED}
    result = run("a.csv", "b.csv", "c.csv", *WORDS, "--wait", "--json")
    assert result.exit_code == 1
    assert [report["status"] for report in json.loads(result.stdout)] == ["done", "failed", "done"]
    assert result.stderr == "waiting for 3 jobs; Ctrl-C does not stop them\n"


@pytest.mark.parametrize("status", [JobStatus.FAILED, JobStatus.CANCELLED])
def test_a_job_that_did_not_get_through_ends_with_1_and_its_report(hub_: FakeHub, status: JobStatus) -> None:
    write("a.csv")
    hub_.statuses = {"a.csv": status}
    result = run("a.csv", *WORDS, "--wait", "--json")
    report = json.loads(result.stdout)
    assert (result.exit_code, report["status"], report["reason"]) == (1, status, "a reason")


def test_people_see_the_counts_the_reasons_and_where_the_rest_lies(hub_: FakeHub) -> None:
    write("a.csv")
    result = run("a.csv", *WORDS, "--wait")
    job = job_of(S3Object("imports", "inbox/5/ios-apns/token/a.csv", "v1"))
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        f"job {job}: done",
        "  started     2023-11-14T22:13:20Z",
        "  ended       2023-11-14T22:13:20Z",
        "  rows        3",
        "  subscribed  2",
        "  unchanged   0",
        "  cancelled   0",
        "  skipped     0",
        "  failed      1",
        "              1  subscription_id is empty",
        f"  reports     s3://imports/reports/{job}/ report.json",
        f"  fetch them  uv run pushhub imports fetch {job}",
    ]


def test_ctrl_c_leaves_the_job_running_and_says_so(hub_: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(ended, "Watch", lambda jobs: Watch(jobs, clock=lambda: 0, sleep=interrupt))
    write("a.csv")
    result = run("a.csv", *WORDS, "--wait", "--json")
    job = job_of(S3Object("imports", "inbox/5/ios-apns/token/a.csv", "v1"))
    assert (result.exit_code, result.stdout) == (130, "")
    assert result.stderr.splitlines()[1:] == [f"job {job} goes on; see it with `uv run pushhub imports show {job}`"]
