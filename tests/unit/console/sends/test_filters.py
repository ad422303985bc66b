"""Filters as a person writes and reads them."""

import json

from hypothesis import given
from hypothesis import strategies as st

from pushhub.console.sends.filters import filters_entry, first_of, parse_written, read_filters
from pushhub.sends.filters import ANY, Choice, Filters
from tests.doubles.send_hub import CATALOG, SHOP


def choices(values: list[str]) -> st.SearchStrategy[Choice]:
    """Give choices whose lists have no value in common."""
    split = st.lists(st.sampled_from(["include", "exclude", ""]), min_size=len(values), max_size=len(values))
    return split.map(lambda sides: _choice(values, sides))


def _choice(values: list[str], sides: list[str]) -> Choice:
    include, exclude = (
        frozenset(value for value, where in zip(values, sides, strict=True) if where == side) for side in ("include", "exclude")
    )
    return Choice(include or None, exclude) if include or exclude else ANY


@given(
    st.builds(
        Filters,
        countries=choices(["PT", "BR", "DE"]),
        languages=choices(["pt", "de", "en"]),
        audiences=choices(["vip", "age:>=21", "\u00e9"]),
        events=choices(["reg", "dep"]),
    ).filter(lambda filters: filters != Filters())
)
def test_what_is_shown_of_filters_chooses_the_same_when_it_is_written(filters: Filters) -> None:
    assert parse_written(read_filters(json.dumps(filters_entry(filters))), CATALOG, SHOP) == filters


def test_of_a_long_list_the_first_are_shown_and_how_many_more_there_are() -> None:
    assert first_of(["a", "b"]) == "a, b"
    assert first_of([str(number) for number in range(10_000)], 3) == "0, 1, 2 and 9,997 more"
