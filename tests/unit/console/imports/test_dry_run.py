"""A dry run: what would fail of a file is found here, with the code that imports it, and nothing is touched."""

import gzip
import json
import tracemalloc
from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import pushhub.console.imports.dropping as commands
import pushhub.console.imports.dry_run as dry_running
from pushhub.console.connection import Stack
from pushhub.console.failure import ConsoleError
from pushhub.console.imports.dropping import import_
from pushhub.console.imports.dry_run import NOT_SEEN, SHOWN_ROWS
from pushhub.console.stores import Stores
from pushhub.imports.files.cutting import CHUNK_SIZE
from pushhub.imports.steps import plan as planning
from tests.doubles.audience import MemoryAudience
from tests.doubles.catalog import MemoryCatalog
from tests.doubles.secrets import MemoryAppSecrets, MemorySecrets

CATALOG = """
databases:
  - {id: 17, name: customers, fields: {number: integer, email: email, nick: text}, match: [number, email]}
resources:
  - {id: 5, name: app, token: a-token-of-the-app, databases: [17], providers: [ios-apns, android-firebase]}
"""
TOKEN = "a-token-that-nobody-should-see"
BAD_ROWS = f"""subscription_id,email,nick,provider,unsubscribe
{TOKEN},a@example.com,a,,
{TOKEN},not an address,a,,
{TOKEN},b@example.com,"two
lines",,yes

{TOKEN},b@example.com,b,,,
,b@example.com,b,,
{TOKEN},,b,,
{TOKEN},c@example.com,c,pigeon,
{TOKEN},c@example.com,c,ios-huawei,
{TOKEN},c@example.com,c,,perhaps
{TOKEN},d@example.com,=d(),android-firebase,no
"""
FAILING = {
    7: "the row has 6 cells, the header 5",
    3: "the value to match by does not fit: email: an email address is expected",
    8: "subscription_id is empty",
    9: "email is empty",
    10: "unknown provider",
    11: "provider is not allowed in the resource",
    12: "unsubscribe is none of true, false, 1, 0, yes, no",
}


@pytest.fixture(autouse=True)
def _folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    Path("catalog.yaml").write_text(CATALOG, encoding="utf-8")

    def touch(stack: Stack | None) -> None:
        raise AssertionError("a dry run does not use the hub")

    monkeypatch.setattr(commands, "open_imports", touch)
    monkeypatch.setattr(commands, "open_stores", touch)


def run(*words: str, match: str = "email") -> Result:
    options = ("--resource", "5", "--provider", "ios-apns", "--match", match, "--dry-run", "--catalog", "catalog.yaml")
    return CliRunner(mix_stderr=False).invoke(import_, [*words, *options])


def tried(name: str, content: bytes, *words: str, match: str = "email") -> dict[str, object]:
    Path(name).write_bytes(content)
    result = run(name, "--json", *words, match=match)
    entry: dict[str, object] = json.loads(result.stdout)
    assert result.exit_code == (0 if entry["importable"] else 1)
    assert result.stderr == (f"{NOT_SEEN}\n" if entry["layout"] else "")
    return entry


def test_rows_that_would_fail_are_counted_by_reason_and_the_first_ones_shown() -> None:
    entry = tried("a.csv", BAD_ROWS.encode())
    assert (entry["importable"], entry["reason"], entry["rows"], entry["failed"]) == (True, "", 10, 7)
    assert entry["reasons"] == dict.fromkeys(FAILING.values(), 1)
    first = entry["first_failed"]
    assert isinstance(first, list)
    assert {row["line"]: row["reason"] for row in first} == FAILING
    assert first[0]["row"] == ["a-toke…-see", "not an address", "a", "", ""]
    assert entry["layout"] == {
        "encoding": "utf-8",
        "delimiter": ",",
        "quoted": True,
        "columns": ["subscription_id", "email", "nick", "provider", "unsubscribe"],
    }


