"""What every audience store must do: the one in memory and the one in DynamoDB, on the local engine."""

import secrets
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pushhub.adapters.dynamodb.audience import DynamoAudience
from pushhub.adapters.dynamodb.schema import audience as schema
from pushhub.adapters.dynamodb.schema import items
from pushhub.audience.changes import (
    Change,
    KeyClaim,
    KeyRelease,
    KeyWrite,
    ProfileCreation,
    ProfileErasure,
    ProfileRemoval,
    ProfileUpdate,
    Replaced,
    SubscriptionPut,
    SubscriptionRemoval,
)
from pushhub.audience.command import DatabaseProcessed, DesiredSubscription, Matching, Mode, Subscribe
from pushhub.audience.draft import SPARE_WRITES
from pushhub.audience.erasing import Erasing
from pushhub.audience.model import (
    MAX_CANCELLED,
    MAX_HAPPENED,
    MAX_LIVE,
    Address,
    MatchKey,
    OffsetBefore,
    Origin,
    Past,
    Profile,
    ProfileId,
    Retirement,
    Subscription,
    SubscriptionRef,
    SubscriptionState,
)
from pushhub.audience.port import AudienceStore, SnapshotQuery
from pushhub.audience.retiring import Retire, RetireEffect, Retiring
from pushhub.audience.subscribing import Subscribing
from pushhub.audience.values import MAX_VALUE_BYTES, Value, normalise
from pushhub.catalog.file import parse_catalog
from pushhub.catalog.model import Database, DatabaseId, FieldType, PushTokenConflict, Resource, ResourceId
from pushhub.catalog.providers import Provider, PushToken
from pushhub.catalog.sections.databases.file_section import MAX_MATCH_FIELDS
from pushhub.faults import LostRaceError
from pushhub.moments import Milliseconds, Seconds
from tests.conftest import Hub
from tests.doubles.audience import DatabaseContent, MemoryAudience
from tests.doubles.invariants import assert_consistent
from tests.doubles.requests import BY_TOKEN, CUSTOMERS, by_id, by_number, in_mode, request, resource, setting
from tests.doubles.retiring import Gone, carry_out_gone

ANN, JOE = ProfileId("ann"), ProfileId("joe")
NUMBER = MatchKey("number", FieldType.INTEGER, 123)


InspectedStore = MemoryAudience | DynamoAudience
"""Stores that serve :class:`pushhub.audience.port.AudienceInspection` too."""


@pytest.fixture(params=["memory", "dynamodb"])
def store(request: pytest.FixtureRequest) -> InspectedStore:
    if request.param == "memory":
        return MemoryAudience()
    hub: Hub = request.getfixturevalue("hub")
    return hub.audience()


@pytest.fixture
def database() -> DatabaseId:
    """Give a database that no other test has written to."""
    return DatabaseId(secrets.randbelow(2**31))


def address(token: str = "a") -> Address:
    return Address(Provider("ios-apns"), PushToken(token))


def refs(*tokens: str) -> frozenset[SubscriptionRef]:
    return frozenset(address(token).ref for token in tokens)


def profile(
    id_: ProfileId = ANN,
    live: frozenset[SubscriptionRef] = frozenset(),
    cancelled: frozenset[SubscriptionRef] = frozenset(),
    key: MatchKey | None = None,
    origin: Origin = Origin.PUSH_TOKEN,
) -> Profile:
    at = Seconds(10)
    return Profile(
        id=id_,
        origin=origin,
        fields={key.field: key.value} if key else {},
        keys=frozenset({key}) if key else frozenset(),
        live=dict.fromkeys(live, at),
        cancelled=dict.fromkeys(cancelled, at),
        created=at,
        updated=at,
    )


def subscription(token: str = "a", owner: ProfileId = ANN, version: int = 1) -> Subscription:
    return Subscription(
        address=address(token),
        profile=owner,
        resources={
            ResourceId(5): (SubscriptionState.ACTIVE, Seconds(10)),
            ResourceId(6): (SubscriptionState.CANCELLED, Seconds(11)),
        },
        owner_may_be_anonymous=True,
        created=Seconds(9),
        seen=Seconds(10),
        version=version,
    )


def read_profile(store: AudienceStore, database: DatabaseId, id_: ProfileId = ANN) -> Profile | None:
    (snapshot,) = store.read([SnapshotQuery(database, profiles=frozenset({id_}))])
    return snapshot.profiles[id_]


def read_subscriptions(store: AudienceStore, database: DatabaseId, *tokens: str) -> Sequence[Subscription]:
    wanted = tuple(address(token) for token in tokens)
    (snapshot,) = store.read([SnapshotQuery(database, wanted)])
    return [stored for one in wanted if (stored := snapshot.subscription_of(one))]


def refuse(store: AudienceStore, database: DatabaseId, change: Change) -> None:
    with pytest.raises(LostRaceError):
        store.commit(database, change)


def test_what_was_never_written_is_not_found(store: AudienceStore, database: DatabaseId) -> None:
    (snapshot,) = store.read([SnapshotQuery(database, (address(),), (NUMBER,), frozenset({ANN}))])
    assert not snapshot.subscriptions
    assert not snapshot.key_holders
    assert snapshot.profiles == {ANN: None}


def test_reading_nothing_finds_nothing(store: AudienceStore, database: DatabaseId) -> None:
    (snapshot,) = store.read([SnapshotQuery(database)])
    assert not snapshot.subscriptions


def test_everything_written_is_read_back_as_it_was(store: AudienceStore, database: DatabaseId) -> None:
    made = profile(live=refs("a"), cancelled=refs("b"), key=NUMBER, origin=Origin.FIELD)
    put = subscription()
    store.commit(database, Change((ProfileCreation(made),), (KeyClaim(NUMBER, ANN),), (SubscriptionPut(put),)))
    (snapshot,) = store.read([SnapshotQuery(database, (address(), address("b")), (NUMBER,), frozenset({ANN, JOE}))])
    assert snapshot.subscriptions == {address().ref: put}
    assert set(snapshot.key_holders.values()) == {ANN}
    assert snapshot.profiles == {ANN: made, JOE: None}


def test_databases_are_separate(store: AudienceStore, database: DatabaseId) -> None:
    store.commit(database, Change((ProfileCreation(profile()),), (KeyClaim(NUMBER, ANN),), (SubscriptionPut(subscription()),)))
    other = DatabaseId(database + 1)
    here, there = (SnapshotQuery(one, (address(),), (NUMBER,), frozenset({ANN})) for one in (database, other))
    found, missing = store.read([here, there])
    assert found.subscriptions
    assert not missing.subscriptions
    assert not missing.key_holders
    assert missing.profiles == {ANN: None}


