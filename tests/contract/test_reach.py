"""What everything must do that finds whom a sending is for: in memory, and in DynamoDB on the local engine."""

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import pytest

from pushhub.adapters.dynamodb.reach import DynamoReach
from pushhub.adapters.dynamodb.schema.audience import profile_key
from pushhub.adapters.dynamodb.schema.items import to_wire
from pushhub.audience.changes import (
    Change,
    KeyClaim,
    ProfileCreation,
    ProfileErasure,
    ProfileRemoval,
    ProfileUpdate,
    Replaced,
    SubscriptionPut,
    SubscriptionRemoval,
)
from pushhub.audience.model import (
    Address,
    MatchKey,
    OffsetBefore,
    Origin,
    Past,
    Profile,
    ProfileId,
    Subscription,
    SubscriptionRef,
    SubscriptionState,
    lane_and_place,
)
from pushhub.audience.port import AudienceReach, AudienceStore, ReachedProfile
from pushhub.audience.values import Value
from pushhub.catalog.model import DatabaseId, FieldType, ResourceId
from pushhub.catalog.providers import Provider, PushToken
from pushhub.moments import Seconds
from tests.conftest import Hub
from tests.doubles.audience import MemoryAudience
from tests.doubles.reach import MemoryReach

LANES = "0123456789abcdef"
ANN, JOE = ProfileId("ann"), ProfileId("joe")


@dataclass(frozen=True, slots=True)
class Audience:
    """One database that no other test writes to, and what finds profiles in it."""

    store: AudienceStore
    reach: AudienceReach
    database: DatabaseId

    def commit(self, change: Change) -> None:
        self.store.commit(self.database, change)

    def add(self, *profiles: Profile) -> None:
        for each in profiles:
            self.commit(Change(profiles=(ProfileCreation(each),)))

    def sweep(self, lane: str, limit: int = 1000) -> Iterator[ReachedProfile]:
        after, more = "", True
        while more:
            page = self.reach.page(self.database, lane, after, limit)
            assert len(page.profiles) <= limit
            yield from page.profiles
            after, more = page.profiles[-1].place if page.profiles else after, page.more

    def found(self, id_: ProfileId) -> ReachedProfile | None:
        lane, _ = lane_and_place(id_)
        return next((each for each in self.sweep(lane) if each.id == id_), None)


@pytest.fixture(params=["memory", "dynamodb"])
def audience(request: pytest.FixtureRequest) -> Audience:
    database = DatabaseId(secrets.randbelow(2**31))
    if request.param == "memory":
        store = MemoryAudience()
        return Audience(store, MemoryReach(store), database)
    return on_engine(request.getfixturevalue("hub"), database)


def on_engine(hub: Hub, database: DatabaseId) -> Audience:
    connection = hub.connection
    return Audience(hub.audience(), DynamoReach(connection.client("dynamodb"), connection.outputs["AudienceTable"]), database)


def address(token: str = "a") -> Address:
    return Address(Provider("ios-apns"), PushToken(token))


def refs(*tokens: str) -> frozenset[SubscriptionRef]:
    return frozenset(address(token).ref for token in tokens)


def profile(
    id_: ProfileId = ANN, fields: dict[str, Value] | None = None, live: frozenset[SubscriptionRef] = frozenset()
) -> Profile:
    at = Seconds(10)
    return Profile(id_, Origin.PUSH_TOKEN, fields or {}, frozenset(), dict.fromkeys(live, at), {}, at, at)


def subscription(token: str = "a") -> Subscription:
    states = {ResourceId(5): (SubscriptionState.ACTIVE, Seconds(10)), ResourceId(6): (SubscriptionState.CANCELLED, Seconds(11))}
    return Subscription(address(token), ANN, states, owner_may_be_anonymous=True, created=Seconds(9), seen=Seconds(10), version=1)


def many(number: int) -> Sequence[Profile]:
    return [profile(ProfileId(f"p{n}"), live=refs(f"t{n}")) for n in range(number)]


def test_an_empty_lane_has_one_empty_page(audience: Audience) -> None:
    page = audience.reach.page(audience.database, "a", "", 10)
    assert (page.profiles, page.more) == ((), False)


def test_a_new_profile_is_found_with_its_fields_and_live_subscriptions(audience: Audience) -> None:
    fields: dict[str, Value] = {"city": "Рига", "visits": 3, "vip": True, "score": 1}
    audience.add(profile(fields=fields, live=refs("a", "b")))
    _, place = lane_and_place(ANN)
    assert audience.found(ANN) == ReachedProfile(ANN, place, fields, refs("a", "b"))


def test_every_profile_is_met_once_in_the_order_of_places_and_in_no_other_database(audience: Audience) -> None:
    profiles = many(150)
    audience.add(*profiles)
    other = replace(audience, database=DatabaseId(audience.database + 1))
    other.add(profile(JOE))
    met = {lane: list(audience.sweep(lane)) for lane in LANES}
    assert sorted(each.id for of_lane in met.values() for each in of_lane) == sorted(each.id for each in profiles)
    for lane, of_lane in met.items():
        assert [(lane, each.place) for each in of_lane] == sorted(lane_and_place(each.id) for each in of_lane)
    assert [each.id for lane in LANES for each in other.sweep(lane)] == [JOE]


@pytest.mark.parametrize("limit", [1, 2, 7])
def test_pages_of_any_size_give_a_lane_without_a_gap(audience: Audience, limit: int) -> None:
    audience.add(*many(60))
    for lane in LANES:
        assert list(audience.sweep(lane, limit)) == list(audience.sweep(lane))


