"""Whom filters choose, and what a caller reads of those that do not fit."""

import re
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushhub.catalog.model import AppId, AudienceGroup
from pushhub.dialects.http import RefusedError
from pushhub.dialects.pushexpress.errors import PushExpressRefusal
from pushhub.dialects.pushexpress.server.account import ServerAccount
from pushhub.dialects.pushexpress.server.codes import COUNTRY_CODES, LANGUAGE_CODES
from pushhub.dialects.pushexpress.server.fields import MAX_LIST_ELEMENTS, Fields
from pushhub.dialects.pushexpress.server.filters import (
    APP_FIELDS,
    PROFILE_FIELDS,
    AppliedFilters,
    parse_filters,
    parse_profile_filters,
)
from pushhub.sends.filters import ANY, Choice, Filters
from tests.doubles.push_express_account import (
    ARCHIVED_ID,
    BOT,
    CATALOG,
    CRM,
    FILTERS,
    FOREIGN,
    FOREIGN_ID,
    NEWS,
    NEWS_ID,
    SHOP,
    SHOP_ID,
    any_of,
    px_app_of,
)

ACCOUNT = ServerAccount(CRM, CATALOG)
ONE_APP = {"app_ids_include": [SHOP_ID]}


def applied(filters: Mapping[str, Any], account: ServerAccount = ACCOUNT) -> AppliedFilters:
    return parse_filters(Fields(filters, "filters"), account)


def chosen_by(**filters: Any) -> Filters:
    return applied({**ONE_APP, **filters}).filters


def refused(filters: Mapping[str, Any], account: ServerAccount = ACCOUNT) -> str:
    with pytest.raises(RefusedError) as error:
        applied(filters, account)
    assert error.value.refusal.status == (404 if error.value.refusal is PushExpressRefusal.UNKNOWN else 400)
    return str(error.value).split(": ", 1)[1]


def test_the_example_of_the_vendor_is_read_with_every_field_of_it() -> None:
    assert FILTERS.keys() == APP_FIELDS | PROFILE_FIELDS
    assert applied(FILTERS) == AppliedFilters(
        (SHOP, NEWS),
        Filters(
            countries=Choice(frozenset({"PT", "GB"})),
            languages=Choice(exclude=frozenset({"pt"})),
            audiences=Choice(frozenset({"myaud1_1234", "myaud2_1234", "vip", "gold", "silver"}), frozenset({"myaud3_1234"})),
            events=Choice(exclude=frozenset({"reg"})),
        ),
    )


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"app_ids_include": [NEWS_ID]}, [NEWS]),
        ({"app_ids_include": [NEWS_ID, SHOP_ID]}, [SHOP, NEWS]),
        ({"all_apps": True}, [SHOP, NEWS]),
        ({"all_apps": True, "app_ids_include": [], "app_groups_include": None}, [SHOP, NEWS]),
        ({"all_apps": True, "app_ids_exclude": [SHOP_ID]}, [NEWS]),
        ({"all_apps": True, "app_groups_exclude": [7]}, [NEWS]),
        ({"app_groups_include": [7]}, [SHOP]),
        ({"app_groups_include": [9]}, [SHOP, NEWS]),
        ({"app_groups_include": [9], "app_ids_exclude": [NEWS_ID]}, [SHOP]),
        ({"app_groups_include": [7], "app_ids_include": [NEWS_ID]}, [SHOP, NEWS]),
        ({"app_ids_include": [NEWS_ID, ARCHIVED_ID]}, [NEWS]),
        ({"app_groups_include": [7, 10]}, [SHOP]),
    ],
)
def test_apps_and_groups_choose_the_callers_apps_that_are_not_archived(filters: Mapping[str, Any], expected: list[Any]) -> None:
    assert list(applied(filters).apps) == expected


def test_a_caller_sees_no_app_of_another() -> None:
    assert applied({"all_apps": True}, ServerAccount(BOT, CATALOG)).apps == (FOREIGN,)
    assert applied({"app_groups_include": [7]}, ServerAccount(BOT, CATALOG)).apps == (FOREIGN,)
    assert refused(ONE_APP, ServerAccount(BOT, CATALOG)) == "filters.app_ids_include[0] is no app of this caller"


