"""Groups of apps as they are stored and planned."""

import json

from hypothesis import given
from hypothesis import strategies as st

from pushhub.catalog.model import App, AppGroup, AppId, Catalog, DatabaseId, PushExpressIds
from pushhub.catalog.sections.app_groups.section import changes, read, write

ids = st.integers(1, 9)
some_apps = st.builds(AppGroup, ids, st.text(max_size=5), st.lists(ids, min_size=1, unique=True).map(tuple), st.just(False))
groups = some_apps | st.builds(AppGroup, ids, st.text(max_size=5), st.just(()), st.just(True))


def an_app(id_: str, ids_there: PushExpressIds | None) -> App:
    return App(AppId(id_), id_, frozenset(), DatabaseId(1), None, True, True, (), {}, ids_there)


FIRST, SECOND, OTHER = an_app("a", PushExpressIds(2, "two")), an_app("b", PushExpressIds(1, "one")), an_app("c", None)
CATALOG = Catalog({}, {}, apps={app.id: app for app in (FIRST, SECOND, OTHER)})


@given(groups)
def test_a_group_is_read_back_as_it_was_written(group: AppGroup) -> None:
    assert read(json.loads(json.dumps(write(group)))) == group


@given(groups, groups)
def test_a_change_is_told_where_there_is_one(before: AppGroup, after: AppGroup) -> None:
    assert bool(list(changes(before, after))) == (write(before) | {"id": 1} != write(after) | {"id": 1})


def test_what_changes_is_told() -> None:
    assert list(changes(AppGroup(7, "shops", (1, 2)), AppGroup(7, "all", (), all_apps=True))) == [
        "name shops → all",
        "apps [1, 2] → []",
        "all_apps false → true",
    ]


def test_a_group_has_its_apps_in_its_own_order_or_all_of_push_express() -> None:
    assert CATALOG.apps_in(AppGroup(7, "shops", (1, 2))) == (SECOND, FIRST)
    assert CATALOG.apps_in(AppGroup(7, "shops", (2, 9))) == (FIRST,)
    assert CATALOG.apps_in(AppGroup(7, "all", (), all_apps=True)) == (FIRST, SECOND)


def test_an_app_is_found_by_both_ids_of_push_express() -> None:
    assert (CATALOG.app_of_push_express(1), CATALOG.app_of_push_express(3)) == (SECOND, None)
    assert (CATALOG.app_of_sdk("two"), CATALOG.app_of_sdk("2"), CATALOG.app_of_sdk("")) == (FIRST, None, None)
