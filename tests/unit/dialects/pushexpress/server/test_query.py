"""Which devices a query asks for, which page of them, and how a reply shows one."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushhub.dialects.http import RefusedError
from pushhub.dialects.pushexpress.server.account import ServerAccount
from pushhub.dialects.pushexpress.server.query import (
    MAX_ROWS,
    Cursor,
    CursorPage,
    FirstRows,
    InstanceQuery,
    NumberedPage,
    instance_row,
    parse_query,
)
from pushhub.sends.accounting import masked_push_token
from pushhub.sends.filters import Choice, Filters
from pushhub.sends.sending import INDEX_LANES, LaneName, Place
from tests.doubles.apps import ANDROID, subscription_of
from tests.doubles.push_express_account import ARCHIVED_ID, CATALOG, CRM, FOREIGN_ID, NEWS, NEWS_ID, SHOP, SHOP_ID, any_of

ACCOUNT = ServerAccount(CRM, CATALOG)
EXAMPLE: Mapping[str, Any] = {
    "app_ids_include": [SHOP_ID],
    "countries_include": ["PT", "GB"],
    "languages_include": [],
    "audiences_include": ["myaud1_1234", "myaud2_1234"],
    "event_include": "install",
    "external_user_id": ["12180927-ab2c-4560-8d59-0d5a31fb9d31", "32645c04-3c0b-4baa-b378-2d6ae4397363"],
}


def read(body: Mapping[str, Any], url_query: str = "") -> InstanceQuery:
    return parse_query(body, url_query, ACCOUNT)


def refused(body: Mapping[str, Any], url_query: str = "") -> str:
    with pytest.raises(RefusedError) as error:
        read(body, url_query)
    return str(error.value)


def test_the_example_of_the_vendor_is_read_whole() -> None:
    filters = Filters(
        countries=Choice(frozenset({"PT", "GB"})),
        audiences=Choice(frozenset({"myaud1_1234", "myaud2_1234"})),
        ext_ids=frozenset(EXAMPLE["external_user_id"]),
    )
    assert read(EXAMPLE) == InstanceQuery((SHOP,), filters, FirstRows())


def test_an_ext_id_is_compared_as_profiles_have_it() -> None:
    given, stored = "Jose\u0301\u200b", "Jos\u00e9"
    assert read({"external_user_id": [given]}).filters.ext_ids == frozenset({stored})
    assert (
        refused({"external_user_id": [given, stored]}) == "validation error: external_user_id[1] is the same as external_user_id[0]"
    )
    for misfit in ("\u200b", "\u00e9" * 513, "\ud800"):
        assert refused({"external_user_id": [misfit]}) == "validation error: external_user_id[0] must be a text of 1 to 1024 bytes"


@pytest.mark.parametrize("body", [{}, dict.fromkeys(EXAMPLE), {**{name: [] for name in EXAMPLE}, "event_include": ""}])
def test_a_filter_that_is_absent_null_or_empty_restricts_nothing(body: Mapping[str, Any]) -> None:
    assert read(body) == InstanceQuery((SHOP, NEWS), Filters(), FirstRows())


def test_an_archived_app_has_no_devices_to_show() -> None:
    assert read({"app_ids_include": [ARCHIVED_ID]}).apps == ()
    assert read({"app_ids_include": [NEWS_ID, ARCHIVED_ID]}).apps == (NEWS,)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"app_ids_include": [FOREIGN_ID]}, "not found: app_ids_include[0] is no app of this caller"),
        ({"app_ids_include": [1]}, "not found: app_ids_include[0] is no app of this caller"),
        ({"event_include": "buy"}, "validation error: event_include is no event code of the catalog"),
        (
            {"countries_include": ["XX"]},
            "validation error: countries_include[0] must be a country code of ISO 3166-1 alpha-2, such as PT",
        ),
        ({"external_user_id": "a"}, 'validation error: external_user_id must be a list, such as ["a-user"]'),
        *(
            ({"external_user_id": [value]}, "validation error: external_user_id[0] must be a text of 1 to 1024 bytes")
            for value in any_of("", "é" * 513, 1, None)
        ),
        ({"external_user_id": ["a", "a"]}, "validation error: external_user_id[1] is the same as external_user_id[0]"),
        ({"countries_exclude": ["PT"]}, "validation error: countries_exclude is no field of this call"),
        ({"filters": {}}, "validation error: filters is no field of this call: here filters stand at the top of the body"),
        ({"all_apps": True}, "validation error: all_apps is no field of this call"),
    ],
)
def test_a_query_that_does_not_fit_is_refused(body: Mapping[str, Any], text: str) -> None:
    assert refused(body) == text


@pytest.mark.parametrize(
    ("body", "url_query", "page"),
    [
        ({"page": 3}, "", NumberedPage(3, 50)),
        ({"page": 2, "per_page": 5_000}, "", NumberedPage(2, 5_000)),
        ({"per_page": 10}, "", NumberedPage(1, 10)),
        ({}, "page=3&per_page=20", NumberedPage(3, 20)),
        ({"page": 4}, "page=3&per_page=20", NumberedPage(4, 20)),
        ({"page": None}, "page=3", NumberedPage(3, 50)),
        ({"limit": 100}, "", CursorPage(None, 100)),
        ({"cursor": ""}, "", CursorPage(None, 50)),
        ({}, "limit=5000", CursorPage(None, 5_000)),
        (
            {},
            f"cursor={SHOP_ID}-a-0123456789abcdef&limit=2",
            CursorPage(Cursor(SHOP_ID, LaneName("a"), Place("0123456789abcdef")), 2),
        ),
        ({"cursor": f"{NEWS_ID}-0-"}, "", CursorPage(Cursor(NEWS_ID, LaneName("0"), Place("")), 50)),
        ({}, "", FirstRows()),
        ({}, "archived=true&x=", FirstRows()),
        ({}, "cursor=", CursorPage(None, 50)),
        ({}, "cursor=&limit=7", CursorPage(None, 7)),
    ],
)
def test_a_page_has_a_number_or_stands_behind_a_cursor(body: Mapping[str, Any], url_query: str, page: object) -> None:
    assert read(body, url_query).page == page


A_PAGE = "page must be a page of the first 10000 devices; a cursor reaches the others"
A_CURSOR = "cursor must be next_cursor of the reply to such a query"


@pytest.mark.parametrize(
    ("body", "url_query", "text"),
    [
        *(
            ({"page": value}, "", "page must be an integer from 1 to 10000")
            for value in any_of(0, -1, 1.5, True, "", "x", [], 10_001)
        ),
        *(
            ({}, f"page={value}", "page must be an integer from 1 to 10000")
            for value in any_of("0", "-1", "x", "10001", "%D9%A3", "1" * 5_000, "", "%20")
        ),
        *(({}, f"{name}=", f"{name} must be an integer from 1 to 5000") for name in ("per_page", "limit")),
        ({}, "page=1&cursor=", "page must be omitted where cursor is given"),
        *(({name: 5_001}, "", f"{name} must be an integer from 1 to 5000") for name in ("per_page", "limit")),
        ({"page": 201}, "", A_PAGE),
        ({"page": 3, "per_page": 5_000}, "", A_PAGE),
        ({"page": 1, "cursor": ""}, "", "page must be omitted where cursor is given"),
        ({"limit": 1}, "per_page=2", "per_page must be omitted where limit is given"),
        *(
            ({"cursor": value}, "", A_CURSOR)
            for value in any_of(
                1, [], "x", f"{SHOP_ID}", f"{SHOP_ID}-g-", f"{FOREIGN_ID}-a-", f"{ARCHIVED_ID}-a-", f"0{SHOP_ID}-a-"
            )
        ),
        ({"cursor": f"{NEWS_ID}-a-", "app_ids_include": [SHOP_ID]}, "", A_CURSOR),
    ],
)
def test_a_page_that_does_not_fit_is_refused(body: Mapping[str, Any], url_query: str, text: str) -> None:
    assert refused(body, url_query) == f"validation error: {text}"


@given(
    st.sampled_from([SHOP_ID, NEWS_ID]),
    st.sampled_from(INDEX_LANES),
    st.text("0123456789abcdef", max_size=16).map(Place),
    st.integers(1, MAX_ROWS),
)
def test_a_cursor_is_read_as_it_was_given(app: int, lane: LaneName, place: Place, size: int) -> None:
    cursor = Cursor(app, lane, place)
    assert read({"cursor": cursor.text, "limit": size}).page == CursorPage(cursor, size)


def test_a_device_is_shown_without_its_push_token() -> None:
    recipient = subscription_of(ANDROID, "a-push-token-of-a-device")
    fields = {"ext_id": "u-1", "language": "pt-BR", "country": "PT", "audiences": "vip"}
    row = instance_row(SHOP, fields, recipient)
    assert "a-push-token" not in json.dumps(row)
    assert row == {
        "app_id": SHOP_ID,
        "external_id": "u-1",
        "transport_token_masked": masked_push_token(recipient),
        "language": "pt",
        "country": "PT",
    }


def test_what_is_not_known_of_a_device_is_empty() -> None:
    row = instance_row(NEWS, {}, subscription_of(ANDROID, "a-push-token-of-a-device"))
    assert (row["external_id"], row["language"], row["country"]) == ("", "", "")