@pytest.mark.parametrize(
    ("filters", "text"),
    [
        ({"app_ids_include": [SHOP_ID, FOREIGN_ID]}, "filters.app_ids_include[1] is no app of this caller"),
        ({"app_ids_include": [1]}, "filters.app_ids_include[0] is no app of this caller"),
        ({"all_apps": True, "app_ids_exclude": [1]}, "filters.app_ids_exclude[0] is no app of this caller"),
        ({"app_groups_include": [8]}, "filters.app_groups_include[0] is no app group of this caller"),
        ({"all_apps": True, "app_groups_exclude": [6]}, "filters.app_groups_exclude[0] is no app group of this caller"),
        (
            {**ONE_APP, "audience_groups_include": [12]},
            "filters.audience_groups_include[0] is no audience group of the catalog",
        ),
        (
            {**ONE_APP, "audience_groups_exclude": [11, 12]},
            "filters.audience_groups_exclude[1] is no audience group of the catalog",
        ),
        ({**ONE_APP, "event_include": "buy"}, "filters.event_include is no event code of the catalog"),
        ({**ONE_APP, "event_exclude": ["reg", "Dep"]}, "filters.event_exclude[1] is no event code of the catalog"),
        ({**ONE_APP, "event_exclude": [""]}, "filters.event_exclude[0] is no event code of the catalog"),
    ],
)
def test_what_the_caller_or_the_catalog_does_not_have_is_refused(filters: Mapping[str, Any], text: str) -> None:
    assert refused(filters) == text


NO_APPS = "filters.app_ids_include and the other filters of apps must choose an app that is not archived"


@pytest.mark.parametrize(
    "filters",
    [
        {"app_ids_include": [ARCHIVED_ID]},
        {"app_groups_include": [10]},
        {"app_groups_include": [7], "app_ids_exclude": [SHOP_ID]},
        {"all_apps": True, "app_groups_exclude": [9]},
    ],
)
def test_a_choice_without_an_app_is_refused(filters: Mapping[str, Any]) -> None:
    assert refused(filters) == NO_APPS


@pytest.mark.parametrize(
    "filters",
    [
        {},
        {"all_apps": False, "app_ids_include": [], "app_groups_include": None},
        {"app_ids_exclude": [SHOP_ID]},
        {"countries_include": ["PT"]},
    ],
)
def test_apps_groups_or_all_of_them_are_named(filters: Mapping[str, Any]) -> None:
    text = "filters.app_ids_include is required, or filters.app_groups_include, or filters.all_apps: true"
    assert refused(filters) == text


@pytest.mark.parametrize(
    ("all_flag", "included", "values"),
    [
        ("all_apps", "app_ids_include", [SHOP_ID]),
        ("all_apps", "app_groups_include", [7]),
        ("all_countries", "countries_include", ["PT"]),
        ("all_languages", "languages_include", ["pt"]),
        ("all_audiences", "audiences_include", ["vip"]),
        ("all_audiences", "audience_groups_include", [11]),
    ],
)
def test_a_list_that_includes_something_must_be_omitted_where_all_are_chosen(
    all_flag: str, included: str, values: list[Any]
) -> None:
    base: Mapping[str, Any] = {} if all_flag == "all_apps" else ONE_APP
    text = f"filters.{included} must be omitted where filters.{all_flag} is true"
    assert refused({**base, all_flag: True, included: values}) == text
    excluded = included.replace("_include", "_exclude")
    applied({**ONE_APP, **({} if all_flag == "all_apps" else {all_flag: True, excluded: values})})


@pytest.mark.parametrize(
    ("pair", "values"),
    [
        ("app_ids", [NEWS_ID, SHOP_ID]),
        ("app_groups", [9, 7]),
        ("countries", ["GB", "PT"]),
        ("languages", ["en", "pt"]),
        ("audiences", ["gold", "vip"]),
        ("audience_groups", [22, 11]),
    ],
)
def test_lists_of_a_pair_have_nothing_in_common(pair: str, values: list[Any]) -> None:
    filters = {**ONE_APP, f"{pair}_include": values, f"{pair}_exclude": values[1:]}
    assert refused(filters) == f"filters.{pair}_exclude[0] stands in filters.{pair}_include[1] too"


@pytest.mark.parametrize(
    ("include", "exclude", "text"),
    [
        ("reg", "reg", "filters.event_exclude stands in filters.event_include too"),
        (["dep", "reg"], "reg", "filters.event_exclude stands in filters.event_include[1] too"),
        ("install", ["reg", "install"], "filters.event_exclude[1] stands in filters.event_include too"),
    ],
)
def test_events_have_nothing_in_common_either(include: Any, exclude: Any, text: str) -> None:
    assert refused({**ONE_APP, "event_include": include, "event_exclude": exclude}) == text


