"""Setting the fields of a profile along with its subscriptions, on the audience in memory."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

import pytest

from pushhub.audience.changes import MAX_WRITES, Change
from pushhub.audience.command import (
    MAX_SUBSCRIPTIONS,
    ByField,
    DatabaseProcessed,
    DatabaseRefused,
    DesiredSubscription,
    Effect,
    Matching,
    Mode,
    Reason,
    Refused,
    Subscribe,
)
from pushhub.audience.draft import SPARE_WRITES
from pushhub.audience.erasing import Erasing
from pushhub.audience.matching import Decision, decide
from pushhub.audience.model import MAX_CANCELLED, MAX_LIVE, MatchKey, Origin, ProfileId
from pushhub.audience.port import Snapshot, SnapshotQuery
from pushhub.audience.rereading import RereadReason, unread_target
from pushhub.audience.resolving import DatabaseRequest, resolve, snapshot_query
from pushhub.audience.subscribing import Subscribing
from pushhub.audience.values import MAX_VALUE_BYTES, Value
from pushhub.catalog.model import Database, DatabaseId, FieldType, PushTokenConflict
from pushhub.catalog.sections.databases.file_section import MAX_MATCH_FIELDS
from pushhub.moments import Seconds
from tests.doubles.audience import MemoryAudience
from tests.doubles.invariants import assert_consistent, assert_found_by_match_fields
from tests.doubles.requests import BY_TOKEN, CUSTOMERS, SHOPPERS, by_id, by_number, in_mode, off, on, request, resource, setting
from tests.doubles.world import APNS, World

EVERY_MATCHING = pytest.mark.parametrize("matching", [BY_TOKEN, by_id("ann"), by_number(1)], ids=["token", "id", "field"])
"""Ways to ask for the profile that `meet` has made."""
ALL_TYPES = Database(CUSTOMERS.id, "all types", {str(kind): kind for kind in FieldType}, ())


@pytest.fixture
def world() -> World:
    return World()


def meet(world: World, **fields: Value) -> None:
    """Let there be ann, found by her id, by the number 1 and by the token a, with these fields."""
    world.send(setting(request(by_id("ann"), on("a")), {"number": 1, **fields}))
    world.count_from_here()


# A profile that is made


@EVERY_MATCHING
def test_a_new_profile_has_the_fields_that_made_it(world: World, matching: Matching) -> None:
    outcome = world.processed(setting(request(matching, on("a")), number=1, email="Ann@example.com", nick="Ann"))
    assert outcome.profile is not None
    made = world.profile(outcome.profile)
    assert made.fields == {"number": 1, "email": "ann@example.com", "nick": "Ann"}
    assert world.keys_of(made.id) == {"number": 1, "email": "ann@example.com"}
    assert outcome.fields_changed
    assert world.calls == (1, 1)


def test_a_new_profile_keeps_the_value_that_it_was_looked_for_by(world: World) -> None:
    outcome = world.processed(setting(request(by_number("007"), on("a")), nick="Ann"))
    assert world.profile(str(outcome.profile)).fields == {"number": 7, "nick": "Ann"}
    assert world.keys_of(str(outcome.profile)) == {"number": 7}


def test_a_profile_found_by_token_is_not_anonymous_once_it_has_a_field(world: World) -> None:
    outcome = world.processed(setting(request(BY_TOKEN, on("a")), nick="Ann"))
    made = world.profile(str(outcome.profile))
    assert made.origin is Origin.PUSH_TOKEN
    assert not made.anonymous


def test_a_login_does_not_dissolve_a_profile_that_was_made_with_fields(world: World) -> None:
    world.send(setting(request(BY_TOKEN, on("a")), nick="Ann"))
    world.time = Seconds(world.time + 60)
    world.count_from_here()
    assert world.effects(request(by_id("joe"), on("a"))) == [Reason.DUPLICATE]
    assert world.calls == (1, 0), "its subscription says that it is not anonymous"
    assert list(world.customers.profiles) == ["p1"]


def test_a_login_does_not_dissolve_a_profile_that_gained_fields_later(world: World) -> None:
    world.send(request(BY_TOKEN, on("a")))
    world.send(setting(request(BY_TOKEN, on("a")), nick="Ann"))
    settled = world.customers
    assert world.effects(request(by_id("joe"), on("a"))) == [Reason.DUPLICATE]
    assert world.customers == settled


def test_a_subscription_added_with_fields_knows_that_its_owner_is_not_anonymous(world: World) -> None:
    world.send(request(BY_TOKEN, on("a")))
    world.send(setting(request(BY_TOKEN, on("a"), on("b")), nick="Ann"))
    flags = [stored.owner_may_be_anonymous for stored in world.customers.subscriptions.values()]
    assert flags == [True, False]


def test_a_login_that_brings_fields_dissolves_the_anonymous_profile(world: World) -> None:
    world.send(request(BY_TOKEN, on("a")))
    world.count_from_here()
    assert world.effects(setting(request(by_number(1), on("a")), nick="Ann")) == [Effect.CHANGED]
    assert [made.fields for made in world.customers.profiles.values()] == [{"number": 1, "nick": "Ann"}]
    assert world.calls == (1, 1)


# A profile that is there


@EVERY_MATCHING
def test_fields_of_a_profile_are_set_changed_and_left(world: World, matching: Matching) -> None:
    meet(world, email="ann@example.com", nick="Ann")
    world.time = Seconds(world.time + 60)
    outcome = world.processed(setting(request(matching, on("a")), email="ann@example.org"))
    ann = world.profile("ann")
    assert outcome.fields_changed
    assert not outcome.changed
    assert ann.fields == {"number": 1, "email": "ann@example.org", "nick": "Ann"}
    assert ann.updated == world.time


@pytest.mark.parametrize(("matching", "reads"), [(by_id("ann"), 1), (by_number(1), 2), (BY_TOKEN, 2)])
@pytest.mark.parametrize(("nick", "commits"), [("Ann", 0), ("Anna", 1)])
def test_a_profile_whose_id_is_not_known_beforehand_costs_a_second_read_without_a_wait(
    world: World, matching: Matching, reads: int, nick: str, commits: int
) -> None:
    meet(world, nick="Ann")
    outcome = world.processed(setting(request(matching, on("a")), nick=nick))
    assert outcome.fields_changed == bool(commits)
    assert world.calls == (reads, commits)
    assert not world.waits


def test_two_databases_share_the_second_read(world: World) -> None:
    both = request(by_number(1), on("a"), through=resource(5, CUSTOMERS, SHOPPERS), databases=(CUSTOMERS, SHOPPERS))
    world.send(both)
    world.count_from_here()
    world.send(setting(both, nick="Ann", number=1))
    assert world.calls == (2, 1)


def test_fields_and_subscriptions_are_written_at_once(world: World) -> None:
    meet(world)
    outcome = world.processed(setting(request(by_id("ann"), on("b"), off("a")), nick="Ann"))
    assert (outcome.changed, outcome.fields_changed) == (True, True)
    assert world.calls == (1, 1)


@pytest.mark.parametrize(
    ("kind", "stored", "again"),
    [
        ("integer", 7, "007.0"),
        ("integer", 2**63 - 1, "9223372036854775807"),
        ("integer", 7, Decimal(7)),
        ("decimal", "1.50", Decimal("1.5")),
        ("decimal", Decimal("1E+2"), 100),
        ("decimal", "-0.0", 0),
        ("text", "e\u0301", "\u00e9"),
        ("bool", True, "TRUE"),
        ("date", "2001-12-31", "2001-12-31"),
        ("datetime", "2001-12-31T23:59:59+03:00", "2001-12-31T20:59:59Z"),
        ("email", " Ann@Example.com", "ann@example.com"),
        ("phone", "+7 (900) 123-45-67", 79001234567),
        ("ip", "::FFFF", "0:0::ffff"),
    ],
)
def test_another_spelling_of_the_same_value_changes_nothing(world: World, kind: str, stored: Value, again: Value) -> None:
    asked = request(by_id("ann"), on("a"), databases=(ALL_TYPES,))
    world.send(setting(asked, {kind: stored}))
    world.count_from_here()
    assert not world.processed(setting(asked, {kind: again})).fields_changed
    assert world.calls == (1, 0)


@pytest.mark.parametrize(
    ("kind", "stored", "other"),
    [
        ("text", "Ann", "ann"),
        ("text", "a", "a "),
        ("bool", True, False),
        ("decimal", "0.1", "0.10000000000000000001"),
        ("integer", 0, 1),
    ],
)
def test_values_that_differ_are_told_apart(world: World, kind: str, stored: Value, other: Value) -> None:
    asked = request(by_id("ann"), on("a"), databases=(ALL_TYPES,))
    world.send(setting(asked, {kind: stored}))
    assert world.processed(setting(asked, {kind: other})).fields_changed


def test_a_field_that_the_database_does_not_declare_is_passed_over_at_no_cost(world: World) -> None:
    meet(world)
    assert not world.processed(setting(request(by_number(1), on("a")), height=180)).fields_changed
    assert world.calls == (1, 0)
    assert world.profile("ann").fields == {"number": 1}


# Values that do not fit


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"number": "1; drop"}, "number"),
        ({"number": 2**63}, "number"),
        ({"number": True}, "number"),
        ({"email": "nobody"}, "email"),
        ({"nick": ""}, "nick"),
        ({"nick": "\ud800"}, "nick"),
        ({"nick": "n" * (MAX_VALUE_BYTES + 1)}, "nick"),
        ({"nick": "fits", "email": "nobody"}, "email"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_by_its_fields_name_alone(
    world: World, fields: Mapping[str, Value], name: str
) -> None:
    meet(world)
    refused = world.refusal(setting(request(by_id("ann"), on("b"), off("a")), fields))
    assert refused.reason is Reason.FIELD_MISFIT
    assert refused.detail.startswith(f"{name}: ")
    assert str(fields[name]) not in refused.detail or not fields[name]
    assert world.calls == (0, 0)


def test_a_value_that_does_not_fit_one_database_is_refused_there_alone(world: World) -> None:
    texts = Database(SHOPPERS.id, "shoppers", {"number": FieldType.TEXT}, ())
    command = request(by_id("ann"), on("a"), through=resource(5, CUSTOMERS, texts), databases=(CUSTOMERS, texts))
    first, second = world.send(setting(command, number="one"))
    assert isinstance(first, DatabaseRefused)
    assert isinstance(second, DatabaseProcessed)
    assert not world.customers.profiles
    assert world.store.content(34).profiles[ProfileId("ann")].fields == {"number": "one"}


# Match fields


def test_a_match_field_that_is_set_finds_the_profile(world: World) -> None:
    meet(world)
    world.send(setting(request(by_id("ann"), on("a")), email="ann@example.com"))
    assert world.keys_of("ann") == {"number": 1, "email": "ann@example.com"}
    outcome = world.processed(request(ByField("email", "ANN@example.com"), on("b")))
    assert outcome.profile == "ann"


@EVERY_MATCHING
def test_a_match_field_that_changes_finds_the_profile_by_its_new_value_alone(world: World, matching: Matching) -> None:
    meet(world, email="old@example.com")
    world.send(setting(request(matching, on("a")), email="new@example.com"))
    assert world.keys_of("ann") == {"number": 1, "email": "new@example.com"}
    assert world.processed(request(ByField("email", "new@example.com"), on("a"))).profile == "ann"
    assert world.processed(request(ByField("email", "old@example.com"), on("b"))).profile != "ann"


def test_a_match_field_that_does_not_change_writes_no_key(world: World) -> None:
    meet(world, email="ann@example.com")
    keys = world.customers.keys
    world.send(setting(request(by_number(1), on("b")), number="1", email="Ann@example.com", nick="Ann"))
    assert world.customers.keys == keys
    assert world.profile("ann").fields["nick"] == "Ann"


@pytest.mark.parametrize("matching", [BY_TOKEN, by_id("ann"), by_number(1), by_id("new"), by_number(2)])
@pytest.mark.parametrize("asked", [[on("a")], [on("b")], [on("a"), on("b")]])
def test_a_value_that_another_profile_holds_is_refused_and_nothing_is_written(
    world: World, matching: Matching, asked: Sequence[DesiredSubscription]
) -> None:
    meet(world)
    world.send(setting(request(by_id("joe"), on("j")), email="joe@example.com"))
    command = setting(request(matching, *asked), email="Joe@example.com", nick="Joe")
    assert world.refusal(command) == Refused(Reason.VALUE_TAKEN, "email")


def test_a_value_that_another_profile_holds_keeps_a_cancellation_from_happening(world: World) -> None:
    meet(world)
    world.send(setting(request(by_id("joe"), on("j")), email="joe@example.com"))
    taken = world.refusal(setting(request(by_id("ann"), off("a")), email="joe@example.com"))
    assert taken == Refused(Reason.VALUE_TAKEN, "email")


def test_of_several_match_fields_the_one_that_is_taken_is_named_and_none_is_set(world: World) -> None:
    meet(world)
    world.send(setting(request(by_id("joe"), on("j")), email="joe@example.com"))
    refused = world.refusal(setting(request(by_id("ann"), on("a")), number=2, email="joe@example.com"))
    assert refused == Refused(Reason.VALUE_TAKEN, "email")
    assert world.keys_of("ann") == {"number": 1}


def test_profiles_swap_values_over_a_third_one(world: World) -> None:
    ann, joe = request(by_id("ann"), on("a")), request(by_id("joe"), on("j"))
    world.send(setting(ann, number=1))
    world.send(setting(joe, number=2))
    assert world.refusal(setting(ann, number=2)).reason is Reason.VALUE_TAKEN
    for command, number in ((ann, 3), (joe, 1), (ann, 2)):
        assert world.processed(setting(command, number=number)).fields_changed
    assert (world.keys_of("ann"), world.keys_of("joe")) == ({"number": 2}, {"number": 1})


def test_values_of_one_profile_are_swapped_between_its_fields_at_once(world: World) -> None:
    twice = Database(CUSTOMERS.id, "twice", {"one": FieldType.TEXT, "two": FieldType.TEXT}, ("one", "two"))
    ann = request(by_id("ann"), on("a"), databases=(twice,))
    world.send(setting(ann, one="x", two="y"))
    assert world.processed(setting(ann, one="y", two="x")).fields_changed
    assert world.keys_of("ann") == {"one": "y", "two": "x"}


def test_a_value_goes_there_and_back(world: World) -> None:
    meet(world)
    for number in (2, 1, 2):
        world.send(setting(request(by_id("ann"), on("a")), number=number))
        assert world.keys_of("ann") == {"number": number}


def test_the_values_of_an_erased_profile_are_free(world: World) -> None:
    meet(world, email="ann@example.com")
    assert Erasing(world.store)(CUSTOMERS.id, ProfileId("ann"))
    assert world.processed(setting(request(by_id("joe"), on("j")), number=1, email="ann@example.com")).fields_changed


def test_a_profile_is_not_given_another_value_of_the_field_that_it_is_looked_for_by(world: World) -> None:
    meet(world)
    refused = world.refusal(setting(request(by_number(1), on("b")), number=2))
    assert refused == Refused(Reason.FIELD_MISFIT, "number: the profile is matched by another value")
    assert world.effects(setting(request(by_number(1), on("b")), number="01")) == [Effect.CHANGED]


def test_a_match_field_is_set_by_the_value_of_another(world: World) -> None:
    meet(world, email="ann@example.com")
    world.send(setting(request(ByField("email", "ann@example.com"), on("a")), number=2))
    assert world.keys_of("ann") == {"number": 2, "email": "ann@example.com"}


# Several databases


def test_each_database_sets_the_fields_that_it_declares(world: World) -> None:
    command = request(by_id("ann"), on("a"), through=resource(5, CUSTOMERS, SHOPPERS), databases=(CUSTOMERS, SHOPPERS))
    outcomes = world.send(setting(command, number=1, nick="Ann"))
    assert all(isinstance(outcome, DatabaseProcessed) and outcome.fields_changed for outcome in outcomes)
    assert world.profile("ann").fields == {"number": 1, "nick": "Ann"}
    assert world.store.content(34).profiles[ProfileId("ann")].fields == {"number": 1}
    customers, shoppers = world.send(setting(command, nick="Anna"))
    assert isinstance(customers, DatabaseProcessed)
    assert isinstance(shoppers, DatabaseProcessed)
    assert (customers.fields_changed, shoppers.fields_changed) == (True, False)


def test_a_value_is_taken_in_one_database_and_free_in_another(world: World) -> None:
    world.send(setting(request(by_id("joe"), on("j")), number=1))
    command = request(by_id("ann"), on("a"), through=resource(5, CUSTOMERS, SHOPPERS), databases=(CUSTOMERS, SHOPPERS))
    customers, shoppers = world.send(setting(command, number=1))
    assert isinstance(customers, DatabaseRefused)
    assert isinstance(shoppers, DatabaseProcessed)
    assert shoppers.fields_changed
    assert list(world.customers.profiles) == ["joe"]


# Cancellations and refusals


@pytest.mark.parametrize(("before", "effect"), [([], Effect.CHANGED), ([off("a")], Effect.UNCHANGED)])
def test_fields_are_set_along_with_a_cancellation(world: World, before: list[DesiredSubscription], effect: Effect) -> None:
    meet(world)
    for earlier in before:
        world.send(request(by_id("ann"), earlier))
    command = setting(request(by_id("ann"), off("a")), nick="Ann")
    assert world.effects(command) == [effect]
    assert world.profile("ann").fields["nick"] == "Ann"


@EVERY_MATCHING
def test_a_cancellation_with_fields_makes_no_profile(world: World, matching: Matching) -> None:
    outcome = world.processed(setting(request(matching, off("a")), number=1, nick="Ann"))
    assert (outcome.profile, outcome.fields_changed) == (None, False)
    assert not world.customers.profiles
    assert not world.customers.keys


NARROW = resource(6, CUSTOMERS, providers=frozenset({APNS}))


def fill(world: World, profile: str) -> None:
    for start in range(0, MAX_LIVE, 20):
        world.send(request(by_id(profile), *(on(f"t{i}") for i in range(start, start + 20))))


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (request(by_id("ann"), on("j")), Reason.DUPLICATE),
        (request(by_id("new"), on("j")), Reason.DUPLICATE),
        (request(by_id("ann"), off("j")), Reason.NOT_SUBSCRIBED),
        (request(by_id("ann"), off("new")), Reason.NOT_SUBSCRIBED),
        (request(by_id("ann"), on("new")), Reason.TOO_MANY_SUBSCRIPTIONS),
        (request(by_id("ann"), on("x", "fax")), Reason.UNKNOWN_PROVIDER),
        (request(by_id("ann"), on("x", "ios-firebase"), through=NARROW), Reason.PROVIDER_NOT_ALLOWED),
    ],
)
def test_a_refused_subscription_sets_no_field(world: World, command: Subscribe, reason: Reason) -> None:
    world.send(request(by_id("joe"), on("j")))
    fill(world, "ann")
    settled = world.customers
    assert world.effects(setting(command, number=2, nick="Ann")) == [reason]
    assert world.customers == settled
    assert not world.processed(setting(command, number=2, nick="Ann")).fields_changed


def test_fields_are_set_where_any_subscription_is_not_refused(world: World) -> None:
    meet(world)
    assert world.effects(setting(request(by_id("ann"), off("x"), on("a")), nick="Ann")) == [Reason.NOT_SUBSCRIBED, Effect.UNCHANGED]
    assert world.profile("ann").fields["nick"] == "Ann"


# Modes


@EVERY_MATCHING
@pytest.mark.parametrize("fields", [{}, {"nick": "new"}], ids=["alone", "with fields"])
def test_who_is_to_be_added_is_passed_over_where_the_profile_exists(
    world: World, matching: Matching, fields: Mapping[str, Value]
) -> None:
    meet(world)
    settled = world.customers
    outcome = world.processed(in_mode(Mode.ADD, setting(request(matching, on("a"), on("b")), fields)))
    assert [part.result for part in outcome.subscriptions] == [Effect.SKIPPED, Effect.SKIPPED]
    assert (outcome.profile, outcome.changed, outcome.fields_changed) == ("ann", False, False)
    assert world.customers == settled
    assert world.calls == (1, 0)


@EVERY_MATCHING
def test_who_is_to_be_added_is_added_where_the_profile_is_unknown(world: World, matching: Matching) -> None:
    command = in_mode(Mode.ADD, setting(request(matching, on("a")), nick="Ann"))
    assert world.effects(command) == [Effect.CHANGED]
    assert world.effects(command) == [Effect.SKIPPED]
    assert len(world.customers.profiles) == 1


@EVERY_MATCHING
@pytest.mark.parametrize("fields", [{}, {"nick": "new"}, {"email": "joe@example.com"}])
def test_who_is_to_be_updated_is_passed_over_where_the_profile_is_unknown(
    world: World, matching: Matching, fields: Mapping[str, Value]
) -> None:
    world.send(setting(request(by_id("joe"), on("j")), email="joe@example.com"))
    settled = world.customers
    world.count_from_here()
    outcome = world.processed(in_mode(Mode.UPDATE, setting(request(matching, on("a"), off("b")), fields)))
    assert [part.result for part in outcome.subscriptions] == [Effect.SKIPPED, Effect.SKIPPED]
    assert (outcome.profile, outcome.changed, outcome.fields_changed) == (None, False, False)
    assert world.customers == settled
    assert world.calls == (1, 0)


@EVERY_MATCHING
def test_who_is_to_be_updated_is_updated_where_the_profile_exists(world: World, matching: Matching) -> None:
    meet(world)
    command = in_mode(Mode.UPDATE, setting(request(matching, on("a"), on("b")), nick="Ann"))
    assert world.effects(command) == [Effect.UNCHANGED, Effect.CHANGED]
    assert world.profile("ann").fields["nick"] == "Ann"


def test_an_update_does_not_take_a_token_from_an_anonymous_profile_to_one_that_is_unknown(world: World) -> None:
    world.send(request(BY_TOKEN, on("a")))
    assert world.effects(in_mode(Mode.UPDATE, request(by_id("joe"), on("a")))) == [Effect.SKIPPED]
    assert world.owner("a") == "p1"


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("matching", [by_id("ann"), by_id("new")])
def test_a_provider_that_is_unknown_is_told_of_in_every_mode(world: World, mode: Mode, matching: Matching) -> None:
    meet(world)
    assert world.effects(in_mode(mode, request(matching, on("a", "fax")))) == [Reason.UNKNOWN_PROVIDER]


# What is read


@pytest.mark.parametrize("matching", [BY_TOKEN, by_id("ann"), by_number(1), by_number(2), by_id("new")])
@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("fields", [{}, {"nick": "x"}, {"email": "x@example.com"}])
@pytest.mark.parametrize("known", [False, True])
def test_a_request_that_needs_no_other_profile_is_decided_without_it(
    world: World, matching: Matching, mode: Mode, fields: Mapping[str, Value], known: bool
) -> None:
    if known:
        meet(world)
    (asked,) = resolve(in_mode(mode, setting(request(matching, on("a")), fields)))
    assert isinstance(asked, DatabaseRequest)
    (snapshot,) = world.store.read([snapshot_query(asked)])
    unread = unread_target(asked, snapshot)
    decision = decide(asked, snapshot, ProfileId("fresh"), world.time)
    assert not_read(decision) == (unread is not None)
    assert decision.must_reread(reread_once=True) == (unread is not None)
    assert (decision.reread.profiles if decision.reread else set()) == ({unread} if unread else set())
    (snapshot,) = world.store.read([snapshot_query(asked, frozenset({unread} if unread else ()))])
    assert unread_target(asked, snapshot) is None
    assert not not_read(decide(asked, snapshot, ProfileId("fresh"), world.time))


def not_read(decision: Decision) -> bool:
    return decision.reread is not None and decision.reread.reason is RereadReason.TARGET_NOT_READ


class Busy(MemoryAudience):
    """Carries out other commands whole, one before each read."""

    def __init__(self, *others: Subscribe) -> None:
        super().__init__()
        self.others = list(others)

    def read(self, wanted: Sequence[SnapshotQuery], latest: float = math.inf) -> Sequence[Snapshot]:
        if self.others:
            other, busy = self.others[0], self.others[1:]
            self.others = []
            Subscribing(self)(other)
            self.others = busy
        return super().read(wanted, latest)


def test_fields_are_set_on_the_profile_that_has_the_token_by_the_time_it_is_read() -> None:
    moving = resource(7, conflict=PushTokenConflict.MOVE)
    store = Busy(request(by_id("ann"), on("a")), request(by_id("joe"), on("a"), through=moving))
    (outcome,) = Subscribing(store, sleep=lambda _: None)(setting(request(BY_TOKEN, on("a"), through=moving), nick="Joe"))
    assert isinstance(outcome, DatabaseProcessed)
    assert outcome.fields_changed
    profiles = store.content(17).profiles
    assert (profiles[ProfileId("ann")].fields, profiles[ProfileId("joe")].fields) == ({}, {"nick": "Joe"})


@pytest.mark.parametrize("early", ["subscriptions", "key_holders", "profiles"])
@EVERY_MATCHING
def test_a_read_that_saw_half_of_a_twins_change_refuses_no_value_that_the_twin_has_set(matching: Matching, early: str) -> None:
    command = setting(request(matching, on("a")), email="ann@example.com", nick="Ann")
    assert_answered_like_a_repetition(command, lambda before, after: replace(after, **{early: getattr(before, early)}))


def test_a_read_that_saw_one_key_of_two_refuses_no_value_that_a_twin_has_set() -> None:
    number = MatchKey("number", FieldType.INTEGER, 1)

    def torn(before: Snapshot, after: Snapshot) -> Snapshot:
        late = {key: holder for key, holder in after.key_holders.items() if key != number}
        return replace(before, key_holders=late)

    assert_answered_like_a_repetition(setting(request(by_number(1), on("a")), email="ann@example.com"), torn)


def test_a_read_that_saw_a_token_before_it_moved_refuses_no_value_that_moved_along() -> None:
    store = Torn(
        setting(request(by_number(1), on("a")), email="ann@example.com"),
        lambda before, after: replace(after, subscriptions=before.subscriptions),
    )
    install = MemoryAudience()
    Subscribing(install)(request(BY_TOKEN, on("a")))
    store.databases = install.databases
    (outcome,) = Subscribing(store, sleep=lambda _: None)(setting(request(BY_TOKEN, on("a")), email="ann@example.com"))
    assert isinstance(outcome, DatabaseProcessed)
    assert [part.result for part in outcome.subscriptions] == [Effect.UNCHANGED]
    assert not outcome.fields_changed


class Torn(MemoryAudience):
    """Its first read begins before a command is carried out and ends after it."""

    def __init__(self, twin: Subscribe, torn: Callable[[Snapshot, Snapshot], Snapshot]) -> None:
        super().__init__()
        self.twin: Subscribe | None = twin
        self.torn = torn

    def read(self, wanted: Sequence[SnapshotQuery], latest: float = math.inf) -> Sequence[Snapshot]:
        if self.twin is None:
            return super().read(wanted)
        twin, self.twin = self.twin, None
        (before,) = super().read(wanted)
        Subscribing(self)(twin)
        (after,) = super().read(wanted)
        return [self.torn(before, after)]


def assert_answered_like_a_repetition(command: Subscribe, torn: Callable[[Snapshot, Snapshot], Snapshot]) -> None:
    store = Torn(command, torn)
    (outcome,) = Subscribing(store, sleep=lambda _: None)(command)
    assert isinstance(outcome, DatabaseProcessed)
    assert [part.result for part in outcome.subscriptions] == [Effect.UNCHANGED]
    assert not outcome.fields_changed
    (owner,) = store.content(17).profiles
    assert outcome.profile == owner
    assert_consistent(store.content(17))
    assert_found_by_match_fields(store.content(17), CUSTOMERS)


# The largest change


MANY_KEYS = Database(DatabaseId(17), "many keys", {f"key{n}": FieldType.TEXT for n in range(MAX_MATCH_FIELDS)}, ())
MANY_KEYS = replace(MANY_KEYS, match=tuple(MANY_KEYS.fields))


class Weighing(MemoryAudience):
    """Remembers how large the largest change was."""

    largest = 0

    def commit(self, database: DatabaseId, change: Change) -> None:
        super().commit(database, change)
        self.largest = max(self.largest, len(change))


def ask(store: MemoryAudience, command: Subscribe, now: int = 1_000_000) -> list[Effect | Refused]:
    (outcome,) = Subscribing(store, now=lambda: Seconds(now), sleep=lambda _: None)(command)
    assert isinstance(outcome, DatabaseProcessed)
    assert_consistent(store.content(17))
    assert_found_by_match_fields(store.content(17), MANY_KEYS)
    return [part.result for part in outcome.subscriptions]


def every_key(value: str) -> dict[str, Value]:
    return dict.fromkeys(MANY_KEYS.fields, value)


def in_many(matching: Matching, *asked: DesiredSubscription) -> Subscribe:
    moving = resource(7, MANY_KEYS, conflict=PushTokenConflict.MOVE)
    return request(matching, *asked, through=moving, databases=(MANY_KEYS,))


@pytest.mark.parametrize("history", [0, 1, 2, SPARE_WRITES - 2 * MAX_MATCH_FIELDS, SPARE_WRITES])
@pytest.mark.parametrize("met", [False, True])
def test_a_change_of_every_match_field_and_as_many_profiles_as_subscriptions_is_one_change(history: int, met: bool) -> None:
    store = Weighing()
    tokens = [f"t{n}" for n in range(MAX_SUBSCRIPTIONS)]
    for token in tokens:
        ask(store, in_many(BY_TOKEN, on(token), *(on(f"{token} {n}") for n in range(history))))
        if history:
            ask(store, in_many(BY_TOKEN, *(off(f"{token} {n}") for n in range(history))))
    if met:
        ask(store, setting(in_many(by_id("ann"), on("a")), every_key("old")))
    store.largest = 0
    command = setting(in_many(by_id("ann"), *map(on, tokens)), every_key("new"))
    assert ask(store, command) == [Effect.CHANGED] * MAX_SUBSCRIPTIONS
    assert 2 * MAX_SUBSCRIPTIONS + MAX_MATCH_FIELDS < store.largest <= MAX_WRITES
    assert {key.value for key in store.content(17).keys} == {"new"}


def test_a_change_of_every_match_field_that_cancels_and_forgets_as_much_as_can_be_is_one_change() -> None:
    store = Weighing()
    for start in range(0, MAX_CANCELLED, 20):
        old = [f"old{n}" for n in range(start, start + 20)]
        ask(store, in_many(by_id("ann"), *map(on, old)))
        ask(store, in_many(by_id("ann"), *map(off, old)))
    tokens = [f"t{n}" for n in range(MAX_SUBSCRIPTIONS)]
    ask(store, setting(in_many(by_id("ann"), *map(on, tokens)), every_key("old")))
    store.largest = 0
    command = setting(in_many(by_id("ann"), *map(off, tokens)), every_key("new"))
    assert ask(store, command) == [Effect.CHANGED] * MAX_SUBSCRIPTIONS
    assert store.largest == 1 + 2 * MAX_MATCH_FIELDS + 2 * MAX_SUBSCRIPTIONS


def test_a_login_that_changes_every_match_field_dissolves_a_profile_with_a_short_history_and_leaves_one_with_a_long_one() -> None:
    room = SPARE_WRITES - 2 * MAX_MATCH_FIELDS
    assert room >= 0
    for history, left in ((room, 1), (room + 1, 2)):
        store = Weighing()
        ask(store, in_many(BY_TOKEN, on("a"), *(on(f"t{n}") for n in range(history))))
        ask(store, in_many(BY_TOKEN, *(off(f"t{n}") for n in range(history))))
        assert ask(store, setting(in_many(by_id("ann"), on("a")), every_key("new"))) == [Effect.CHANGED]
        assert len(store.content(17).profiles) == left
