"""When is a one-time sending due?

"One-time sending in future", part 2: at one moment, given by an offset from UTC, or at a local hour, which each device reaches when
its own clock shows it. What is told is an offset and never a time zone, so there are no gaps and no overlaps of daylight saving
time: at each offset a local hour comes once. Which offset a device has on the night when the clocks change is for
:mod:`pushhub.sends.local_time`.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Final

from pushhub.dialects.http import RefusedError
from pushhub.dialects.pushexpress.errors import PushExpressRefusal
from pushhub.dialects.pushexpress.server.fields import Fields, bad_field
from pushhub.moments import SECONDS_PER_DAY, Seconds
from pushhub.sends.local_time import UTC_OFFSETS

MAX_ONESEND_DAYS: Final = 366
"""How far ahead a one-time sending may be due."""
TIME_FIELDS: Final = frozenset({"date", "time", "local_time", "timezone"})

_DATE: Final = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_TIME: Final = re.compile(r"([0-9]{2})[:-]([0-9]{2})")
"""The page's table says HH-MM, its example has HH:MM."""
_OFFSET: Final = re.compile(r"([+-])([0-9]{2}):([0-9]{2})")
_LAST_MINUTE: Final = 59
_A_DATE: Final = "a day of the calendar, as YYYY-MM-DD"
_A_TIME: Final = "a time from 00:00 to 23:59, as HH:MM or HH-MM"
_AN_OFFSET: Final = "an offset from UTC that is in use, as +HH:MM or -HH:MM"


@dataclass(frozen=True, slots=True)
class FixedTime:
    """Due at one moment."""

    due: Seconds


@dataclass(frozen=True, slots=True)
class LocalTime:
    """Due at an hour of each device's own clock: `hour` has no time zone."""

    hour: datetime


def parse_onesend_time(fields: Fields, now: Seconds) -> FixedTime | LocalTime:
    """Return when a one-time sending is due.

    A moment is later than now, and at most :data:`MAX_ONESEND_DAYS` ahead. A local hour is so at one offset at least.

    Raises:
        RefusedError: fields are absent, do not fit, or are of another kind of time.
    """
    hour = _parse_hour(fields)
    fields.required("local_time")
    if fields.flag("local_time"):
        if fields.get("timezone") is not None:
            path, other = fields.path_of("timezone"), fields.path_of("local_time")
            raise RefusedError(PushExpressRefusal.NOT_BESIDE, path=path, other=other, value="true")
        _require_ahead(fields, _due(hour, min(UTC_OFFSETS)), now)
        return LocalTime(hour)
    due = _due(hour, _parse_offset(fields))
    _require_ahead(fields, due, now)
    return FixedTime(due)


def _parse_hour(fields: Fields) -> datetime:
    year, month, day = map(int, _matched(fields, "date", _DATE, _A_DATE))
    hour, minute = map(int, _matched(fields, "time", _TIME, _A_TIME))
    try:
        there = date(year, month, day)
    except ValueError:
        raise bad_field(fields.path_of("date"), _A_DATE) from None
    try:
        return datetime.combine(there, time(hour, minute))
    except ValueError:
        raise bad_field(fields.path_of("time"), _A_TIME) from None


def _parse_offset(fields: Fields) -> int:
    """Return an offset from UTC in seconds, which is one of those that are in use."""
    sign, hours, minutes = _matched(fields, "timezone", _OFFSET, _AN_OFFSET)
    offset = int(f"{sign}1") * (int(hours) * 3_600 + int(minutes) * 60)
    if int(minutes) > _LAST_MINUTE or offset not in UTC_OFFSETS:
        raise bad_field(fields.path_of("timezone"), _AN_OFFSET)
    return offset


def _matched(fields: Fields, name: str, pattern: re.Pattern[str], expected: str) -> tuple[str, ...]:
    """Return the parts of a required text."""
    value = fields.required(name)
    found = pattern.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise bad_field(fields.path_of(name), expected)
    return found.groups()


def _due(hour: datetime, offset: int) -> Seconds:
    return Seconds(int(hour.replace(tzinfo=UTC).timestamp()) - offset)


def _require_ahead(fields: Fields, due: Seconds, now: Seconds) -> None:
    if due <= now:
        raise RefusedError(PushExpressRefusal.NOT_IN_FUTURE, path=fields.path_of("date"))
    if due > now + MAX_ONESEND_DAYS * SECONDS_PER_DAY:
        raise bad_field(fields.path_of("date"), f"at most {MAX_ONESEND_DAYS} days ahead")