def test_more_items_than_one_call_takes_are_all_read(store: AudienceStore, database: DatabaseId) -> None:
    tokens = [f"t{i}" for i in range(150)]
    for start in range(0, 150, 50):
        puts = tuple(SubscriptionPut(subscription(token)) for token in tokens[start : start + 50])
        store.commit(database, Change(subscriptions=puts))
    assert len(read_subscriptions(store, database, *tokens)) == 150


def test_a_profile_is_made_once(store: AudienceStore, database: DatabaseId) -> None:
    store.commit(database, Change((ProfileCreation(profile(live=refs("a"))),)))
    refuse(store, database, Change((ProfileCreation(profile()),)))
    assert read_profile(store, database) == profile(live=refs("a"))


def test_a_key_is_claimed_once(store: AudienceStore, database: DatabaseId) -> None:
    store.commit(database, Change(keys=(KeyClaim(NUMBER, ANN),)))
    refuse(store, database, Change(keys=(KeyClaim(NUMBER, JOE),)))
    (snapshot,) = store.read([SnapshotQuery(database, keys=(NUMBER,))])
    assert set(snapshot.key_holders.values()) == {ANN}


def test_a_key_is_released_by_its_holder_alone(store: AudienceStore, database: DatabaseId) -> None:
    store.commit(database, Change(keys=(KeyClaim(NUMBER, ANN),)))
    refuse(store, database, Change(keys=(KeyRelease(NUMBER, JOE),)))
    store.commit(database, Change(keys=(KeyRelease(NUMBER, ANN),)))
    (snapshot,) = store.read([SnapshotQuery(database, keys=(NUMBER,))])
    assert not snapshot.key_holders


def test_values_of_different_types_are_different_keys(store: AudienceStore, database: DatabaseId) -> None:
    store.commit(database, Change(keys=(KeyClaim(NUMBER, ANN),)))
    (snapshot,) = store.read([SnapshotQuery(database, keys=(MatchKey("number", FieldType.TEXT, "123"),))])
    assert not snapshot.key_holders


def test_a_first_version_is_put_only_where_nothing_is(store: AudienceStore, database: DatabaseId) -> None:
    store.commit(database, Change(subscriptions=(SubscriptionPut(subscription()),)))
    refuse(store, database, Change(subscriptions=(SubscriptionPut(subscription(owner=JOE)),)))


def test_a_later_version_is_put_only_on_the_one_before(store: AudienceStore, database: DatabaseId) -> None:
    refuse(store, database, Change(subscriptions=(SubscriptionPut(subscription(version=2)),)))
    store.commit(database, Change(subscriptions=(SubscriptionPut(subscription()),)))
    refuse(store, database, Change(subscriptions=(SubscriptionPut(subscription(version=3)),)))
    store.commit(database, Change(subscriptions=(SubscriptionPut(subscription(owner=JOE, version=2)),)))
    assert read_subscriptions(store, database, "a") == [subscription(owner=JOE, version=2)]


def test_a_subscription_is_removed_from_its_owner_alone(store: AudienceStore, database: DatabaseId) -> None:
    store.commit(database, Change(subscriptions=(SubscriptionPut(subscription()),)))
    refuse(store, database, Change(subscriptions=(SubscriptionRemoval(address().ref, JOE),)))
    store.commit(database, Change(subscriptions=(SubscriptionRemoval(address().ref, ANN),)))
    assert not read_subscriptions(store, database, "a")


def test_a_subscription_is_removed_in_one_version_alone_where_one_is_named(store: AudienceStore, database: DatabaseId) -> None:
    store.commit(database, Change(subscriptions=(SubscriptionPut(subscription()),)))
    refuse(store, database, Change(subscriptions=(SubscriptionRemoval(address().ref, ANN, 2),)))
    refuse(store, database, Change(subscriptions=(SubscriptionRemoval(address().ref, JOE, 1),)))
    store.commit(database, Change(subscriptions=(SubscriptionRemoval(address().ref, ANN, 1),)))
    refuse(store, database, Change(subscriptions=(SubscriptionRemoval(address().ref, ANN, 1),)))
    assert not read_subscriptions(store, database, "a")


def test_spellings_of_a_device_find_one_subscription_as_it_came(store: AudienceStore, database: DatabaseId) -> None:
    put = subscription("<AB CD>")
    store.commit(database, Change(subscriptions=(SubscriptionPut(put),)))
    for spelling in ("abcd", "ABCD", "a b c d", "<AB CD>"):
        assert [found.address.push_token for found in read_subscriptions(store, database, spelling)] == ["<AB CD>"]
    assert not put.legacy
    refuse(store, database, Change(subscriptions=(SubscriptionPut(subscription("abcd")),)))


def test_a_legacy_reference_is_found_by_its_own_spelling_until_there_is_another(store: AudienceStore, database: DatabaseId) -> None:
    legacy = replace(subscription("ABCD"), legacy=True)
    store.commit(database, Change(subscriptions=(SubscriptionPut(legacy),)))
    assert read_subscriptions(store, database, "ABCD") == [legacy]
    assert not read_subscriptions(store, database, "abcd")
    store.commit(database, Change(subscriptions=(SubscriptionPut(replace(legacy, version=2)),)))
    other = subscription("abcd", owner=JOE)
    store.commit(database, Change(subscriptions=(SubscriptionPut(other),)))
    assert read_subscriptions(store, database, "ABCD") == [other]
    (snapshot,) = store.read([SnapshotQuery(database, (address("ABCD"),))])
    assert snapshot.subscriptions == {other.ref: other, legacy.ref: replace(legacy, version=2)}
    store.commit(database, Change(subscriptions=(SubscriptionRemoval(legacy.ref, ANN, 2),)))
    (snapshot,) = store.read([SnapshotQuery(database, (address("ABCD"),))])
    assert snapshot.subscriptions == {other.ref: other}


RETIREMENT = Retirement(Seconds(20), "Unregistered", 2**53 - 1)