def test_a_page_begins_behind_its_place_whether_or_not_a_profile_stands_there(audience: Audience) -> None:
    audience.add(*many(40))
    lane = max(LANES, key=lambda lane: len(list(audience.sweep(lane))))
    first, *others = audience.sweep(lane)
    assert list(audience.reach.page(audience.database, lane, first.place, 100).profiles) == others
    just_before = f"{int(first.place, 16) - 1:016x}"
    assert list(audience.reach.page(audience.database, lane, just_before, 100).profiles) == [first, *others]


def test_a_changed_profile_is_found_as_it_is_now(audience: Audience) -> None:
    audience.add(profile(fields={"city": "Riga"}, live=refs("a", "b")))
    update = ProfileUpdate(
        ANN,
        Seconds(20),
        live_added=refs("c"),
        live_removed=refs("a"),
        cancelled_added=refs("a"),
        fields={"city": "Oslo", "visits": 1},
    )
    audience.commit(Change(profiles=(update,)))
    _, place = lane_and_place(ANN)
    assert audience.found(ANN) == ReachedProfile(ANN, place, {"city": "Oslo", "visits": 1}, refs("b", "c"))


def test_a_profile_of_before_the_index_is_found_after_any_write_of_it(hub: Hub) -> None:
    audience = on_engine(hub, DatabaseId(secrets.randbelow(2**31)))
    audience.add(profile(live=refs("a")))
    hub.connection.client("dynamodb").update_item(
        TableName=hub.connection.outputs["AudienceTable"],
        Key=to_wire(profile_key(audience.database, ANN)),
        UpdateExpression="REMOVE reach, place",
    )
    assert audience.found(ANN) is None
    audience.commit(Change(profiles=(ProfileUpdate(ANN, Seconds(20)),)))
    _, place = lane_and_place(ANN)
    assert audience.found(ANN) == ReachedProfile(ANN, place, {}, refs("a"))


def test_a_removed_and_an_erased_profile_are_found_no_more(audience: Audience) -> None:
    audience.add(profile(ANN, live=refs("a")), profile(JOE, {"city": "Riga"}))
    audience.commit(Change(subscriptions=(SubscriptionPut(subscription()),)))
    removal = Change(
        profiles=(ProfileRemoval(ANN, refs("a"), frozenset()),), subscriptions=(SubscriptionRemoval(address().ref, ANN),)
    )
    audience.commit(removal)
    audience.commit(Change(profiles=(ProfileErasure(JOE, frozenset()),)))
    assert (audience.found(ANN), audience.found(JOE)) == (None, None)


def test_what_is_no_profile_stands_in_no_lane(audience: Audience) -> None:
    key = MatchKey("number", FieldType.INTEGER, 1)
    audience.commit(Change(keys=(KeyClaim(key, ANN),), subscriptions=(SubscriptionPut(subscription()),)))
    assert [each for lane in LANES for each in audience.sweep(lane)] == []


def test_match_keys_find_their_holders_and_those_that_nobody_holds_find_none(audience: Audience) -> None:
    number, text, free = (
        MatchKey("n", FieldType.INTEGER, 1),
        MatchKey("t", FieldType.TEXT, "1"),
        MatchKey("t", FieldType.TEXT, "2"),
    )
    audience.commit(Change(keys=(KeyClaim(number, ANN), KeyClaim(text, JOE))))
    assert audience.reach.holders(audience.database, [free, text, number, text]) == {number: ANN, text: JOE}


def test_profiles_and_subscriptions_are_found_as_they_were_written(audience: Audience) -> None:
    audience.add(profile(fields={"city": "Riga"}, live=refs("a", "b")))
    audience.commit(Change(subscriptions=(SubscriptionPut(subscription("a")), SubscriptionPut(subscription("b")))))
    assert audience.reach.profiles(audience.database, [JOE, ANN, ANN]) == {
        ANN: profile(fields={"city": "Riga"}, live=refs("a", "b"))
    }
    found = audience.reach.subscriptions(audience.database, [address(each).ref for each in ("b", "nobody", "a", "b")])
    assert found == {address(each).ref: subscription(each) for each in ("a", "b")}


def test_more_than_a_hundred_are_found(audience: Audience) -> None:
    profiles = many(230)
    audience.add(*profiles)
    assert audience.reach.profiles(audience.database, [each.id for each in profiles]) == {each.id: each for each in profiles}


def test_asking_for_nothing_finds_nothing(audience: Audience) -> None:
    assert not audience.reach.holders(audience.database, [])
    assert not audience.reach.profiles(audience.database, [])
    assert not audience.reach.subscriptions(audience.database, [])


def test_events_and_the_offset_before_are_found_with_a_profile(audience: Audience) -> None:
    past = Past({"reg": Seconds(20), "dep": Seconds(21)}, OffsetBefore(-3600, Seconds(30)))
    audience.add(replace(profile(), happened=past.happened, offset_before=past.offset_before), profile(JOE))
    _, place = lane_and_place(ANN)
    assert audience.found(ANN) == ReachedProfile(ANN, place, {}, frozenset(), past.happened, past.offset_before)
    first = Past({"reg": Seconds(40)}, None)
    audience.commit(Change(profiles=(ProfileUpdate(JOE, Seconds(40), past=Replaced(Past({}, None), first)),)))
    after = replace(first, offset_before=OffsetBefore(0, Seconds(50)))
    audience.commit(Change(profiles=(ProfileUpdate(JOE, Seconds(50), past=Replaced(first, after)),)))
    _, place = lane_and_place(JOE)
    assert audience.found(JOE) == ReachedProfile(JOE, place, {}, frozenset(), {"reg": Seconds(40)}, OffsetBefore(0, Seconds(50)))
