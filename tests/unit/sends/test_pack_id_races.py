"""However many requests with one pack id race, and whatever dies or comes late: within ten minutes one sends."""

import pytest

from tests.doubles.pack_races import PackRace

RACES = 2_400
GROUPS = 8


@pytest.mark.parametrize("group", range(GROUPS))
def test_no_race_breaks_a_promise(group: int) -> None:
    for seed in range(group, RACES, GROUPS):
        assert (seed, PackRace(seed).faults()) == (seed, [])
