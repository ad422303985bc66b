"""How does a person see how far a command is? By a bar on stderr, where that is a terminal."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from rich.progress import Progress, ProgressColumn

type Advance = Callable[[int], None]
"""Moves a bar on by so many; any thread may call it."""
type Show = Callable[[int, int, str], None]
"""Sets the position of a bar, its length, and the text beside it; each may go back."""

_WIDTH: Final = 36
"""Columns of a bar; in a narrow terminal it is shorter, so that the text beside it is seen."""


@contextmanager
def counting_bar(length: int, label: str) -> Iterator[Advance]:
    """Show how many of `length` things are done, and when all will be; where nobody can see it, or there are none, show nothing."""
    if not length or not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.progress import MofNCompleteColumn, TimeRemainingColumn

    with _progress(MofNCompleteColumn(), TimeRemainingColumn()) as progress:
        task = progress.add_task(label, total=length)
        yield lambda count: progress.advance(task, count)


@contextmanager
def described_bar(label: str) -> Iterator[Show]:
    """Show a share with a text beside it; where nobody can see it, show nothing."""
    if not sys.stderr.isatty():
        yield lambda _done, _length, _text: None
        return
    from rich.progress import TextColumn

    percentage = TextColumn("{task.percentage:3.0f}%", markup=False)
    with _progress(percentage, TextColumn("{task.fields[text]}", markup=False)) as progress:
        # Without a length, the bar moves to and fro.
        task = progress.add_task(label, total=None, text="")
        yield lambda done, length, text: progress.update(task, completed=done, total=length or None, text=text)


def _progress(*columns: "ProgressColumn") -> "Progress":
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn
    from rich.table import Column

    label = TextColumn("{task.description}", markup=False)
    bar = BarColumn(bar_width=None, table_column=Column(min_width=4, max_width=_WIDTH))
    # Rich would write what goes to stdout to stderr, above the bar.
    return Progress(label, bar, *columns, console=Console(stderr=True), redirect_stdout=False)
