"""How many profiles an app may make in one process."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from pushhub.catalog.model import AppId
from pushhub.dialects.pushexpress.sdk.floods import NewInstanceLimit

SHOP, OTHER = AppId("shop"), AppId("other")


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def made(limit: NewInstanceLimit, app: AppId, tries: int) -> int:
    """Try so many times; return how often a profile was made."""
    count = 0
    for _ in range(tries):
        if limit.admits(app):
            limit.count(app)
            count += 1
    return count


def test_an_app_may_make_its_allowance_at_one_moment_and_no_more() -> None:
    clock = Clock()
    limit = NewInstanceLimit(clock, per_second=5)
    assert made(limit, SHOP, 100) == 5
    clock.now += 0.2
    assert made(limit, SHOP, 100) == 1
    clock.now += 3600
    assert made(limit, SHOP, 100) == 5


def test_the_flood_of_one_app_takes_nothing_from_another() -> None:
    limit = NewInstanceLimit(Clock(), per_second=5)
    assert made(limit, SHOP, 100) == 5
    assert made(limit, OTHER, 3) == 3


def test_asking_costs_nothing() -> None:
    limit = NewInstanceLimit(Clock(), per_second=1)
    assert all(limit.admits(SHOP) for _ in range(10))


@given(st.lists(st.tuples(st.floats(0, 2), st.integers(0, 20)), max_size=50))
def test_in_any_time_an_app_makes_at_most_its_allowance_and_what_has_come_to_it(arrivals: Sequence[tuple[float, int]]) -> None:
    clock = Clock()
    limit = NewInstanceLimit(clock, per_second=7)
    total = 0
    for seconds, tries in arrivals:
        clock.now += seconds
        total += made(limit, SHOP, tries)
        assert total <= 7 + (clock.now - 1000) * 7 + 1e-6