@pytest.mark.parametrize(
    ("name", "values", "text"),
    [
        ("app_ids_include", [SHOP_ID, NEWS_ID, SHOP_ID], "filters.app_ids_include[2] is the same as filters.app_ids_include[0]"),
        ("countries_include", ["PT", "pt"], "filters.countries_include[1] is the same as filters.countries_include[0]"),
        ("languages_exclude", ["pt", "PT"], "filters.languages_exclude[1] is the same as filters.languages_exclude[0]"),
        ("audiences_include", ["vip", " vip "], "filters.audiences_include[1] is the same as filters.audiences_include[0]"),
        (
            "audience_groups_exclude",
            [11, 11],
            "filters.audience_groups_exclude[1] is the same as filters.audience_groups_exclude[0]",
        ),
        ("event_include", ["reg", "reg"], "filters.event_include[1] is the same as filters.event_include[0]"),
    ],
)
def test_nothing_stands_in_a_list_twice(name: str, values: list[Any], text: str) -> None:
    assert refused({**ONE_APP, name: values}) == text


AN_ID = "an integer from 1 to 9007199254740991"
A_COUNTRY = "a country code of ISO 3166-1 alpha-2, such as PT"
A_LANGUAGE = "a two-letter language code, such as pt"
AN_AUDIENCE = "a text of 1 to 255 characters without a comma"


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        *(
            ("app_ids_include", [value], f"[0] must be {AN_ID}")
            for value in any_of("16183", 1.5, True, None, 0, -1, 2**53, [1], {})
        ),
        *(("app_groups_include", value, " must be a list, such as [1, 2]") for value in any_of(7, "7", {}, True, 0)),
        ("countries_include", "PT", ' must be a list, such as ["PT"]'),
        ("languages_include", "pt", ' must be a list, such as ["pt"]'),
        ("audiences_include", "vip", ' must be a list, such as ["vip"]'),
        *(
            ("countries_include", [value], f"[0] must be {A_COUNTRY}")
            for value in any_of("PRT", "P", "", "UK", "ZZ", 1, None, "ß", "\N{LATIN SMALL LIGATURE FI}")
        ),
        *(
            ("languages_include", [value], f"[0] must be {A_LANGUAGE}")
            for value in any_of("pt-BR", "por", "p", "", "qq", 1, None, "\N{KELVIN SIGN}k")
        ),
        *(
            ("audiences_include", [value], f"[0] must be {AN_AUDIENCE}")
            for value in any_of("", "  ", "a,b", "x" * 256, 1, None, ["a"])
        ),
        *(("event_include", value, " must be an event code, or a list of them") for value in any_of(1, True, False, {}, 0)),
        *(("event_exclude", [value], "[0] must be an event code") for value in any_of(1, None, ["reg"])),
        *(("all_apps", value, " must be true or false") for value in any_of("true", 1, 0, [], {})),
        ("all_countries", "yes", " must be true or false"),
        ("all_languages", 1, " must be true or false"),
        ("all_audiences", [], " must be true or false"),
    ],
)
def test_a_value_of_another_kind_is_refused(name: str, value: Any, text: str) -> None:
    assert refused({**ONE_APP, name: value}) == f"filters.{name}{text}"


def test_a_filter_that_is_absent_null_or_empty_restricts_nothing() -> None:
    empty: list[Mapping[str, Any]] = [
        {name: value for name in PROFILE_FIELDS if not name.startswith(("all_", "event"))} for value in any_of(None, [])
    ]
    for filters in ({}, *empty, {"event_include": "", "event_exclude": ""}, {"all_countries": False}, {"all_audiences": None}):
        assert chosen_by(**filters) == Filters()
    assert chosen_by(event_include="install").events is ANY
    assert chosen_by(countries_include=[]).countries is ANY


def test_events_are_a_text_or_a_list_of_which_a_device_has_one() -> None:
    assert chosen_by(event_include="reg") == chosen_by(event_include=["reg"])
    assert chosen_by(event_include=["reg", "dep"]).events == Choice(frozenset({"reg", "dep"}))
    assert chosen_by(event_include=["reg", "install"]).events is ANY
    assert chosen_by(event_exclude=["install"]).events == Choice(exclude=frozenset({"install"}))


def test_a_group_without_audiences_chooses_nobody_and_excludes_nobody() -> None:
    assert chosen_by(audience_groups_include=[33]).audiences == Choice(frozenset())
    assert chosen_by(audience_groups_exclude=[33]).audiences == ANY


