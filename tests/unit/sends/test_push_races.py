"""Requests with one idempotency key, in races that seeds choose."""

from tests.doubles.push_races import PushRace

RACES = 500


def test_of_requests_with_one_key_at_most_one_makes_a_sending_whatever_fails() -> None:
    for seed in range(RACES):
        assert (seed, PushRace(seed).faults()) == (seed, [])


def test_the_races_are_ones_in_which_requests_meet_and_fail() -> None:
    races = [PushRace(seed) for seed in range(100)]
    for race in races:
        race.faults()
    told = [each for race in races for each in race.told[:-2]]
    assert sum(each.replayed for each in told) > 50
    assert sum(each.reply is None for each in told) > 50
    assert sum(each.reply == each.own for each in told) > 50


def test_without_a_key_repeats_make_further_sendings() -> None:
    assert any("at most one sending is made" in PushRace(seed, with_key=False).faults() for seed in range(20))
