"""The endpoint: hostile bodies, failing stores, and what its replies say."""

import itertools
import json
import math
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pushhub.audience.command import Reason, Refused
from pushhub.audience.port import Snapshot, SnapshotQuery
from pushhub.audience.subscribing import Subscribing
from pushhub.catalog.cached import CachedCatalog
from pushhub.catalog.model import Catalog, Database, DatabaseId, ResourceId, WayOfMatching
from pushhub.dialects.altcraft.subscribe.endpoint import PushSubscribe
from pushhub.dialects.altcraft.subscribe.errors import MAX_ECHOED_BYTES, SubscribeRefusal, description_of
from pushhub.dialects.http import Answer
from pushhub.faults import LostRaceError, UnavailableError
from tests.doubles.audience import MemoryAudience
from tests.doubles.http import http_request
from tests.wire.golden import catalog_of

TOKEN = "3LXP2FRcRxJ-7b14db88ec937f14"
CATALOG = catalog_of("push_subscribe")


def endpoint(store: MemoryAudience | None = None) -> PushSubscribe:
    return PushSubscribe(CachedCatalog(lambda: CATALOG), Subscribing(store or MemoryAudience(), sleep=lambda _: None))


def ask(serve: PushSubscribe, body: bytes) -> Answer:
    return serve(http_request(body))


def body(**fields: object) -> bytes:
    document = {"resource_token": TOKEN, "subscriptions": [{"provider": "ios-apns", "subscription_id": "a"}], **fields}
    return json.dumps(document).encode()


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
anything = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner), max_leaves=8)
maybe_right = st.fixed_dictionaries(
    {},
    optional={
        "resource_token": st.just(TOKEN) | anything,
        "id": st.sampled_from(["ann", "", None]) | anything,
        "db_ids": st.lists(st.integers(0, 40), max_size=3) | anything,
        "matching": st.sampled_from(["custom", "profile_id", "", None]) | anything,
        "field_name": st.sampled_from(["CustomNumber1", "nick", "email"]) | anything,
        "field_value": anything,
        "subscriptions": st.lists(
            st.fixed_dictionaries(
                {},
                optional={
                    "provider": st.sampled_from(["ios-apns", "x"]) | anything,
                    "subscription_id": st.sampled_from(["a", "b"]) | anything,
                    "unsubscribe": st.booleans() | anything,
                },
            ),
            max_size=3,
        )
        | anything,
    },
)


@settings(max_examples=500, deadline=None)
@given(maybe_right)
def test_whatever_the_fields_hold_the_answer_is_a_documented_one(document: dict[str, object]) -> None:
    store = MemoryAudience()
    reply = ask(endpoint(store), json.dumps(document).encode()).reply
    answer = json.loads(reply.body)
    assert set(answer) == {"data", "error", "error_text"}
    if reply.status == 200:
        assert answer["error"] in {0, 200}
        assert answer["data"]
    else:
        assert (reply.status, answer["error"], answer["data"]) == (answer["error"], reply.status, [])
        assert reply.status in {refusal.status for refusal in SubscribeRefusal} - {503}
        assert not store.databases


@given(st.binary(max_size=100), st.integers(0, 200))
def test_truncated_and_binary_bodies_are_refused_and_change_nothing(noise: bytes, cut: int) -> None:
    store = MemoryAudience()
    for hostile in (noise, body(id="ann")[: min(cut, len(body(id="ann")) - 1)]):
        assert ask(endpoint(store), hostile).reply.status == 400
    assert not store.databases


@pytest.mark.parametrize("fault", [UnavailableError("ReadTimeoutError"), LostRaceError("TransactionConflict")])
def test_a_failing_store_is_answered_with_503_and_when_to_repeat(fault: Exception) -> None:
    class Failing(MemoryAudience):
        def commit(self, database: DatabaseId, change: object) -> None:
            raise fault

    answer = ask(endpoint(Failing()), body())
    assert answer.reply.status == 503
    assert int(answer.reply.headers["retry-after"]) > 0
    assert json.loads(answer.reply.body) == {
        "data": [],
        "error": 503,
        "error_text": "temporarily unavailable, repeat the request",
    }
    assert answer.fault
    assert str(fault) in answer.fault.cause


def test_a_catalog_that_cannot_be_read_is_answered_with_503() -> None:
    def load() -> Catalog:
        raise UnavailableError("DynamoDB answered InternalServerError to GetItem")

    answer = ask(PushSubscribe(CachedCatalog(load), Subscribing(MemoryAudience())), body())
    assert answer.reply.status == 503


class Crashing(MemoryAudience):
    """Dies at one step of the next request, as a killed process does."""

    def __init__(self, step: str) -> None:
        super().__init__()
        self.step = step

    def read(self, wanted: Sequence[SnapshotQuery], deadline: float = math.inf) -> Sequence[Snapshot]:
        self._die_at("before the read")
        snapshot = super().read(wanted)
        self._die_at("between read and write")
        return snapshot

    def commit(self, database: DatabaseId, change: object) -> None:
        super().commit(database, change)  # type: ignore[arg-type]
        self._die_at(f"after writing {database}")

    def _die_at(self, step: str) -> None:
        if self.step == step:
            self.step = ""
            raise KeyboardInterrupt


@pytest.mark.parametrize("step", ["before the read", "between read and write", "after writing 34", "after writing 2"])
def test_a_request_cut_off_at_any_step_may_be_repeated_without_harm(step: str) -> None:
    store = Crashing(step)
    request = body(resource_token="7QdKw2VxYtB-4c90a1f7be62d385")
    with pytest.raises(KeyboardInterrupt):
        ask(endpoint(store), request)
    assert json.loads(ask(endpoint(store), request).reply.body)["data"]
    for database in (34, 2):
        assert len(store.content(database).profiles) == 1
        assert len(store.content(database).subscriptions) == 1


