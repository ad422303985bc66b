"""Bars on stderr."""

import sys
from collections.abc import Sequence
from io import StringIO

import click
import pytest

from pushhub.console.bars import counting_bar, described_bar


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def at_a_terminal(monkeypatch: pytest.MonkeyPatch, columns: int = 100) -> Terminal:
    """Make stderr a terminal; not as a fixture, since pytest sets stderr anew between fixtures and test."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", str(columns))
    stderr = Terminal()
    monkeypatch.setattr(sys, "stderr", stderr)
    return stderr


@pytest.mark.parametrize(("stderr", "seen"), [(StringIO(), False), (Terminal(), True)])
def test_a_progress_bar_is_seen_on_a_terminal_only(monkeypatch: pytest.MonkeyPatch, stderr: StringIO, seen: bool) -> None:
    monkeypatch.setattr(sys, "stderr", stderr)
    with counting_bar(2, "reading") as advance:
        advance(1)
    assert ("1/2" in stderr.getvalue()) is seen
    assert bool(stderr.getvalue()) is seen


def test_a_described_bar_is_seen_on_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    stderr = StringIO()
    monkeypatch.setattr(sys, "stderr", stderr)
    with described_bar("importing") as show:
        show(1, 2, "5 rows")
    assert stderr.getvalue() == ""


def test_of_nothing_to_count_no_bar_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = at_a_terminal(monkeypatch)
    with counting_bar(0, "reading") as advance:
        advance(1)
    assert terminal.getvalue() == ""


@pytest.mark.parametrize("shown", [[(500, 1000)], [(0, 0), (900, 1000), (250, 500)]], ids=["forth", "forth and back"])
def test_a_described_bar_ends_with_what_was_shown_last(monkeypatch: pytest.MonkeyPatch, shown: Sequence[tuple[int, int]]) -> None:
    terminal = at_a_terminal(monkeypatch)
    with described_bar("importing") as show:
        for done, length in shown:
            show(done, length, "5 rows, 2 rows/s, 0 failed, 0:03 left")
    # The last line shows the cursor again.
    last = terminal.getvalue().splitlines()[-2]
    assert "50%" in last
    assert "5 rows, 2 rows/s, 0 failed, 0:03 left" in last


def test_what_others_wrote_is_no_markup(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = at_a_terminal(monkeypatch)
    with described_bar("reading [red]a[/red].csv") as show:
        show(1, 2, "[bold]:smile: {x}")
    assert "reading [red]a[/red].csv" in terminal.getvalue()
    assert "[bold]:smile: {x}" in terminal.getvalue()


def test_stdout_stays_free_while_a_bar_is_seen(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    terminal = at_a_terminal(monkeypatch)
    with counting_bar(2, "reading"):
        click.echo("a result")
    assert capsys.readouterr().out == "a result\n"
    assert "a result" not in terminal.getvalue()


def test_in_a_narrow_terminal_the_bar_gets_shorter_and_not_the_text(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = at_a_terminal(monkeypatch, columns=70)
    with described_bar("importing") as show:
        show(500, 1000, "5 rows, 2 rows/s, 0 failed, 0:03 left")
    assert "5 rows, 2 rows/s, 0 failed, 0:03 left" in terminal.getvalue()