def test_a_retired_subscription_is_read_back_as_it_was(store: AudienceStore, database: DatabaseId) -> None:
    put = replace(subscription(), retired=RETIREMENT)
    store.commit(database, Change(subscriptions=(SubscriptionPut(put),)))
    assert read_subscriptions(store, database, "a") == [put]
    revived = replace(put, retired=None, version=2)
    store.commit(database, Change(subscriptions=(SubscriptionPut(revived),)))
    assert read_subscriptions(store, database, "a") == [revived]


def test_a_subscription_is_retired_once_and_revived_for_every_resource(store: AudienceStore, database: DatabaseId) -> None:
    put = subscription()
    store.commit(database, Change((ProfileCreation(profile(live=refs("a"), key=NUMBER)),), (), (SubscriptionPut(put),)))
    retiring = Retiring(store, now=lambda: Seconds(20))
    command = Retire(database, put, RETIREMENT.reason, RETIREMENT.sending, Milliseconds(15_000))
    assert retiring(command) is RetireEffect.RETIRED
    assert read_subscriptions(store, database, "a") == [replace(put, retired=RETIREMENT, version=2)]
    after = read_profile(store, database)
    assert after is not None
    assert (after.live, after.cancelled) == ({}, {address().ref: 20})
    assert retiring(command) is RetireEffect.NOT_LIVE
    fresh = Database(database, "fresh", CUSTOMERS.fields, CUSTOMERS.match)
    wish = DesiredSubscription("ios-apns", PushToken("a"))
    (outcome,) = Subscribing(store, now=lambda: Seconds(30))(
        request(BY_TOKEN, wish, through=resource(6, fresh), databases=(fresh,))
    )
    assert isinstance(outcome, DatabaseProcessed)
    assert outcome.changed
    (revived,) = read_subscriptions(store, database, "a")
    assert (revived.live, revived.retired, revived.seen) == (True, None, 30)
    assert {state for state, _ in revived.resources.values()} == {SubscriptionState.ACTIVE}
    assert retiring(command) is RetireEffect.SEEN_SINCE
    after = read_profile(store, database)
    assert after is not None
    assert (after.live, after.cancelled) == ({address().ref: 30}, {})


def test_a_profile_that_remembers_as_much_as_it_can_forgets_one_when_another_is_retired(
    store: AudienceStore, database: DatabaseId
) -> None:
    tokens = [f"c{n}" for n in range(MAX_CANCELLED)]
    made = profile(live=refs("a"), cancelled=refs(*tokens))
    store.commit(database, Change((ProfileCreation(made),), (), (SubscriptionPut(subscription()),)))
    for start in range(0, MAX_CANCELLED, 50):
        store.commit(
            database,
            Change(subscriptions=tuple(SubscriptionPut(subscription(token)) for token in tokens[start : start + 50])),
        )
    command = Retire(database, subscription(), "Unregistered", 7, Milliseconds(15_000))
    assert Retiring(store, now=lambda: Seconds(20))(command) is RetireEffect.RETIRED
    after = read_profile(store, database)
    assert after is not None
    assert len(after.cancelled) == MAX_CANCELLED
    assert after.cancelled[address().ref] == 20
    assert len(read_subscriptions(store, database, *tokens)) == MAX_CANCELLED - 1


def test_one_guard_that_does_not_hold_undoes_the_whole_change(store: AudienceStore, database: DatabaseId) -> None:
    store.commit(database, Change(keys=(KeyClaim(NUMBER, JOE),)))
    change = Change((ProfileCreation(profile()),), (KeyClaim(NUMBER, ANN),), (SubscriptionPut(subscription()),))
    refuse(store, database, change)
    assert read_profile(store, database) is None
    assert not read_subscriptions(store, database, "a")


def test_a_profile_gains_and_loses_references_at_once(store: AudienceStore, database: DatabaseId) -> None:
    store.commit(database, Change((ProfileCreation(profile(live=refs("a", "b"), cancelled=refs("c"))),)))
    update = ProfileUpdate(
        ANN,
        Seconds(20),
        live_added=refs("c", "d"),
        live_removed=refs("a"),
        cancelled_added=refs("a"),
        cancelled_removed=refs("c"),
    )
    store.commit(database, Change((update,)))
    after = read_profile(store, database)
    assert after is not None
    assert after.live == {address("b").ref: 10, address("c").ref: 20, address("d").ref: 20}
    assert after.cancelled == {address("a").ref: 20}
    assert (after.created, after.updated) == (10, 20)


@pytest.mark.parametrize(
    "update",
    [
        ProfileUpdate(JOE, Seconds(20), live_added=refs("x")),
        ProfileUpdate(ANN, Seconds(20), live_added=refs("a")),
        ProfileUpdate(ANN, Seconds(20), live_removed=refs("x")),
        ProfileUpdate(ANN, Seconds(20), cancelled_added=refs("c")),
        ProfileUpdate(ANN, Seconds(20), cancelled_removed=refs("x")),
    ],
    ids=["of nobody", "adds what is live", "removes what is not live", "adds what is cancelled", "removes what is not cancelled"],
)
def test_an_update_that_does_not_fit_the_profile_is_refused(
    store: AudienceStore, database: DatabaseId, update: ProfileUpdate
) -> None:
    before = profile(live=refs("a"), cancelled=refs("c"))
    store.commit(database, Change((ProfileCreation(before),)))
    refuse(store, database, Change((update,)))
    assert read_profile(store, database) == before


def test_a_profile_holds_so_many_references_and_no_more(store: AudienceStore, database: DatabaseId) -> None:
    live = refs(*(f"l{i}" for i in range(MAX_LIVE - 1)))
    cancelled = refs(*(f"c{i}" for i in range(MAX_CANCELLED - 1)))
    store.commit(database, Change((ProfileCreation(profile(live=live, cancelled=cancelled)),)))
    store.commit(database, Change((ProfileUpdate(ANN, Seconds(20), live_added=refs("x"), cancelled_added=refs("y")),)))
    refuse(store, database, Change((ProfileUpdate(ANN, Seconds(20), live_added=refs("z")),)))
    refuse(store, database, Change((ProfileUpdate(ANN, Seconds(20), cancelled_added=refs("z")),)))
    store.commit(database, Change((ProfileUpdate(ANN, Seconds(20), live_added=refs("z"), live_removed=refs("x")),)))