def test_people_see_the_same_and_no_whole_token() -> None:
    Path("a.csv").write_text(BAD_ROWS, encoding="utf-8")
    result = run("a.csv")
    assert (result.exit_code, result.stderr) == (0, f"{NOT_SEEN}\n")
    assert TOKEN not in result.stdout
    lines = result.stdout.splitlines()
    assert lines[:4] == [
        "file a.csv: can be imported",
        "  read as     utf-8, comma, quotes",
        "  rows        10",
        "  would fail   7",
    ]
    assert lines[11:14] == [
        "  first of them, tokens masked",
        "    line 3: the value to match by does not fit: email: an email address is expected",
        "      a-toke…-see, not an address, a, , ",
    ]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1251"])
@pytest.mark.parametrize("delimiter", [";", "\t"])
@pytest.mark.parametrize("packed", [False, True])
def test_a_file_is_read_as_the_hub_would_read_it(encoding: str, delimiter: str, packed: bool) -> None:
    text = "subscription_id,email,nick\r\nt,a@example.com,имя\r\nt,oops,имя\r\n".replace(",", delimiter).encode(encoding)
    entry = tried("a.TXT.gz", gzip.compress(text)) if packed else tried("a.TXT", text)
    assert (entry["importable"], entry["rows"], entry["failed"]) == (True, 2, 1)


def test_what_the_object_would_say_of_itself_counts() -> None:
    content = b'subscription_id,number\nt,1\n"t",2\nt,x\n'
    assert tried("a.csv", content, "--quoted", "--encoding", "windows-1251", "--delimiter", "comma", match="number")["failed"] == 1


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "the file is empty"),
        (b"subscription_id,email,nope\n", 'the column "nope" is a field of no database of resource 5'),
        (
            b"subscription_id,nick\n",
            (
                'the header has no column "email", by which the profiles are to be found; '
                'found, and case counts: "subscription_id", "nick"'
            ),
        ),
        (b"PK\x03\x04", "the file is a zip archive or an Excel workbook; plain text in UTF-8, UTF-16 or Windows-1251 is expected"),
    ],
)
def test_a_header_that_cannot_work_ends_with_1_and_the_reason_that_the_job_would_have(content: bytes, reason: str) -> None:
    entry = tried("a.csv", content)
    assert (entry["importable"], entry["reason"], entry["rows"], entry["layout"]) == (False, reason, 0, None)
    result = run("a.csv")
    told = f"file a.csv: cannot be imported\n  why         {reason}\n"
    assert (result.exit_code, result.stdout, result.stderr) == (1, told, "")


def test_a_file_that_breaks_off_later_cannot_be_imported_either() -> None:
    rows = b"subscription_id,email\n" + b"t,a@example.com\n" * 100_000
    entry = tried("a.csv.gz", gzip.compress(rows)[:-10])
    assert (entry["importable"], entry["reason"]) == (False, "the gzip file is cut short")


def test_a_header_alone_is_a_file_without_rows() -> None:
    entry = tried("a.csv", b"subscription_id,email")
    assert (entry["importable"], entry["rows"]) == (True, 0)


def test_of_many_failed_rows_only_the_first_are_shown() -> None:
    entry = tried("a.csv", b"subscription_id,email\n" + b"t,oops\n" * 1000)
    first = entry["first_failed"]
    assert isinstance(first, list)
    assert [row["line"] for row in first] == [*range(2, 2 + SHOWN_ROWS)]
    assert entry["failed"] == 1000


def test_people_see_the_beginning_of_a_long_cell() -> None:
    Path("a.csv").write_text(f"subscription_id,email,nick\nt,oops,{'x' * 60}\nt,oops,{'x' * 61}\n", encoding="utf-8")
    rows = run("a.csv").stdout.splitlines()
    assert (rows[-3].split(", ")[-1], rows[-1].split(", ")[-1]) == ("x" * 60, f"{'x' * 60}…")


