"""Carrying out Subscribe commands, on the audience in memory."""

import math
from collections.abc import Sequence
from dataclasses import replace

import pytest

from pushhub.audience.command import ByField, ById, ByPushToken, DatabaseProcessed, Effect, Reason, Subscribe
from pushhub.audience.draft import SPARE_WRITES
from pushhub.audience.matching import SEEN_FRESH_FOR
from pushhub.audience.model import MAX_CANCELLED, MAX_LIVE, Address, ProfileId
from pushhub.audience.port import Snapshot, SnapshotQuery
from pushhub.audience.rereading import SECONDS_UNTIL_ALL_SEE
from pushhub.audience.subscribing import Subscribing
from pushhub.catalog.model import DatabaseId, PushTokenConflict
from pushhub.catalog.providers import PushToken
from pushhub.faults import LostRaceError, UnavailableError
from pushhub.moments import Seconds
from pushhub.races import MAX_RACE_TRIES
from tests.doubles.audience import MemoryAudience
from tests.doubles.invariants import assert_consistent
from tests.doubles.requests import BY_TOKEN, CUSTOMERS, SHOPPERS, by_id, by_number, off, on, request, resource
from tests.doubles.world import APNS, World


@pytest.fixture
def world() -> World:
    return World()


def test_a_first_request_costs_one_read_and_one_commit_per_database(world: World) -> None:
    world.send(request(by_number(1), on("a"), through=resource(5, CUSTOMERS, SHOPPERS), databases=(CUSTOMERS, SHOPPERS)))
    assert (world.store.reads, world.store.commits) == (1, 2)


def test_a_repeated_request_costs_one_read_and_no_commit(world: World) -> None:
    world.send(request(by_number(1), on("a")))
    world.store.reads = world.store.commits = 0
    assert world.effects(request(by_number(1), on("a"))) == [Effect.UNCHANGED]
    assert (world.store.reads, world.store.commits) == (1, 0)


def test_install_then_login_moves_the_token_in_one_read_and_one_commit(world: World) -> None:
    world.send(request(BY_TOKEN, on("a")))
    world.store.reads = world.store.commits = 0
    assert world.effects(request(by_number(1), on("a"))) == [Effect.CHANGED]
    assert (world.store.reads, world.store.commits) == (1, 1)
    assert list(world.customers.profiles) == ["p2"], "the anonymous profile is gone"


def test_login_takes_the_cancelled_tokens_of_the_anonymous_profile_out_of_the_world(world: World) -> None:
    world.send(request(BY_TOKEN, on("a"), on("b")))
    world.send(request(BY_TOKEN, off("b")))
    assert world.effects(request(by_number(1), on("a"))) == [Effect.CHANGED]
    assert len(world.customers.profiles) == 1
    assert len(world.customers.subscriptions) == 1


def test_an_anonymous_profile_with_a_long_history_is_left_behind_without_its_live_tokens(world: World) -> None:
    world.send(request(BY_TOKEN, on("a"), *(on(f"t{i}") for i in range(SPARE_WRITES + 1))))
    world.send(request(BY_TOKEN, *(off(f"t{i}") for i in range(SPARE_WRITES + 1))))
    assert world.effects(request(by_number(1), on("a"))) == [Effect.CHANGED]
    assert world.owner("a") != "p1"
    assert not world.customers.profiles[ProfileId("p1")].live


def test_several_anonymous_profiles_with_a_history_are_dissolved_whatever_the_space(world: World) -> None:
    for name in ("x", "y"):
        world.send(request(BY_TOKEN, on(name), *(on(f"{name}{i}") for i in range(10))))
        world.send(request(BY_TOKEN, *(off(f"{name}{i}") for i in range(10))))
    assert world.effects(request(by_id("joe"), on("x"), on("y"))) == [Effect.CHANGED, Effect.CHANGED]
    assert world.effects(request(by_id("joe"), on("x"), on("y"))) == [Effect.UNCHANGED, Effect.UNCHANGED]


def test_a_cancelled_token_of_an_anonymous_profile_takes_the_empty_profile_along(world: World) -> None:
    world.send(request(BY_TOKEN, on("a")))
    world.send(request(BY_TOKEN, off("a")))
    assert world.effects(request(by_id("joe"), on("a"))) == [Effect.CHANGED]
    assert list(world.customers.profiles) == ["joe"]