def test_the_largest_update_is_accepted(store: AudienceStore, database: DatabaseId) -> None:
    cancelled, forgotten = refs(*(f"t{i}" for i in range(40))), refs(*(f"f{i}" for i in range(40)))
    store.commit(database, Change((ProfileCreation(profile(live=cancelled, cancelled=forgotten)),)))
    store.commit(database, Change(subscriptions=tuple(SubscriptionPut(subscription(f"f{i}")) for i in range(40))))
    puts = tuple(SubscriptionPut(subscription(f"t{i}")) for i in range(40))
    removals = tuple(SubscriptionRemoval(ref, ANN) for ref in sorted(forgotten))
    update = ProfileUpdate(ANN, Seconds(20), live_removed=cancelled, cancelled_added=cancelled, cancelled_removed=forgotten)
    store.commit(database, Change((update,), (), (*puts, *removals)))
    after = read_profile(store, database)
    assert after is not None
    assert after.cancelled.keys() == cancelled
    assert len(read_subscriptions(store, database, *(f"t{i}" for i in range(40)), *(f"f{i}" for i in range(40)))) == 40


def test_the_largest_removal_is_accepted(store: AudienceStore, database: DatabaseId) -> None:
    live, cancelled = refs(*(f"t{i}" for i in range(40))), refs(*(f"f{i}" for i in range(SPARE_WRITES)))
    store.commit(database, Change((ProfileCreation(profile(live=live, cancelled=cancelled)),)))
    store.commit(database, Change((ProfileRemoval(ANN, live, cancelled),)))
    assert read_profile(store, database) is None


def test_an_anonymous_profile_with_exactly_these_subscriptions_is_removed(store: AudienceStore, database: DatabaseId) -> None:
    store.commit(database, Change((ProfileCreation(profile(live=refs("a", "b"), cancelled=refs("c"))),)))
    refuse(store, database, Change((ProfileRemoval(ANN, refs("a"), refs("c")),)))
    refuse(store, database, Change((ProfileRemoval(ANN, refs("a", "x"), refs("c")),)))
    refuse(store, database, Change((ProfileRemoval(ANN, refs("a", "b"), frozenset()),)))
    store.commit(database, Change((ProfileRemoval(ANN, refs("a", "b"), refs("c")),)))
    assert read_profile(store, database) is None


@pytest.mark.parametrize("known", [profile(live=refs("a"), key=NUMBER), profile(live=refs("a"), origin=Origin.ID)])
def test_a_profile_that_is_somebody_is_not_removed(store: AudienceStore, database: DatabaseId, known: Profile) -> None:
    store.commit(database, Change((ProfileCreation(known),)))
    refuse(store, database, Change((ProfileRemoval(ANN, refs("a"), frozenset()),)))


def test_anybody_without_subscriptions_is_erased(store: AudienceStore, database: DatabaseId) -> None:
    store.commit(database, Change((ProfileCreation(profile(live=refs("a"), key=NUMBER, origin=Origin.FIELD)),)))
    keys = frozenset({NUMBER})
    refuse(store, database, Change((ProfileErasure(ANN, keys),)))
    store.commit(database, Change((ProfileUpdate(ANN, Seconds(20), live_removed=refs("a")),)))
    refuse(store, database, Change((ProfileErasure(ANN, frozenset()),)))
    store.commit(database, Change((ProfileErasure(ANN, keys),)))
    assert read_profile(store, database) is None
    refuse(store, database, Change((ProfileErasure(ANN, keys),)))


NO_PAST = Past({}, None)


def of_past(before: Past, after: Past, id_: ProfileId = ANN) -> Change:
    return Change((ProfileUpdate(id_, Seconds(20), past=Replaced(before, after)),))


def past_of(store: AudienceStore, database: DatabaseId) -> Past:
    read = read_profile(store, database)
    assert read is not None
    return read.past


def test_what_a_profile_remembers_of_an_instance_is_read_back_as_it_was(store: AudienceStore, database: DatabaseId) -> None:
    made = replace(
        profile(),
        happened={"reg": Seconds(20), "0": Seconds(21), "Z" * 64: Seconds(22)},
        informed=Seconds(23),
        offset_before=OffsetBefore(-64_800, Seconds(24)),
    )
    put = replace(subscription(), drawn_by_app=True)
    store.commit(database, Change((ProfileCreation(made),), (), (SubscriptionPut(put),)))
    assert read_profile(store, database) == made
    assert read_subscriptions(store, database, "a") == [put]
    store.commit(database, Change(subscriptions=(SubscriptionPut(replace(put, drawn_by_app=False, version=2)),)))
    assert read_subscriptions(store, database, "a") == [replace(subscription(), version=2)]


def test_subscriptions_are_read_by_their_references_too(store: AudienceStore, database: DatabaseId) -> None:
    legacy = replace(subscription("<AB>"), legacy=True)
    store.commit(database, Change(subscriptions=(SubscriptionPut(subscription()), SubscriptionPut(legacy))))
    query = SnapshotQuery(database, refs=refs("a", "nobody's") | {legacy.ref})
    (snapshot,) = store.read([query])
    assert snapshot.subscriptions == {address().ref: subscription(), legacy.ref: legacy}
    assert query.item_count == 3


def test_a_past_begins_and_grows_entry_by_entry(store: AudienceStore, database: DatabaseId) -> None:
    store.commit(database, Change((ProfileCreation(profile()),)))
    first = Past({"reg": Seconds(20)}, None)
    store.commit(database, of_past(NO_PAST, first))
    second = Past({"reg": Seconds(20), "dep": Seconds(21)}, None)
    store.commit(database, of_past(first, second))
    # Of what was read, only what changes has to be as it was: an event that came meanwhile stays.
    moved = OffsetBefore(3600, Seconds(22))
    store.commit(database, of_past(first, replace(first, offset_before=moved)))
    assert past_of(store, database) == replace(second, offset_before=moved)
    again = OffsetBefore(0, Seconds(23))
    store.commit(database, of_past(replace(second, offset_before=moved), replace(second, offset_before=again)))
    assert past_of(store, database) == replace(second, offset_before=again)
    after = read_profile(store, database)
    assert after is not None
    assert (after.updated, after.fields) == (20, {})


def test_a_past_can_begin_with_an_offset(store: AudienceStore, database: DatabaseId) -> None:
    store.commit(database, Change((ProfileCreation(profile()),)))
    moved = Past({}, OffsetBefore(0, Seconds(22)))
    store.commit(database, of_past(NO_PAST, moved))
    store.commit(database, of_past(moved, replace(moved, happened={"reg": Seconds(23)})))
    assert past_of(store, database) == replace(moved, happened={"reg": Seconds(23)})