@pytest.mark.parametrize("packed", [False, True])
def test_lines_are_counted_across_chunks(packed: bool) -> None:
    row = b"%s,%d\n" % (b"t" * 1000, 1)
    number = 3 * CHUNK_SIZE // len(row)
    content = b"subscription_id,number\n" + row * number + b",1\n"
    entry = tried("a.csv.gz", gzip.compress(content, 1), match="number") if packed else tried("a.csv", content, match="number")
    assert entry["first_failed"] == [{"line": number + 2, "reason": "subscription_id is empty", "row": ["", "1"]}]
    assert (entry["rows"], entry["failed"]) == (number + 1, 1)


def test_a_large_file_is_planned_by_small_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, "STREAMED_BYTES", 1000)
    assert tried("a.csv", b"subscription_id,email\n" + b"t,oops\n" * 1000)["failed"] == 1000


def test_memory_is_bounded_by_a_chunk_and_not_by_the_file() -> None:
    # A row is long, so that a large file has few of them.
    row = b"%s,1\n" % (b"t" * 4000)
    Path("a.csv.gz").write_bytes(gzip.compress(b"subscription_id,number\n" + row * (12 * CHUNK_SIZE // len(row)), 1))
    tracemalloc.start()
    try:
        assert run("a.csv.gz", match="number").exit_code == 0
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8 * CHUNK_SIZE


def test_several_files_are_an_array_and_one_that_cannot_be_imported_is_enough_to_end_with_1() -> None:
    Path("a.csv").write_bytes(b"subscription_id,email\n")
    Path("b.csv").write_bytes(b"")
    Path("c.csv").write_bytes(b"subscription_id,email\nt,oops\n")
    result = run("a.csv", "b.csv", "c.csv", "--json")
    assert [(one["file"], one["importable"], one["failed"]) for one in json.loads(result.stdout)] == [
        ("a.csv", True, 0),
        ("b.csv", False, 0),
        ("c.csv", True, 1),
    ]
    assert result.exit_code == 1


@pytest.mark.parametrize("words", [(), ("--stack", "mine")])
def test_without_a_catalog_file_the_catalog_of_the_hub_counts(monkeypatch: pytest.MonkeyPatch, words: Sequence[str]) -> None:
    asked: list[Stack | None] = []

    def opened(stack: Stack | None) -> Stores:
        asked.append(stack)
        return Stores(MemoryCatalog(), MemoryAudience(), MemorySecrets(), MemoryAppSecrets(), "https://hub.example")

    monkeypatch.setattr(commands, "open_stores", opened)
    Path("a.csv").touch()
    options = ["--resource", "5", "--provider", "ios-apns", "--match", "email", "--dry-run"]
    result = CliRunner(mix_stderr=False).invoke(import_, ["a.csv", *options, *words])
    assert (result.exit_code, result.stderr) == (1, "Error: there is no resource 5; there is none\n")
    assert asked == [Stack(words[1]) if words else None]


def test_without_a_hub_a_catalog_file_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def opened(_: str | None) -> Stores:
        raise ConsoleError("no hub is running here")

    monkeypatch.setattr(commands, "open_stores", opened)
    Path("a.csv").touch()
    options = ["--resource", "5", "--provider", "ios-apns", "--match", "email", "--dry-run"]
    result = CliRunner(mix_stderr=False).invoke(import_, ["a.csv", *options])
    told = "Error: no hub is running here; a dry run needs no hub with --catalog FILE\n"
    assert (result.exit_code, result.stdout, result.stderr) == (1, "", told)


def test_a_file_that_cannot_be_read_to_its_end_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(dry_running, "_try_rows", fail)
    Path("a.csv").write_bytes(b"subscription_id,email\n")
    result = run("a.csv")
    assert (result.exit_code, result.stdout, result.stderr) == (1, "", "Error: a.csv: Input/output error\n")
