"""When a one-time sending is due: at one moment, or at an hour of each device's own clock."""

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushhub.catalog.model import AppId
from pushhub.dialects.http import RefusedError
from pushhub.dialects.pushexpress.server.fields import Fields
from pushhub.dialects.pushexpress.server.times import MAX_ONESEND_DAYS, FixedTime, LocalTime, parse_onesend_time
from pushhub.moments import SECONDS_PER_DAY, Seconds
from pushhub.sends.local_time import UTC_OFFSETS, local_parts
from tests.doubles.push_express_account import TIME, any_of

LOCAL = {"date": "2026-03-01", "time": "15:04", "local_time": True}


def at(iso: str) -> Seconds:
    return Seconds(int(datetime.fromisoformat(iso).timestamp()))


NOW = at("2026-02-01T12:00Z")


def read(fields: Mapping[str, Any], now: Seconds = NOW) -> FixedTime | LocalTime:
    return parse_onesend_time(Fields(fields), now)


def spelt(offset: int) -> str:
    """Give an offset of whole minutes as a request has it."""
    minutes = abs(offset) // 60
    return f"{'-' if offset < 0 else '+'}{minutes // 60:02}:{minutes % 60:02}"


def refused(fields: Mapping[str, Any], now: Seconds = NOW) -> str:
    with pytest.raises(RefusedError) as error:
        read(fields, now)
    assert error.value.refusal.status == 400
    return str(error.value).removeprefix("validation error: ")


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, "2026-03-01T15:04-07:00"),
        ({"time": "15-04"}, "2026-03-01T15:04-07:00"),
        ({"time": "00:00", "timezone": "+14:00"}, "2026-03-01T00:00+14:00"),
        ({"time": "23-59", "timezone": "-12:00"}, "2026-03-01T23:59-12:00"),
        ({"timezone": "+05:45"}, "2026-03-01T15:04+05:45"),
        ({"timezone": "-00:00"}, "2026-03-01T15:04Z"),
        ({"date": "2026-02-28"}, "2026-02-28T15:04-07:00"),
    ],
)
def test_a_moment_is_that_of_an_offset_from_utc(changed: Mapping[str, Any], expected: str) -> None:
    assert read({**TIME, **changed}) == FixedTime(at(expected))


def test_a_local_hour_has_no_offset() -> None:
    assert (
        read(LOCAL)
        == read({**LOCAL, "timezone": None})
        == read({**LOCAL, "timezone": ""})
        == LocalTime(datetime.fromisoformat("2026-03-01T15:04"))
    )


def test_a_leap_day_is_a_day_of_its_year_alone() -> None:
    leap = {**TIME, "date": "2028-02-29"}
    assert read(leap, at("2028-01-01T00:00Z")) == FixedTime(at("2028-02-29T15:04-07:00"))
    assert refused({**TIME, "date": "2026-02-29"}).startswith("date must be a day of the calendar")


A_DATE = "date must be a day of the calendar, as YYYY-MM-DD"
A_TIME = "time must be a time from 00:00 to 23:59, as HH:MM or HH-MM"
AN_OFFSET = "timezone must be an offset from UTC that is in use, as +HH:MM or -HH:MM"
DATES = [
    "2026-02-30",
    "2026-13-01",
    "2026-00-10",
    "0000-01-01",
    "2026-3-1",
    "01-03-2026",
    "20260301",
    "2026-03-01T00:00",
    "",
    " ",
    20260301,
]
TIMES = ["24:00", "23:60", "1:00", "15:04:00", "15", "15.04", "-1:00", "", "\N{FULLWIDTH DIGIT ONE}5:04", 1504, ["15:04"], True]
OFFSETS = [
    "07:00",
    "+7:00",
    "-7",
    "UTC",
    "Z",
    "",
    "+00:60",
    "+13:37",
    "+15:00",
    "-13:00",
    "+24:00",
    "-07-00",
    "Europe/Paris",
    7,
    -25200,
]


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        *(("date", value, A_DATE) for value in DATES),
        *(("time", value, A_TIME) for value in TIMES),
        *(("timezone", value, AN_OFFSET) for value in OFFSETS),
        *(("local_time", value, "local_time must be true or false") for value in any_of("false", 0, 1, "", [])),
        *((name, None, f"{name} is required") for name in TIME),
    ],
)
def test_what_is_no_such_time_is_refused(name: str, value: Any, text: str) -> None:
    assert refused({**TIME, name: value}) == text


