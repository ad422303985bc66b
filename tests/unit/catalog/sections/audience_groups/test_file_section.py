"""Groups of audiences in a catalog file."""

import pytest

from pushhub.catalog.file import CatalogFileError, parse_catalog
from pushhub.catalog.filter_fields import MAX_AUDIENCE_CHARACTERS
from pushhub.catalog.model import AudienceGroup
from pushhub.catalog.sections.audience_groups.file_section import MAX_AUDIENCES
from pushhub.catalog.sections.audience_groups.section import MAX_AUDIENCE_GROUPS

AN_AUDIENCE = "an audience is 1 to 255 characters without a comma and without blanks around it"


def problems(entry: str) -> list[str]:
    with pytest.raises(CatalogFileError) as caught:
        parse_catalog(f"audience_groups: [{entry}]", "catalog.yaml", {})
    return [problem.removeprefix("catalog.yaml: ") for problem in caught.value.problems]


def test_a_file_declares_a_group_with_its_audiences_in_order() -> None:
    longest = "x" * MAX_AUDIENCE_CHARACTERS
    text = f'audience_groups: [{{id: 3, name: Buyers, audiences: [vip, "age:>=21", "${{SALE}}", {longest}]}}]'
    catalog = parse_catalog(text, "catalog.yaml", {"SALE": "sale 2"}).catalog
    assert catalog.audience_groups == {3: AudienceGroup(3, "Buyers", ("vip", "age:>=21", "sale 2", longest))}


def test_an_audience_is_compared_as_that_of_a_profile_whose_letters_are_composed() -> None:
    text = "audience_groups: [{id: 3, name: a, audiences: [%s]}]"
    declared = parse_catalog(text % '"cafe\\u0301\\u200b"', "catalog.yaml", {}).catalog.audience_groups[3]
    assert declared.audiences == ("caf\u00e9",)
    assert problems('{id: 3, name: a, audiences: ["caf\\u00e9", "cafe\\u0301"]}') == [
        'audience_groups[0].audiences[1]: "caf\u00e9" stands in the list already'
    ]
    assert problems('{id: 3, name: a, audiences: ["\\u2060"]}') == [f"audience_groups[0].audiences[0]: {AN_AUDIENCE}"]


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ("{name: a, audiences: [x]}", "audience_groups[0].id: required"),
        ("{id: 3, name: a}", "audience_groups[0].audiences: required"),
        ("{id: 3, name: a, audiences: []}", "audience_groups[0].audiences: at least one audience is required"),
        ("{id: 3, name: a, audiences: [x, 'x,y']}", f"audience_groups[0].audiences[1]: {AN_AUDIENCE}"),
        ("{id: 3, name: a, audiences: [' x']}", f"audience_groups[0].audiences[0]: {AN_AUDIENCE}"),
        (f"{{id: 3, name: a, audiences: [{'x' * 256}]}}", f"audience_groups[0].audiences[0]: {AN_AUDIENCE}"),
        (
            "{id: 3, name: a, audiences: ['']}",
            "audience_groups[0].audiences[0]: a text of one line that is not empty is expected",
        ),
        ("{id: 3, name: a, audiences: [5]}", "audience_groups[0].audiences[0]: a text is expected; put it in quotes"),
        ("{id: 3, name: a, audiences: [x, x]}", 'audience_groups[0].audiences[1]: "x" stands in the list already'),
        (
            "{id: 3, name: a, audiences: [x]}, {id: 3, name: b, audiences: [x]}",
            "audience_groups[1].id: 3 is the id of audience_groups[0] already",
        ),
    ],
)
def test_what_is_wrong_with_a_group_is_told_with_its_place(entry: str, problem: str) -> None:
    assert problems(entry) == [problem]


def test_a_catalog_has_at_most_200_groups_and_each_1000_audiences() -> None:
    def with_audiences(count: int) -> str:
        return f"{{id: 3, name: a, audiences: [{', '.join(f'a{index}' for index in range(count))}]}}"

    assert problems(with_audiences(MAX_AUDIENCES + 1)) == ["audience_groups[0].audiences: at most 1000 audiences"]
    parse_catalog(f"audience_groups: [{with_audiences(MAX_AUDIENCES)}]", "catalog.yaml", {})
    many = ", ".join(f"{{id: {id_}, name: a, audiences: [x]}}" for id_ in range(1, MAX_AUDIENCE_GROUPS + 2))
    assert problems(many) == ["audience_groups: at most 200 audience_groups"]
