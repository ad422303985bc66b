"""What every audience store must do: the one in memory and the one in DynamoDB, on the local engine."""

import secrets
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pushhub.audience.changes import (
    Change,
    KeyClaim,
    KeyRelease,
    ProfileCreation,
    ProfileErasure,
    ProfileRemoval,
    ProfileUpdate,
    SubscriptionPut,
    SubscriptionRemoval,
)
from pushhub.audience.matching import MAX_FORGOTTEN
from pushhub.audience.model import (
    MAX_CANCELLED,
    MAX_LIVE,
    Address,
    MatchKey,
    Origin,
    Profile,
    ProfileId,
    PushToken,
    ResourceState,
    Seconds,
    Subscription,
    SubscriptionRef,
)
from pushhub.audience.port import AudienceStore, Wanted
from pushhub.audience.subscribe import DesiredSubscription
from pushhub.audience.subscribing import Subscribing
from pushhub.audience.values import Value, normalise
from pushhub.catalog.model import Database, DatabaseId, FieldType, ResourceId, TokenConflict
from pushhub.catalog.providers import Provider
from pushhub.faults import LostRaceError
from pushhub.store.audience import DynamoAudience
from tests.conftest import Hub
from tests.doubles.audience import MemoryAudience
from tests.doubles.requests import BY_TOKEN, CUSTOMERS, by_id, by_number, request, resource

ANN, JOE = ProfileId("ann"), ProfileId("joe")
NUMBER = MatchKey("number", FieldType.INTEGER, 123)


@pytest.fixture(params=["memory", "dynamodb"])
def store(request: pytest.FixtureRequest) -> AudienceStore:
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
    origin: Origin = Origin.TOKEN,
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
        resources={ResourceId(5): (ResourceState.ACTIVE, Seconds(10)), ResourceId(6): (ResourceState.CANCELLED, Seconds(11))},
        owner_may_be_anonymous=True,
        created=Seconds(9),
        seen=Seconds(10),
        version=version,
    )


def read_profile(store: AudienceStore, database: DatabaseId, id_: ProfileId = ANN) -> Profile | None:
    (snapshot,) = store.read([Wanted(database, profiles=frozenset({id_}))])
    return snapshot.profiles[id_]


def read_subscriptions(store: AudienceStore, database: DatabaseId, *tokens: str) -> Sequence[Subscription]:
    wanted = tuple(address(token) for token in tokens)
    (snapshot,) = store.read([Wanted(database, wanted)])
    return [snapshot.subscriptions[one] for one in wanted if one in snapshot.subscriptions]


def refuse(store: AudienceStore, database: DatabaseId, change: Change) -> None:
    with pytest.raises(LostRaceError):
        store.commit(database, change)


def test_what_was_never_written_is_not_found(store: AudienceStore, database: DatabaseId) -> None:
    (snapshot,) = store.read([Wanted(database, (address(),), (NUMBER,), frozenset({ANN}))])
    assert not snapshot.subscriptions
    assert not snapshot.key_holders
    assert snapshot.profiles == {ANN: None}


def test_reading_nothing_finds_nothing(store: AudienceStore, database: DatabaseId) -> None:
    (snapshot,) = store.read([Wanted(database)])
    assert not snapshot.subscriptions


def test_everything_written_is_read_back_as_it_was(store: AudienceStore, database: DatabaseId) -> None:
    made = profile(live=refs("a"), cancelled=refs("b"), key=NUMBER, origin=Origin.FIELD)
    put = subscription()
    store.commit(database, Change((ProfileCreation(made),), (KeyClaim(NUMBER, ANN),), (SubscriptionPut(put),)))
    (snapshot,) = store.read([Wanted(database, (address(), address("b")), (NUMBER,), frozenset({ANN, JOE}))])
    assert snapshot.subscriptions == {address(): put}
    assert set(snapshot.key_holders.values()) == {ANN}
    assert snapshot.profiles == {ANN: made, JOE: None}


def test_databases_are_separate(store: AudienceStore, database: DatabaseId) -> None:
    store.commit(database, Change((ProfileCreation(profile()),), (KeyClaim(NUMBER, ANN),), (SubscriptionPut(subscription()),)))
    other = DatabaseId(database + 1)
    found, missing = store.read([Wanted(database, (address(),), (NUMBER,)), Wanted(other, (address(),), (NUMBER,), frozenset({ANN}))])
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
    (snapshot,) = store.read([Wanted(database, keys=(NUMBER,))])
    assert set(snapshot.key_holders.values()) == {ANN}


