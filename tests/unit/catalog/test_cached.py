"""How often the catalog is read."""

import pytest

from pushhub.catalog.cached import FRESH_SECONDS, STALE_SECONDS, UNKNOWN_TOKEN_SECONDS, CachedCatalog
from pushhub.catalog.model import Catalog
from pushhub.faults import UnavailableError
from tests.wire.golden import catalog_of

TOKEN = "3LXP2FRcRxJ-7b14db88ec937f14"


class Reader:
    def __init__(self) -> None:
        self.reads = 0
        self.time = 100.0
        self.failing = False
        self.catalog = catalog_of("push_subscribe")
        self.cached = CachedCatalog(self._load, lambda: self.time)

    def _load(self) -> Catalog:
        self.reads += 1
        if self.failing:
            raise UnavailableError("throttled")
        return self.catalog


def test_nothing_is_read_before_it_is_needed() -> None:
    assert Reader().reads == 0


def test_a_known_token_is_looked_up_without_a_read_for_a_minute() -> None:
    reader = Reader()
    for _ in range(3):
        assert reader.cached.opened_by(TOKEN)
    assert reader.reads == 1
    reader.time += FRESH_SECONDS
    assert reader.cached.opened_by(TOKEN)
    assert reader.reads == 2


def test_a_flood_of_unknown_tokens_costs_one_read_in_five_seconds() -> None:
    reader = Reader()
    for n in range(100):
        assert reader.cached.opened_by(f"unknown {n}") is None
    assert reader.reads == 1
    reader.time += UNKNOWN_TOKEN_SECONDS
    for n in range(100):
        assert reader.cached.opened_by(f"unknown {n}") is None
    assert reader.reads == 2


def test_a_new_token_works_within_five_seconds() -> None:
    reader = Reader()
    complete = reader.catalog
    reader.catalog = Catalog({}, {})
    assert reader.cached.opened_by(TOKEN) is None
    reader.catalog = complete
    reader.time += UNKNOWN_TOKEN_SECONDS
    assert reader.cached.opened_by(TOKEN)


def test_known_tokens_work_for_ten_minutes_while_the_catalog_cannot_be_read() -> None:
    reader = Reader()
    stale: list[str] = []
    cached = CachedCatalog(reader._load, lambda: reader.time, on_stale=lambda fault: stale.append(str(fault)))
    assert cached.opened_by(TOKEN)
    reader.failing = True
    reader.time += FRESH_SECONDS
    assert cached.opened_by(TOKEN)
    assert cached.opened_by(TOKEN)
    assert stale == ["throttled"] * 2
    assert reader.reads == 2, "a fault is not provoked again within seconds"
    with pytest.raises(UnavailableError):
        cached.opened_by("unknown, or new: nobody can tell")
    reader.time += STALE_SECONDS
    with pytest.raises(UnavailableError):
        cached.opened_by(TOKEN)


def test_a_repeated_fault_keeps_nothing_of_those_who_met_it() -> None:
    reader = Reader()
    reader.failing = True
    depths = set()
    for _ in range(3):
        with pytest.raises(UnavailableError) as met:
            reader.cached.opened_by(TOKEN)
        depths.add(len(met.traceback))
    assert reader.reads == 1
    assert len(depths) <= 2, "the one who provoked it, and those who only hear of it"
