"""Which profiles a sending chooses."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushhub.audience.values import Value
from pushhub.sends.filters import Choice, Filters, language_of

DE = {"country": "DE"}
values = st.frozensets(st.sampled_from("abcd"))


def only(*values: str) -> Choice:
    return Choice(frozenset(values))


def without(*values: str) -> Choice:
    return Choice(exclude=frozenset(values))


def test_filters_that_ask_for_nothing_admit_every_profile() -> None:
    assert Filters().admits({}, ())
    assert Filters().admits({"country": "DE", "language": "de"}, ("reg",))


@pytest.mark.parametrize("country", ["DE", "de", " De "])
def test_a_country_is_compared_whatever_its_case(country: str) -> None:
    assert Filters(countries=only("DE")).admits({"country": country}, ())
    assert not Filters(countries=without("DE")).admits({"country": country}, ())


@pytest.mark.parametrize("language", ["pt", "PT", "pt-BR", "pt_BR", " pt-Latn-BR"])
def test_a_language_is_compared_without_its_region(language: str) -> None:
    assert Filters(languages=only("pt")).admits({"language": language}, ())
    assert not Filters(languages=only("pt")).admits({"language": f"x{language.strip()}"}, ())


@pytest.mark.parametrize(
    ("reported", "today"), [("iw-IL", "he"), ("in_ID", "id"), ("JI", "yi"), ("jw", "jv"), ("he", "he"), ("mo", "mo")]
)
def test_a_code_that_was_given_up_is_that_of_today(reported: str, today: str) -> None:
    assert language_of({"language": reported}) == today
    assert Filters(languages=only(today)).admits({"language": reported}, ())


@pytest.mark.parametrize(
    ("audiences", "is_in"), [("b", True), ("a, b ,c", True), ("ab", False), ("B", False), ("", False), (",,", False)]
)
def test_audiences_are_parted_at_their_commas_and_compared_as_they_are_written(audiences: str, is_in: bool) -> None:
    assert Filters(audiences=only("b", "x")).admits({"audiences": audiences}, ()) is is_in
    assert Filters(audiences=without("b", "x")).admits({"audiences": audiences}, ()) is not is_in


def test_an_audience_is_compared_without_what_nobody_sees_around_it() -> None:
    assert Filters(audiences=only("caf\u00e9")).admits({"audiences": "vip,cafe\u0301\u200b ,x"}, ())


def test_one_included_event_is_enough_and_one_excluded_event_too_much() -> None:
    filters = Filters(events=Choice(frozenset({"reg", "dep"}), frozenset({"won"})))
    admitted = [filters.admits({}, happened) for happened in ((), ("reg",), ("dep", "reg"), ("dep", "won"))]
    assert admitted == [False, True, True, False]


def test_install_has_happened_to_every_profile() -> None:
    assert Filters(events=only("install")).admits({}, ())
    assert not Filters(events=without("install")).admits({}, ("reg",))


def test_an_ext_id_is_compared_as_it_is_written() -> None:
    admitted = [Filters(ext_ids=frozenset({"Ann"})).admits({"ext_id": ext_id}, ()) for ext_id in ("Ann", "ann", "")]
    assert admitted == [True, False, False]


@pytest.mark.parametrize("fields", [{}, {"country": "", "language": "", "audiences": ""}, {"country": 7, "language": True}])
def test_a_profile_without_a_value_is_chosen_by_no_list_and_left_out_by_none(fields: Mapping[str, Value]) -> None:
    for name in ("countries", "languages", "audiences"):
        choices: dict[str, Any] = {name: only("DE", "de", "a")}
        assert not Filters(**choices).admits(fields, ())
        choices = {name: without("DE", "de", "a")}
        assert Filters(**choices).admits(fields, ())


def test_an_empty_list_chooses_nobody() -> None:
    assert not Filters(countries=only()).admits(DE, ())
    assert not Filters(ext_ids=frozenset()).admits({"ext_id": ""}, ())


def test_every_filter_has_to_admit() -> None:
    fields = {"country": "DE", "language": "de", "audiences": "a", "ext_id": "7"}
    all_of_them: dict[str, Any] = {"countries": only("DE"), "languages": only("de"), "audiences": only("a"), "events": only("reg")}
    assert Filters(**all_of_them, ext_ids=frozenset({"7"})).admits(fields, ("reg",))
    for name in all_of_them:
        assert not Filters(**all_of_them | {name: only("x")}, ext_ids=frozenset({"7"})).admits(fields, ("reg",))
    assert not Filters(**all_of_them, ext_ids=frozenset({"8"})).admits(fields, ("reg",))


@given(st.none() | values, values, values)
def test_a_choice_is_what_set_theory_says(include: frozenset[str] | None, exclude: frozenset[str], held: frozenset[str]) -> None:
    assert Choice(include, exclude).admits(held) == ((include is None or bool(include & held)) and not exclude & held)


@given(values, values)
def test_an_include_list_and_the_same_exclude_list_divide_everybody(listed: frozenset[str], audiences: frozenset[str]) -> None:
    fields = {"audiences": ",".join(audiences)}
    included, excluded = Filters(audiences=Choice(listed)), Filters(audiences=Choice(exclude=listed))
    assert included.admits(fields, ()) is not excluded.admits(fields, ())


def test_a_profile_without_a_language_speaks_none() -> None:
    assert [language_of(fields) for fields in ({}, {"language": ""}, {"language": 7}, {"language": "en-US"})] == ["", "", "", "en"]