@pytest.mark.parametrize("databases", [1, 5, 6, 20])
@pytest.mark.parametrize(
    ("field", "text"),
    [*(("subscription_id", text) for text in ['"', "\\", "é", "😀"]), *(("provider", text) for text in ['"', "\u0001"])],
)
def test_the_largest_request_is_answered_within_what_a_function_may_return(databases: int, field: str, text: str) -> None:
    ids = tuple(DatabaseId(n) for n in range(1, databases + 1))
    door = replace(CATALOG.resources[ResourceId(5)], databases=ids)
    catalog = Catalog({id_: Database(id_, "one of many", {}, ()) for id_ in ids}, {door.id: door})
    hub = PushSubscribe(CachedCatalog(lambda: catalog), Subscribing(MemoryAudience()))
    room = (MAX_ECHOED_BYTES // max(databases, 5) - 3000) // 40
    long = text * ((min(room, 4096)) // max(len(json.dumps(text)) - 2, len(text.encode())))
    plain = {"provider": "ios-apns", "subscription_id": "a-token"}
    asked = [{**plain, field: f"{n:02}{long}"[: len(long)]} for n in range(40)]
    answer = ask(hub, body(subscriptions=asked))
    assert answer.reply.status == 200
    assert len(json.loads(answer.reply.body)["data"]) == 40 * databases
    assert len(json.dumps({"body": answer.reply.body.decode()})) < 6_000_000


def test_every_reason_has_a_description_of_its_own() -> None:
    descriptions = {description_of(Refused(reason)) for reason in Reason}
    assert len(descriptions) == len(Reason)
    assert all(descriptions)


WAYS: dict[WayOfMatching, list[dict[str, object]]] = {
    WayOfMatching.PUSH_TOKEN: [{}, {"id": ""}, {"id": None, "matching": ""}],
    WayOfMatching.PROFILE_ID: [{"id": "ann"}, {"id": "ann", "matching": "profile_id"}, {"id": "ann", "matching": None}],
    WayOfMatching.MATCH_FIELD: [
        {"matching": "custom", "field_name": "email", "field_value": "ann@example.com"},
        {"matching": "custom", "field_name": "email", "field_value": "ann@example.com", "id": "ann"},
        {"matching": "custom", "field_name": "of no database", "field_value": 1},
    ],
}
"""Requests by how they match."""


@given(st.sets(st.sampled_from(WayOfMatching), min_size=1), st.data())
def test_a_narrowed_resource_refuses_every_other_way_of_matching_and_changes_nothing(
    allowed: set[WayOfMatching], data: st.DataObject
) -> None:
    shop = replace(CATALOG.resources[ResourceId(5)], matching=frozenset(allowed))
    store = MemoryAudience()
    serve = PushSubscribe(CachedCatalog(lambda: replace(CATALOG, resources={shop.id: shop})), Subscribing(store))
    way = data.draw(st.sampled_from(WayOfMatching))
    answer = ask(serve, body(**data.draw(st.sampled_from(WAYS[way]))))
    if way in allowed:
        assert answer.reply.status == 200
    else:
        told = f"matching by {way} is not allowed in the resource; allowed: {', '.join(shop.ways_of_matching)}"
        assert (answer.refusal, answer.reply.status) == (SubscribeRefusal.MATCHING_NOT_ALLOWED, 400)
        assert json.loads(answer.reply.body) == {"data": [], "error": 400, "error_text": told}
        assert not any(content.profiles for content in store.databases.values())


def test_profiles_that_are_made_are_counted_and_no_others() -> None:
    serve = endpoint()
    made = [ask(serve, body(id=id_)).counts["ProfilesMade"] for id_ in ("ann", "ann", "joe")]
    assert made == [1, 0, 0]
    fresh = body(id="joe", subscriptions=[{"provider": "ios-apns", "subscription_id": "b"}])
    assert ask(serve, fresh).counts["ProfilesMade"] == 1
    unknown = body(subscriptions=[{"provider": "ios-apns", "subscription_id": "c", "unsubscribe": True}])
    assert ask(serve, unknown).counts["ProfilesMade"] == 0


def test_a_profile_is_counted_in_each_database_in_which_it_is_made() -> None:
    both = body(resource_token="7QdKw2VxYtB-4c90a1f7be62d385", id="ann")
    assert ask(endpoint(), both).counts["ProfilesMade"] == 2


def test_a_resource_that_was_closed_meanwhile_is_unknown_after_the_cache_has_aged() -> None:
    clock = [0.0]
    catalogs = iter([CATALOG, Catalog({}, {})])
    hub = PushSubscribe(CachedCatalog(lambda: next(catalogs), lambda: clock[0]), Subscribing(MemoryAudience()))
    assert ask(hub, body()).reply.status == 200
    clock[0] = 60.0
    assert ask(hub, body()).reply.status == 403


def test_a_catalog_that_changes_while_a_request_is_answered_is_seen_before_or_after_but_not_half() -> None:
    clock = itertools.count(step=60)
    catalogs = itertools.chain([CATALOG], itertools.repeat(Catalog({}, {})))
    hub = PushSubscribe(CachedCatalog(lambda: next(catalogs), lambda: float(next(clock))), Subscribing(MemoryAudience()))
    assert [ask(hub, body()).reply.status for _ in range(3)] == [200, 403, 403]