KNOWN_PAST = Past({"reg": Seconds(20)}, OffsetBefore(3600, Seconds(21)))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (NO_PAST, Past({"dep": Seconds(30)}, None)),
        (NO_PAST, Past({}, OffsetBefore(0, Seconds(30)))),
        (Past({}, KNOWN_PAST.offset_before), Past({"reg": Seconds(30)}, KNOWN_PAST.offset_before)),
        (Past({"reg": Seconds(20)}, None), Past({"reg": Seconds(20)}, OffsetBefore(0, Seconds(30)))),
        (
            replace(KNOWN_PAST, offset_before=OffsetBefore(3600, Seconds(20))),
            replace(KNOWN_PAST, offset_before=OffsetBefore(0, Seconds(30))),
        ),
    ],
    ids=["not empty", "not empty, an offset", "the event is there", "there is an offset", "another offset"],
)
def test_a_past_that_was_another_is_not_changed(store: AudienceStore, database: DatabaseId, before: Past, after: Past) -> None:
    made = replace(profile(), happened=KNOWN_PAST.happened, offset_before=KNOWN_PAST.offset_before)
    store.commit(database, Change((ProfileCreation(made),)))
    refuse(store, database, of_past(before, after))
    assert read_profile(store, database) == made
    refuse(store, database, of_past(before, after, JOE))


@pytest.mark.parametrize("offset", [None, OffsetBefore(0, Seconds(1))], ids=["without offset", "with offset"])
def test_a_past_has_so_many_events_and_no_more(store: AudienceStore, database: DatabaseId, offset: OffsetBefore | None) -> None:
    fresh = Past({f"e{n}": Seconds(20) for n in range(MAX_HAPPENED - 1)}, offset)
    store.commit(database, Change((ProfileCreation(replace(profile(), happened=fresh.happened, offset_before=offset)),)))
    full = replace(fresh, happened={**fresh.happened, "last": Seconds(30)})
    store.commit(database, of_past(fresh, full))
    refuse(store, database, of_past(fresh, replace(fresh, happened={**fresh.happened, "more": Seconds(30)})))
    moved = replace(full, offset_before=OffsetBefore(60, Seconds(40)))
    store.commit(database, of_past(full, moved))
    assert past_of(store, database) == moved


def test_a_report_is_noted_where_none_was_stored_since_it_was_read(store: AudienceStore, database: DatabaseId) -> None:
    store.commit(database, Change((ProfileCreation(profile()),)))
    first = Change((ProfileUpdate(ANN, Seconds(20), informed=Replaced(None, Seconds(20))),))
    store.commit(database, first)
    refuse(store, database, first)
    store.commit(database, Change((ProfileUpdate(ANN, Seconds(21), informed=Replaced(Seconds(20), Seconds(21))),)))
    refuse(store, database, Change((ProfileUpdate(ANN, Seconds(22), informed=Replaced(Seconds(20), Seconds(22))),)))
    after = read_profile(store, database)
    assert after is not None
    assert (after.informed, after.updated) == (21, 21)


def test_what_takes_the_place_of_all_that_is_live_does_so_where_that_is_all(store: AudienceStore, database: DatabaseId) -> None:
    made = profile(live=refs("a", "b"))
    store.commit(database, Change((ProfileCreation(made),)))
    for others in ({}, dict.fromkeys(refs("a"), Seconds(10)), dict.fromkeys(refs("a", "b", "c"), Seconds(10))):
        refuse(store, database, Change((ProfileUpdate(ANN, Seconds(20), live_added=refs("d"), live_before=others),)))
    update = ProfileUpdate(ANN, Seconds(20), live_added=refs("c"), live_removed=refs("a", "b"), live_before=made.live)
    store.commit(database, Change((update,)))
    after = read_profile(store, database)
    assert after is not None
    assert after.live.keys() == refs("c")


def test_a_profile_with_a_past_is_erased_with_it(store: AudienceStore, database: DatabaseId) -> None:
    made = replace(profile(), happened=KNOWN_PAST.happened, offset_before=KNOWN_PAST.offset_before, informed=Seconds(20))
    store.commit(database, Change((ProfileCreation(made),)))
    assert Erasing(store)(database, ANN)
    store.commit(database, Change((ProfileCreation(profile()),)))
    assert read_profile(store, database) == profile()


def test_the_subscriptions_of_a_profile_are_listed_live_ones_first(store: InspectedStore, database: DatabaseId) -> None:
    made = profile(live=refs("a"), cancelled=refs("b"))
    puts = (SubscriptionPut(subscription("b")), SubscriptionPut(subscription("a")))
    store.commit(database, Change((ProfileCreation(made),), (), puts))
    assert [one.address.push_token for one in store.subscriptions_of(database, made)] == ["a", "b"]


