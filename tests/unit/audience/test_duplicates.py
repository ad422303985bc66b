"""A device that has two subscriptions, one of them under a legacy reference, is left one."""

from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pushhub.audience.changes import MAX_WRITES, Change
from pushhub.audience.command import MAX_SUBSCRIPTIONS, DesiredSubscription, Effect, Reason, Subscribe
from pushhub.audience.duplicates import MAX_MERGED, merge_duplicates
from pushhub.audience.model import Address, ProfileId, SubscriptionRef
from pushhub.audience.resolving import DatabaseRequest, resolve, snapshot_query
from pushhub.audience.retiring import Retiring
from pushhub.audience.subscribing import Subscribing
from pushhub.catalog.model import PushTokenConflict, ResourceId
from pushhub.catalog.providers import Provider, PushToken
from pushhub.faults import LostRaceError
from pushhub.moments import Seconds
from tests.doubles.audience import DatabaseContent, MemoryAudience
from tests.doubles.invariants import assert_consistent
from tests.doubles.legacy import carry_out_before
from tests.doubles.requests import BY_TOKEN, by_id, by_number, off, on, request, resource
from tests.doubles.retiring import Gone, carry_out_gone, retire
from tests.doubles.world import World

MOVING = resource(5, conflict=PushTokenConflict.MOVE)


@pytest.fixture
def world() -> World:
    return World()


def before(world: World, *commands: Subscribe) -> None:
    """Carry commands out as the hub did that compared push tokens as they came."""
    carry_out_before(world.store, commands, now=world.time - 10)


def held(world: World) -> dict[str, tuple[str, bool]]:
    """Give who has each push token, by the text that is stored, and whether it is live."""
    return {stored.address.push_token: (stored.profile, stored.live) for stored in world.customers.subscriptions.values()}


def test_of_two_live_ones_the_one_that_was_written_last_stays(world: World) -> None:
    before(world, request(by_id("joe"), on("AB"), on("other")))
    world.send(request(by_id("ann"), on("ab")))
    assert held(world) == {"AB": ("joe", True), "other": ("joe", True), "ab": ("ann", True)}
    assert world.effects(request(by_id("joe"), on("AB"))) == [Reason.DUPLICATE]
    assert held(world) == {"other": ("joe", True), "ab": ("ann", True)}


def test_whoever_cancels_the_legacy_one_gets_no_more_pushes_for_it(world: World) -> None:
    before(world, request(by_id("joe"), on("AB")))
    world.send(request(by_id("ann"), on("ab")))
    assert world.effects(request(by_id("joe"), off("AB"))) == [Reason.NOT_SUBSCRIBED]
    assert held(world) == {"ab": ("ann", True)}


def test_a_live_legacy_one_stays_where_the_other_is_cancelled(world: World) -> None:
    before(world, request(by_id("joe"), on("AB")))
    world.send(request(by_id("ann"), on("ab")))
    world.send(request(by_id("ann"), off("ab")))
    assert world.effects(request(by_id("joe"), on("AB"))) == [Effect.UNCHANGED]
    assert held(world) == {"AB": ("joe", True)}
    assert world.effects(request(by_id("joe"), on("ab"))) == [Effect.UNCHANGED]


def test_two_of_one_profile_become_one_with_the_latest_state_for_each_resource(world: World) -> None:
    before(world, request(by_id("ann"), on("AB")), request(by_id("ann"), on("AB"), through=resource(6)))
    world.send(request(by_id("ann"), on("ab")))
    world.send(request(by_id("ann"), off("ab")))
    assert world.effects(request(by_id("ann"), off("AB"))) == [Effect.UNCHANGED]
    assert held(world) == {"ab": ("ann", True)}
    (stored,) = world.customers.subscriptions.values()
    assert {id_: str(state) for id_, (state, _) in stored.resources.items()} == {5: "cancelled", 6: "active"}
    assert len(world.profile("ann").live) == 1


@pytest.mark.parametrize("spelling", ["AB", "ab"])
def test_of_two_of_one_profile_one_that_died_is_revived_by_the_other_where_that_was_seen_since(world: World, spelling: str) -> None:
    dead, alive = (spelling, spelling.swapcase())
    before(world, request(by_id("ann"), on("AB"), through=resource(6)))
    world.send(request(by_id("ann"), on("ab")))
    retire_under(world, dead)
    world.time = Seconds(world.time + 10)
    content = world.customers
    ref = next(ref for ref, stored in content.subscriptions.items() if stored.address.push_token == alive)
    content.subscriptions[ref] = replace(content.subscriptions[ref], seen=world.time)
    world.send(request(BY_TOKEN, off("AB"), through=resource(9)))
    (stored,) = world.customers.subscriptions.values()
    assert (stored.live, stored.retired, set(map(int, stored.resources))) == (True, None, {5, 6, 9})