@pytest.mark.parametrize("value", ["-07:00", "nonsense", 0])
def test_a_local_hour_beside_an_offset_is_refused(value: Any) -> None:
    assert refused({**LOCAL, "timezone": value}) == "timezone must be omitted where local_time is true"


def test_a_moment_is_in_the_future_and_at_most_a_year_ahead() -> None:
    due = at("2026-03-01T15:04-07:00")
    assert read(TIME, Seconds(due - 1)) == FixedTime(due)
    assert refused(TIME, due) == "date must be in the future"
    year = MAX_ONESEND_DAYS * SECONDS_PER_DAY
    assert read(TIME, Seconds(due - year)) == FixedTime(due)
    assert refused(TIME, Seconds(due - year - 1)) == f"date must be at most {MAX_ONESEND_DAYS} days ahead"
    assert refused({**TIME, "date": "9999-12-31"}) == f"date must be at most {MAX_ONESEND_DAYS} days ahead"
    assert refused({**TIME, "date": "0001-01-01"}) == "date must be in the future"


def test_a_local_hour_is_still_to_come_at_one_offset_at_least() -> None:
    last = at("2026-03-01T15:04-12:00")
    assert read(LOCAL, Seconds(last - 1)) == LocalTime(datetime.fromisoformat("2026-03-01T15:04"))
    assert refused(LOCAL, last) == "date must be in the future"


@pytest.mark.parametrize("night", ["2026-03-29", "2026-10-25"])
@pytest.mark.parametrize(("offset", "hours"), [("+01:00", 1), ("+02:00", 2)])
def test_in_the_nights_when_clocks_change_an_hour_comes_once_at_each_offset(night: str, offset: str, hours: int) -> None:
    """In most of Europe no clock shows 02:30 in the first night, and in the second each shows it twice."""
    now = at("2026-03-01T00:00Z")
    due = at(f"{night}T02:30Z") - hours * 3_600
    assert read({"date": night, "time": "02:30", "local_time": False, "timezone": offset}, now) == FixedTime(Seconds(due))
    local = read({"date": night, "time": "02:30", "local_time": True}, now)
    assert isinstance(local, LocalTime)
    assert [part.due for part in local_parts([AppId("shop")], local.hour) if part.offset == hours * 3_600] == [due]


@given(
    st.datetimes(datetime.fromisoformat("2026-02-03"), datetime.fromisoformat("2027-01-30")),
    st.sampled_from(UTC_OFFSETS),
    st.sampled_from(":-"),
)
def test_a_moment_reads_at_its_offset_as_it_was_written(hour: datetime, offset: int, colon: str) -> None:
    zone = timezone(timedelta(seconds=offset))
    fields = {
        "date": f"{hour:%Y-%m-%d}",
        "time": f"{hour:%H}{colon}{hour:%M}",
        "local_time": False,
        "timezone": spelt(offset),
    }
    fixed = read(fields)
    assert isinstance(fixed, FixedTime)
    assert datetime.fromtimestamp(fixed.due, zone).replace(tzinfo=None) == hour.replace(second=0, microsecond=0)
    assert read({**fields, "local_time": True, "timezone": None}) == LocalTime(hour.replace(second=0, microsecond=0))


def test_every_offset_that_is_in_use_is_taken_and_no_other() -> None:
    written = {60 * minutes: spelt(60 * minutes) for minutes in range(-24 * 60, 24 * 60)}
    for offset in UTC_OFFSETS:
        read({**TIME, "timezone": written.pop(offset)})
    for other in written.values():
        assert refused({**TIME, "timezone": other}) == AN_OFFSET
