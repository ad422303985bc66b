"""How often is something read that is kept in the process?"""

import pytest

from pushhub.cached import FRESH_SECONDS, STALE_SECONDS, UNKNOWN_SECONDS, Cached
from pushhub.faults import UnavailableError
from pushhub.moments import Milliseconds


class Reader:
    """Reads names, counts how often, and has a clock of its own."""

    def __init__(self) -> None:
        self.reads = 0
        self.time = 100.0
        self.of_day = Milliseconds(1_800_000_000_000)
        self.failing = False
        self.names = {"known": "a value"}
        self.stale: list[str] = []
        self.cached = Cached(
            self._load, lambda: self.time, on_stale=lambda fault: self.stale.append(str(fault)), now=lambda: self.of_day
        )

    def find(self, name: str) -> str | None:
        return self.cached.find(lambda names: names.get(name))

    def _load(self) -> dict[str, str]:
        self.reads += 1
        if self.failing:
            raise UnavailableError("throttled")
        return self.names


def test_nothing_is_read_before_it_is_needed() -> None:
    assert Reader().reads == 0


def test_it_is_read_again_after_a_minute() -> None:
    reader = Reader()
    for _ in range(3):
        assert reader.find("known")
        assert reader.cached.current() == reader.names
    assert reader.reads == 1
    reader.time += FRESH_SECONDS
    assert reader.find("known")
    assert reader.cached.current() == reader.names
    assert reader.reads == 2


def test_a_flood_of_unknown_names_costs_one_read_in_five_seconds() -> None:
    reader = Reader()
    for n in range(100):
        assert reader.find(f"unknown {n}") is None
    assert reader.reads == 1
    reader.time += UNKNOWN_SECONDS
    for n in range(100):
        assert reader.find(f"unknown {n}") is None
    assert reader.reads == 2


def test_a_new_name_is_found_within_five_seconds() -> None:
    reader = Reader()
    assert reader.find("new") is None
    reader.names = {"new": "its value"}
    assert reader.find("new") is None
    reader.time += UNKNOWN_SECONDS
    assert reader.find("new") == "its value"


def test_what_is_found_may_be_false_in_itself() -> None:
    reader = Reader()
    reader.names = {"empty": ""}
    for _ in range(3):
        assert reader.find("empty") == ""
        reader.time += UNKNOWN_SECONDS
    assert reader.reads == 1


def test_what_is_known_is_used_for_ten_minutes_while_it_cannot_be_read() -> None:
    reader = Reader()
    assert reader.find("known")
    reader.failing = True
    reader.time += FRESH_SECONDS
    assert reader.find("known")
    assert reader.cached.current()
    assert reader.stale == ["throttled"] * 2
    assert reader.reads == 2, "a fault is not provoked again within seconds"
    with pytest.raises(UnavailableError):
        reader.find("unknown, or new: nobody can tell")
    reader.time += STALE_SECONDS
    for ask in (reader.cached.current, lambda: reader.find("known")):
        with pytest.raises(UnavailableError):
            ask()


def test_it_is_used_as_soon_as_it_can_be_read_again() -> None:
    reader = Reader()
    reader.failing = True
    with pytest.raises(UnavailableError):
        reader.cached.current()
    reader.failing = False
    with pytest.raises(UnavailableError, match="throttled"):
        reader.cached.current()
    reader.time += UNKNOWN_SECONDS
    assert reader.cached.current() == reader.names
    assert reader.find("unknown") is None
    assert reader.reads == 2


def test_a_repeated_fault_keeps_nothing_of_those_who_met_it() -> None:
    reader = Reader()
    reader.failing = True
    depths = set()
    for _ in range(3):
        with pytest.raises(UnavailableError) as met:
            reader.cached.current()
        depths.add(len(met.traceback))
    assert reader.reads == 1
    assert len(depths) <= 2, "the one who provoked it, and those who only hear of it"


def test_what_was_asked_for_before_a_moment_is_asked_for_again_once() -> None:
    reader = Reader()
    reader.cached.current()
    reader.of_day = Milliseconds(reader.of_day + 2)
    for _ in range(3):
        reader.cached.forget_before(Milliseconds(reader.of_day - 1))
        reader.cached.current()
    assert reader.reads == 2


def test_what_was_forgotten_is_not_returned_while_it_cannot_be_read() -> None:
    reader = Reader()
    reader.cached.current()
    reader.failing = True
    reader.cached.forget_before(Milliseconds(reader.of_day + 1))
    with pytest.raises(UnavailableError):
        reader.cached.current()
    assert not reader.stale
