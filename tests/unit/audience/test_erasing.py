"""Forgetting a person."""

import pytest

from pushhub.audience.erasing import MAX_DELETED_AT_ONCE, Erasing
from pushhub.audience.model import MAX_LIVE, ProfileId
from pushhub.audience.subscribing import Subscribing
from pushhub.catalog.model import DatabaseId
from pushhub.faults import UnavailableError
from tests.doubles.audience import MemoryAudience
from tests.doubles.invariants import assert_consistent
from tests.doubles.legacy import carry_out_before
from tests.doubles.requests import CUSTOMERS, by_id, by_number, off, on, request


def test_a_person_with_keys_live_and_cancelled_subscriptions_leaves_nothing_behind() -> None:
    store = MemoryAudience()
    Subscribing(store)(request(by_number(1), on("a"), on("b")))
    Subscribing(store)(request(by_number(1), off("b")))
    Subscribing(store)(request(by_id("joe"), on("c")))
    (person,) = set(store.content(17).profiles) - {ProfileId("joe")}
    assert Erasing(store)(CUSTOMERS.id, person)
    left = store.content(17)
    assert (len(left.profiles), len(left.keys), len(left.subscriptions)) == (1, 0, 1)


def test_a_person_whose_subscriptions_stand_under_legacy_references_leaves_nothing_behind() -> None:
    store = MemoryAudience()
    carry_out_before(store, [request(by_id("ann"), on("AB"), on("c")), request(by_id("ann"), off("AB"))])
    assert any(stored.legacy for stored in store.content(17).subscriptions.values())
    assert Erasing(store)(CUSTOMERS.id, ProfileId("ann"))
    left = store.content(17)
    assert (len(left.profiles), len(left.subscriptions)) == (0, 0)


def test_erasing_nobody_says_so() -> None:
    assert not Erasing(MemoryAudience())(CUSTOMERS.id, ProfileId("nobody"))


class Stopping(MemoryAudience):
    """Stops answering after some commits."""

    commits_left = 10**6

    def commit(self, database: DatabaseId, change: object) -> None:
        if not self.commits_left:
            raise UnavailableError("ReadTimeoutError")
        self.commits_left -= 1
        super().commit(database, change)  # type: ignore[arg-type]


@pytest.mark.parametrize("steps", range(-(-MAX_LIVE // MAX_DELETED_AT_ONCE) + 1))
def test_erasing_that_was_cut_off_is_finished_by_erasing_again(steps: int) -> None:
    store = Stopping()
    for start in range(0, MAX_LIVE, 20):
        Subscribing(store)(request(by_id("ann"), *(on(f"t{i}") for i in range(start, start + 20))))
    store.commits_left = steps
    with pytest.raises(UnavailableError):
        Erasing(store)(CUSTOMERS.id, ProfileId("ann"))
    assert_consistent(store.content(17))
    store.commits_left = 10
    assert Erasing(store)(CUSTOMERS.id, ProfileId("ann"))
    assert not store.content(17).profiles
    assert not store.content(17).subscriptions
