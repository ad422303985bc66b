"""How often is a lost race tried again, and after which waits?"""

from collections.abc import Callable
from typing import Final

from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, stop_before_delay, wait_random_exponential

from pushhub.faults import LostRaceError

MAX_RACE_TRIES: Final = 5
"""Tries in all, the first one among them."""
MAX_RACE_SECONDS: Final = 8
"""Seconds from the beginning of the first try, after which no other begins."""
FIRST_RACE_WAIT: Final = 0.05
"""Seconds; a wait is a random part of this, doubled with each try (full jitter), at most :data:`LONGEST_RACE_WAIT`."""
LONGEST_RACE_WAIT: Final = 2


def rerun_lost_races(sleep: Callable[[float], None]) -> Retrying:
    """Return what calls a function, and calls it again while it raises `LostRaceError`; it raises the last of these errors.

    Args:
        sleep: waits so many seconds between two tries.
    """
    return Retrying(
        retry=retry_if_exception_type(LostRaceError),
        stop=stop_after_attempt(MAX_RACE_TRIES) | stop_before_delay(MAX_RACE_SECONDS),
        wait=wait_random_exponential(multiplier=FIRST_RACE_WAIT, max=LONGEST_RACE_WAIT),
        sleep=sleep,
        reraise=True,
    )
