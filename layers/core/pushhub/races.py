"""How often, and after which waits, is a lost race run again?"""

from collections.abc import Callable
from typing import Final

from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, stop_before_delay, wait_random_exponential

from pushhub.faults import LostRaceError

MAX_TRIES: Final = 5
MAX_SECONDS: Final = 8
"""No further try starts where its wait would pass this many seconds since the first one began."""
FIRST_WAIT: Final = 0.05
"""Seconds; a wait is a random part of this, doubled with each try (full jitter), at most :data:`LONGEST_WAIT`."""
LONGEST_WAIT: Final = 2


def rerun_lost_races(sleep: Callable[[float], None]) -> Retrying:
    """Return a caller that runs a function again while it raises `LostRaceError`, and at last lets that error out."""
    return Retrying(
        retry=retry_if_exception_type(LostRaceError),
        stop=stop_after_attempt(MAX_TRIES) | stop_before_delay(MAX_SECONDS),
        wait=wait_random_exponential(multiplier=FIRST_WAIT, max=LONGEST_WAIT),
        sleep=sleep,
        reraise=True,
    )
