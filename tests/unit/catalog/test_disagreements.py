"""Entries of a catalog that are right by themselves and do not go together."""

from dataclasses import replace

import pytest

from pushhub.catalog.file import CatalogFileError, parse_catalog
from pushhub.catalog.model import (
    App,
    AppGroup,
    AppId,
    Catalog,
    CatalogEntry,
    CustomEvent,
    Database,
    DatabaseId,
    FieldType,
    PushExpressIds,
    PushTokenConflict,
    Resource,
    ResourceId,
    WayOfMatching,
)
from pushhub.catalog.plan import PlanError, plan_catalog
from pushhub.catalog.whole import WholeCatalog

FILE = """
databases:
  - {id: 40, name: installs, fields: {country: text, language: text, audiences: text, ext_id: text, tz_sec: integer, nick: text}}
  - {id: 41, name: others, fields: {country: text, language: integer, audiences: text, ext_id: text}}
  - {id: 42, name: named, fields: {country: text, language: text, audiences: text, ext_id: text, tz_sec: integer}, match: [ext_id]}
resources:
  - {id: 5, name: shop, token: abcdefgh, databases: [40, 41, 42], token_conflict: move, matching: [token, id]}
  - {id: 6, name: other, token: abcdefghi, databases: [40], matching: [token]}
apps:
"""
SHOP = "  - {id: a, name: shop, database: 40, resource: 5, px: {id: 16183, sdk_id: 16183-2}}\n"
MOVE = "resource 6 of an app with px needs token_conflict: move; the token of a device moves to whoever logs in there"
MATCHING = "resource 6 of an app with px needs id under matching; a device is found by the id of its profile"
FIELDS = "database 41 of an app with px needs {language: text, tz_sec: integer} under fields"
MATCHED = "database 42 of an app with px must not have [ext_id] under match; devices report them unchecked"
TRACKING = "an app with px needs tracking: true; what its devices report names the push that carries our keys"
OWN_RESOURCE = "an app with px needs a resource of its own; resource {} is already that of"
RESOURCE = "an app with px needs a resource; its devices subscribe through it"


def problems(text: str) -> list[str]:
    with pytest.raises(CatalogFileError) as caught:
        parse_catalog(text, "catalog.yaml", {})
    return [problem.removeprefix("catalog.yaml: ") for problem in caught.value.problems]


def test_an_app_of_push_express_has_a_resource_that_moves_tokens_and_a_database_with_the_fields_of_filters() -> None:
    shop = parse_catalog(FILE + SHOP + "app_groups: [{id: 7, name: shops, apps: [16183]}]", "c", {}).catalog.apps[AppId("a")]
    assert shop.push_express == PushExpressIds(16183, "16183-2")


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ((", resource: 5", ""), [f"apps[0].resource: {RESOURCE}"]),
        (("resource: 5", "resource: 6"), [f"apps[0].resource: {MOVE}", f"apps[0].resource: {MATCHING}"]),
        (("database: 40", "database: 41"), [f"apps[0].database: {FIELDS}"]),
        (("database: 40", "database: 42"), [f"apps[0].database: {MATCHED}"]),
        (("px:", "tracking: false, px:"), [f"apps[0].tracking: {TRACKING}"]),
        (("id: 16183,", "id: 0,"), ["apps[0].px.id: an integer from 1 to 2147483647 is expected"]),
        (("id: 16183, ", ""), ["apps[0].px.id: required"]),
        (("sdk_id: 16183-2", "sdk_id: a.b"), ["apps[0].px.sdk_id: an sdk_id is 1 to 64 characters of A-Z a-z 0-9 _ -"]),
        (("sdk_id: 16183-2", "sdk_id: 16183"), ["apps[0].px.sdk_id: a text is expected; put it in quotes"]),
        (
            ("sdk_id:", "pushexpress_id:"),
            ["apps[0].px.sdk_id: required", "apps[0].px.pushexpress_id: unknown key; the keys are id, sdk_id"],
        ),
        (("{id: 16183, sdk_id: 16183-2}", "16183"), ["apps[0].px: a mapping is expected"]),
    ],
)
def test_what_an_app_of_push_express_lacks_is_told_with_what_to_write(changed: tuple[str, str], told: list[str]) -> None:
    assert problems(FILE + SHOP.replace(*changed)) == told


def test_two_apps_share_no_id_of_push_express() -> None:
    assert problems(FILE + SHOP + SHOP.replace("id: a", "id: b")) == [
        "apps[1].px.id: 16183 is already the px.id of apps[0]",
        'apps[1].px.sdk_id: "16183-2" is already the px.sdk_id of apps[0]',
        f"apps[1].resource: {OWN_RESOURCE.format(5)} apps[0]",
    ]