@pytest.mark.parametrize("spelling", ["AB", "ab"])
def test_of_two_of_one_profile_one_that_died_since_the_other_was_seen_takes_that_with_it(world: World, spelling: str) -> None:
    before(world, request(by_id("ann"), on("AB"), through=resource(6)))
    world.send(request(by_id("ann"), on("ab")))
    world.time = Seconds(world.time + 10)
    retire_under(world, spelling)
    world.send(request(BY_TOKEN, off("AB"), through=resource(9)))
    (stored,) = world.customers.subscriptions.values()
    assert stored.retired
    assert not world.profile("ann").live
    assert world.effects(request(BY_TOKEN, on("AB"))) == [Effect.CHANGED]
    (stored,) = world.customers.subscriptions.values()
    assert (stored.live, set(map(int, stored.resources))) == (True, {5, 6, 9})


def test_a_dead_one_and_a_cancelled_one_of_one_profile_become_a_dead_one(world: World) -> None:
    before(world, request(by_id("ann"), on("AB")))
    retire_under(world, "AB")
    world.send(request(by_id("ann"), on("ab"), through=resource(6)))
    world.send(request(by_id("ann"), off("ab"), through=resource(6)))
    assert world.effects(request(BY_TOKEN, off("AB"), through=resource(6))) == [Effect.UNCHANGED]
    (stored,) = world.customers.subscriptions.values()
    assert stored.retired
    assert {int(id_): str(state) for id_, (state, _) in stored.resources.items()} == {5: "active", 6: "cancelled"}


def test_of_a_dead_one_and_a_live_one_of_two_profiles_the_live_one_stays(world: World) -> None:
    before(world, request(by_id("joe"), on("AB")))
    world.send(request(by_id("ann"), on("ab")))
    retire_under(world, "ab")
    assert world.effects(request(by_id("joe"), on("AB"))) == [Effect.UNCHANGED]
    assert held(world) == {"AB": ("joe", True)}


def retire_under(world: World, spelling: str) -> None:
    """Retire the subscription that holds this spelling of a push token."""
    (stored,) = (one for one in world.customers.subscriptions.values() if one.address.push_token == spelling)
    Retiring(world.store, now=lambda: world.time)(retire(Gone(spelling), stored))
    assert_consistent(world.customers)


def test_a_later_state_under_the_legacy_reference_counts() -> None:
    world = World()
    before(world, request(by_id("ann"), on("AB")))
    world.time = Seconds(world.time - 100)
    world.send(request(by_id("ann"), on("ab")))
    world.send(request(by_id("ann"), off("ab")))
    world.time = Seconds(world.time + 100)
    assert world.effects(request(by_id("ann"), on("AB"))) == [Effect.UNCHANGED]
    (stored,) = world.customers.subscriptions.values()
    assert stored.resources[ResourceId(5)][0] == "active"


@pytest.mark.parametrize("meanwhile", [request(by_id("ann"), off("ab")), request(by_id("joe"), on("AB"), through=resource(6))])
def test_which_one_stays_is_decided_anew_where_either_has_changed(world: World, meanwhile: Subscribe) -> None:
    before(world, request(by_id("joe"), on("AB")), request(by_id("ann"), on("ab")))
    (asked,) = resolve(request(BY_TOKEN, on("AB")))
    assert isinstance(asked, DatabaseRequest)
    (snapshot,) = world.store.read([snapshot_query(asked)])
    merge = merge_duplicates(asked, snapshot, world.time)
    assert merge
    world.send(meanwhile)
    with pytest.raises(LostRaceError):
        world.store.commit(asked.database, merge)


def test_nothing_more_is_written_once_one_is_left(world: World) -> None:
    before(world, request(by_id("joe"), on("AB")))
    world.send(request(by_id("ann"), on("ab")))
    world.count_from_here()
    assert world.effects(request(by_id("ann"), on("AB"))) == [Effect.UNCHANGED]
    assert world.calls == (2, 1)
    world.count_from_here()
    assert world.effects(request(by_id("ann"), on("AB"))) == [Effect.UNCHANGED]
    assert world.calls == (1, 0)


def test_a_legacy_reference_costs_no_call_more_while_it_stands_nor_when_it_is_given_up(world: World) -> None:
    before(world, request(by_id("ann"), on("AB")))
    for command, calls in (
        (request(by_id("ann"), on("AB")), (1, 0)),
        (request(by_id("ann"), off("AB")), (1, 1)),
        (request(by_id("ann"), off("AB")), (1, 0)),
    ):
        world.count_from_here()
        world.send(command)
        assert world.calls == calls


class Weighing(MemoryAudience):
    """Remembers how large the largest change was."""

    largest = 0

    def commit(self, database: object, change: Change) -> None:
        self.largest = max(self.largest, len(change))
        super().commit(database, change)  # type: ignore[arg-type]


def in_capitals(count: int = MAX_SUBSCRIPTIONS) -> list[str]:
    return [f"AB{n:04}" for n in range(count)]


def weigh(before: Iterable[Subscribe], between: Iterable[Subscribe], command: Subscribe) -> tuple[list[Effect], Weighing]:
    store = Weighing()
    carry_out_before(store, list(before))
    subscribing = Subscribing(store, now=lambda: Seconds(10), sleep=lambda _: None)
    for one in between:
        subscribing(one)
    store.largest = 0
    (outcome,) = subscribing(command)
    assert_consistent(store.content(17))
    return [part.result for part in outcome.subscriptions], store  # type: ignore[union-attr, misc]