def test_a_key_is_released_by_its_holder_alone(store: AudienceStore, database: DatabaseId) -> None:
    store.commit(database, Change(keys=(KeyClaim(NUMBER, ANN),)))
    refuse(store, database, Change(keys=(KeyRelease(NUMBER, JOE),)))
    store.commit(database, Change(keys=(KeyRelease(NUMBER, ANN),)))
    (snapshot,) = store.read([Wanted(database, keys=(NUMBER,))])
    assert not snapshot.key_holders


def test_values_of_different_types_are_different_keys(store: AudienceStore, database: DatabaseId) -> None:
    store.commit(database, Change(keys=(KeyClaim(NUMBER, ANN),)))
    (snapshot,) = store.read([Wanted(database, keys=(MatchKey("number", FieldType.TEXT, "123"),))])
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
    live, cancelled = refs(*(f"t{i}" for i in range(40))), refs(*(f"f{i}" for i in range(MAX_FORGOTTEN)))
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


def test_the_subscriptions_of_a_profile_are_listed_live_ones_first(store: AudienceStore, database: DatabaseId) -> None:
    made = profile(live=refs("a"), cancelled=refs("b"))
    puts = (SubscriptionPut(subscription("b")), SubscriptionPut(subscription("a")))
    store.commit(database, Change((ProfileCreation(made),), (), puts))
    assert [one.address.token for one in store.subscriptions_of(database, made)] == ["a", "b"]


def test_a_database_holds_profiles_from_the_first_on(store: AudienceStore, database: DatabaseId) -> None:
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
    (snapshot,) = store.read([Wanted(database, keys=(key,), profiles=frozenset({ANN}))])
    assert set(snapshot.key_holders.values()) == {ANN}
    assert snapshot.profiles[ANN] == made


def test_fifty_identical_first_requests_at_once_make_one_profile_per_database(store: AudienceStore) -> None:
    bases = tuple(Database(DatabaseId(secrets.randbelow(2**31)), "fresh", CUSTOMERS.fields, CUSTOMERS.match) for _ in range(2))
    command = request(by_number(123), DesiredSubscription("ios-apns", PushToken("a")), through=resource(5, *bases), databases=bases)
    with ThreadPoolExecutor(50) as pool:
        outcomes = list(pool.map(lambda _: Subscribing(store)(command), range(50)))
    owners = {(part.database, part.profile) for outcome in outcomes for part in outcome}  # type: ignore[union-attr]
    assert len(owners) == 2
    changed = [part for outcome in outcomes for part in outcome if part.changed]  # type: ignore[union-attr]
    assert len(changed) == 2


commands = st.builds(
    lambda matching, subscriptions, door: (matching, subscriptions, door),
    st.sampled_from([BY_TOKEN, by_id("ann"), by_id("joe"), by_number(1), by_number(2)]),
    st.lists(
        st.builds(DesiredSubscription, st.just("ios-apns"), st.sampled_from("abc").map(PushToken), st.booleans()),
        min_size=1,
        max_size=3,
    ),
    st.sampled_from([resource(5), resource(6), resource(7, conflict=TokenConflict.MOVE)]),
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(script=st.lists(commands, min_size=1, max_size=8))
def test_both_stores_answer_a_series_of_requests_alike(hub: Hub, script: list[tuple]) -> None:  # type: ignore[type-arg]
    fresh = Database(DatabaseId(secrets.randbelow(2**31)), "fresh", CUSTOMERS.fields, CUSTOMERS.match)
    stores: tuple[AudienceStore, ...] = (MemoryAudience(), hub.audience())
    answers = []
    for store in stores:
        ids = iter(ProfileId(f"p{n}") for n in range(100))
        subscribing = Subscribing(store, now=lambda: Seconds(1), new_id=ids.__next__, sleep=lambda _: None)
        answers.append([subscribing(request(m, *subs, through=door, databases=(fresh,))) for m, subs, door in script])
    assert answers[0] == answers[1]
    assert isinstance(stores[1], DynamoAudience)
