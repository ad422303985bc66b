"""How is a guarded write repeated while its items are busy, and did its guard hold?"""

from collections.abc import Callable
from typing import Final

from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, stop_before_delay, wait_random_exponential

from pushhub.adapters.dynamodb.faults import guard_failed, translated
from pushhub.faults import LostRaceError, UnavailableError

MAX_WRITE_TRIES: Final = 8
MAX_WRITE_SECONDS: Final = 4
"""Bounds of repeating a write that another write of the same items has made fail."""


def write_guarded[Answer](write: Callable[[], Answer], sleep: Callable[[float], None]) -> Answer | None:
    """Write, and repeat that while items are busy; return the answer, None where the guard did not hold.

    Args:
        write: makes one call, a single write or a transaction.
        sleep: waits between tries.

    Raises:
        UnavailableError: the items stay busy, or the table does not answer.
    """

    def write_once() -> Answer | None:
        try:
            with translated():
                return write()
        except LostRaceError as lost:
            if guard_failed(lost):
                return None
            raise

    tries = Retrying(
        retry=retry_if_exception_type(LostRaceError),
        stop=stop_after_attempt(MAX_WRITE_TRIES) | stop_before_delay(MAX_WRITE_SECONDS),
        wait=wait_random_exponential(multiplier=0.05, max=1),
        sleep=sleep,
        reraise=True,
    )
    try:
        return tries(write_once)
    except LostRaceError as lost:
        raise UnavailableError(f"items stay busy: {lost}") from lost
