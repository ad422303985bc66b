"""Two requests at the same time, or a request and a sending that meets a dead push token, in every order of their steps."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from itertools import chain
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pushhub.audience import draft
from pushhub.audience.changes import Change
from pushhub.audience.command import (
    ByField,
    DatabaseOutcome,
    DatabaseProcessed,
    DatabaseRefused,
    DesiredSubscription,
    Effect,
    Mode,
    Reason,
    Refused,
    Subscribe,
)
from pushhub.audience.duplicates import merge_duplicates
from pushhub.audience.matching import Decision, decide
from pushhub.audience.model import Profile, ProfileId
from pushhub.audience.port import Snapshot, SnapshotQuery
from pushhub.audience.rereading import unread_target
from pushhub.audience.resolving import DatabaseRequest, resolve, snapshot_query
from pushhub.audience.retiring import RetireEffect, decide_retirement
from pushhub.audience.subscribing import Subscribing
from pushhub.audience.values import Value
from pushhub.catalog.model import DatabaseId, PushTokenConflict
from pushhub.faults import LostRaceError
from pushhub.moments import Seconds
from tests.doubles import audience, invariants
from tests.doubles.audience import DatabaseContent, MemoryAudience
from tests.doubles.invariants import assert_consistent, assert_found_by_match_fields
from tests.doubles.legacy import carry_out_before
from tests.doubles.requests import BY_TOKEN, CUSTOMERS, by_id, by_number, in_mode, off, on, request, resource, setting
from tests.doubles.retiring import Gone, carry_out_retire, read_for_sending, retire

DOORS = (resource(5), resource(6), resource(7, conflict=PushTokenConflict.MOVE))

desired = st.builds(DesiredSubscription, st.just("ios-apns"), st.sampled_from(["a", "A", "b", "c"]), st.booleans())
"""Two of the push tokens are spellings of one; `A` has a legacy reference."""
MATCH_FIELDS: dict[str, st.SearchStrategy[Value]] = {
    "number": st.sampled_from([1, 2, 3]),
    "email": st.sampled_from(["ann@example.com", "joe@example.com"]),
}
PLAIN_FIELDS: dict[str, st.SearchStrategy[Value]] = {"nick": st.sampled_from(["Ann", "Joe"])}


def commands_of(most: int, fields: Mapping[str, st.SearchStrategy[Value]]) -> st.SearchStrategy[Subscribe]:
    """Give commands of so many subscriptions at most that set some of these fields, or none."""
    return st.builds(
        lambda matching, subscriptions, door, fields, mode: in_mode(
            mode, setting(request(matching, *subscriptions, through=door), fields)
        ),
        st.sampled_from([BY_TOKEN, by_id("ann"), by_id("joe"), by_number(1), by_number(2), ByField("email", "ann@example.com")]),
        st.lists(desired, min_size=1, max_size=most),
        st.sampled_from(DOORS),
        st.just({}) | st.fixed_dictionaries({}, optional=dict(fields)),
        st.just(Mode.UPSERT) | st.sampled_from(Mode),
    )


commands = commands_of(3, MATCH_FIELDS | PLAIN_FIELDS)
earlier_commands = st.lists(commands, max_size=3)
"""What a hub was asked for that compared push tokens as they came."""
rows = commands_of(1, MATCH_FIELDS)
"""Commands of which every part is guarded. Of plain fields, and of subscriptions of one request, each is a matter of its own."""
deaths = st.builds(Gone, st.sampled_from(["a", "A", "b", "c"]), st.sampled_from([0.5, 500, 10**11]))
"""Push tokens that a sending finds dead, of which the provider knows since before all requests, since between them, or just now."""
Act = Subscribe | Gone
ActOutcome = DatabaseOutcome | RetireEffect
acts = commands | deaths


def steps(store: MemoryAudience, act: Act, name: str) -> Iterator[None]:
    """Carry out an act, stopping after every read and every commit."""
    return retire_in_steps(store, act) if isinstance(act, Gone) else subscribe_in_steps(store, act, name)


def retire_in_steps(store: MemoryAudience, gone: Gone) -> Iterator[None]:
    stored = read_for_sending(store, gone)
    yield
    if stored is None:
        return
    command, profiles = retire(gone, stored), dict[ProfileId, Profile | None]()
    for _ in range(30):
        owner = profiles.get(stored.profile) if stored else None
        _, change = decide_retirement(command, stored, owner, Seconds(1))
        try:
            if change:
                store.commit(CUSTOMERS.id, change)
        except LostRaceError:
            yield
            owners = frozenset({command.subscription.profile} | ({stored.profile} if stored else set()))
            (snapshot,) = store.read([SnapshotQuery(CUSTOMERS.id, (command.subscription.address,), profiles=owners)])
            yield
            before = command.subscription
            stored = snapshot.subscriptions.get(before.ref) or snapshot.subscription_of(before.address)
            profiles = dict(snapshot.profiles)
        else:
            return
    raise AssertionError("never settled")


def subscribe_in_steps(store: MemoryAudience, command: Subscribe, name: str) -> Iterator[None]:
    """Carry out a command, stopping after every read and every commit."""
    (asked,) = resolve(command)
    if isinstance(asked, DatabaseRefused):
        return
    reread: frozenset[ProfileId] = frozenset()
    reread_once = False
    for attempt in range(30):
        (snapshot,) = store.read([snapshot_query(asked, reread)])
        yield
        if target := unread_target(asked, snapshot):
            (read,) = store.read([SnapshotQuery(CUSTOMERS.id, profiles=frozenset({target}))])
            snapshot = replace(snapshot, profiles={**snapshot.profiles, **read.profiles})
            yield
        decision: Decision = decide(asked, snapshot, ProfileId(f"{name}{attempt}"), Seconds(1))
        try:
            if decision.merge:
                store.commit(CUSTOMERS.id, decision.merge)
        except LostRaceError:
            yield
            continue
        if decision.must_reread(reread_once=reread_once):
            reread_once = True
            reread |= decision.profiles_to_read
            continue
        try:
            if decision.change:
                store.commit(CUSTOMERS.id, decision.change)
        except LostRaceError:
            reread |= decision.profiles_to_read
            yield
        else:
            return
    raise AssertionError("never settled")


def assert_sound(content: DatabaseContent) -> None:
    assert_consistent(content)
    assert_found_by_match_fields(content, CUSTOMERS)


@settings(max_examples=600, deadline=None)
@given(
    st.tuples(earlier_commands, st.lists(acts, max_size=4)),
    acts,
    acts,
    st.lists(st.booleans(), max_size=12),
    st.sampled_from([1, draft.SPARE_WRITES]),
)
def test_no_interleaving_of_two_requests_breaks_a_rule(
    past: tuple[list[Subscribe], list[Act]], one: Act, other: Act, order: list[bool], spare: int
) -> None:
    with patch.object(draft, "SPARE_WRITES", spare):
        assert_sound_in_between(past, one, other, order)


def assert_sound_in_between(past: tuple[list[Subscribe], list[Act]], one: Act, other: Act, order: list[bool]) -> None:
    earlier, before = past
    store = MemoryAudience()
    carry_out_before(store, earlier)
    for place, act in enumerate(before):
        carry_out(store, act, f"then{place}", now=1)
    running = [steps(store, one, "one"), steps(store, other, "other")]
    for first in order:
        next(running[0] if first else running[1], None)
        assert_sound(store.content(17))
    for rest in running:
        for _ in rest:
            assert_sound(store.content(17))
    assert_sound(store.content(17))


@settings(max_examples=600, deadline=None)
@given(st.data(), st.sampled_from([1, 2, 100]))
def test_a_request_that_settled_changes_nothing_when_repeated(data: st.DataObject, most: int) -> None:
    # A request cancels fewer than a profile remembers: MAX_SUBSCRIPTIONS is 40, MAX_CANCELLED is 100.
    possible = commands.filter(lambda command: sum(one.unsubscribe for one in command.subscriptions) <= most)
    earlier, before = data.draw(st.lists(possible, max_size=3)), data.draw(st.lists(possible | deaths, max_size=8))
    with limits_of(most):
        assert_settles(earlier, before, data.draw(possible))


@contextmanager
def limits_of(most: int) -> Iterator[None]:
    """Let a profile have so few live and cancelled subscriptions that requests meet the limits."""
    with ExitStack() as stack:
        for module in (draft, audience, invariants):
            stack.enter_context(patch.multiple(module, MAX_LIVE=most, MAX_CANCELLED=most))
        yield


def assert_settles(earlier: list[Subscribe], before: list[Act], command: Subscribe) -> None:
    store = MemoryAudience()
    carry_out_before(store, earlier)
    subscribing = Subscribing(store, sleep=lambda _: None)
    for place, each in enumerate(before):
        carry_out(store, each, f"then{place}")
        assert_sound(store.content(17))
    (first,) = subscribing(command)
    settled = store.databases.copy()
    (again,) = subscribing(command)
    assert store.databases == settled
    if isinstance(first, DatabaseRefused):
        assert again == first
        return
    assert isinstance(again, DatabaseProcessed)
    assert all(part.result is not Effect.CHANGED for part in again.subscriptions)
    assert not again.fields_changed


@pytest.mark.parametrize("moment", range(3))
def test_a_device_is_cancelled_although_its_legacy_reference_is_given_up_meanwhile(moment: int) -> None:
    """The subscription moves from the reference that is not read yet to the one that was read a moment ago."""
    other = request(BY_TOKEN, on("A"), through=resource(6))
    world = MemoryAudience()
    carry_out_before(world, [request(by_id("ann"), on("A"))])
    store = Torn(lambda torn: carry_out(torn, other, "other"), moment)
    store.databases = world.databases
    outcome = carry_out(store, request(BY_TOKEN, off("A")), "one")
    assert isinstance(outcome, DatabaseProcessed)
    assert [part.result for part in outcome.subscriptions] == [Effect.CHANGED]
    assert store.torn
    (stored,) = store.content(17).subscriptions.values()
    assert {int(id_): str(state) for id_, (state, _) in stored.resources.items()} == {5: "cancelled", 6: "active"}


@settings(max_examples=200, deadline=None)
@given(commands, st.integers(2, 5))
def test_identical_first_requests_make_one_profile(command: Subscribe, copies: int) -> None:
    store = MemoryAudience()
    running = [steps(store, command, f"copy{n}") for n in range(copies)]
    while running:
        running = [one for one in running if next(one, "ended") != "ended"]
    assert_sound(store.content(17))
    assert len(store.content(17).profiles) <= 1


class Torn(MemoryAudience):
    """Has another command carried out whole between two items of its first try's reads, or before a later read or a commit.

    A rereading is not torn again: that would take another coincidence.
    """

    def __init__(self, other: Callable[["Torn"], object], moment: int) -> None:
        super().__init__()
        self._other = other
        self._left = moment
        self._first_try = True
        self.torn = False

    def wait(self, _: float) -> None:
        """Stand in for the wait between two tries."""
        self._first_try = False

    def read(self, wanted: Sequence[SnapshotQuery], deadline: float = math.inf) -> Sequence[Snapshot]:
        if self.torn:
            return super().read(wanted, deadline)
        if self._first_try:
            return [self._one_by_one(part) for part in wanted]
        self._pass()
        return super().read(wanted, deadline)

    def commit(self, database: DatabaseId, change: Change) -> None:
        if not self.torn:
            self._pass()
        super().commit(database, change)

    def _pass(self) -> None:
        self._left -= 1
        if self._left < 0 and not self.torn:
            self.torn = True
            self._other(self)

    def _one_by_one(self, part: SnapshotQuery) -> Snapshot:
        found = Snapshot({}, {}, {})
        singles = [
            *((SnapshotQuery(part.database, (address,)), ref) for address in part.addresses for ref in address.refs),
            *((SnapshotQuery(part.database, keys=(key,)), None) for key in part.keys),
            *((SnapshotQuery(part.database, profiles=frozenset({profile})), None) for profile in sorted(part.profiles)),
        ]
        for single, ref in singles:
            self._pass()
            (one,) = super().read([single])
            found = Snapshot(
                {**found.subscriptions, **{each: stored for each, stored in one.subscriptions.items() if each == ref}},
                {**found.key_holders, **one.key_holders},
                {**found.profiles, **one.profiles},
            )
        return found


def carry_out(store: MemoryAudience, act: Act, name: str, now: int = 1000) -> ActOutcome:
    """Carry out a command that gives a profile this name if it makes one, and return what it tells, but for what is of no matter.

    That is whose it is where all is refused, and whether a cancellation that has nothing to cancel is refused or passed over.
    """
    if isinstance(act, Gone):
        # A sending reads a subscription by its one reference, so that nothing comes in between.
        whole = MemoryAudience()
        whole.databases = store.databases
        return carry_out_retire(store, act, read_for_sending(whole, act), now=now)
    sleep = store.wait if isinstance(store, Torn) else lambda _: None
    (outcome,) = Subscribing(store, now=lambda: Seconds(now), new_id=lambda: ProfileId(name), sleep=sleep)(act)
    if isinstance(outcome, DatabaseRefused):
        return outcome
    nothing = Refused(Reason.NOT_SUBSCRIBED)
    parts = tuple(replace(part, result=Effect.SKIPPED) if part.result == nothing else part for part in outcome.subscriptions)
    idle = all(isinstance(part.result, Refused) or part.result is Effect.SKIPPED for part in parts)
    return replace(outcome, subscriptions=parts, profile=None if idle else outcome.profile)


def merged(before: MemoryAudience, command: Act) -> MemoryAudience:
    """Give an audience in which each device that a command names has one subscription."""
    store = MemoryAudience()
    store.databases = before.databases.copy()
    if isinstance(command, Gone):
        return store
    (asked,) = resolve(command)
    if isinstance(asked, DatabaseRequest):
        (snapshot,) = store.read([snapshot_query(asked)])
        if merge := merge_duplicates(asked, snapshot, Seconds(1000)):
            store.commit(CUSTOMERS.id, merge)
    return store


def one_after_another(before: MemoryAudience, *named: tuple[Act, str]) -> tuple[DatabaseContent, dict[str, ActOutcome]]:
    store = MemoryAudience()
    store.databases = before.databases.copy()
    outcomes = {name: carry_out(store, command, name) for command, name in named}
    return store.content(17), outcomes


@settings(max_examples=600, deadline=None)
@given(earlier_commands, st.lists(acts, max_size=4), rows | deaths, rows | deaths, st.integers(0, 12))
def test_a_request_torn_by_another_is_answered_as_if_one_had_come_first(
    earlier: list[Subscribe], before: list[Act], one: Act, other: Act, moment: int
) -> None:
    world = MemoryAudience()
    carry_out_before(world, earlier, "earlier")
    for place, command in enumerate(before):
        carry_out(world, command, f"before{place}", now=1)
    assert_answered_as_if_one_had_come_first(world, one, other, moment)


@pytest.mark.parametrize("moment", range(6))
def test_two_subscriptions_of_a_device_become_one_although_one_is_cancelled_meanwhile(moment: int) -> None:
    """Which one stays rests on both, so neither may have changed since it was read."""
    world = MemoryAudience()
    carry_out_before(world, [request(by_id("joe"), on("A")), request(by_id("ann"), on("a"))])
    assert_answered_as_if_one_had_come_first(world, request(BY_TOKEN, on("A")), request(by_id("ann"), off("a")), moment)


def assert_answered_as_if_one_had_come_first(world: MemoryAudience, one: Act, other: Act, moment: int) -> None:
    others: list[ActOutcome] = []
    store = Torn(lambda torn: others.append(carry_out(torn, other, "other")), moment)
    store.databases = world.databases.copy()
    outcomes: dict[str, ActOutcome] = {"one": carry_out(store, one, "one")}
    assert_sound(store.content(17))
    if store.torn:
        outcomes |= {"other": others[0]}
    first, second = (one, "one"), (other, "other")
    orders = [(first, second), (second, first)] if store.torn else [(first,)]
    # Leaving a device one subscription is a change of its own, and the other request may come right after it.
    expected = chain(
        (one_after_another(world, *order) for order in orders),
        (one_after_another(merged(world, command), *order) for command in (one, other) for order in orders),
    )
    assert (store.content(17), outcomes) in expected
