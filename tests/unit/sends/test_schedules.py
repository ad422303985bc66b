"""Whatever dies, comes twice or answers too late: nobody is pushed to twice, and everybody is accounted for."""

import pytest

from tests.doubles.filtered_schedules import FilteredSchedule
from tests.doubles.schedules import Schedule

SCHEDULES = 20_000
FILTERED_SCHEDULES = 4_000
GROUPS = 40


@pytest.mark.parametrize("group", range(GROUPS))
def test_no_schedule_breaks_a_promise(group: int) -> None:
    for seed in range(group, SCHEDULES, GROUPS):
        assert (seed, Schedule(seed).faults()) == (seed, [])


@pytest.mark.parametrize("group", range(GROUPS))
def test_no_schedule_of_a_filtered_sending_breaks_a_promise(group: int) -> None:
    for seed in range(group, FILTERED_SCHEDULES, GROUPS):
        assert (seed, FilteredSchedule(seed).faults()) == (seed, [])