def legacy_ones(content: DatabaseContent) -> int:
    return sum(stored.legacy for stored in content.subscriptions.values())


@pytest.mark.parametrize("matching", [by_id("ann"), by_number(1)])
def test_forty_legacy_references_of_forty_profiles_fit_one_change_in_part(matching: object) -> None:
    owned = [request(by_id(f"owner{n}"), on(token)) for n, token in enumerate(in_capitals())]
    command = request(matching, *map(on, in_capitals()), through=MOVING)  # type: ignore[arg-type]
    effects, store = weigh(owned, [], command)
    assert effects == [Effect.CHANGED] * MAX_SUBSCRIPTIONS
    assert MAX_WRITES - 1 <= store.largest <= MAX_WRITES
    assert 0 < legacy_ones(store.content(17)) < MAX_SUBSCRIPTIONS
    assert {stored.profile for stored in store.content(17).subscriptions.values()} == {outcome_owner(store)}


def outcome_owner(store: MemoryAudience) -> ProfileId:
    (owner,) = {id_ for id_, profile in store.content(17).profiles.items() if profile.live}
    return owner


def test_forty_legacy_references_that_are_cancelled_one_for_one_forgotten_fit_one_change_in_part() -> None:
    remembered = [f"t{n}" for n in range(100)]
    given = [request(by_id("ann"), *map(kind, remembered[start : start + 25])) for start in range(0, 100, 25) for kind in (on, off)]
    effects, store = weigh(
        [*given, request(by_id("ann"), *map(on, in_capitals()))], [], request(BY_TOKEN, *map(off, in_capitals()))
    )
    assert effects == [Effect.CHANGED] * MAX_SUBSCRIPTIONS
    assert store.largest <= MAX_WRITES
    assert 0 < legacy_ones(store.content(17)) < MAX_SUBSCRIPTIONS
    assert len(store.content(17).profiles[ProfileId("ann")].cancelled) == 100


def test_forty_duplicates_of_eighty_profiles_are_merged_in_two_changes() -> None:
    owned = [request(by_id(f"owner{n}"), on(token)) for n, token in enumerate(in_capitals())]
    again = [request(by_id(f"other{n}"), on(token.lower())) for n, token in enumerate(in_capitals())]
    cancelled = [request(by_id(f"other{n}"), off(token.lower())) for n, token in enumerate(in_capitals())]
    effects, store = weigh(owned, [*again, *cancelled], request(by_id("ann"), *map(on, in_capitals()), through=MOVING))
    assert effects == [Effect.CHANGED] * MAX_SUBSCRIPTIONS
    assert MAX_WRITES - 2 >= 4 * MAX_MERGED
    assert store.largest <= MAX_WRITES
    assert store.commits == 3 * MAX_SUBSCRIPTIONS + 3
    assert len(store.content(17).subscriptions) == MAX_SUBSCRIPTIONS
    assert legacy_ones(store.content(17)) == 0


SPELLINGS = ("ab", "AB", "<aB>", "A B")
spelled = st.sampled_from(SPELLINGS)
wishes = st.builds(DesiredSubscription, st.just("ios-apns"), st.sampled_from([*SPELLINGS, "c"]).map(PushToken), st.booleans())
commands = st.builds(
    lambda matching, subscriptions, through: request(matching, *subscriptions, through=through),
    st.sampled_from([BY_TOKEN, by_id("ann"), by_id("joe"), by_number(1)]),
    st.lists(wishes, min_size=1, max_size=3),
    st.sampled_from([resource(5), resource(6), MOVING]),
)


@settings(max_examples=500, deadline=None)
@given(st.lists(commands, max_size=5), st.lists(commands | spelled.map(Gone), min_size=1, max_size=6))
def test_whatever_a_request_names_has_one_subscription_afterwards(earlier: list[Subscribe], later: list[Subscribe | Gone]) -> None:
    store = MemoryAudience()
    carry_out_before(store, earlier)
    subscribing = Subscribing(store, now=lambda: Seconds(10), sleep=lambda _: None)
    for command in later:
        if isinstance(command, Gone):
            carry_out_gone(store, command)
            assert_consistent(store.content(17))
            continue
        before = set(store.content(17).subscriptions)
        subscribing(command)
        content = store.content(17)
        assert_consistent(content)
        for desired in last_spellings(command):
            address = Address(Provider("ios-apns"), desired)
            assert sum(ref in content.subscriptions for ref in address.refs) <= 1
        assert legacy_refs(set(content.subscriptions)) <= legacy_refs(before), "nothing is written anew under a legacy reference"


def last_spellings(command: Subscribe) -> set[PushToken]:
    """Give the spelling of each device that counts in a request."""
    return set({Address(Provider("ios-apns"), part.push_token): part.push_token for part in command.subscriptions}.values())


def legacy_refs(refs: set[SubscriptionRef]) -> set[SubscriptionRef]:
    return {
        one.legacy_ref for one in (Address(Provider("ios-apns"), PushToken(text)) for text in SPELLINGS) if one.legacy_ref in refs
    }