def test_the_first_known_token_decides_the_profile(world: World) -> None:
    world.send(request(by_id("ann"), on("a")))
    world.send(request(by_id("joe"), on("b")))
    effects = world.effects(request(BY_TOKEN, on("new"), on("b"), on("a")))
    assert effects == [Effect.CHANGED, Effect.UNCHANGED, Reason.DUPLICATE]
    assert world.owner("new") == "joe"


def test_a_token_known_but_not_allowed_does_not_decide_the_profile(world: World) -> None:
    world.send(request(by_id("ann"), on("a", "ios-firebase")))
    narrow = resource(6, CUSTOMERS, providers=frozenset({APNS}))
    effects = world.effects(request(BY_TOKEN, on("a", "ios-firebase"), on("b"), through=narrow))
    assert effects == [Reason.PROVIDER_NOT_ALLOWED, Effect.CHANGED]
    assert world.owner("b") == "p2"


def test_a_moving_resource_takes_a_live_token_and_leaves_its_owner_the_rest(world: World) -> None:
    world.send(request(by_id("ann"), on("a"), on("b")))
    moving = resource(7, CUSTOMERS, conflict=PushTokenConflict.MOVE)
    assert world.effects(request(by_id("joe"), on("a"), through=moving)) == [Effect.CHANGED]
    assert (world.owner("a"), world.owner("b")) == ("joe", "ann")


def test_a_moved_token_is_subscribed_for_the_moving_resource_alone(world: World) -> None:
    world.send(request(by_id("ann"), on("a")))
    world.send(request(by_id("joe"), on("a"), through=resource(7, CUSTOMERS, conflict=PushTokenConflict.MOVE)))
    assert world.effects(request(by_id("joe"), on("a"))) == [Effect.CHANGED]


def test_a_subscription_stays_live_until_every_resource_cancelled_it(world: World) -> None:
    world.send(request(by_id("ann"), on("a")))
    world.send(request(by_id("ann"), on("a"), through=resource(6)))
    world.send(request(by_id("ann"), off("a")))
    assert len(world.customers.profiles[ProfileId("ann")].live) == 1
    world.send(request(by_id("ann"), off("a"), through=resource(6)))
    assert len(world.customers.profiles[ProfileId("ann")].live) == 0


def test_cancelling_for_a_resource_that_never_subscribed_is_remembered(world: World) -> None:
    world.send(request(by_id("ann"), on("a")))
    assert world.effects(request(by_id("ann"), off("a"), through=resource(6))) == [Effect.CHANGED]
    assert world.effects(request(by_id("ann"), off("a"), through=resource(6))) == [Effect.UNCHANGED]


def fill(world: World, profile: str) -> None:
    for start in range(0, MAX_LIVE, 20):
        world.send(request(by_id(profile), *(on(f"t{i}") for i in range(start, start + 20))))


@pytest.mark.parametrize("matching", [by_id("ann"), BY_TOKEN])
def test_the_101st_live_subscription_is_refused_however_the_profile_is_found(world: World, matching: object) -> None:
    fill(world, "ann")
    command = replace(request(BY_TOKEN, on("t0"), on("one more")), matching=matching)  # type: ignore[arg-type]
    assert world.effects(command) == [Effect.UNCHANGED, Reason.TOO_MANY_SUBSCRIPTIONS]


@pytest.mark.parametrize("matching", [by_id("ann"), BY_TOKEN])
@pytest.mark.parametrize("turned", [False, True])
def test_cancelling_in_the_same_request_makes_room_in_whatever_order(
    world: World, matching: ById | ByPushToken, turned: bool
) -> None:
    fill(world, "ann")
    asked = [on("t1"), off("t0"), on("one more")]
    expected = [Effect.UNCHANGED, Effect.CHANGED, Effect.CHANGED]
    step = -1 if turned else 1
    assert world.effects(request(matching, *asked[::step])) == expected[::step]


def test_subscribing_a_cancelled_token_again_needs_room_too(world: World) -> None:
    fill(world, "ann")
    world.send(request(by_id("ann"), off("t0")))
    world.send(request(by_id("ann"), on("one more")))
    assert world.effects(request(by_id("ann"), on("t0"))) == [Reason.TOO_MANY_SUBSCRIPTIONS]


def test_tokens_of_an_anonymous_profile_move_together_or_not_at_all(world: World) -> None:
    fill(world, "ann")
    world.send(request(by_id("ann"), off("t0")))
    world.send(request(BY_TOKEN, on("x"), on("y")))
    effects = world.effects(request(by_id("ann"), on("x"), on("y")))
    assert effects == [Reason.TOO_MANY_SUBSCRIPTIONS, Reason.TOO_MANY_SUBSCRIPTIONS]


