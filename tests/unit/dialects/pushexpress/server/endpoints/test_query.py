"""Which devices a query finds, and on which page."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pushhub.audience.model import Subscription, SubscriptionRef
from pushhub.audience.port import ReachPage
from pushhub.catalog.model import DatabaseId
from pushhub.dialects.pushexpress.server.endpoints.query import SECONDS_TO_LAST_READ, QueryInstances
from tests.doubles.apps import ANDROID, APNS, put_profile, subscription_of
from tests.doubles.reach import MemoryReach
from tests.doubles.server_api import ServerHub

SHOP = {"app_ids_include": [16183]}


def hub_with(devices: int) -> ServerHub:
    """Return a hub with so many devices of the shop; every third profile has two of them."""
    hub = ServerHub()
    left, number = devices, 0
    while left:
        tokens = [f"token-{number}-a", f"token-{number}-b"][: 2 if number % 3 == 0 and left > 1 else 1]
        providers = (ANDROID, APNS)
        subscriptions = [subscription_of(providers[n], token, active=[41]) for n, token in enumerate(tokens)]
        fields = {"country": "PT" if number % 2 else "GB", "ext_id": f"user-{number}"}
        put_profile(hub.audience, hub.catalog.databases[DatabaseId(40)], f"profile-{number}", subscriptions, fields)
        left, number = left - len(tokens), number + 1
    return hub


def asked(hub: ServerHub, **more: Any) -> Any:
    answer = hub.answer("POST /query/app-instances", SHOP | more)
    assert answer.reply.status == 200, answer.reply.body
    return json.loads(answer.reply.body)


def tokens(rows: list[dict[str, Any]]) -> list[str]:
    return [row["transport_token_masked"] for row in rows]


@settings(deadline=None, max_examples=40)
@given(devices=st.integers(0, 30), size=st.integers(1, 9))
def test_pages_behind_cursors_have_every_device_once(devices: int, size: int) -> None:
    hub = hub_with(devices)
    found, cursor = list[str](), ""
    while cursor is not None:
        page = asked(hub, cursor=cursor, limit=size)
        assert page["active_count"] == len(page["app_instances"]) <= size + 1
        found += tokens(page["app_instances"])
        cursor = page["next_cursor"]
    assert sorted(found) == sorted(tokens(asked(hub)["app_instances"]))
    assert len(found) == len(set(found)) == devices


@settings(deadline=None, max_examples=40)
@given(devices=st.integers(0, 30), size=st.integers(1, 9))
def test_numbered_pages_have_every_device_once(devices: int, size: int) -> None:
    hub = hub_with(devices)
    first = asked(hub, page=1, per_page=size)
    pages = [asked(hub, page=number, per_page=size) for number in range(1, first["pagination"]["total_pages"] + 1)]
    assert [each for page in pages for each in tokens(page["app_instances"])] == tokens(asked(hub)["app_instances"])
    assert first["pagination"]["total_count"] == first["active_count"] == devices


class SlowPages(MemoryReach):
    """An audience of which each page of the index takes some seconds, and perhaps each look-up of subscriptions."""

    def __init__(self, hub: ServerHub, seconds: float, look_up: float = 0) -> None:
        super().__init__(hub.audience)
        self._hub, self._seconds, self._look_up = hub, seconds, look_up
        self.begun: list[float] = []

    def page(self, database: DatabaseId, lane: str, after: str, limit: int) -> ReachPage:
        self.begun.append(self._hub.elapsed)
        self._hub.elapsed += self._seconds
        return super().page(database, lane, after, limit)

    def subscriptions(self, database: DatabaseId, refs: Sequence[SubscriptionRef]) -> Mapping[SubscriptionRef, Subscription]:
        assert len(refs) <= 100
        self.begun.append(self._hub.elapsed)
        self._hub.elapsed += self._look_up
        return super().subscriptions(database, refs)


def slow(hub: ServerHub, seconds: float) -> ServerHub:
    endpoint = QueryInstances(SlowPages(hub, seconds), lambda: hub.elapsed).endpoint(hub.cached_catalog)
    hub.families = {**hub.families, "pushexpress_query": endpoint}
    return hub


def test_a_search_that_takes_long_is_cut_into_pages_behind_cursors() -> None:
    hub = slow(hub_with(60), SECONDS_TO_LAST_READ / 5)
    found, cursor, calls = list[str](), "", 0
    while cursor is not None:
        page = asked(hub, cursor=cursor, limit=5_000)
        found += tokens(page["app_instances"])
        cursor, calls = page["next_cursor"], calls + 1
    assert len(found) == len(set(found)) == 60
    assert calls == 4


def test_a_page_of_the_index_whose_devices_take_long_is_cut_too() -> None:
    hub = hub_with(5_000)
    reach = SlowPages(hub, 0, look_up=7)
    hub.families = {
        **hub.families,
        "pushexpress_query": QueryInstances(reach, lambda: hub.elapsed).endpoint(hub.cached_catalog),
    }
    found, cursor = list[str](), ""
    while cursor is not None:
        hub.elapsed = 0
        page = asked(hub, cursor=cursor, limit=5_000)
        assert page["app_instances"] or page["next_cursor"] is None
        found += tokens(page["app_instances"])
        cursor = page["next_cursor"]
    assert len(found) == len(set(found)) == 5_000
    assert max(reach.begun) <= SECONDS_TO_LAST_READ


@pytest.mark.parametrize("page", [{}, {"page": 1}])
def test_a_search_without_a_cursor_that_takes_long_is_given_up(page: dict[str, int]) -> None:
    hub = slow(hub_with(60), SECONDS_TO_LAST_READ / 5)
    answer = hub.answer("POST /query/app-instances", SHOP | page)
    assert answer.reply.status == 503
    assert answer.fault
    assert "cursor" in answer.fault.cause


def test_a_page_reads_no_more_than_it_needs() -> None:
    hub = hub_with(60)
    reach = MemoryReach(hub.audience)
    endpoint = QueryInstances(reach, lambda: 0.0).endpoint(hub.cached_catalog)
    hub.families = {**hub.families, "pushexpress_query": endpoint}
    asked(hub, cursor="", limit=1)
    few = reach.calls
    asked(hub)
    assert few <= 4 < reach.calls - few


def test_filters_choose_and_a_device_is_shown_masked() -> None:
    rows = asked(hub_with(9), countries_include=["pt"], external_user_id=["user-1", "user-2"])["app_instances"]
    assert [(row["external_id"], row["country"]) for row in rows] == [("user-1", "PT")]
    assert "token-1-a" not in str(rows)
