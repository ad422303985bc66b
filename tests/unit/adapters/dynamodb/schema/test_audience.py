"""Keys and items."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from pushhub.adapters.dynamodb.schema.audience import (
    match_key,
    profile_item,
    profile_key,
    profile_of,
    reached_profile_of,
    subscription_item,
    subscription_key,
    subscription_of,
)
from pushhub.adapters.dynamodb.schema.items import Item, from_wire, to_wire
from pushhub.audience.command import DesiredSubscription, Subscribe
from pushhub.audience.model import (
    MAX_HAPPENED,
    Address,
    MatchKey,
    OffsetBefore,
    Origin,
    Profile,
    ProfileId,
    Retirement,
    Subscription,
    SubscriptionRef,
    SubscriptionState,
    digest,
)
from pushhub.audience.values import MisfitError, Value, normalise
from pushhub.catalog.model import DatabaseId, FieldType, PushTokenConflict, ResourceId
from pushhub.catalog.providers import PROVIDER_CODES, PushToken
from pushhub.moments import Seconds
from tests.doubles.invariants import assert_consistent
from tests.doubles.requests import BY_TOKEN, CUSTOMERS, by_id, by_number, request, resource
from tests.doubles.retiring import Gone
from tests.doubles.world import World

databases = st.integers(1, 30).map(DatabaseId)
profiles = st.text("abzAZ019_-", min_size=1, max_size=4).map(ProfileId)
addresses = st.builds(
    Address,
    st.sampled_from(list(PROVIDER_CODES)),
    (st.text(min_size=1, max_size=3) | st.text("abAB<> ", min_size=1, max_size=5)).map(PushToken),
)
keys = st.builds(
    MatchKey,
    st.sampled_from(["a", "ab", "a-1"]),
    st.sampled_from([FieldType.INTEGER, FieldType.TEXT, FieldType.DECIMAL]),
    st.one_of(st.integers(0, 30), st.sampled_from(["1", "01", "x"])),
)
things = st.one_of(
    st.tuples(st.just(profile_key), databases, profiles),
    st.tuples(st.just(match_key), databases, keys),
    st.tuples(st.just(subscription_key), databases, addresses.map(lambda address: address.ref)),
)


@given(st.lists(things, max_size=60))
def test_different_things_never_share_a_key(several: list[tuple]) -> None:  # type: ignore[type-arg]
    different = set(several)
    assert len({tuple(key(*of).items()) for key, *of in different}) == len(different)


@given(st.lists(addresses, max_size=40))
def test_different_addresses_have_different_references(several: list[Address]) -> None:
    assert len({address.ref for address in several}) == len(set(several))


@given(st.sampled_from(FieldType), st.one_of(st.integers(), st.text()), st.one_of(st.integers(), st.text()))
def test_equal_values_share_a_key_and_different_ones_do_not(kind: FieldType, one: Value, other: Value) -> None:
    try:
        first, second = (MatchKey("field", kind, normalise(kind, value)) for value in (one, other))
    except MisfitError:
        return
    assert (match_key(DatabaseId(1), first) == match_key(DatabaseId(1), second)) == (first.value == second.value)


subscriptions = st.builds(
    Subscription,
    addresses,
    profiles,
    st.dictionaries(
        st.integers(1, 9).map(ResourceId), st.tuples(st.sampled_from(SubscriptionState), st.integers(0, 9).map(Seconds))
    ),
    st.booleans(),
    *[st.integers(0, 9).map(Seconds)] * 2,
    st.integers(1, 9),
    retired=st.none() | st.builds(Retirement, st.integers(0, 9).map(Seconds), st.text(max_size=9), st.integers(0, 2**53)),
    drawn_by_app=st.booleans(),
)
moments = st.integers(0, 2**40).map(Seconds)
codes = st.from_regex(r"[A-Za-z0-9_]{1,64}", fullmatch=True)
remembering = st.builds(
    Profile,
    profiles,
    st.sampled_from(Origin),
    st.just({"tz_sec": 60}),
    st.just(frozenset[MatchKey]()),
    *[st.just(dict[SubscriptionRef, Seconds]())] * 2,
    moments,
    moments,
    happened=st.dictionaries(codes, moments, max_size=MAX_HAPPENED),
    informed=st.none() | moments,
    offset_before=st.none() | st.builds(OffsetBefore, st.integers(-(2**63), 2**63 - 1), moments),
)


@given(databases, remembering)
def test_what_a_profile_remembers_is_read_back_as_it_was_by_key_and_from_the_index(database: DatabaseId, put: Profile) -> None:
    item = from_wire(to_wire(profile_item(database, put)))
    assert profile_of(item) == put
    reached = reached_profile_of({name: value for name, value in item.items() if name not in {"origin", "keys", "informed"}})
    assert (reached.happened, reached.offset_before) == (put.happened, put.offset_before)


@given(databases, remembering)
def test_a_profile_that_remembers_nothing_is_written_as_the_release_before_writes_it(database: DatabaseId, put: Profile) -> None:
    plain = Profile(put.id, put.origin, put.fields, put.keys, put.live, put.cancelled, put.created, put.updated)
    of_old = ("pk", "sk", "reach", "place", "v", "origin", "fields", "keys", "live", "cancelled", "created", "updated")
    assert tuple(profile_item(database, plain)) == of_old
    # That release reads nothing else, and its updates leave all else as it is.
    assert {name: profile_item(database, put)[name] for name in of_old} == profile_item(database, plain)


@given(databases, remembering)
def test_what_a_later_release_may_keep_in_the_past_is_no_event(database: DatabaseId, put: Profile) -> None:
    item = profile_item(database, put)
    later = item | {"happened": item.get("happened", {}) | {"some-thing": ["else"]}}
    assert profile_of(from_wire(to_wire(later))) == put


@given(databases, subscriptions, st.booleans())
def test_a_subscription_is_read_back_as_it_was_under_either_reference(
    database: DatabaseId, subscription: Subscription, legacy: bool
) -> None:
    put = replace(subscription, legacy=legacy and subscription.address.legacy_ref is not None)
    read = subscription_of(from_wire(to_wire(subscription_item(database, put))))
    assert read == put
    assert (read.ref, read.address.push_token) == (put.ref, put.address.push_token)


@given(databases, subscriptions, st.booleans())
def test_the_token_of_an_item_is_what_its_key_is_a_digest_of_so_that_the_release_before_can_read_it(
    database: DatabaseId, subscription: Subscription, legacy: bool
) -> None:
    put = replace(subscription, legacy=legacy and subscription.address.legacy_ref is not None)
    item = subscription_item(database, put)
    assert item["pk"].split("#")[3] == digest(item["token"])


def as_the_release_before_reads_it(item: Item) -> Subscription:
    """Read a subscription as a release does that knows nothing of retirement, nor of apps that draw what a push shows."""
    return subscription_of({name: value for name, value in item.items() if name not in {"retired", "drawn_by_app"}})


@given(databases, subscriptions)
def test_the_release_before_takes_a_retired_one_for_the_cancelled_one_that_its_profile_refers_to(
    database: DatabaseId, subscription: Subscription
) -> None:
    read = as_the_release_before_reads_it(from_wire(to_wire(subscription_item(database, subscription))))
    assert read.live == subscription.live
    assert {id_: at for id_, (_, at) in read.resources.items()} == {id_: at for id_, (_, at) in subscription.resources.items()}
    assert (read.version, read.seen, read.profile) == (subscription.version, subscription.seen, subscription.profile)


wishes = st.builds(DesiredSubscription, st.just("ios-apns"), st.sampled_from("ab").map(PushToken), st.booleans())
commands = st.builds(
    lambda matching, wish, through: request(matching, wish, through=through),
    st.sampled_from([BY_TOKEN, by_id("ann"), by_id("joe"), by_number(1)]),
    wishes,
    st.sampled_from([resource(5), resource(6), resource(7, conflict=PushTokenConflict.MOVE)]),
)


@given(st.lists(commands | st.sampled_from("ab").map(Gone), max_size=6), st.lists(commands, max_size=4))
def test_the_release_before_goes_on_with_what_this_one_has_retired(
    done: list[Subscribe | Gone], after_going_back: list[Subscribe]
) -> None:
    world = World()
    for each in done:
        if isinstance(each, Gone):
            world.meet_dead(each.push_token)
        else:
            world.send(each)
    held = world.customers.subscriptions
    held |= {ref: as_the_release_before_reads_it(subscription_item(CUSTOMERS.id, stored)) for ref, stored in held.items()}
    assert_consistent(world.customers)
    for command in after_going_back:
        world.waits.clear()
        world.send(command)
        assert len(world.waits) <= 1, "no guard fails again and again"


@given(databases, subscriptions)
def test_one_that_is_not_retired_is_written_as_the_release_before_writes_it(
    database: DatabaseId, subscription: Subscription
) -> None:
    item = subscription_item(database, replace(subscription, retired=None))
    assert "retired" not in item
    assert {id_: SubscriptionState(entry["state"]) for id_, entry in item["resources"].items()} == {
        str(id_): state for id_, (state, _) in subscription.resources.items()
    }


@given(addresses, addresses)
def test_no_legacy_reference_is_the_reference_of_an_address(one: Address, other: Address) -> None:
    assert one.legacy_ref != other.ref


def test_no_key_holds_a_token_or_a_value() -> None:
    address = Address(next(iter(PROVIDER_CODES)), PushToken("the-token"))
    key = MatchKey("email", FieldType.EMAIL, "joe@example.com")
    spelled = f"{subscription_key(DatabaseId(1), address.ref)}{match_key(DatabaseId(1), key)}"
    assert "the-token" not in spelled
    assert "joe" not in spelled


def test_provider_codes_are_two_letters_and_unique() -> None:
    codes = list(PROVIDER_CODES.values())
    assert len(set(codes)) == len(codes)
    assert all(len(code) == 2 for code in codes)
