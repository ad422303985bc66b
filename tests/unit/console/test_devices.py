"""The devices commands."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pushhub.console.cli import main
from pushhub.console.state_folder import ProcessMark, RunningHub, StateFolder
from tests.unit.console.stand_ins.playing_hub import Playing, playing


@pytest.fixture
def played(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Playing]:
    monkeypatch.setenv("PUSHHUB_HOME", str(tmp_path))
    mark = ProcessMark.of(os.getpid())
    with (
        playing(tmp_path / "kept") as made,
        StateFolder(tmp_path).telling_of(RunningHub("http://a", "http://b", "r", "s", made.devices, mark, mark)),
    ):
        yield made


def run(*words: str) -> Result:
    return CliRunner(mix_stderr=False).invoke(main, ["devices", *words])


def test_pushes_are_listed_oldest_first(played: Playing) -> None:
    played.push_to("FCM", "one", "gone-two")
    result = run("list", "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    assert [(entry["token"], entry["verdict"]) for entry in json.loads(result.stdout)] == [
        ("one", "accepted"),
        ("gone-two", "gone"),
    ]
    heading, first, second = run("list").stdout.splitlines()
    assert heading.split() == ["AT", "PROVIDER", "TOKEN", "SHOWN", "VERDICT", "AUTHORIZATION", "SENDING"]
    assert first.split()[1:] == ["android-firebase", "one", "Hi", "👋", "/", "There", "accepted", "ok", "-"]
    assert "gone-two" in second


def test_the_pushes_of_one_device_and_one_sending_are_listed_alone(played: Playing) -> None:
    played.push_to("FCM", "one", "two&x=y ?")
    assert [entry["token"] for entry in json.loads(run("list", "--token", "two&x=y ?", "--json").stdout)] == ["two&x=y ?"]
    assert run("list", "--sending", "5").stdout == "no pushes\n"
    assert json.loads(run("list", "--sending", "5", "--json").stdout) == []


@pytest.mark.parametrize(
    ("words", "exit_code", "text"),
    [
        (("--token", "\udcff"), 2, "'--token': it is not valid Unicode"),
        (("--token", "a" * 20_000), 1, "--token: it is too long"),
        (("--sending", "9" * 30), 2, "'--sending': " + "9" * 30 + " is not in the range 0<=x<=9007199254740991"),
    ],
)
def test_an_option_that_is_no_use_is_named(played: Playing, words: tuple[str, ...], exit_code: int, text: str) -> None:
    result = run("list", *words)
    assert (result.exit_code, result.stdout) == (exit_code, "")
    assert text in result.stderr
    assert "--word" not in result.stderr


def test_a_push_cannot_steer_the_terminal(played: Playing) -> None:
    played.push_to("FCM", "one\x1b[2J")
    assert "\x1b" not in run("list").stdout


def test_clearing_says_how_many_there_were(played: Playing) -> None:
    played.push_to("FCM", "one", "two")
    assert json.loads(run("clear", "--json").stdout) == {"cleared": 2}
    assert run("clear").stdout == "cleared 0 pushes\n"


@pytest.mark.parametrize("flags", [(), ("--json",)])
def test_a_browser_is_a_subscription_whose_pushes_are_read(played: Playing, flags: tuple[str, ...]) -> None:
    printed = run("browser", "--word", "slow-0-", *flags).stdout
    assert printed.count("\n") == 1
    subscription = json.loads(printed)
    assert subscription["endpoint"].startswith("https://updates.push.services.mozilla.com/wpush/v2/slow-0-")
    assert subscription.keys() == {"endpoint", "expirationTime", "keys"}
    recipient = played.recipient("FCM", json.dumps(subscription))
    played.push(played.web(), recipient)
    for named in (subscription["endpoint"], json.dumps(subscription)):
        (entry,) = json.loads(run("list", "--token", named, "--json").stdout)
        assert entry["shown"]["title"] == "Hi 👋"


def test_a_word_that_fits_no_endpoint_is_refused(played: Playing) -> None:
    result = run("browser", "--word", "a/b")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "Error: --word: letters, digits, _ and - are expected, at most 64\n"


@pytest.mark.parametrize("words", [("list",), ("clear",), ("browser",)])
def test_a_hub_in_aws_has_no_devices(played: Playing, words: tuple[str, ...]) -> None:
    result = run(*words, "--stack", "staging", "--json")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "leave out --stack" in result.stderr


@pytest.mark.parametrize("words", [("list",), ("clear",), ("browser",)])
def test_without_a_hub_the_line_says_how_to_start_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.setenv("PUSHHUB_HOME", str(tmp_path))
    result = run(*words)
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: no hub is running here")


def test_stand_ins_that_do_not_answer_are_told_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PUSHHUB_HOME", str(tmp_path))
    mark = ProcessMark.of(os.getpid())
    with StateFolder(tmp_path).telling_of(RunningHub("http://a", "http://b", "r", "s", "http://127.0.0.1:9", mark, mark)):
        result = run("list")
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: the stand-ins of the hub that runs here do not answer")
