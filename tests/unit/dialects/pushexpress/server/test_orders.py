"""What whole requests ask for, and which ids stand in their paths and bodies."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from pushhub.dialects.http import RefusedError
from pushhub.dialects.pushexpress.server.account import ServerAccount
from pushhub.dialects.pushexpress.server.fields import Fields
from pushhub.dialects.pushexpress.server.filters import parse_filters
from pushhub.dialects.pushexpress.server.orders import (
    MAX_LOCAL_APPS,
    InstantOrder,
    OnesendOrder,
    parse_binding,
    parse_instant,
    parse_onesend,
)
from pushhub.dialects.pushexpress.server.pushes import parse_push_content
from pushhub.dialects.pushexpress.server.times import LocalTime, parse_onesend_time
from pushhub.moments import Seconds
from tests.doubles.push_express_account import CATALOG, CRM, FILTERS, INSTANT, ONESEND, PUSH, SHOP_ID, TIME, any_of, px_app_of

ACCOUNT = ServerAccount(CRM, CATALOG)
NOW = Seconds(1_770_000_000)
CHOSEN = parse_filters(Fields(FILTERS), ACCOUNT)
A_NAME = "name must be a text of 1 to 255 characters"


def refused(read: Any, *arguments: Any) -> str:
    with pytest.raises(RefusedError) as error:
        read(*arguments)
    return str(error.value)


def test_the_examples_of_the_vendor_are_read_whole() -> None:
    assert parse_instant(INSTANT, ACCOUNT) == InstantOrder("Name of scheduler", CHOSEN, parse_push_content(Fields(PUSH)))
    time = parse_onesend_time(Fields(TIME), NOW)
    assert parse_onesend(ONESEND, ACCOUNT, NOW) == OnesendOrder("Name of scheduler", CHOSEN, time)


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        *(({name: None}, f"{name} is required") for name in INSTANT),
        *(({"name": value}, A_NAME) for value in any_of("", "x" * 256, 1, ["a"], True)),
        *(
            ({name: value}, f"{name} must be an object{example}")
            for name, example in (("filters", ', such as {"all_apps": true}'), ("push", ""))
            for value in any_of("{}", [], 1, True)
        ),
        ({"all_apps": True}, "all_apps is no field of this call: here filters stand under filters"),
        ({"date": "2026-03-01"}, "date is no field of this call"),
        (ONESEND, "date is no field of this call"),
        ({"filters": {**FILTERS, "countries_exlude": ["PT"]}}, "filters.countries_exlude is no field of this call"),
        ({"filters": {}}, "filters.app_ids_include is required, or filters.app_groups_include, or filters.all_apps: true"),
        ({"filters": {**FILTERS, "local_time": True}}, "filters.local_time is no field of this call"),
        ({"push": {}}, "push.default_lang is required"),
    ],
)
def test_a_request_for_an_instant_sending_that_does_not_fit_is_refused(changed: Mapping[str, Any], text: str) -> None:
    assert refused(parse_instant, {**INSTANT, **changed}, ACCOUNT) == f"validation error: {text}"


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        *(({name: None}, f"{name} is required") for name in ("name", *TIME)),
        ({"name": ""}, A_NAME),
        ({"push": PUSH}, "push is no field of this call"),
        ({"filters": FILTERS}, "filters is no field of this call: here filters stand at the top of the body"),
        ({"countries_exclude": ["PT"]}, "countries_exclude[0] stands in countries_include[0] too"),
    ],
)
def test_a_request_for_a_one_time_sending_that_does_not_fit_is_refused(changed: Mapping[str, Any], text: str) -> None:
    assert refused(parse_onesend, {**ONESEND, **changed}, ACCOUNT, NOW) == f"validation error: {text}"


def test_a_sending_at_a_local_hour_has_so_many_apps_as_it_has_parts_for() -> None:
    local = {"name": "n", "date": "2026-03-01", "time": "10:00", "local_time": True, "all_apps": True}
    apps = [px_app_of(number, f"app-{number}") for number in range(1, MAX_LOCAL_APPS + 2)]

    def account(number: int) -> ServerAccount:
        return ServerAccount(CRM, replace(CATALOG, apps={app.id: app for app in apps[:number]}))

    assert isinstance(parse_onesend(local, account(MAX_LOCAL_APPS), NOW).time, LocalTime)
    text = "validation error: app_ids_include and the other filters of apps must choose at most {} for local_time"
    assert refused(parse_onesend, local, account(MAX_LOCAL_APPS + 1), NOW) == text.format(MAX_LOCAL_APPS)
    parse_onesend({**local, "local_time": False, "timezone": "+00:00"}, account(MAX_LOCAL_APPS + 1), NOW)


A_BINDING = "a list of at most 1 id, such as [1]: this hub binds one push to a sending"


@pytest.mark.parametrize(("body", "expected"), [({"push_ids": [12345]}, 12345), ({"push_ids": []}, None)])
def test_a_binding_names_one_push_or_none(body: Mapping[str, Any], expected: int | None) -> None:
    assert parse_binding(body) == expected


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({}, "push_ids is required"),
        ({"push_ids": None}, "push_ids is required"),
        ({"push_ids": 12345}, f"push_ids must be {A_BINDING}"),
        ({"push_ids": "12345"}, f"push_ids must be {A_BINDING}"),
        ({"push_ids": ["1"]}, "push_ids[0] must be an integer from 1 to 9007199254740991"),
        ({"push_ids": [1, 1]}, "push_ids[1] is the same as push_ids[0]"),
        ({"push_ids": [1, 2]}, f"push_ids must be {A_BINDING}"),
        ({"push_ids": [1], "name": "n"}, "name is no field of this call"),
    ],
)
def test_a_binding_that_does_not_fit_is_refused(body: Mapping[str, Any], text: str) -> None:
    assert refused(parse_binding, body) == f"validation error: {text}"


def test_a_refusal_never_quotes_a_value() -> None:
    for name in INSTANT:
        assert "secret" not in refused(parse_instant, {**INSTANT, name: ["secret"]}, ACCOUNT)
    for name in ONESEND:
        if name not in ("audiences_include", "audiences_exclude"):
            assert "secret" not in refused(parse_onesend, {**ONESEND, name: ["secret", SHOP_ID]}, ACCOUNT, NOW)
