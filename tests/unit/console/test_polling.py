"""A command looks again and again, and bears that the tables are out of reach for a while."""

import pytest

from pushhub.console.polling import POLL_SECONDS, SILENCE_SECONDS, looks
from pushhub.faults import UnavailableError


class Times:
    """A clock that a test turns by sleeping."""

    def __init__(self) -> None:
        self.now = 0.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def test_what_is_seen_is_given_again_and_again() -> None:
    times = Times()
    seen = looks(lambda: times.now, lambda: times.now, times.sleep)
    assert [next(seen) for _ in range(3)] == [0, POLL_SECONDS, 2 * POLL_SECONDS]


def test_a_silence_is_borne_for_a_while() -> None:
    times = Times()

    def fail() -> int:
        raise UnavailableError("no answer")

    with pytest.raises(UnavailableError):
        assert not any(looks(fail, lambda: times.now, times.sleep))
    assert SILENCE_SECONDS < times.now <= SILENCE_SECONDS + POLL_SECONDS
