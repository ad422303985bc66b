"""Moments as people and JSON read them."""

from pushhub.moments import Seconds, iso_milliseconds, iso_seconds


def test_a_moment_is_read_in_utc() -> None:
    assert iso_seconds(Seconds(1_700_000_000)) == "2023-11-14T22:13:20Z"
    assert iso_milliseconds(1_700_000_000_123) == "2023-11-14T22:13:20.123Z"


def test_a_moment_beyond_every_calendar_is_shown_as_a_number() -> None:
    assert iso_milliseconds(58**22 // 1_000_000) == f"{58**22 // 1_000_000} ms after 1970"
    assert iso_milliseconds(0) == "1970-01-01T00:00:00.000Z"