def test_the_token_cancelled_longest_ago_is_forgotten_beyond_the_bound(world: World) -> None:
    for i in range(MAX_CANCELLED):
        world.time = Seconds(1_000_000 + i)
        world.send(request(by_id("ann"), on(f"t{i}")))
        world.send(request(by_id("ann"), off(f"t{i}")))
    world.send(request(by_id("ann"), on("last")))
    assert world.effects(request(BY_TOKEN, off("last"))) == [Effect.CHANGED]
    assert world.effects(request(by_id("ann"), off("t0"), off("t1"))) == [Reason.NOT_SUBSCRIBED, Effect.UNCHANGED]


def test_a_token_that_this_request_writes_is_not_forgotten_by_it(world: World) -> None:
    other = resource(6)
    for i in range(MAX_CANCELLED):
        world.time = Seconds(1_000_000 + i)
        world.send(request(by_id("ann"), on(f"t{i}")))
        world.send(request(by_id("ann"), off(f"t{i}")))
    world.send(request(by_id("ann"), on("live"), through=other))
    assert world.effects(request(by_id("ann"), off("t0"), off("live"), through=other)) == [Effect.CHANGED, Effect.CHANGED]
    assert world.effects(request(by_id("ann"), off("t0"), off("t1"))) == [Effect.UNCHANGED, Reason.NOT_SUBSCRIBED]


def test_last_seen_is_refreshed_after_a_week_without_counting_as_a_change(world: World) -> None:
    world.send(request(by_id("ann"), on("a")))
    world.time = Seconds(world.time + SEEN_FRESH_FOR)
    world.store.commits = 0
    world.send(request(by_id("ann"), on("a")))
    assert world.store.commits == 0
    world.time = Seconds(world.time + 1)
    assert world.effects(request(by_id("ann"), on("a"))) == [Effect.UNCHANGED]
    assert world.store.commits == 1
    assert world.customers.subscriptions[Address(APNS, PushToken("a")).ref].seen == world.time


def test_equal_tokens_of_different_providers_are_different_subscriptions(world: World) -> None:
    effects = world.effects(request(by_id("ann"), on("a", "ios-apns"), on("a", "ios-firebase")))
    assert effects == [Effect.CHANGED, Effect.CHANGED]
    assert len(world.customers.subscriptions) == 2


def test_databases_are_processed_apart(world: World) -> None:
    both = resource(5, CUSTOMERS, SHOPPERS)
    world.send(request(by_id("ann"), on("a"), databases=(CUSTOMERS,)))
    first, second = world.send(request(by_id("joe"), on("a"), through=both, databases=(CUSTOMERS, SHOPPERS)))
    assert isinstance(first, DatabaseProcessed)
    assert isinstance(second, DatabaseProcessed)
    assert not first.changed
    assert second.changed


class Loser(MemoryAudience):
    """Loses the first races, as many as told."""

    def __init__(self, losses: int) -> None:
        super().__init__()
        self.losses = losses

    def commit(self, database: DatabaseId, change: object) -> None:
        if self.losses:
            self.losses -= 1
            raise LostRaceError("TransactionConflict")
        super().commit(database, change)  # type: ignore[arg-type]


def test_a_lost_race_is_decided_again_after_a_random_wait() -> None:
    waits: list[float] = []
    store = Loser(MAX_RACE_TRIES - 1)
    Subscribing(store, sleep=waits.append)(request(BY_TOKEN, on("a")))
    assert store.reads == MAX_RACE_TRIES
    assert len(waits) == MAX_RACE_TRIES - 1
    assert all(0 <= wait <= 2 for wait in waits)


def test_a_race_lost_too_often_is_given_up_and_nothing_is_written() -> None:
    store = Loser(MAX_RACE_TRIES)
    with pytest.raises(LostRaceError):
        Subscribing(store, sleep=lambda _: None)(request(BY_TOKEN, on("a")))
    assert not store.content(17).subscriptions


def test_a_lost_race_in_one_database_does_not_run_the_others_again() -> None:
    store = Loser(1)
    both = resource(5, CUSTOMERS, SHOPPERS)
    Subscribing(store, sleep=lambda _: None)(request(by_number(1), on("a"), through=both, databases=(CUSTOMERS, SHOPPERS)))
    assert store.commits == 2
    assert [len(store.content(id_).profiles) for id_ in (17, 34)] == [1, 1]


