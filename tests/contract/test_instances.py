"""What instances ask for, on every audience store: the one in memory and the one in DynamoDB, on the local engine."""

import secrets
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import pytest

from pushhub.adapters.dynamodb.audience import DynamoAudience
from pushhub.adapters.dynamodb.schema import audience as schema
from pushhub.adapters.dynamodb.schema.items import Item, to_wire
from pushhub.audience.changes import Change, ProfileUpdate
from pushhub.audience.erasing import Erasing
from pushhub.audience.instances import Deactivate, Instances, NoteEvent, Register, ReportInstance
from pushhub.audience.model import MAX_HAPPENED, Address, OffsetBefore, Profile, ProfileId, Subscription
from pushhub.audience.port import AudienceStore, SnapshotQuery
from pushhub.audience.retiring import Retire, Retiring
from pushhub.catalog.model import Database, DatabaseId, Resource
from pushhub.catalog.providers import Provider, PushToken
from pushhub.faults import LostRaceError
from pushhub.moments import Milliseconds, Seconds
from tests.conftest import Hub
from tests.contract.sendings_table import RecordingClient
from tests.contract.test_audience_store import content_of
from tests.doubles.audience import MemoryAudience
from tests.doubles.instances import APP_DOOR, INSTALLS, token
from tests.doubles.invariants import assert_consistent

READ, WRITE = "batch_get_item", "transact_write_items"


@dataclass
class App:
    """An app whose database no other test writes to; its time stands until a test moves it."""

    store: AudienceStore
    database: Database
    time: int = 1000

    @property
    def door(self) -> Resource:
        return replace(APP_DOOR, databases=(self.database.id,))

    @property
    def instances(self) -> Instances:
        return Instances(self.store, now=lambda: Seconds(self.time), sleep=lambda _: None)

    def register(self, profile: str, **fields: Any) -> bool:
        return self.instances.register(Register(self.database, ProfileId(profile), fields))

    def report(self, profile: str, push_token: str | None = None, *, drawn_by_app: bool = False, **fields: Any) -> bool:
        subscription = token(push_token, drawn_by_app=drawn_by_app) if push_token else None
        return self.instances.report(ReportInstance(self.door, self.database, ProfileId(profile), fields, subscription)).stored

    def cut_off(self, profile: str) -> bool:
        return self.instances.report(ReportInstance(self.door, self.database, ProfileId(profile), unreachable=True)).stored

    def deactivate(self, profile: str) -> None:
        self.instances.deactivate(Deactivate(self.door, self.database, ProfileId(profile)))

    def note(self, profile: str, code: str) -> bool:
        return self.instances.note(NoteEvent(self.database, ProfileId(profile), code))

    def profile(self, id_: str) -> Profile:
        (snapshot,) = self.store.read([SnapshotQuery(self.database.id, profiles=frozenset({ProfileId(id_)}))])
        found = snapshot.profiles[ProfileId(id_)]
        assert found
        return found

    def stored(self, push_token: str) -> Subscription | None:
        address = Address(Provider("android-firebase"), PushToken(push_token))
        (snapshot,) = self.store.read([SnapshotQuery(self.database.id, (address,))])
        return snapshot.subscription_of(address)


def app_on(store: AudienceStore) -> App:
    return App(store, replace(INSTALLS, id=DatabaseId(secrets.randbelow(2**31))))


@pytest.fixture(params=["memory", "dynamodb"])
def app(request: pytest.FixtureRequest) -> App:
    if request.param == "memory":
        return app_on(MemoryAudience())
    hub: Hub = request.getfixturevalue("hub")
    return app_on(hub.audience())


@pytest.fixture
def recorder(hub: Hub) -> RecordingClient:
    return RecordingClient(hub.connection.client("dynamodb"))


@pytest.fixture
def counted(hub: Hub, recorder: RecordingClient) -> App:
    """Give an app on DynamoDB whose calls are counted."""
    return app_on(DynamoAudience(recorder, hub.connection.outputs["AudienceTable"]))  # type: ignore[arg-type]


