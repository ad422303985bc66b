"""How fast something grows, and how a time is said."""

import pytest

from pushhub.console.speed import WINDOW_SECONDS, Speed, duration


@pytest.mark.parametrize(("seconds", "text"), [(0, "0:00"), (0.2, "0:01"), (61, "1:01"), (3600, "1:00:00"), (90061, "25:01:01")])
def test_a_time_has_hours_where_there_are_any(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_what_was_seen_once_has_no_speed() -> None:
    speed = Speed()
    assert speed.per_second == 0
    speed.add(5, 100)
    assert speed.per_second == 0


def test_a_speed_is_that_of_the_last_seconds() -> None:
    speed = Speed()
    for at in range(2 * WINDOW_SECONDS + 1):
        speed.add(at, at if at < WINDOW_SECONDS else 10 * at)
    assert speed.per_second == 10
