"""What comes of what instances of an app ask for, and what it costs."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import pytest

from pushhub.audience.changes import Change
from pushhub.audience.command import MAX_SUBSCRIPTIONS, ById, ByPushToken, DatabaseProcessed, DesiredSubscription, Reason
from pushhub.audience.erasing import Erasing
from pushhub.audience.instances import Instances, Register, Reported, ReportInstance
from pushhub.audience.matching import SEEN_FRESH_FOR
from pushhub.audience.model import MAX_HAPPENED, MAX_LIVE, Address, OffsetBefore, Origin, Profile, ProfileId, Subscription
from pushhub.audience.reports import MIN_REPORT_SECONDS
from pushhub.audience.retiring import Retire, RetireEffect, Retiring
from pushhub.audience.subscribing import Subscribing
from pushhub.audience.values import Value
from pushhub.catalog.model import DatabaseId, FieldType, Resource
from pushhub.catalog.providers import Provider, PushToken
from pushhub.faults import LostRaceError, UnavailableError
from pushhub.moments import Milliseconds, Seconds
from tests.doubles.audience import DatabaseContent, MemoryAudience
from tests.doubles.instances import (
    APP_DOOR,
    INSTALLS,
    OTHER_DOOR,
    deactivate,
    note,
    register,
    report,
    token,
    unreachable,
)
from tests.doubles.invariants import assert_consistent
from tests.doubles.requests import BY_TOKEN, by_id, by_number, request, setting

STARTED = 1_000_000
NOTHING = Reported(stored=False)
STORED = Reported(stored=True)
MADE = Reported(stored=True, profile_made=True)


@dataclass
class World:
    """A database that instances of an app report to; its time stands until a test moves it."""

    store: MemoryAudience = field(default_factory=MemoryAudience)
    time: int = STARTED

    @property
    def instances(self) -> Instances:
        return Instances(self.store, now=self.now, sleep=lambda _: None)

    @property
    def content(self) -> DatabaseContent:
        return self.store.content(INSTALLS.id)

    def now(self) -> Seconds:
        return Seconds(self.time)

    def register(self, command: Register) -> bool:
        return self.instances.register(command)

    def report(self, command: ReportInstance, *, after: int = 0) -> Reported:
        """Report so many seconds later."""
        self.time += after
        reported = self.instances.report(command)
        assert_consistent(self.content)
        return reported

    def subscribe(
        self, matching: ByPushToken | ById, *desired: DesiredSubscription, through: Resource = OTHER_DOOR, **fields: Value
    ) -> DatabaseProcessed:
        """Subscribe through another door of the hub."""
        command = setting(request(matching, *desired, through=through, databases=(INSTALLS,)), fields)
        (outcome,) = Subscribing(self.store, now=self.now, new_id=lambda: ProfileId("made"), sleep=lambda _: None)(command)
        assert isinstance(outcome, DatabaseProcessed)
        assert_consistent(self.content)
        return outcome

    def profile(self, id_: str) -> Profile:
        return self.content.profiles[ProfileId(id_)]

    def stored(self, push_token: str, provider: str = "android-firebase") -> Subscription:
        return self.content.subscriptions[Address(Provider(provider), PushToken(push_token)).ref]

    def live_of(self, id_: str) -> set[str]:
        return {str(self.content.subscriptions[ref].address.push_token) for ref in self.profile(id_).live}

    @contextmanager
    def costs(self, reads: int, commits: int) -> Iterator[None]:
        before = self.store.reads, self.store.commits
        yield
        assert (self.store.reads - before[0], self.store.commits - before[1]) == (reads, commits)


@pytest.fixture
def world() -> World:
    return World()


# Registrations


def test_a_registration_makes_a_profile_without_subscription_by_one_read_and_one_write(world: World) -> None:
    with world.costs(reads=1, commits=1):
        assert world.register(register("phone", {"ext_id": "bob"}))
    made = world.profile("phone")
    assert (made.origin, made.fields, made.live, made.cancelled) == (Origin.ID, {"ext_id": "bob"}, {}, {})
    assert (made.created, made.informed, made.anonymous) == (STARTED, None, False)


def test_a_registration_of_a_known_instance_writes_nothing(world: World) -> None:
    world.register(register("phone", {"ext_id": "bob"}))
    before = world.profile("phone")
    world.time += 1000
    with world.costs(reads=1, commits=0):
        assert not world.register(register("phone", {"ext_id": "ann"}))
    assert world.profile("phone") == before


def test_a_registration_finds_a_profile_that_another_door_has_made(world: World) -> None:
    world.subscribe(by_id("phone"), token("a"))
    assert not world.register(register("phone"))


def test_a_registration_gives_an_ext_id_to_a_profile_that_was_erased_and_came_back_with_a_report(world: World) -> None:
    world.report(report("phone", token("a"), country="DE"))
    with world.costs(reads=1, commits=1):
        assert not world.register(register("phone", {"ext_id": "bob"}))
    assert world.profile("phone").fields == {"country": "DE", "ext_id": "bob"}
    assert world.live_of("phone") == {"a"}
    with world.costs(reads=1, commits=0):
        assert not world.register(register("phone", {"ext_id": "bob"}))
    assert_consistent(world.content)


def test_whether_an_instance_is_known_is_asked_by_one_read(world: World) -> None:
    with world.costs(reads=1, commits=0):
        assert not world.instances.knows(INSTALLS, ProfileId("phone"))
    world.register(register("phone"))
    assert world.instances.knows(INSTALLS, ProfileId("phone"))


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({"country": "DE", "language": "en-US", "audiences": "a,b", "ext_id": "bob", "tz_sec": -3600}, True),
        ({"country": ""}, False),
        ({"country": "x" * 1025}, False),
        ({"language": 7}, False),
        ({"tz_sec": "soon"}, False),
        ({"tz_sec": True}, False),
        ({"number": 1}, False),
        ({"nick": "Ann"}, False),
        ({"unheard_of": "x"}, False),
    ],
    ids=[
        "fields of filters",
        "empty",
        "too long",
        "a number",
        "no number",
        "a boolean",
        "match field",
        "other field",
        "undeclared",
    ],
)
def test_only_fields_that_filters_read_are_set_and_misfits_are_left_out(
    world: World, given: Mapping[str, Value], kept: bool
) -> None:
    expected = given if kept else {}
    world.register(register("phone", {**given, "ext_id": "bob"}))
    assert world.profile("phone").fields == {"ext_id": "bob", **expected}
    assert world.report(replace(report("tablet"), fields={**given, "ext_id": "bob"})) == MADE
    assert world.profile("tablet").fields == {"ext_id": "bob", **expected}


def test_an_open_call_sets_no_match_field_and_none_that_the_database_lacks(world: World) -> None:
    matching = replace(INSTALLS, fields={"ext_id": FieldType.TEXT, "country": FieldType.TEXT}, match=("ext_id",))
    world.register(register("phone", {"ext_id": "bob", "country": "DE", "language": "de"}, matching))
    assert world.profile("phone").fields == {"country": "DE"}
    assert not world.content.keys


# Reports


def test_a_first_report_subscribes_by_one_read_and_one_write(world: World) -> None:
    world.register(register("phone"))
    with world.costs(reads=1, commits=1):
        assert world.report(report("phone", token("a"), country="DE", tz_sec=3600)) == STORED
    phone = world.profile("phone")
    assert (phone.fields, phone.informed, world.live_of("phone")) == ({"country": "DE", "tz_sec": 3600}, STARTED, {"a"})


def test_a_report_that_changes_nothing_writes_nothing_whenever_it_comes(world: World) -> None:
    world.report(report("phone", token("a"), country="DE"))
    for pause in (1, MIN_REPORT_SECONDS, 24 * 3600):
        with world.costs(reads=1, commits=0):
            assert world.report(report("phone", token("a"), country="DE"), after=pause) == NOTHING


def test_a_report_makes_a_profile_again_that_is_gone(world: World) -> None:
    world.report(report("phone", token("a"), country="DE"))
    Erasing(world.store, now=world.now)(INSTALLS.id, ProfileId("phone"))
    with world.costs(reads=1, commits=1):
        assert world.report(report("phone", token("a"), country="DE"), after=1) == MADE
    assert (world.profile("phone").informed, world.live_of("phone")) == (STARTED + 1, {"a"})


def test_a_report_without_push_token_makes_a_profile_and_keeps_the_push_token_of_one(world: World) -> None:
    assert world.report(report("phone", country="DE")) == MADE
    assert world.profile("phone").informed == STARTED
    world.report(report("phone", token("a"), country="DE"))
    with world.costs(reads=1, commits=1):
        assert world.report(report("phone", country="FR"), after=100) == STORED
    assert world.live_of("phone") == {"a"}


def test_an_early_report_of_fields_alone_is_not_stored(world: World) -> None:
    world.report(report("phone", token("a"), country="DE"))
    with world.costs(reads=1, commits=0):
        assert world.report(report("phone", token("a"), country="FR"), after=MIN_REPORT_SECONDS - 1) == NOTHING
    with world.costs(reads=1, commits=1):
        assert world.report(report("phone", token("a"), country="FR"), after=1) == STORED
    assert (world.profile("phone").fields["country"], world.profile("phone").informed) == ("FR", STARTED + MIN_REPORT_SECONDS)
    assert world.report(report("phone", token("a"), country="ES"), after=1) == NOTHING


def test_a_report_soon_after_the_registration_is_not_early(world: World) -> None:
    world.register(register("phone"))
    assert world.report(report("phone", token("a"), country="DE")) == STORED
    assert world.report(report("tablet", country="DE")) == MADE


def test_a_report_is_early_to_a_clock_that_is_behind_too(world: World) -> None:
    world.report(report("phone", token("a"), country="DE"))
    assert world.report(report("phone", token("a"), country="FR"), after=-2) == NOTHING
    assert world.report(report("phone", token("a"), country="FR"), after=-MIN_REPORT_SECONDS) == STORED


@pytest.mark.parametrize(
    "other",
    [token("b"), token("a", "ios-apns"), token("a", drawn_by_app=True)],
    ids=["push token", "provider", "drawn by the app"],
)
def test_an_early_report_of_another_transport_is_stored_with_its_fields(world: World, other: DesiredSubscription) -> None:
    world.report(report("phone", token("a"), country="DE"))
    assert world.report(report("phone", other, country="FR"), after=1) == STORED
    after = world.stored(str(other.push_token), other.provider)
    assert (after.live, after.profile, after.drawn_by_app) == (True, "phone", other.drawn_by_app)
    assert (world.profile("phone").fields["country"], world.profile("phone").informed) == ("FR", STARTED + 1)
    assert len(world.profile("phone").live) == 1


def test_another_push_token_takes_the_place_of_the_one_before_by_two_reads_and_one_write(world: World) -> None:
    world.report(report("phone", token("a")))
    with world.costs(reads=2, commits=1):
        assert world.report(report("phone", token("b")), after=1) == STORED
    assert world.live_of("phone") == {"b"}
    assert not world.stored("a").live
    with world.costs(reads=1, commits=0):
        assert world.report(report("phone", token("b")), after=1) == NOTHING


def test_a_push_token_that_comes_back_is_live_again_at_once(world: World) -> None:
    for pause, push_token in enumerate("aba"):
        assert world.report(report("phone", token(push_token)), after=pause).stored
    assert world.live_of("phone") == {"a"}


def test_another_push_token_leaves_what_other_doors_have_subscribed(world: World) -> None:
    world.report(report("phone", token("a")))
    world.subscribe(by_id("phone"), token("other"))
    world.subscribe(by_id("phone"), token("a"))
    assert world.report(report("phone", token("b")), after=1) == STORED
    assert world.live_of("phone") == {"a", "other", "b"}
    states = {int(door): str(state) for door, (state, _) in world.stored("a").resources.items()}
    assert states == {41: "cancelled", 42: "active"}
    assert set(world.stored("other").resources) == {42}


def test_a_push_token_of_this_door_that_another_way_brought_stays_until_another_replaces_it(world: World) -> None:
    world.report(report("phone", token("a")))
    world.subscribe(by_id("phone"), token("b"), through=APP_DOOR)
    with world.costs(reads=1, commits=0):
        assert world.report(report("phone", token("a")), after=100) == NOTHING
    assert world.live_of("phone") == {"a", "b"}
    world.report(report("phone", token("c")))
    assert world.live_of("phone") == {"c"}


def test_a_full_profile_has_room_for_what_takes_the_place_of_another(world: World) -> None:
    world.report(report("phone", token("mine")))
    for first in range(0, MAX_LIVE - 1, 33):
        world.subscribe(by_id("phone"), *(token(f"t{n}") for n in range(first, first + 33)))
    assert len(world.profile("phone").live) == MAX_LIVE
    assert world.report(report("phone", token("new"))) == STORED
    assert world.stored("new").live
    assert not world.stored("mine").live


def test_one_report_cancels_as_many_others_as_a_request_may_name(world: World) -> None:
    for first in (0, 30):
        world.subscribe(by_id("phone"), *(token(f"t{n}") for n in range(first, first + 30)), through=APP_DOOR)
        world.time += 1
    assert world.report(report("phone", token("new"))) == STORED
    left = world.live_of("phone") - {"new"}
    assert len(left) == 60 - (MAX_SUBSCRIPTIONS - 1)
    assert left <= {f"t{n}" for n in range(30, 60)}, "those live for the longest time go first"


def test_a_login_moves_the_push_token_and_a_logout_moves_it_back_by_one_read_and_one_write(world: World) -> None:
    world.report(report("nobody", token("a")))
    with world.costs(reads=1, commits=1):
        assert world.report(report("bob", token("a")), after=1) == MADE
    assert (world.live_of("nobody"), world.live_of("bob")) == (set(), {"a"})
    with world.costs(reads=1, commits=1):
        assert world.report(report("nobody", token("a")), after=1) == STORED
    assert (world.live_of("nobody"), world.live_of("bob")) == ({"a"}, set())


def test_a_report_takes_the_push_token_of_a_profile_that_nobody_knows_and_that_is_deleted(world: World) -> None:
    world.subscribe(BY_TOKEN, token("a"), through=APP_DOOR)
    world.report(report("phone", token("a")))
    assert set(world.content.profiles) == {"phone"}


def test_a_push_token_moves_and_replaces_at_one_time(world: World) -> None:
    world.report(report("ann", token("a")))
    world.report(report("bob", token("b")))
    assert world.report(report("bob", token("a"))) == STORED
    assert (world.live_of("ann"), world.live_of("bob")) == (set(), {"a"})
    assert not world.stored("b").live


def test_a_retired_push_token_is_revived_by_a_report(world: World) -> None:
    world.report(report("phone", token("a")))
    retiring = Retiring(world.store, now=world.now)
    assert retiring(retire_command(world, "a")) is RetireEffect.RETIRED
    with world.costs(reads=1, commits=1):
        assert world.report(report("phone", token("a")), after=1) == STORED
    assert (world.stored("a").live, world.stored("a").retired) == (True, None)


def test_a_push_token_is_seen_once_a_week(world: World) -> None:
    world.report(report("phone", token("a"), country="DE"))
    with world.costs(reads=1, commits=1):
        assert world.report(report("phone", token("a"), country="DE"), after=SEEN_FRESH_FOR + 1) == NOTHING
    assert (world.stored("a").seen, world.profile("phone").informed) == (world.time, STARTED)


@pytest.mark.parametrize(
    ("desired", "reason"),
    [
        (token("a", "android-huawei"), Reason.PROVIDER_NOT_ALLOWED),
        (token("a", "carrier-pigeon"), Reason.UNKNOWN_PROVIDER),
    ],
)
def test_fields_are_stored_although_the_push_token_is_refused(world: World, desired: DesiredSubscription, reason: Reason) -> None:
    reported = world.report(report("phone", desired, country="DE"))
    assert (reported.stored, reported.refused and reported.refused.reason) == (True, reason)
    assert (world.profile("phone").fields, world.profile("phone").live) == ({"country": "DE"}, {})
    again = world.report(report("phone", desired, country="DE"), after=100)
    assert (again.stored, again.refused) == (False, reported.refused)


def test_a_push_token_without_room_is_refused_and_the_others_stay(world: World) -> None:
    for first in range(0, MAX_LIVE, 25):
        world.subscribe(by_id("phone"), *(token(f"t{n}") for n in range(first, first + 25)))
    reported = world.report(report("phone", token("new"), country="DE"))
    assert (reported.stored, reported.refused and reported.refused.reason) == (True, Reason.TOO_MANY_SUBSCRIPTIONS)
    assert len(world.profile("phone").live) == MAX_LIVE


def test_a_device_that_cannot_be_reached_loses_its_push_token_of_this_door(world: World) -> None:
    world.report(report("phone", token("a"), country="DE"))
    world.subscribe(by_id("phone"), token("other"))
    with world.costs(reads=2, commits=1):
        assert world.report(unreachable("phone", country="DE"), after=1) == STORED
    assert world.live_of("phone") == {"other"}
    with world.costs(reads=2, commits=0):
        assert world.report(unreachable("phone", country="DE"), after=1) == NOTHING


def test_a_device_that_could_never_be_reached_costs_one_read(world: World) -> None:
    assert world.report(unreachable("phone", country="DE")) == MADE
    with world.costs(reads=1, commits=0):
        assert world.report(unreachable("phone", country="DE"), after=100) == NOTHING


# Deactivations


def test_a_deactivation_cancels_by_two_reads_and_one_write_and_the_next_report_subscribes_again(world: World) -> None:
    world.report(report("phone", token("a")))
    with world.costs(reads=2, commits=1):
        world.instances.deactivate(deactivate("phone"))
    assert (world.live_of("phone"), set(world.profile("phone").cancelled)) == (set(), {world.stored("a").ref})
    with world.costs(reads=1, commits=0):
        world.instances.deactivate(deactivate("phone"))
    assert world.report(report("phone", token("a")), after=1) == STORED
    assert world.live_of("phone") == {"a"}


def test_a_deactivation_of_nobody_makes_nobody(world: World) -> None:
    with world.costs(reads=1, commits=0):
        world.instances.deactivate(deactivate("phone"))
    assert not world.content.profiles


# Events


def test_an_event_is_noted_once(world: World) -> None:
    world.register(register("phone"))
    with world.costs(reads=1, commits=1):
        assert world.instances.note(note("phone", "reg"))
    world.time += 5
    with world.costs(reads=1, commits=0):
        assert not world.instances.note(note("phone", "reg"))
    assert world.instances.note(note("phone", "dep"))
    assert world.profile("phone").happened == {"reg": STARTED, "dep": STARTED + 5}


def test_a_profile_notes_so_many_events_and_no_more(world: World) -> None:
    world.register(register("phone"))
    assert all(world.instances.note(note("phone", f"e{n}")) for n in range(MAX_HAPPENED))
    with world.costs(reads=1, commits=0):
        assert not world.instances.note(note("phone", "one_more"))
    assert len(world.profile("phone").happened) == MAX_HAPPENED


def test_no_event_is_noted_of_nobody(world: World) -> None:
    with world.costs(reads=1, commits=0):
        assert not world.instances.note(note("phone", "reg"))


def test_events_outlive_reports_and_logins(world: World) -> None:
    world.report(report("phone", token("a"), tz_sec=0))
    world.instances.note(note("phone", "reg"))
    world.report(report("phone", token("b"), tz_sec=3600), after=100)
    world.report(report("bob", token("b")))
    world.instances.note(note("phone", "dep"))
    assert world.profile("phone").happened == {"reg": STARTED, "dep": STARTED + 100}
    assert world.profile("phone").offset_before == OffsetBefore(0, Seconds(STARTED + 100))
    assert not world.profile("bob").happened


# What the app draws itself


def test_a_door_that_does_not_say_who_draws_leaves_that_as_it_is(world: World) -> None:
    world.report(report("phone", token("a", drawn_by_app=True)))
    plain = DesiredSubscription("android-firebase", PushToken("a"))
    world.subscribe(by_id("phone"), plain)
    assert world.stored("a").drawn_by_app
    world.subscribe(by_id("joe"), plain, through=APP_DOOR)
    assert (world.stored("a").profile, world.stored("a").drawn_by_app) == ("joe", True)
    world.subscribe(by_id("joe"), DesiredSubscription("android-firebase", PushToken("b")))
    assert not world.stored("b").drawn_by_app


def test_who_draws_survives_a_cancellation_and_a_retirement(world: World) -> None:
    world.report(report("phone", token("a", drawn_by_app=True)))
    world.instances.deactivate(deactivate("phone"))
    assert world.stored("a").drawn_by_app
    world.report(report("phone", token("a", drawn_by_app=True)))
    Retiring(world.store, now=world.now)(retire_command(world, "a"))
    assert world.stored("a").drawn_by_app


def test_the_report_of_a_profile_that_takes_a_push_token_says_who_draws(world: World) -> None:
    world.report(report("phone", token("a", drawn_by_app=True)))
    world.report(report("bob", token("a")))
    assert not world.stored("a").drawn_by_app


# The offset before


@pytest.mark.parametrize(("before", "offset"), [({"tz_sec": -3600}, -3600), ({}, 0)], ids=["another", "none"])
def test_a_profile_remembers_the_offset_before_the_one_it_has(world: World, before: dict[str, Value], offset: int) -> None:
    world.report(report("phone", token("a"), **before))
    assert world.profile("phone").offset_before is None
    assert world.report(report("phone", token("a"), tz_sec=7200), after=100) == STORED
    assert world.profile("phone").offset_before == OffsetBefore(offset, Seconds(STARTED + 100))
    world.report(report("phone", token("a"), tz_sec=7200, country="DE"), after=100)
    assert world.profile("phone").offset_before == OffsetBefore(offset, Seconds(STARTED + 100))


def test_an_installation_has_the_offset_that_it_tells_with_its_device_from_its_beginning(world: World) -> None:
    """Nothing was ever pushed to it at an hour of UTC, in which it counted as one that has told none."""
    world.register(register("phone"))
    assert world.report(report("phone", token("a"), tz_sec=-10800), after=10) == STORED
    assert world.profile("phone").offset_before == OffsetBefore(-10800, Seconds(STARTED + 10))


def test_whichever_door_changes_the_offset_the_one_before_is_remembered(world: World) -> None:
    world.subscribe(by_id("phone"), token("a"), tz_sec=3600)
    assert world.profile("phone").offset_before is None
    world.time += 10
    world.subscribe(by_id("phone"), token("a"), tz_sec=7200)
    assert world.profile("phone").offset_before == OffsetBefore(3600, Seconds(STARTED + 10))


def test_an_offset_that_another_declaration_of_the_field_left_counts_as_none(world: World) -> None:
    world.register(register("phone"))
    id_ = ProfileId("phone")
    world.content.profiles[id_] = replace(world.profile("phone"), fields={"tz_sec": "+01:00"})
    world.report(report("phone", tz_sec=7200))
    assert world.profile("phone").offset_before == OffsetBefore(0, Seconds(STARTED))


# Faults


def test_nothing_is_committed_after_the_deadline(world: World) -> None:
    late = replace(world.instances, clock=lambda: 10.0)
    for call in (
        lambda: late.register(register("phone"), 9),
        lambda: late.report(report("phone", token("a")), 9),
    ):
        with pytest.raises(UnavailableError, match="time was up"):
            call()
    assert not world.content.profiles


def test_what_never_wins_its_race_says_so(world: World) -> None:
    class Busy(MemoryAudience):
        def commit(self, database: DatabaseId, change: Change) -> None:
            raise LostRaceError("busy")

    busy = Instances(Busy(), sleep=lambda _: None)
    for call in (lambda: busy.register(register("phone")), lambda: busy.report(report("phone", token("a")))):
        with pytest.raises(LostRaceError):
            call()


def test_a_profile_of_a_match_field_is_left_to_its_own_doors(world: World) -> None:
    world.subscribe(by_id("phone"), token("a"), number=1)
    outcome = Subscribing(world.store, now=world.now)(request(by_number(1), token("a"), through=OTHER_DOOR, databases=(INSTALLS,)))
    assert isinstance(outcome[0], DatabaseProcessed)
    assert outcome[0].profile == "phone"
    assert world.report(report("phone", token("a"), country="DE")) == STORED
    assert world.profile("phone").fields == {"number": 1, "country": "DE"}


def retire_command(world: World, push_token: str) -> Retire:
    return Retire(INSTALLS.id, world.stored(push_token), "UNREGISTERED", 7, Milliseconds(1000 * world.time + 1))