def test_two_apps_of_push_express_share_no_resource_since_the_sendings_of_one_would_reach_the_devices_of_the_other() -> None:
    second = SHOP.replace("id: a", "id: b").replace("16183", "16184")
    assert problems(FILE + SHOP + second) == [f"apps[1].resource: {OWN_RESOURCE.format(5)} apps[0]"]
    parse_catalog(FILE + SHOP + "  - {id: b, name: without px, database: 40, resource: 5}", "c", {})


def test_an_app_that_is_none_of_push_express_needs_none_of_that() -> None:
    parse_catalog(FILE + "  - {id: a, name: shop, database: 40, resource: 6, tracking: false}", "c", {})


def test_a_group_names_apps_that_exist() -> None:
    groups = "app_groups: [{id: 7, name: all, all_apps: true}, {id: 8, name: shops, apps: [16183, 5]}]"
    assert problems(FILE + SHOP + groups) == ["app_groups[1].apps[1]: no app has the px.id 5"]


def test_what_needs_all_entries_is_told_once_each_of_them_is_right() -> None:
    groups = "app_groups: [{id: 8, name: shops, apps: [5]}]"
    assert problems(FILE + SHOP.replace("name: shop, ", "") + groups) == ["apps[0].name: required"]


DATABASE = Database(
    DatabaseId(40),
    "installs",
    {**dict.fromkeys(("country", "language", "audiences", "ext_id"), FieldType.TEXT), "tz_sec": FieldType.INTEGER},
    (),
)
DOOR = Resource(ResourceId(5), "door", frozenset(), (DATABASE.id,), PushTokenConflict.MOVE, None)
APP = App(AppId("a"), "shop", frozenset(), DATABASE.id, DOOR.id, True, True, (), {}, PushExpressIds(1, "one"))
OTHER = replace(APP, id=AppId("b"), name="other")
GROUP = AppGroup(7, "shops", (1,))
KEPT = "(not in the file and kept; --prune deletes it)"


def whole(*entries: CatalogEntry) -> WholeCatalog:
    kinds = {"databases": Database, "resources": Resource, "apps": App, "app_groups": AppGroup, "events": CustomEvent}
    return WholeCatalog(Catalog.of({name: [each for each in entries if isinstance(each, kind)] for name, kind in kinds.items()}))


STORED = whole(DATABASE, DOOR, APP, GROUP)


@pytest.mark.parametrize(
    ("declared", "told"),
    [
        (
            whole(DATABASE, DOOR, OTHER),
            (
                f"app b other: px.id: 1 is already the px.id of app a shop {KEPT}",
                f'app b other: px.sdk_id: "one" is already the px.sdk_id of app a shop {KEPT}',
                f"app b other: resource: {OWN_RESOURCE.format(5)} app a shop {KEPT}",
            ),
        ),
        (
            whole(DATABASE, replace(DOOR, push_token_conflict=PushTokenConflict.REJECT)),
            (f"app a shop {KEPT}: resource: {MOVE.replace('6', '5')}",),
        ),
        (
            whole(DATABASE, replace(DOOR, databases=())),
            (f"app a shop {KEPT}: resource: resource 5 of an app with px needs database 40 under databases",),
        ),
        (
            whole(DATABASE, replace(DOOR, matching=frozenset({WayOfMatching.PUSH_TOKEN}))),
            (f"app a shop {KEPT}: resource: {MATCHING.replace('6', '5')}",),
        ),
        (
            whole(replace(DATABASE, fields={**DATABASE.fields, "tz_sec": FieldType.TEXT})),
            (f"app a shop {KEPT}: database: database 40 of an app with px needs {{tz_sec: integer}} under fields",),
        ),
        (
            whole(DATABASE, DOOR, replace(APP, push_express=None)),
            (f"app group 7 shops {KEPT}: apps[0]: no app has the px.id 1",),
        ),
    ],
)
def test_a_plan_judges_the_file_together_with_what_it_keeps(declared: WholeCatalog, told: tuple[str, ...]) -> None:
    with pytest.raises(PlanError) as caught:
        plan_catalog(STORED, declared, prune=False)
    assert caught.value.problems == told
    plan_catalog(STORED, declared if declared.catalog.apps else whole(), prune=True)


def test_a_plan_tells_events_whose_numbers_are_equal() -> None:
    first, second = (CustomEvent(code, code) for code in ("e34016", "e47688"))
    with pytest.raises(PlanError, match=r"^event e47688: code: .*, is already that of event e34016 \(not in the file and kept"):
        plan_catalog(whole(first), whole(second), prune=False)


def test_a_plan_without_disagreement_goes_on() -> None:
    for changed in (replace(APP, name="store"), replace(APP, push_express=PushExpressIds(1, "two"))):
        planned = plan_catalog(STORED, whole(DATABASE, DOOR, changed), prune=False)
        assert planned.result.catalog.apps[APP.id] == changed
