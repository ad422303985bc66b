"""Whatever dies, comes twice or answers too late: nobody is pushed to twice, and everybody is accounted for."""

import pytest

from tests.doubles.schedules import Schedule

SCHEDULES = 20_000
GROUPS = 40


@pytest.mark.parametrize("group", range(GROUPS))
def test_no_schedule_breaks_a_promise(group: int) -> None:
    for seed in range(group, SCHEDULES, GROUPS):
        assert (seed, Schedule(seed).faults()) == (seed, [])