def test_the_life_of_an_instance(app: App) -> None:
    assert app.register("ann", ext_id="")
    assert not app.register("ann")
    assert app.report("ann", "a", country="DE", tz_sec=3600)
    assert not app.report("ann", "a", country="FR", tz_sec=3600)
    app.time += 60
    assert app.report("ann", "a", country="FR", tz_sec=7200)
    assert app.note("ann", "reg")
    assert not app.note("ann", "reg")
    assert app.report("ann", "b", drawn_by_app=True, country="ES")
    ann, b = app.profile("ann"), app.stored("b")
    assert (ann.fields, ann.happened, ann.informed) == ({"country": "ES", "tz_sec": 7200}, {"reg": 1060}, 1060)
    assert ann.offset_before
    assert (ann.offset_before.offset, ann.offset_before.until) == (3600, 1060)
    assert b
    assert (b.live, b.drawn_by_app, set(ann.live)) == (True, True, {b.ref})
    assert app.register("bob")
    assert app.report("bob", "b", drawn_by_app=True)
    assert not app.profile("ann").live
    app.deactivate("bob")
    assert not app.profile("bob").live
    assert app.report("ann", "b", drawn_by_app=True)
    assert app.cut_off("ann")
    assert not app.cut_off("ann")
    assert not app.profile("ann").live
    assert Erasing(app.store)(app.database.id, ProfileId("ann"))
    assert app.report("ann", "b")
    assert (app.profile("ann").fields, app.profile("ann").happened) == ({}, {})


def test_a_profile_of_the_release_before_learns_all_that_an_instance_tells(
    hub: Hub, counted: App, recorder: RecordingClient
) -> None:
    before_items(hub, counted)
    old = counted.profile("old")
    assert (old.happened, old.informed, old.offset_before) == ({}, None, None)
    recorder.operations.clear()
    assert counted.note("old", "reg")
    assert recorder.operations == [READ, WRITE]
    assert counted.report("old", "a", drawn_by_app=True, tz_sec=60)
    old, a = counted.profile("old"), counted.stored("a")
    assert old.offset_before == OffsetBefore(0, Seconds(1000))
    assert (old.happened, old.informed, old.fields["tz_sec"]) == ({"reg": 1000}, 1000, 60)
    assert a
    assert (a.drawn_by_app, a.version) == (True, 4)


def before_items(hub: Hub, app: App) -> None:
    """Write a profile and its subscription as the release before did."""
    ref = Address(Provider("android-firebase"), PushToken("a")).ref
    profile = schema.profile_key(app.database.id, ProfileId("old")) | schema.reach_key(app.database.id, ProfileId("old"))
    states = {"41": {"state": "active", "at": 5}}
    items: Sequence[Item] = [
        profile
        | {"v": 1, "origin": "id", "fields": {"tz_sec": 0}, "keys": {}, "live": {ref: 5}, "cancelled": {}}
        | {"created": 5, "updated": 5},
        schema.subscription_key(app.database.id, ref)
        | {"v": 1, "token": "a", "profile": "old", "resources": states, "anonymous": False}
        | {"created": 5, "seen": 900, "version": 3},
    ]
    for item in items:
        hub.connection.client("dynamodb").put_item(TableName=hub.connection.outputs["AudienceTable"], Item=to_wire(item))


def test_a_field_that_a_profile_was_to_get_where_it_had_none_is_not_replaced(app: App) -> None:
    """A report that tells the field at the same time wins: a registration repeats what it has read, and finds it there."""
    app.report("ann", ext_id="of the report")
    update = ProfileUpdate(ProfileId("ann"), Seconds(app.time), fields={"ext_id": "late"}, replaced={"ext_id": None})
    with pytest.raises(LostRaceError):
        app.store.commit(app.database.id, Change(profiles=(update,)))
    assert not app.register("ann", ext_id="late")
    assert app.profile("ann").fields == {"ext_id": "of the report"}


@dataclass(frozen=True)
class Cost:
    """What an instance costs that has registered and reported push token `a`."""

    text: str
    act: Callable[[App], object]
    calls: list[str]


