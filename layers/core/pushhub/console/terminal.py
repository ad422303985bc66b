"""How are times, others' texts and progress shown to a person at a terminal?"""

import json
import sys
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from click._termui_impl import ProgressBar

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def people_look() -> bool:
    """Tell whether stdout is a terminal."""
    return sys.stdout.isatty()


def somebody_can_be_asked() -> bool:
    """Tell whether stdin is a terminal."""
    return sys.stdin.isatty()


def iso(milliseconds: int) -> str:
    """Return a moment in ISO 8601, UTC, to the millisecond; one that no calendar has, as the number it is."""
    try:
        moment = _EPOCH + timedelta(milliseconds=milliseconds)
    except OverflowError:
        return f"{milliseconds} ms after 1970"
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def on_one_line(text: str) -> str:
    """Return a text that others wrote so that it cannot steer the terminal it is shown on."""
    return text if text.isprintable() else json.dumps(text)


def beginning(text: str, length: int) -> str:
    """Return a text cut to a length, with … where more follows."""
    return text if len(text) <= length else f"{text[:length]}…"


def progress_bar(length: int, label: str) -> "ProgressBar[int]":
    """Return a progress bar on stderr, to be entered and updated; where stderr is no terminal, nothing of it is seen."""
    # Click hides the bar by itself then, but not its label.
    seen = sys.stderr if length and sys.stderr.isatty() else StringIO()
    return click.progressbar(length=length, label=label, file=seen, show_pos=True)


def described_bar(label: str) -> "ProgressBar[str]":
    """Return a progress bar on stderr whose position and length are set, with a text beside it; unseen where stderr is no terminal.

    It is moved by :func:`show_on`.
    """
    seen = sys.stderr if sys.stderr.isatty() else StringIO()
    return click.progressbar(length=1, label=label, file=seen, show_eta=False, item_show_func=lambda text: text)


def show_on(bar: "ProgressBar[str]", done: int, length: int, text: str) -> None:
    """Set position, length and text of a described bar; each may go back."""
    bar.pos, bar.length, bar.current_item = done, max(length, 1), text
    bar.render_progress()
