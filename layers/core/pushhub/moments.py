"""How does the hub tell time?

Profiles, subscriptions and imports count seconds, events milliseconds, both since 1970-01-01 00:00 UTC.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, NewType

Seconds = NewType("Seconds", int)
"""A moment: seconds since 1970-01-01 00:00 UTC."""
Milliseconds = NewType("Milliseconds", int)
"""A moment: milliseconds since 1970-01-01 00:00 UTC."""

EPOCH: Final = Milliseconds(0)
"""A moment before every other."""
SECONDS_PER_DAY: Final = 86_400
CLOCKS_APART_SECONDS: Final = 30
"""How far the clocks of two machines may be apart."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def seconds_now() -> Seconds:
    """Return the present moment in seconds."""
    return Seconds(int(time.time()))


def milliseconds_now() -> Milliseconds:
    """Return the present moment in milliseconds."""
    return Milliseconds(time.time_ns() // 1_000_000)


def iso_seconds(moment: Seconds) -> str:
    """Return a moment as people and JSON read it: ISO 8601, UTC, to the second."""
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%dT%H:%M:%SZ}"


def iso_milliseconds(moment: int) -> str:
    """Return a moment as people and JSON read it: ISO 8601, UTC, to the millisecond; one that no calendar has, as a number.

    Args:
        moment: milliseconds since 1970-01-01 00:00 UTC; others may have written it, so it may be any number.
    """
    try:
        read = _EPOCH + timedelta(milliseconds=moment)
    except OverflowError:
        return f"{moment} ms after 1970"
    return read.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(frozen=True, slots=True)
class Clock:
    """Time and chance: `now` is the time of day, `elapsed` counts seconds, `chance` gives a random number from 0 to 1."""

    now: Callable[[], Milliseconds]
    elapsed: Callable[[], float]
    chance: Callable[[], float]
