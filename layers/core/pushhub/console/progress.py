"""What is going on, and how long did it take? Short lines on stderr."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import click


def say(line: str) -> None:
    """Write one line for the person at the terminal; stdout stays free for results."""
    # The terminal may be closed by now; what we were doing matters more.
    with suppress(OSError):
        click.echo(line, err=True)


@contextmanager
def step(done: str) -> Iterator[None]:
    """Time what happens inside and say it when it is done; a failure speaks for itself."""
    started = time.monotonic()
    yield
    say(f"{done} ({time.monotonic() - started:.1f} s)")
