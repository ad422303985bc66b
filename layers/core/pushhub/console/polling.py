"""How does a command look at what the hub does, again and again?"""

from collections.abc import Callable, Iterator
from typing import Final

from pushhub.faults import UnavailableError

POLL_SECONDS: Final = 1.0
"""Time between two looks."""
SILENCE_SECONDS: Final = 300
"""How long the tables may be out of reach: in hours of waiting, a network fails now and then."""


def looks[Seen](look: Callable[[], Seen], clock: Callable[[], float], sleep: Callable[[float], None]) -> Iterator[Seen | None]:
    """Give what a look has found, every :data:`POLL_SECONDS` and without end; None where it did not reach the tables.

    Raises:
        UnavailableError: they have been out of reach for :data:`SILENCE_SECONDS`.
    """
    answered = clock()
    while True:
        seen: Seen | None = None
        try:
            seen = look()
            answered = clock()
        except UnavailableError:
            if clock() - answered > SILENCE_SECONDS:
                raise
        yield seen
        sleep(POLL_SECONDS)
