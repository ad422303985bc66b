"""However many requests with one pack id race, and whatever dies or comes late: within ten minutes one sends."""

import pytest

from tests.doubles.pack_races import PackRace

RACES = 1_200
GROUPS = 8


@pytest.mark.parametrize("group", range(GROUPS))
def test_no_race_breaks_a_promise(group: int) -> None:
    for seed in range(group, RACES, GROUPS):
        assert (seed, PackRace(seed).faults()) == (seed, [])


def test_races_come_to_every_end() -> None:
    races = [PackRace(seed) for seed in range(100)]
    for race in races:
        race.run()
    assert {racer.end for race in races for racer in race.racers} == {
        "sent",
        "blocked",
        "died",
        "UnavailableError",
        "LostRaceError",
    }
    assert {sum(racer.pushed is not None for racer in race.racers) for race in races} >= {0, 1, 2}
