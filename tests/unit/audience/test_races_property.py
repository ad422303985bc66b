"""Two requests at the same time, in every order of their steps."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st

from pushhub.audience import matching
from pushhub.audience.matching import Decision, decide
from pushhub.audience.model import ProfileId, Seconds
from pushhub.audience.request import DatabaseRequest, resolve, wanted
from pushhub.audience.subscribe import DatabaseProcessed, DesiredSubscription, Effect, Subscribe
from pushhub.audience.subscribing import Subscribing
from pushhub.catalog.model import TokenConflict
from pushhub.faults import LostRaceError
from tests.doubles import audience, invariants
from tests.doubles.audience import MemoryAudience
from tests.doubles.invariants import assert_consistent
from tests.doubles.requests import BY_TOKEN, CUSTOMERS, by_id, by_number, request, resource

DOORS = (resource(5), resource(6), resource(7, conflict=TokenConflict.MOVE))

desired = st.builds(DesiredSubscription, st.just("ios-apns"), st.sampled_from("abc"), st.booleans())
commands = st.builds(
    lambda matching, subscriptions, door: request(matching, *subscriptions, through=door),
    st.sampled_from([BY_TOKEN, by_id("ann"), by_id("joe"), by_number(1), by_number(2)]),
    st.lists(desired, min_size=1, max_size=3),
    st.sampled_from(DOORS),
)


def steps(store: MemoryAudience, command: Subscribe, name: str) -> Iterator[None]:
    """Carry out a command, stopping after every read and every commit."""
    (asked,) = resolve(command)
    assert isinstance(asked, DatabaseRequest)
    reread: frozenset[ProfileId] = frozenset()
    for attempt in range(20):
        (snapshot,) = store.read([wanted(asked, reread)])
        yield
        decision: Decision = decide(asked, snapshot, ProfileId(f"{name}{attempt}"), Seconds(1))
        try:
            if decision.change:
                store.commit(CUSTOMERS.id, decision.change)
        except LostRaceError:
            reread |= decision.assumed
            yield
        else:
            return
    raise AssertionError("never settled")


@settings(max_examples=600, deadline=None)
@given(st.lists(commands, max_size=4), commands, commands, st.lists(st.booleans(), max_size=12))
def test_no_interleaving_of_two_requests_breaks_a_rule(
    before: list[Subscribe], one: Subscribe, other: Subscribe, order: list[bool]
) -> None:
    store = MemoryAudience()
    for command in before:
        Subscribing(store, sleep=lambda _: None)(command)
    running = [steps(store, one, "one"), steps(store, other, "other")]
    for first in order:
        next(running[0] if first else running[1], None)
        assert_consistent(store.content(17))
    for rest in running:
        for _ in rest:
            assert_consistent(store.content(17))
    assert_consistent(store.content(17))


@settings(max_examples=600, deadline=None)
@given(st.lists(commands, max_size=8), commands, st.sampled_from([1, 2, 100]))
def test_a_request_that_settled_changes_nothing_when_repeated(before: list[Subscribe], command: Subscribe, most: int) -> None:
    with limits_of(most):
        assert_settles(before, command)


@contextmanager
def limits_of(most: int) -> Iterator[None]:
    """Let a profile have so few live and cancelled subscriptions that requests meet the limits."""
    with ExitStack() as stack:
        for module in (matching, audience, invariants):
            stack.enter_context(patch.multiple(module, MAX_LIVE=most, MAX_CANCELLED=most))
        yield


def assert_settles(before: list[Subscribe], command: Subscribe) -> None:
    store = MemoryAudience()
    subscribing = Subscribing(store, sleep=lambda _: None)
    for earlier in before:
        subscribing(earlier)
        assert_consistent(store.content(17))
    subscribing(command)
    settled = store.databases.copy()
    (again,) = subscribing(command)
    assert isinstance(again, DatabaseProcessed)
    assert all(part.result is not Effect.CHANGED for part in again.subscriptions)
    assert store.databases == settled


@settings(max_examples=200, deadline=None)
@given(commands, st.integers(2, 5))
def test_identical_first_requests_make_one_profile(command: Subscribe, copies: int) -> None:
    store = MemoryAudience()
    running = [steps(store, command, f"copy{n}") for n in range(copies)]
    while running:
        running = [one for one in running if next(one, "ended") != "ended"]
    assert_consistent(store.content(17))
    assert len(store.content(17).profiles) <= 1
