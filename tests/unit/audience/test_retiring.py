"""Retiring subscriptions whose push tokens are dead, and reviving them, on the audience in memory."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from pushhub.audience.changes import Change
from pushhub.audience.command import Effect, Reason, Subscribe
from pushhub.audience.erasing import Erasing
from pushhub.audience.matching import SEEN_FRESH_FOR
from pushhub.audience.model import MAX_CANCELLED, MAX_LIVE, ProfileId, Retirement, Subscription
from pushhub.audience.retiring import MAX_RETIREMENT_REASON, RetireEffect, Retiring
from pushhub.catalog.model import DatabaseId, PushTokenConflict
from pushhub.faults import LostRaceError, UnavailableError
from pushhub.moments import Seconds
from pushhub.races import MAX_RACE_TRIES
from tests.doubles.audience import MemoryAudience
from tests.doubles.legacy import carry_out_before
from tests.doubles.people import address
from tests.doubles.requests import BY_TOKEN, CUSTOMERS, by_id, by_number, off, on, request, resource
from tests.doubles.retiring import SENDING, Gone, read_for_sending, retire
from tests.doubles.world import World

MOVING = resource(5, conflict=PushTokenConflict.MOVE)
RETIRED, NOT_LIVE, SEEN_SINCE = RetireEffect.RETIRED, RetireEffect.NOT_LIVE, RetireEffect.SEEN_SINCE


@pytest.fixture
def world() -> World:
    """Give an audience in which ann has a push token that two resources send to, and a third did."""
    world = World()
    for door in (5, 6, 7):
        world.send(request(by_id("ann"), on("a"), through=resource(door)))
    world.send(request(by_id("ann"), off("a"), through=resource(7)))
    world.count_from_here()
    return world


def held(world: World, token: str = "a") -> Subscription:
    return world.customers.subscriptions[address(token).ref]


def states(world: World) -> dict[int, str]:
    return {int(id_): str(state) for id_, (state, _) in held(world).resources.items()}


def test_a_dead_push_token_is_live_for_nobody_and_keeps_its_states(world: World) -> None:
    world.time = Seconds(world.time + 60)
    assert world.meet_dead("a") is RETIRED
    assert held(world).retired == Retirement(world.time, "Unregistered", SENDING)
    assert not held(world).live
    assert states(world) == {5: "active", 6: "active", 7: "cancelled"}
    assert not world.profile("ann").live
    assert world.profile("ann").cancelled == {address("a").ref: world.time}


def test_retiring_costs_one_commit_and_no_read(world: World) -> None:
    subscription = held(world)
    assert Retiring(world.store, now=lambda: world.time)(retire(Gone("a"), subscription)) is RETIRED
    assert world.calls == (0, 1)


@pytest.mark.parametrize("door", [5, 6, 7, 8])
@pytest.mark.parametrize("matching", [BY_TOKEN, by_id("ann")])
def test_a_subscribe_through_any_door_revives_it_for_all(world: World, door: int, matching: object) -> None:
    world.meet_dead("a")
    world.count_from_here()
    world.time = Seconds(world.time + 60)
    command = request(matching, on("a"), through=resource(door))  # type: ignore[arg-type]
    assert world.effects(command) == [Effect.CHANGED]
    assert world.calls == (1, 1)
    assert held(world).live
    assert held(world).retired is None
    assert held(world).seen == world.time
    assert states(world) == {7: "cancelled"} | {5: "active", 6: "active", door: "active"}
    assert list(world.profile("ann").live) == [address("a").ref]
    assert not world.profile("ann").cancelled
    assert world.effects(command) == [Effect.UNCHANGED]


def test_a_door_that_was_active_has_been_so_since_it_became_that(world: World) -> None:
    since = held(world).resources
    world.meet_dead("a")
    world.time = Seconds(world.time + 60)
    world.send(request(BY_TOKEN, on("a"), through=resource(5)))
    assert held(world).resources == since


def test_a_door_that_was_cancelled_meanwhile_is_not_revived(world: World) -> None:
    world.meet_dead("a")
    assert world.effects(request(BY_TOKEN, off("a"), through=resource(6))) == [Effect.CHANGED]
    assert world.effects(request(BY_TOKEN, off("a"), through=resource(6))) == [Effect.UNCHANGED]
    assert held(world).retired
    world.send(request(BY_TOKEN, on("a"), through=resource(5)))
    assert states(world) == {5: "active", 6: "cancelled", 7: "cancelled"}


def test_one_that_every_door_has_cancelled_is_revived_by_a_subscribe(world: World) -> None:
    world.meet_dead("a")
    for door in (5, 6):
        world.send(request(BY_TOKEN, off("a"), through=resource(door)))
    assert held(world).retired
    assert world.effects(request(BY_TOKEN, on("a"), through=resource(6))) == [Effect.CHANGED]
    assert states(world) == {5: "cancelled", 6: "active", 7: "cancelled"}


@pytest.mark.parametrize("again", [request(BY_TOKEN, on("a")), request(by_number(1), on("a"), through=MOVING)])
def test_it_is_retired_again_when_it_is_dead_again(world: World, again: Subscribe) -> None:
    world.meet_dead("a")
    world.send(again)
    world.time = Seconds(world.time + 1)
    assert world.meet_dead("a") is RETIRED
    assert held(world).retired == Retirement(world.time, "Unregistered", SENDING)


@pytest.mark.parametrize("through", [resource(5), MOVING])
def test_it_moves_as_a_cancelled_one_does(world: World, through: object) -> None:
    world.meet_dead("a")
    assert world.effects(request(by_id("joe"), on("a"), through=through)) == [Effect.CHANGED]  # type: ignore[arg-type]
    assert world.owner("a") == "joe"
    assert states(world) == {5: "active"}
    assert held(world).live
    assert not world.profile("ann").cancelled


def test_an_anonymous_profile_with_a_dead_push_token_is_merged_at_a_login() -> None:
    world = World()
    world.send(request(BY_TOKEN, on("a"), on("b")))
    world.meet_dead("a")
    assert world.effects(request(by_number(1), on("b"))) == [Effect.CHANGED]
    assert set(world.customers.subscriptions) == {address("b").ref}


@pytest.mark.parametrize(("since", "effect"), [(-0.001, SEEN_SINCE), (0, SEEN_SINCE), (0.001, RETIRED), (1, RETIRED)])
def test_it_stays_where_it_was_seen_after_the_provider_knew_it_dead(world: World, since: float, effect: RetireEffect) -> None:
    assert world.meet_dead("a", since=world.time + since) is effect
    assert held(world).live is (effect is SEEN_SINCE)


def test_it_is_retired_though_a_fresh_one_was_not_written_as_seen(world: World) -> None:
    """Its next subscribe revives it."""
    dead_since = world.time + 60
    world.time = Seconds(world.time + SEEN_FRESH_FOR)
    assert world.effects(request(BY_TOKEN, on("a"))) == [Effect.UNCHANGED]
    assert world.meet_dead("a", since=dead_since) is RETIRED
    assert world.effects(request(BY_TOKEN, on("a"))) == [Effect.CHANGED]
    assert held(world).live


def test_what_is_not_live_is_not_retired(world: World) -> None:
    world.meet_dead("a")
    first = held(world)
    world.time = Seconds(world.time + 60)
    assert world.meet_dead("a") is NOT_LIVE
    assert held(world) == first
    world.send(request(by_id("joe"), on("b")))
    world.send(request(by_id("joe"), off("b")))
    assert world.meet_dead("b") is NOT_LIVE
    assert held(world, "b").retired is None


Meanwhile = Callable[[World], object]


@pytest.mark.parametrize(
    ("meanwhile", "since", "effect"),
    [
        (lambda world: world.send(request(BY_TOKEN, off("a"), through=resource(5))), 61, RETIRED),
        (lambda world: world.send(request(BY_TOKEN, off("a"), through=resource(5))), 59, SEEN_SINCE),
        (lambda world: world.send(request(BY_TOKEN, on("a"), through=resource(8))), 61, RETIRED),
        (lambda world: world.send(request(BY_TOKEN, on("a"), through=resource(8))), 59, SEEN_SINCE),
        (lambda world: world.send(request(by_id("joe"), on("a"), through=MOVING)), 61, RETIRED),
        (lambda world: world.send(request(by_id("joe"), on("a"), through=MOVING)), 59, SEEN_SINCE),
        (lambda world: world.meet_dead("a"), 61, NOT_LIVE),
        (lambda world: Erasing(world.store)(CUSTOMERS.id, ProfileId("ann")), 61, NOT_LIVE),
    ],
)
def test_what_was_read_for_the_sending_may_have_changed_since(
    world: World, meanwhile: Meanwhile, since: int, effect: RetireEffect
) -> None:
    read = held(world)
    dead_since = world.time + since
    world.time = Seconds(world.time + 60)
    meanwhile(world)
    retiring = Retiring(world.store, now=lambda: world.time, sleep=lambda _: None)
    assert retiring(retire(Gone("a", dead_since), read)) is effect
    world.send(request(by_id("ann"), on("other")))


def test_a_commit_whose_answer_was_lost_may_be_repeated(world: World) -> None:
    command = retire(Gone("a"), held(world))
    retiring = Retiring(world.store, now=lambda: world.time, sleep=lambda _: None)
    assert retiring(command) is RETIRED
    assert retiring(command) is NOT_LIVE


def test_a_profile_that_remembers_as_much_as_it_can_forgets_what_was_cancelled_longest_ago(world: World) -> None:
    tokens = [f"t{n}" for n in range(MAX_CANCELLED)]
    for start in range(0, MAX_CANCELLED, 20):
        world.time = Seconds(world.time + 1)
        for kind in (on, off):
            world.send(request(by_id("ann"), *map(kind, tokens[start : start + 20])))
    world.count_from_here()
    assert world.meet_dead("a") is RETIRED
    assert world.calls == (2, 2), "read for the sending, a lost race, and read again with the owner"
    assert len(world.profile("ann").cancelled) == MAX_CANCELLED
    forgotten = [token for token in tokens if address(token).ref not in world.customers.subscriptions]
    assert len(forgotten) == 1
    assert forgotten[0] in tokens[:20]


def test_a_full_profile_has_no_room_for_a_revived_one() -> None:
    world = World()
    tokens = [f"t{n}" for n in range(MAX_LIVE)]
    for start in range(0, MAX_LIVE, 20):
        world.send(request(by_id("ann"), *map(on, tokens[start : start + 20])))
    world.meet_dead("t0")
    world.send(request(by_id("ann"), on("new")))
    assert world.effects(request(by_id("ann"), on("t0"))) == [Reason.TOO_MANY_SUBSCRIPTIONS]
    assert held(world, "t0").retired
    world.meet_dead("t1")
    assert world.effects(request(by_id("ann"), on("t0"))) == [Effect.CHANGED]


def test_one_under_a_legacy_reference_is_retired_there_and_revived_under_the_other() -> None:
    world = World()
    carry_out_before(world.store, [request(by_id("ann"), on("AB"))], now=world.time - 10)
    legacy = address("AB").legacy_ref
    assert world.meet_dead("AB") is RETIRED
    assert legacy
    assert world.customers.subscriptions[legacy].retired
    assert world.effects(request(by_id("ann"), on("AB"))) == [Effect.CHANGED]
    assert held(world, "ab").live


def test_one_that_gave_up_its_legacy_reference_meanwhile_is_found_under_the_other() -> None:
    world = World()
    carry_out_before(world.store, [request(by_id("ann"), on("AB"))], now=world.time - 10)
    read = read_for_sending(world.store, Gone("AB"))
    assert read
    world.send(request(by_id("ann"), on("AB"), through=resource(6)))
    retiring = Retiring(world.store, now=lambda: world.time, sleep=lambda _: None)
    assert retiring(retire(Gone("AB"), read)) is RETIRED
    assert held(world, "ab").retired


def test_a_reason_is_kept_in_part(world: World) -> None:
    long = replace(retire(Gone("a"), held(world)), reason="x" * 1000)
    Retiring(world.store, now=lambda: world.time)(long)
    retired = held(world).retired
    assert retired
    assert retired.reason == "x" * MAX_RETIREMENT_REASON


class Losing(MemoryAudience):
    """Loses every race."""

    def commit(self, database: DatabaseId, change: Change) -> None:
        self.commits += 1
        raise LostRaceError("guard")


def test_races_are_tried_so_often_and_no_more(world: World) -> None:
    store = Losing()
    store.databases = world.store.databases
    with pytest.raises(LostRaceError):
        Retiring(store, sleep=lambda _: None)(retire(Gone("a"), held(world)))
    assert store.commits == MAX_RACE_TRIES


def test_nothing_is_written_after_the_deadline(world: World) -> None:
    with pytest.raises(UnavailableError):
        Retiring(world.store, clock=lambda: 10.0)(retire(Gone("a"), held(world)), deadline=9.0)
    assert world.calls == (0, 0)


def test_a_person_with_dead_push_tokens_is_forgotten(world: World) -> None:
    world.meet_dead("a")
    assert Erasing(world.store)(CUSTOMERS.id, ProfileId("ann"))
    assert not world.customers.subscriptions
    assert not world.customers.profiles
