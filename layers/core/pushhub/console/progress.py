"""What is the command doing, and how long did it take? Short lines on stderr."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import click


def say(line: str) -> None:
    """Write one line for the person at the terminal; stdout stays free for results."""
    # The terminal may be closed by now; the work itself goes on.
    with suppress(OSError):
        click.echo(line, err=True)


@contextmanager
def timed(done: str) -> Iterator[None]:
    """Run the body, then say what is done and how long it took; nothing is said of a body that fails."""
    started = time.monotonic()
    yield
    say(f"{done} ({time.monotonic() - started:.1f} s)")