COSTS = [
    Cost("a registration", lambda app: app.register("new"), [READ, WRITE]),
    Cost("a known registration", lambda app: app.register("ann"), [READ]),
    Cost("a registration of a known one without ext_id", lambda app: app.register("ann", ext_id="user"), [READ, WRITE]),
    Cost("a first report", lambda app: app.report("new", "n", country="DE"), [READ, WRITE]),
    Cost("a plain report", lambda app: app.report("ann", "a", country="DE"), [READ]),
    Cost("an early report", lambda app: app.report("ann", "a", country="FR"), [READ]),
    Cost("a login", lambda app: app.report("bob", "a"), [READ, WRITE]),
    Cost("another push token", lambda app: app.report("ann", "b"), [READ, READ, WRITE]),
    Cost("a deactivation", lambda app: app.deactivate("ann"), [READ, READ, WRITE]),
    Cost("an event", lambda app: app.note("ann", "reg"), [READ, WRITE]),
]


@pytest.mark.parametrize("cost", COSTS, ids=lambda cost: cost.text)
def test_what_a_call_costs(counted: App, recorder: RecordingClient, cost: Cost) -> None:
    counted.register("ann")
    counted.report("ann", "a", country="DE")
    recorder.operations.clear()
    cost.act(counted)
    assert recorder.operations == cost.calls


def test_identical_registrations_at_one_time_make_one_profile(hub: Hub) -> None:
    app = app_on(hub.audience())
    with ThreadPoolExecutor(16) as pool:
        made = list(pool.map(lambda _: app.register("ann"), range(32)))
    assert sum(made) == 1
    with ThreadPoolExecutor(16) as pool:
        noted = list(pool.map(lambda n: settled(lambda: app.note("ann", f"e{n % 4}")), range(32)))
    assert sum(each or False for each in noted) <= 4
    assert set(app.profile("ann").happened) <= {"e0", "e1", "e2", "e3"}
    assert sum(each or False for each in noted) == len(app.profile("ann").happened)


def settled[Answer](call: Callable[[], Answer]) -> Answer | None:
    with suppress(LostRaceError):
        return call()
    return None


@pytest.mark.parametrize("attempt", range(4))
def test_a_storm_of_instances_leaves_every_push_token_one_owner_and_every_instance_one_push_token(hub: Hub, attempt: int) -> None:
    """Three users on two devices register, report, log in and out, deactivate and die, sixteen at a time."""
    app = app_on(hub.audience())
    users, push_tokens = ["ann", "bob", "joe"], ["a", "b"]

    def act(number: int) -> None:
        user, push_token = users[number % 3], push_tokens[number // 3 % 2]
        deeds: list[Callable[[], object]] = [
            lambda: app.register(user),
            lambda: app.report(user, push_token, country=f"C{number}", tz_sec=60 * number),
            lambda: app.report(user, push_token, drawn_by_app=number % 4 == 0),
            lambda: app.deactivate(user),
            lambda: app.note(user, f"e{number % 5}"),
            lambda: app.cut_off(user),
            lambda: die(app, push_token),
        ]
        settled(deeds[(number + attempt) % len(deeds)])

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(act, range(84)))
    content = content_of(hub, app.database.id)
    assert_consistent(content)
    assert set(content.profiles) <= set(users)
    assert all(len(profile.live) <= 1 for profile in content.profiles.values())
    assert all(len(profile.happened) <= MAX_HAPPENED for profile in content.profiles.values())
    app.time += 60
    for user, push_token in zip(users, ["a", "b", "a"], strict=True):
        app.report(user, push_token, country="XX")
    content = content_of(hub, app.database.id)
    assert_consistent(content)
    assert {user: content.profiles[ProfileId(user)].fields["country"] for user in users} == dict.fromkeys(users, "XX")
    owners = {stored.address.push_token: stored.profile for stored in content.subscriptions.values() if stored.live}
    assert owners == {"a": "joe", "b": "bob"}


def die(app: App, push_token: str) -> None:
    if stored := app.stored(push_token):
        Retiring(app.store, sleep=lambda _: None)(Retire(app.database.id, stored, "UNREGISTERED", 7, Milliseconds(10**15)))