def test_no_commit_starts_when_time_is_up() -> None:
    store = MemoryAudience()
    with pytest.raises(UnavailableError, match="time was up"):
        Subscribing(store, clock=lambda: 18.1)(request(BY_TOKEN, on("a")), deadline=18.0)
    assert not store.commits


class Torn(MemoryAudience):
    """Reads one kind of item before, and the others after, a twin of the request has been carried out."""

    def __init__(self, twin: Subscribe, early: str) -> None:
        super().__init__()
        self.twin: Subscribe | None = twin
        self.early = early

    def read(self, wanted: Sequence[SnapshotQuery], deadline: float = math.inf) -> Sequence[Snapshot]:
        if self.twin is None:
            return super().read(wanted)
        twin, self.twin = self.twin, None
        (before,) = super().read(wanted)
        Subscribing(self)(twin)
        (after,) = super().read(wanted)
        return [replace(after, **{self.early: getattr(before, self.early)})]


@pytest.mark.parametrize("early", ["subscriptions", "key_holders", "profiles"])
@pytest.mark.parametrize("matching", [by_number(1), by_id("ann"), BY_TOKEN])
def test_a_read_that_saw_half_of_a_twins_change_gives_no_false_answer(matching: ById | ByPushToken | ByField, early: str) -> None:
    command = request(matching, on("a"))
    store = Torn(command, early)
    (outcome,) = Subscribing(store, sleep=lambda _: None)(command)
    (owner,) = store.content(17).profiles
    assert isinstance(outcome, DatabaseProcessed)
    assert outcome.profile == owner
    assert [part.result for part in outcome.subscriptions] == [Effect.UNCHANGED]
    assert_consistent(store.content(17))


def test_a_read_that_saw_half_of_a_change_refuses_no_room_to_a_token_that_has_it(world: World) -> None:
    fill(world, "ann")
    world.send(request(by_id("ann"), off("t0")))
    command = request(by_id("ann"), on("new"))
    store = Torn(command, "subscriptions")
    store.databases = world.store.databases
    (outcome,) = Subscribing(store, sleep=lambda _: None)(command)
    assert isinstance(outcome, DatabaseProcessed)
    assert [part.result for part in outcome.subscriptions] == [Effect.UNCHANGED]


@pytest.mark.parametrize(
    ("conflict", "expected"),
    [
        (PushTokenConflict.REJECT, [Reason.DUPLICATE, Reason.DUPLICATE]),
        (PushTokenConflict.MOVE, [Effect.CHANGED, Reason.TOO_MANY_SUBSCRIPTIONS]),
    ],
)
def test_room_is_refused_only_to_what_would_have_moved(
    world: World, conflict: PushTokenConflict, expected: list[Effect | Reason]
) -> None:
    fill(world, "ann")
    world.send(request(by_id("ann"), off("t0")))
    world.send(request(BY_TOKEN, on("a"), on("b"), on("z")))
    assert world.effects(request(by_id("ann"), on("a"), on("b"), through=resource(7, conflict=conflict))) == expected


def test_a_settled_duplicate_is_refused_after_one_read(world: World) -> None:
    world.send(request(by_id("ann"), on("a")))
    world.time = Seconds(world.time + SECONDS_UNTIL_ALL_SEE + 1)
    world.store.reads = 0
    assert world.effects(request(by_number(1), on("a"))) == [Reason.DUPLICATE]
    assert world.store.reads == 1


class Forgetful(MemoryAudience):
    """Writes, but its first answer never arrives."""

    answered = False

    def commit(self, database: DatabaseId, change: object) -> None:
        super().commit(database, change)  # type: ignore[arg-type]
        if not self.answered:
            self.answered = True
            raise UnavailableError("ReadTimeoutError")


def test_a_request_whose_answer_was_lost_may_be_repeated() -> None:
    store = Forgetful()
    subscribing = Subscribing(store)
    with pytest.raises(UnavailableError):
        subscribing(request(by_number(1), on("a")))
    (outcome,) = subscribing(request(by_number(1), on("a")))
    assert isinstance(outcome, DatabaseProcessed)
    assert not outcome.changed
    assert len(store.content(17).profiles) == 1
    assert_consistent(store.content(17))


def test_a_wrong_guess_about_an_anonymous_owner_costs_a_refused_commit_and_a_second_read(world: World) -> None:
    world.send(request(BY_TOKEN, on("a"), on("b")))
    world.store.reads = world.store.commits = 0
    settled = world.customers.copy()
    assert world.effects(request(by_id("joe"), on("a"))) == [Reason.DUPLICATE]
    assert (world.store.reads, world.store.commits) == (2, 1)
    assert world.customers == settled
