"""When a local hour is for which device, and in which part it gets its push."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushhub.audience.model import OffsetBefore
from pushhub.catalog.model import AppId
from pushhub.moments import Seconds
from pushhub.sends.local_time import UNSEEN_SECONDS, UTC_OFFSETS, is_in_part, local_parts, nearest_offset
from pushhub.sends.sending import Part
from pushhub.sends.store import MAX_DUE_MOMENTS

SHOP = AppId("shop")
HOUR = datetime(2026, 10, 25, 10, 0)  # noqa: DTZ001  (a clock on the wall)
PARTS = local_parts([SHOP], HOUR)
BERLIN = ZoneInfo("Europe/Berlin")
offsets = st.integers(-18 * 3600, 18 * 3600)
shifts = st.integers(-15 * 3600, 15 * 3600)


def moment(year: int, month: int, day: int, hour: int, minute: int = 0) -> Seconds:
    return Seconds(int(datetime(year, month, day, hour, minute, tzinfo=UTC).timestamp()))


def parts_of(tz_sec: int | None, before: OffsetBefore | None = None, parts: tuple[Part, ...] = PARTS) -> list[Part]:
    fields = {} if tz_sec is None else {"tz_sec": tz_sec}
    return [part for part in parts if is_in_part(part, fields, before)]


def test_the_offsets_are_those_that_places_of_the_world_have_in_a_year() -> None:
    year = [datetime(2026, month, 15, tzinfo=UTC) for month in range(1, 13)]
    places = [ZoneInfo(name) for name in available_timezones() if "/" in name and not name.startswith(("Etc/", "SystemV/"))]
    in_use = {int(offset.total_seconds()) for place in places for day in year if (offset := day.astimezone(place).utcoffset())}
    assert in_use | {0, -12 * 3600} == set(UTC_OFFSETS)
    assert sorted(UTC_OFFSETS) == list(UTC_OFFSETS)
    assert len(UTC_OFFSETS) == MAX_DUE_MOMENTS


def test_each_offset_has_a_part_that_is_due_at_the_hour_there_and_the_east_is_first() -> None:
    assert [part.offset for part in PARTS] == list(reversed(UTC_OFFSETS))
    assert [part.number for part in PARTS] == list(range(len(UTC_OFFSETS)))
    assert {datetime.fromtimestamp(part.due + (part.offset or 0), UTC).replace(tzinfo=None) for part in PARTS} == {HOUR}
    assert PARTS[0].due == moment(2026, 10, 24, 20)
    assert PARTS[-1].due == moment(2026, 10, 25, 22)


def test_each_app_has_parts_of_its_own_and_those_of_one_moment_are_neighbours() -> None:
    parts = local_parts([SHOP, AppId("club")], HOUR)
    assert [part.app for part in parts[:4]] == ["shop", "club", "shop", "club"]
    assert len({(part.app, part.offset) for part in parts}) == len(parts) == 2 * len(UTC_OFFSETS)
    assert [part.due for part in parts] == sorted(part.due for part in parts)


def test_a_device_without_an_offset_is_in_the_part_of_utc() -> None:
    assert [part.offset for part in parts_of(None)] == [0]
    assert [part.offset for part in parts_of(0)] == [0]


@pytest.mark.parametrize(("tz_sec", "offset"), [(3_599, 3_600), (5_399, 3_600), (5_400, 3_600), (5_401, 7_200), (20_700, 20_700)])
def test_a_device_is_in_the_part_of_the_nearest_offset(tz_sec: int, offset: int) -> None:
    assert [part.offset for part in parts_of(tz_sec)] == [offset]


@given(offsets)
def test_a_device_is_in_exactly_one_part(tz_sec: int) -> None:
    (part,) = parts_of(tz_sec)
    assert part.offset == nearest_offset(tz_sec) == min(UTC_OFFSETS, key=lambda each: (abs(each - tz_sec), each))


def test_a_part_without_an_offset_is_for_every_device() -> None:
    assert is_in_part(Part(0, SHOP, Seconds(7)), {"tz_sec": 3_600}, OffsetBefore(0, Seconds(5)))


@given(offsets, offsets, st.integers(0, len(PARTS) - 1), shifts)
def test_a_device_that_changes_its_offset_once_is_met_by_exactly_one_sweep(
    former: int, present: int, near: int, shift: int
) -> None:
    changed = Seconds(PARTS[near].due + shift)
    before = OffsetBefore(former, changed)
    met = [
        part
        for part in PARTS
        if (is_in_part(part, {"tz_sec": former}, None) if part.due < changed else is_in_part(part, {"tz_sec": present}, before))
    ]
    assert len(met) == 1
    assert met[0].offset in {nearest_offset(former), nearest_offset(present)}


@given(offsets, offsets, st.integers(0, len(PARTS) - 1), shifts, st.integers(-UNSEEN_SECONDS + 1, UNSEEN_SECONDS))
def test_so_is_one_whose_change_is_seen_or_noted_some_seconds_off(
    former: int, present: int, near: int, shift: int, seconds: int
) -> None:
    changed = PARTS[near].due + shift
    before = OffsetBefore(former, Seconds(changed + seconds))
    met = [
        part
        for part in PARTS
        if (is_in_part(part, {"tz_sec": former}, None) if part.due < changed else is_in_part(part, {"tz_sec": present}, before))
    ]
    assert len(met) == 1


@given(offsets, offsets, st.integers(-(10**6), 10**6))
def test_all_parts_agree_after_a_change_whenever_it_was(former: int, present: int, shift: int) -> None:
    assert len(parts_of(present, OffsetBefore(former, Seconds(PARTS[0].due + shift)))) == 1


def berlin(hour: datetime, changed: Seconds) -> tuple[Part, ...]:
    """Return the parts that a phone in Berlin is met in which tells its new offset at a moment of the day of the change."""
    parts = local_parts([SHOP], hour)
    former, present = (int(BERLIN.utcoffset(hour + day).total_seconds()) for day in (timedelta(days=-1), timedelta(days=1)))  # type: ignore[union-attr]
    met = [
        part
        for part in parts
        if part
        in (parts_of(former, parts=parts) if part.due < changed else parts_of(present, OffsetBefore(former, changed), parts))
    ]
    return tuple(met)


SPRING = datetime(2026, 3, 29, 10, 0)  # noqa: DTZ001
AUTUMN = datetime(2026, 10, 25, 10, 0)  # noqa: DTZ001


@pytest.mark.parametrize(
    ("hour", "changed", "due"),
    [
        # Summer time begins at 01:00 UTC. Ten o'clock is at 08:00 UTC from then on, and was at 09:00.
        pytest.param(SPRING, moment(2026, 3, 29, 1, 2), moment(2026, 3, 29, 8), id="spring, told at once"),
        pytest.param(SPRING, moment(2026, 3, 29, 8, 30), moment(2026, 3, 29, 9), id="spring, told between both parts"),
        pytest.param(SPRING, moment(2026, 3, 29, 9, 30), moment(2026, 3, 29, 9), id="spring, told after both parts"),
        # Summer time ends at 01:00 UTC. Ten o'clock is at 09:00 UTC from then on, and was at 08:00.
        pytest.param(AUTUMN, moment(2026, 10, 25, 1, 2), moment(2026, 10, 25, 9), id="autumn, told at once"),
        pytest.param(AUTUMN, moment(2026, 10, 25, 8, 30), moment(2026, 10, 25, 8), id="autumn, told between both parts"),
        pytest.param(AUTUMN, moment(2026, 10, 25, 9, 30), moment(2026, 10, 25, 8), id="autumn, told after both parts"),
    ],
)
def test_where_daylight_saving_time_changes_a_phone_gets_its_push_once(hour: datetime, changed: Seconds, due: Seconds) -> None:
    assert [part.due for part in berlin(hour, changed)] == [due]


@pytest.mark.parametrize("hour", [datetime(2026, 3, 29, 2, 30), datetime(2026, 10, 25, 2, 30)], ids=["gap", "overlap"])  # noqa: DTZ001
@pytest.mark.parametrize("minutes", range(0, 300, 7))
def test_an_hour_that_there_is_not_or_twice_is_met_once_whenever_the_phone_tells_its_offset(hour: datetime, minutes: int) -> None:
    midnight = moment(hour.year, hour.month, hour.day, 0)
    assert len(berlin(hour, Seconds(midnight + 60 * minutes))) == 1