def test_a_database_holds_profiles_from_the_first_on(store: InspectedStore, database: DatabaseId) -> None:
    assert not store.holds_profiles(database)
    store.commit(database, Change((ProfileCreation(profile()),)))
    assert store.holds_profiles(database)
    assert not store.holds_profiles(DatabaseId(database // 10))


@pytest.mark.parametrize(
    ("kind", "raw"),
    [
        (FieldType.INTEGER, 2**63 - 1),
        (FieldType.INTEGER, -(2**63)),
        (FieldType.DECIMAL, "0." + "0" * 36 + "1"),
        (FieldType.DECIMAL, "9" * 38),
        (FieldType.DECIMAL, "-12.50"),
        (FieldType.TEXT, "#\u0000 é 😀"),
        (FieldType.DATETIME, "2001-12-31T23:59:59.000001+03:00"),
    ],
)
def test_a_value_of_any_type_survives(store: AudienceStore, database: DatabaseId, kind: FieldType, raw: Value) -> None:
    key = MatchKey("field", kind, normalise(kind, raw))
    made = profile(key=key)
    store.commit(database, Change((ProfileCreation(made),), (KeyClaim(key, ANN),)))
    (snapshot,) = store.read([SnapshotQuery(database, keys=(key,), profiles=frozenset({ANN}))])
    assert set(snapshot.key_holders.values()) == {ANN}
    assert snapshot.profiles[ANN] == made


EVERY_TYPE: Mapping[str, Value] = {
    "small": 7,
    "zero": 0,
    "big": 2**63 - 1,
    "low": -(2**63),
    "tiny": normalise(FieldType.DECIMAL, "0." + "0" * 36 + "1"),
    "vast": normalise(FieldType.DECIMAL, "9" * 38),
    "fraction": normalise(FieldType.DECIMAL, "-12.50"),
    "yes": True,
    "no": False,
    "text": "#\u0000 é 😀",
    "long": "ü" * (MAX_VALUE_BYTES // 2),
    "moment": normalise(FieldType.DATETIME, "2001-12-31T23:59:59.000001+03:00"),
}
OLD = MatchKey("email", FieldType.EMAIL, "old@example.com")
NEW = MatchKey("email", FieldType.EMAIL, "new@example.com")


def exact(fields: Mapping[str, Value]) -> dict[str, tuple[Value, bool]]:
    """Tell apart what Python holds equal: 1 and True."""
    return {name: (value, isinstance(value, bool)) for name, value in fields.items()}


def fields_of(store: AudienceStore, database: DatabaseId, id_: ProfileId = ANN) -> dict[str, tuple[Value, bool]]:
    read = read_profile(store, database, id_)
    assert read is not None
    return exact(read.fields)


def holders(store: AudienceStore, database: DatabaseId, *keys: MatchKey) -> list[ProfileId | None]:
    (snapshot,) = store.read([SnapshotQuery(database, keys=keys)])
    return [snapshot.key_holders.get(key) for key in keys]


def test_fields_of_every_type_are_set_on_a_profile_without_any(store: AudienceStore, database: DatabaseId) -> None:
    store.commit(database, Change((ProfileCreation(profile(live=refs("a"))),)))
    store.commit(database, Change((ProfileUpdate(ANN, Seconds(20), fields=EVERY_TYPE),)))
    after = read_profile(store, database)
    assert after is not None
    assert exact(after.fields) == exact(EVERY_TYPE)
    assert (after.keys, after.live, after.updated) == (frozenset(), profile(live=refs("a")).live, 20)


def test_fields_are_overwritten_by_values_of_whatever_type_and_others_left(store: AudienceStore, database: DatabaseId) -> None:
    store.commit(database, Change((ProfileCreation(replace(profile(), fields=EVERY_TYPE)),)))
    turned = dict(zip(EVERY_TYPE, [*EVERY_TYPE.values()][::-1], strict=True))
    del turned["small"]
    store.commit(database, Change((ProfileUpdate(ANN, Seconds(20), fields=turned),)))
    assert fields_of(store, database) == exact({**EVERY_TYPE, **turned})


@pytest.mark.parametrize(
    "name",
    [
        "name",
        "SIZE",
        "AND",
        "fields",
        "keys",
        "live",
        "pk",
        "updated",
        "-",
        "_",
        "9",
        "-1",
        "a-b",
        "имя",
        "名前",
        "é",
        "\U0001d51e" * 64,
    ],
)
def test_a_field_may_have_any_name_that_a_catalog_allows(store: AudienceStore, database: DatabaseId, name: str) -> None:
    text = f"databases: [{{id: 1, name: a, fields: {{'{name}': text}}, match: ['{name}']}}]"
    assert name in parse_catalog(text, "catalog.yaml", {}).catalog.databases[DatabaseId(1)].fields
    old, new = (MatchKey(name, FieldType.TEXT, value) for value in ("old", "new"))
    store.commit(database, Change((ProfileCreation(profile(live=refs("a"), key=old)),), (KeyClaim(old, ANN),)))
    update = ProfileUpdate(
        ANN,
        Seconds(20),
        live_added=refs("b"),
        live_removed=refs("a"),
        fields={name: "new", "other": 1},
        keys=frozenset({new}),
        replaced={name: "old"},
    )
    store.commit(database, Change((update,), (KeyRelease(old, ANN), KeyClaim(new, ANN))))
    after = read_profile(store, database)
    assert after is not None
    assert after.fields == {name: "new", "other": 1}
    assert after.keys == {new}
    assert after.live.keys() == refs("b")
    assert holders(store, database, old, new) == [None, ANN]


def gain(new: MatchKey, before: Value | None, **more: Value) -> ProfileUpdate:
    return ProfileUpdate(
        ANN, Seconds(20), fields={new.field: new.value, **more}, keys=frozenset({new}), replaced={new.field: before}
    )


def test_a_key_is_gained_where_its_field_held_nothing(store: AudienceStore, database: DatabaseId) -> None:
    store.commit(database, Change((ProfileCreation(profile(key=NUMBER)),), (KeyClaim(NUMBER, ANN),)))
    store.commit(database, Change((gain(NEW, None, nick="Ann"),), (KeyClaim(NEW, ANN),)))
    after = read_profile(store, database)
    assert after is not None
    assert after.fields == {"number": 123, "email": "new@example.com", "nick": "Ann"}
    assert after.keys == {NUMBER, NEW}
    assert holders(store, database, NUMBER, NEW) == [ANN, ANN]


def test_a_key_is_replaced_in_one_change(store: AudienceStore, database: DatabaseId) -> None:
    store.commit(database, Change((ProfileCreation(profile(key=OLD)),), (KeyClaim(OLD, ANN),)))
    store.commit(database, Change((gain(NEW, OLD.value),), (KeyRelease(OLD, ANN), KeyClaim(NEW, ANN))))
    after = read_profile(store, database)
    assert after is not None
    assert after.fields == {"email": "new@example.com"}
    assert after.keys == {NEW}
    assert holders(store, database, OLD, NEW) == [None, ANN]
    store.commit(database, Change((gain(OLD, NEW.value),), (KeyRelease(NEW, ANN), KeyClaim(OLD, ANN))))
    assert holders(store, database, OLD, NEW) == [ANN, None]


@pytest.mark.parametrize("before", [None, "another@example.com", "OLD@example.com", 7, True])
def test_a_key_is_not_replaced_where_its_field_holds_something_else(
    store: AudienceStore, database: DatabaseId, before: Value | None
) -> None:
    made = profile(key=OLD)
    store.commit(database, Change((ProfileCreation(made),), (KeyClaim(OLD, ANN),)))
    refuse(store, database, Change((gain(NEW, before, nick="Ann"),), (KeyClaim(NEW, ANN),)))
    assert read_profile(store, database) == made
    assert holders(store, database, OLD, NEW) == [ANN, None]


def test_a_key_is_not_replaced_where_its_field_holds_nothing(store: AudienceStore, database: DatabaseId) -> None:
    store.commit(database, Change((ProfileCreation(profile()),)))
    refuse(store, database, Change((gain(NEW, OLD.value),), (KeyClaim(NEW, ANN),)))
    assert read_profile(store, database) == profile()


@pytest.mark.parametrize(
    ("kind", "before", "after"),
    [
        (FieldType.INTEGER, 2**63 - 1, 2**63 - 2),
        (FieldType.DECIMAL, "9" * 38, "9" * 37 + "8"),
        (FieldType.DECIMAL, "0." + "0" * 36 + "1", "0." + "0" * 36 + "2"),
        (FieldType.DECIMAL, "100", "100.5"),
        (FieldType.TEXT, "é", "e"),
    ],
)
def test_what_a_field_held_is_compared_to_the_last_digit(
    store: AudienceStore, database: DatabaseId, kind: FieldType, before: Value, after: Value
) -> None:
    old, new = (MatchKey("field", kind, normalise(kind, value)) for value in (before, after))
    store.commit(database, Change((ProfileCreation(profile(key=old)),), (KeyClaim(old, ANN),)))
    refuse(store, database, Change((gain(new, new.value),), (KeyRelease(old, ANN), KeyClaim(new, ANN))))
    store.commit(database, Change((gain(new, old.value),), (KeyRelease(old, ANN), KeyClaim(new, ANN))))
    assert holders(store, database, old, new) == [None, ANN]


def test_fields_are_not_set_where_a_key_is_held_by_another(store: AudienceStore, database: DatabaseId) -> None:
    made = profile(key=OLD)
    store.commit(database, Change((ProfileCreation(made),), (KeyClaim(OLD, ANN), KeyClaim(NEW, JOE))))
    refuse(store, database, Change((gain(NEW, OLD.value),), (KeyRelease(OLD, ANN), KeyClaim(NEW, ANN))))
    assert read_profile(store, database) == made
    assert holders(store, database, OLD, NEW) == [ANN, JOE]


def test_fields_are_not_set_on_a_profile_that_is_gone(store: AudienceStore, database: DatabaseId) -> None:
    refuse(store, database, Change((ProfileUpdate(ANN, Seconds(20), fields={"nick": "Ann"}),)))
    assert read_profile(store, database) is None


def test_a_profile_that_gained_a_field_is_not_anonymous_any_more(store: AudienceStore, database: DatabaseId) -> None:
    store.commit(database, Change((ProfileCreation(profile(live=refs("a"))),)))
    store.commit(database, Change((ProfileUpdate(ANN, Seconds(20), fields={"nick": "Ann"}),)))
    refuse(store, database, Change((ProfileRemoval(ANN, refs("a"), frozenset()),)))


def test_a_profile_with_a_key_more_than_was_known_is_not_erased(store: AudienceStore, database: DatabaseId) -> None:
    store.commit(database, Change((ProfileCreation(profile(key=NUMBER)),), (KeyClaim(NUMBER, ANN),)))
    store.commit(database, Change((gain(NEW, None),), (KeyClaim(NEW, ANN),)))
    refuse(store, database, Change((ProfileErasure(ANN, frozenset({NUMBER})),), (KeyRelease(NUMBER, ANN),)))


def test_every_one_of_100_fields_of_the_largest_size_is_set_at_once(store: AudienceStore, database: DatabaseId) -> None:
    fields: dict[str, Value] = {f"{n:03}{'f' * 61}": f"{n:03}{'v' * (MAX_VALUE_BYTES - 3)}" for n in range(100)}
    keys = frozenset(MatchKey(name, FieldType.TEXT, fields[name]) for name in sorted(fields)[:MAX_MATCH_FIELDS])
    before = dict.fromkeys(fields, "old")
    old = frozenset(replace(key, value="old") for key in keys)
    made = replace(profile(), fields=before, keys=old)
    store.commit(database, Change((ProfileCreation(made),), tuple(KeyClaim(key, ANN) for key in old)))
    update = ProfileUpdate(ANN, Seconds(20), fields=fields, keys=keys, replaced={key.field: "old" for key in keys})
    key_writes: tuple[KeyWrite, ...] = (*(KeyRelease(key, ANN) for key in old), *(KeyClaim(key, ANN) for key in keys))
    store.commit(database, Change((update,), key_writes))
    assert fields_of(store, database) == exact(fields)
    assert holders(store, database, *sorted(keys, key=lambda key: key.field)) == [ANN] * MAX_MATCH_FIELDS


def test_an_item_that_several_ask_for_is_read_for_each(store: AudienceStore, database: DatabaseId) -> None:
    made = profile(live=refs("a"))
    puts = (SubscriptionPut(subscription("a")),)
    store.commit(database, Change((ProfileCreation(made),), (KeyClaim(NUMBER, ANN),), puts))
    wanted = SnapshotQuery(database, (address(),), (NUMBER,), frozenset({ANN}))
    first, second = store.read([wanted, wanted])
    assert first == second
    assert (first.profiles, list(first.subscriptions), list(first.key_holders)) == ({ANN: made}, [address().ref], [NUMBER])


def test_fifty_identical_first_requests_at_once_make_one_profile_per_database(store: AudienceStore) -> None:
    bases = tuple(Database(DatabaseId(secrets.randbelow(2**31)), "fresh", CUSTOMERS.fields, CUSTOMERS.match) for _ in range(2))
    command = request(by_number(123), DesiredSubscription("ios-apns", PushToken("a")), through=resource(5, *bases), databases=bases)
    with ThreadPoolExecutor(50) as pool:
        outcomes = list(pool.map(lambda _: Subscribing(store)(command), range(50)))
    owners = {(part.database, part.profile) for outcome in outcomes for part in outcome}  # type: ignore[union-attr]
    assert len(owners) == 2
    changed = [part for outcome in outcomes for part in outcome if part.changed]  # type: ignore[union-attr]
    assert len(changed) == 2


@pytest.mark.parametrize("attempt", range(4))
def test_threads_that_spell_one_device_differently_leave_it_one_owner(hub: Hub, attempt: int) -> None:
    """One hub on DynamoDB; a subscription stands under a legacy reference, and another profile takes the device meanwhile."""
    store = hub.audience()
    fresh = Database(DatabaseId(secrets.randbelow(2**31)), "fresh", CUSTOMERS.fields, CUSTOMERS.match)
    spellings = ["AB CD", "abcd", "ABCD", "<abcd>", "aBcD"]
    ways: list[Matching] = [BY_TOKEN, by_id("ann"), by_id("joe"), by_number(1)]
    move = resource(5, fresh, conflict=PushTokenConflict.MOVE)
    legacy = replace(subscription("AB CD", owner=JOE), legacy=True, owner_may_be_anonymous=False)
    owner = replace(profile(JOE, origin=Origin.ID), live={legacy.ref: Seconds(10)})
    store.commit(fresh.id, Change((ProfileCreation(owner),), (), (SubscriptionPut(legacy),)))

    def ask(number: int) -> None:
        wish = DesiredSubscription("ios-apns", PushToken(spellings[number % 5]), unsubscribe=number % 7 == 6)
        matching = ways[(number + attempt) % 4]
        with suppress(LostRaceError):
            Subscribing(store)(request(matching, wish, through=move, databases=(fresh,)))

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(ask, range(48)))
    Subscribing(store)(
        request(by_id("ann"), DesiredSubscription("ios-apns", legacy.address.push_token), through=move, databases=(fresh,))
    )
    assert_consistent(content_of(hub, fresh.id))
    (snapshot,) = store.read([SnapshotQuery(fresh.id, tuple(map(address, spellings)))])
    (left,) = snapshot.subscriptions.values()
    assert (left.profile, left.live, left.legacy) == (ANN, True, False)


@pytest.mark.parametrize("attempt", range(4))
def test_threads_that_retire_revive_cancel_and_move_a_device_leave_it_whole(hub: Hub, attempt: int) -> None:
    """One hub on DynamoDB; a third of the threads find the push tokens dead that the others subscribe, cancel and move."""
    store = hub.audience()
    fresh = Database(DatabaseId(secrets.randbelow(2**31)), "fresh", CUSTOMERS.fields, CUSTOMERS.match)
    doors = [resource(5, fresh), resource(6, fresh), resource(7, fresh, conflict=PushTokenConflict.MOVE)]
    ways: list[Matching] = [BY_TOKEN, by_id("ann"), by_id("joe"), by_number(1)]
    for token in ("a", "b"):
        Subscribing(store)(
            request(by_id("ann"), DesiredSubscription("ios-apns", PushToken(token)), through=doors[0], databases=(fresh,))
        )
    effects: list[RetireEffect] = []

    def act(number: int) -> None:
        token = "ab"[number // 3 % 2]
        with suppress(LostRaceError):
            if number % 3 == 0:
                effects.append(carry_out_gone(store, Gone(token), fresh.id))
            else:
                wish = DesiredSubscription("ios-apns", PushToken(token), unsubscribe=number % 4 == 1)
                Subscribing(store)(request(ways[(number + attempt) % 4], wish, through=doors[number % 5 % 3], databases=(fresh,)))

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(act, range(60)))
    assert_consistent(content_of(hub, fresh.id))
    assert RetireEffect.RETIRED in effects
    for token in ("a", "b"):
        carry_out_gone(store, Gone(token), fresh.id)
        Subscribing(store)(
            request(BY_TOKEN, DesiredSubscription("ios-apns", PushToken(token)), through=doors[2], databases=(fresh,))
        )
        (left,) = read_subscriptions(store, fresh.id, token)
        assert (left.live, left.retired) == (True, None)
    assert_consistent(content_of(hub, fresh.id))


def content_of(hub: Hub, database: DatabaseId) -> DatabaseContent:
    """Read everything that a database holds, by a scan."""
    pages = hub.connection.client("dynamodb").get_paginator("scan").paginate(TableName=hub.connection.outputs["AudienceTable"])
    stored = [items.from_wire(wire) for page in pages for wire in page["Items"]]
    of_kind = {kind: [item for item in stored if item["pk"].startswith(f"{kind}#{database}#")] for kind in "PKS"}
    profiles = {one.id: one for one in map(schema.profile_of, of_kind["P"])}
    keys = tuple(key for one in profiles.values() for key in one.keys)
    (snapshot,) = hub.audience().read([SnapshotQuery(database, keys=keys)])
    assert len(snapshot.key_holders) == len(of_kind["K"]), "a key finds a profile that has it"
    subscriptions = {one.ref: one for one in map(schema.subscription_of, of_kind["S"])}
    return DatabaseContent(profiles, dict(snapshot.key_holders), subscriptions)


commands = st.builds(
    lambda matching, subscriptions, door, fields, mode: (matching, subscriptions, door, fields, mode),
    st.sampled_from([BY_TOKEN, by_id("ann"), by_id("joe"), by_number(1), by_number(2)]),
    st.lists(
        st.builds(DesiredSubscription, st.just("ios-apns"), st.sampled_from("abc").map(PushToken), st.booleans()),
        min_size=1,
        max_size=3,
    ),
    st.sampled_from([resource(5), resource(6), resource(7, conflict=PushTokenConflict.MOVE)]),
    st.fixed_dictionaries(
        {},
        optional={
            "number": st.sampled_from([1, 2]),
            "email": st.sampled_from(["ann@example.com", "joe@example.com"]),
            "nick": st.sampled_from(["Ann", "Joe"]),
        },
    ),
    st.just(Mode.UPSERT) | st.sampled_from(Mode),
)


def command_of(
    database: Database, parts: tuple[Matching, list[DesiredSubscription], Resource, Mapping[str, Value], Mode]
) -> Subscribe:
    matching, subscriptions, door, fields, mode = parts
    return in_mode(mode, setting(request(matching, *subscriptions, through=door, databases=(database,)), fields))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(script=st.lists(commands | st.sampled_from("abc").map(Gone), min_size=1, max_size=8))
def test_both_stores_answer_a_series_of_requests_alike(hub: Hub, script: list[tuple | Gone]) -> None:  # type: ignore[type-arg]
    fresh = Database(DatabaseId(secrets.randbelow(2**31)), "fresh", CUSTOMERS.fields, CUSTOMERS.match)
    stores: tuple[AudienceStore, ...] = (MemoryAudience(), hub.audience())
    answers = []
    for store in stores:
        ids = iter(ProfileId(f"p{n}") for n in range(100))
        subscribing = Subscribing(store, now=lambda: Seconds(1), new_id=ids.__next__, sleep=lambda _: None)
        answers.append(
            [
                carry_out_gone(store, part, fresh.id) if isinstance(part, Gone) else subscribing(command_of(fresh, part))
                for part in script
            ]
        )
    assert answers[0] == answers[1]
    assert isinstance(stores[1], DynamoAudience)
