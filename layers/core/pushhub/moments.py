"""How does the hub tell time?

Profiles, subscriptions and imports count seconds, events milliseconds, both since 1970-01-01 00:00 UTC.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NewType

Seconds = NewType("Seconds", int)
"""A moment: seconds since 1970-01-01 00:00 UTC."""
Milliseconds = NewType("Milliseconds", int)
"""A moment: milliseconds since 1970-01-01 00:00 UTC."""

EPOCH: Final = Milliseconds(0)
"""A moment before every other."""
SECONDS_PER_DAY: Final = 86_400


def seconds_now() -> Seconds:
    """Return the present moment in seconds."""
    return Seconds(int(time.time()))


def milliseconds_now() -> Milliseconds:
    """Return the present moment in milliseconds."""
    return Milliseconds(time.time_ns() // 1_000_000)


@dataclass(frozen=True, slots=True)
class Clock:
    """Time and chance: `now` is the time of day, `elapsed` counts seconds, `chance` gives a random number from 0 to 1."""

    now: Callable[[], Milliseconds]
    elapsed: Callable[[], float]
    chance: Callable[[], float]