def test_an_audience_that_is_written_in_another_way_is_the_same() -> None:
    assert chosen_by(audiences_include=["cafe\u0301", "\ufeffvip\u200b "]).audiences.include == frozenset({"caf\u00e9", "vip"})
    text = "filters.audiences_include[1] is the same as filters.audiences_include[0]"
    assert refused({**ONE_APP, "audiences_include": ["caf\u00e9", "cafe\u0301"]}) == text
    assert refused({**ONE_APP, "audiences_include": ["\u200b"]}) == f"filters.audiences_include[0] must be {AN_AUDIENCE}"


def test_codes_are_known_in_either_case() -> None:
    assert chosen_by(countries_include=["pt", "Gb", "XK"]).countries == Choice(frozenset({"PT", "GB", "XK"}))
    assert chosen_by(languages_include=["PT", "iw"]).languages == Choice(frozenset({"pt", "he"}))


@pytest.mark.parametrize(("before", "today"), [("iw", "he"), ("in", "id"), ("ji", "yi"), ("jw", "jv")])
def test_a_code_that_was_given_up_is_that_of_today(before: str, today: str) -> None:
    assert chosen_by(languages_exclude=[before.title()]) == chosen_by(languages_exclude=[today])
    text = "filters.languages_include[1] is the same as filters.languages_include[0]"
    assert refused({**ONE_APP, "languages_include": [today, before]}) == text
    crossed = {**ONE_APP, "languages_include": [today], "languages_exclude": [before]}
    assert refused(crossed) == "filters.languages_exclude[0] stands in filters.languages_include[0] too"


def test_tables_of_codes_hold_as_many_as_their_standards() -> None:
    assert len(COUNTRY_CODES) == 249 + 1
    assert len(LANGUAGE_CODES) == 183 + 2
    assert all(re.fullmatch("[A-Z]{2}", code) for code in COUNTRY_CODES)
    assert all(re.fullmatch("[a-z]{2}", code) for code in LANGUAGE_CODES)


def test_filters_of_profiles_are_read_without_a_caller() -> None:
    fields = Fields({"countries_include": ["PT"], "event_include": ["reg"]})
    assert parse_profile_filters(fields, CATALOG) == Filters(Choice(frozenset({"PT"})), events=Choice(frozenset({"reg"})))


def test_a_list_has_at_most_ten_thousand_elements() -> None:
    audiences = [f"audience-{number}" for number in range(MAX_LIST_ELEMENTS)]
    assert chosen_by(audiences_include=audiences).audiences.include == frozenset(audiences)
    text = f"filters.audiences_include must be a list of at most {MAX_LIST_ELEMENTS} elements"
    assert refused({**ONE_APP, "audiences_include": [*audiences, "one more"]}) == text


def test_the_longest_lists_are_read_in_less_than_a_second() -> None:
    """Where each element is compared with each other, they take minutes."""
    ids = [*range(1, MAX_LIST_ELEMENTS + 1)]
    apps = {AppId(f"app-{id_}"): px_app_of(id_, f"app-{id_}") for id_ in ids}
    groups = {id_: AudienceGroup(id_, f"group-{id_}", (f"audience-{id_}",)) for id_ in ids}
    account = ServerAccount(CRM, replace(CATALOG, apps=apps, audience_groups=groups))
    filters = {
        "app_ids_include": ids,
        "audiences_include": [f"audience-{id_}" for id_ in ids],
        "audiences_exclude": [f"other-{id_}" for id_ in ids],
        "audience_groups_include": ids,
    }
    begun = time.process_time()
    assert len(applied(filters, account).apps) == MAX_LIST_ELEMENTS
    assert time.process_time() - begun < 1


CODES = st.lists(st.sampled_from(sorted(COUNTRY_CODES)), unique=True, max_size=8)


@given(include=CODES, exclude=CODES, spelling=st.sampled_from([str.lower, str.upper, str.title]))
def test_a_choice_has_what_its_lists_have_or_is_refused_for_what_they_share(
    include: list[str], exclude: list[str], spelling: Any
) -> None:
    filters = {"countries_include": [*map(spelling, include)], "countries_exclude": exclude}
    if shared := set(include) & set(exclude):
        assert "stands in" in refused({**ONE_APP, **filters})
        assert shared
    else:
        countries = chosen_by(**filters).countries
        assert countries == Choice(frozenset(include) or None, frozenset(exclude))
        assert all(countries.admits({code}) is (code in include if include else code not in exclude) for code in COUNTRY_CODES)
