"""Groups of apps in a catalog file."""

import pytest

from pushhub.catalog.file import CatalogFileError, parse_catalog
from pushhub.catalog.model import AppGroup
from pushhub.catalog.sections.app_groups.section import MAX_APP_GROUPS

EITHER = "app_groups[0]: either apps, with at least one of them, or all_apps: true is required, not both"
AN_ID = "an integer from 1 to 2147483647 is expected"


def problems(entry: str) -> list[str]:
    with pytest.raises(CatalogFileError) as caught:
        parse_catalog(f"app_groups: [{entry}]", "catalog.yaml", {})
    return [problem.removeprefix("catalog.yaml: ") for problem in caught.value.problems]


def test_a_file_declares_a_group_of_all_apps() -> None:
    catalog = parse_catalog("app_groups: [{id: 7, name: all, all_apps: true}]", "catalog.yaml", {}).catalog
    assert catalog.app_groups == {7: AppGroup(7, "all", (), all_apps=True)}


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ("{name: a, apps: [1]}", "app_groups[0].id: required"),
        ("{id: 7, apps: [1]}", "app_groups[0].name: required"),
        ("{id: 0, name: a, apps: [1]}", f"app_groups[0].id: {AN_ID}"),
        ("{id: '7', name: a, apps: [1]}", f"app_groups[0].id: {AN_ID}"),
        ("{id: 7, name: '', apps: [1]}", "app_groups[0].name: a text of one line that is not empty is expected"),
        ("{id: 7, name: a}", EITHER),
        ("{id: 7, name: a, apps: []}", EITHER),
        ("{id: 7, name: a, all_apps: false}", EITHER),
        ("{id: 7, name: a, apps: [1], all_apps: true}", EITHER),
        ("{id: 7, name: a, apps: [1, 2, 1]}", "app_groups[0].apps[2]: 1 stands in the list already"),
        ("{id: 7, name: a, apps: [x]}", f"app_groups[0].apps[0]: {AN_ID}"),
        ("{id: 7, name: a, apps: [1], all_apps: yes please}", "app_groups[0].all_apps: true or false is expected"),
        ("{id: 7, name: a, app_ids: [1], apps: [1]}", "app_groups[0].app_ids: unknown key; the keys are id, name, apps, all_apps"),
        ("7", "app_groups[0]: a mapping is expected"),
        (
            "{id: 7, name: a, all_apps: true}, {id: 7, name: b, all_apps: true}",
            "app_groups[1].id: 7 is the id of app_groups[0] already",
        ),
        ("{id: 7, name: a, apps: [5, 6]}, {id: 8, name: b, apps: [5]}", "app_groups[0].apps[0]: no app has the px.id 5"),
    ],
)
def test_what_is_wrong_with_a_group_is_told_with_its_place(entry: str, problem: str) -> None:
    assert problems(entry)[0] == problem


def test_a_catalog_has_at_most_200_groups() -> None:
    def with_groups(count: int) -> str:
        return ", ".join(f"{{id: {id_}, name: a, all_apps: true}}" for id_ in range(1, count + 1))

    assert problems(with_groups(MAX_APP_GROUPS + 1)) == ["app_groups: at most 200 app_groups"]
    parse_catalog(f"app_groups: [{with_groups(MAX_APP_GROUPS)}]", "catalog.yaml", {})
