"""Apps as they are stored, shown and planned."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushhub.catalog.document import read_document, write_document
from pushhub.catalog.model import App, AppId, Catalog, DatabaseId, ProviderBlock, PushExpressIds, ResourceId
from pushhub.catalog.plan import plan_catalog
from pushhub.catalog.providers import PROVIDER_CODES, Provider
from pushhub.catalog.sections.apps.section import as_declared, changes, read, write
from pushhub.catalog.sections.apps.stand_ins import with_stored_stand_ins
from pushhub.catalog.whole import AppCredentials, WholeCatalog

APNS = ProviderBlock({"topic": "com.example.shop", "environment": "production"})
SHOP = App(
    AppId("a1"),
    "shop",
    frozenset({"crm", "backup"}),
    DatabaseId(17),
    ResourceId(5),
    enabled=True,
    tracking=True,
    prefer=(Provider("ios-firebase"), Provider("ios-apns")),
    blocks={"apns": APNS, "firebase": ProviderBlock({"project": "stand-in"}, stand_in=True)},
)
CREDENTIALS: AppCredentials = {"apns": {"key": "one"}, "firebase": {"key": "two"}}


def whole(*apps: App, credentials: AppCredentials = CREDENTIALS) -> WholeCatalog:
    return WholeCatalog(Catalog({}, {}, apps={app.id: app for app in apps}), app_credentials={app.id: credentials for app in apps})


def lines(before: WholeCatalog, after: WholeCatalog) -> tuple[str, ...]:
    return plan_catalog(before, after, prune=False).lines


names = st.sampled_from(["firebase", "apns", "web_push", "later"])
texts = st.text(max_size=5)
apps = st.builds(
    App,
    st.sampled_from("ab").map(AppId),
    texts,
    st.frozensets(st.sampled_from("xyz")),
    st.integers(1, 3).map(DatabaseId),
    st.none() | st.integers(1, 3).map(ResourceId),
    st.booleans(),
    st.booleans(),
    st.lists(st.sampled_from(list(PROVIDER_CODES)), unique=True).map(tuple),
    st.dictionaries(names, st.builds(ProviderBlock, st.dictionaries(texts, texts, max_size=2), st.booleans()), max_size=3),
)


with_ids = st.builds(replace, apps, push_express=st.none() | st.builds(PushExpressIds, st.integers(1, 9), texts))


@given(with_ids)
def test_an_app_is_read_back_as_it_was_written(app: App) -> None:
    assert read(json.loads(json.dumps(write(app)))) == app


@given(apps, apps)
def test_a_plan_tells_a_change_where_there_is_one_and_credentials_go_with_their_apps(before: App, after: App) -> None:
    planned = plan_catalog(whole(before, credentials={}), whole(after, credentials={}), prune=True)
    assert bool(planned.changes) == (before != after)
    assert planned.result.app_credentials.keys() == {after.id}


def test_the_document_has_apps_without_credentials_and_the_address_of_the_hub() -> None:
    catalog = replace(whole(SHOP).catalog, base_url="https://hub.example")
    written = write_document(catalog)
    assert written.endswith(
        '"apps":[{"id":"a1","name":"shop","callers":["backup","crm"],"database":17,"resource":5,"enabled":true,"tracking":true,'
        '"prefer":["ios-firebase","ios-apns"],"blocks":{"apns":{"settings":{"topic":"com.example.shop","environment":"production"}},'
        '"firebase":{"settings":{"project":"stand-in"},"stand_in":true}}}],"app_groups":[],"audience_groups":[],"events":[],"base_url":"https://hub.example"}'
    )
    assert read_document(written) == catalog


def test_an_app_is_shown_as_a_file_has_it() -> None:
    assert as_declared(SHOP) == {
        "id": "a1",
        "name": "shop",
        "callers": ["backup", "crm"],
        "database": 17,
        "resource": 5,
        "enabled": True,
        "tracking": True,
        "prefer": ["ios-firebase", "ios-apns"],
        "apns": {"topic": "com.example.shop", "environment": "production"},
        "firebase": "stand-in",
    }


def test_the_ids_of_push_express_are_shown_as_a_file_has_them_and_a_change_is_told() -> None:
    ours = replace(SHOP, push_express=PushExpressIds(16183, "16183-2"))
    assert as_declared(ours)["px"] == {"id": 16183, "sdk_id": "16183-2"}
    assert list(changes(SHOP, ours)) == ["px none → 16183 16183-2"]
    assert list(changes(ours, replace(ours, push_express=PushExpressIds(16183, "other")))) == ["px 16183 16183-2 → 16183 other"]
    renumbered = replace(ours, push_express=PushExpressIds(16184, "16183-2"))
    again = "(its devices are not answered until they register again)"
    assert list(changes(ours, renumbered)) == [f"px 16183 16183-2 → 16184 16183-2 {again}"]
    until = "(its devices are not answered until it has the same px again)"
    assert list(changes(ours, SHOP)) == [f"px 16183 16183-2 → none {until}"]
    assert read(write(ours)) == ours


def test_an_app_that_an_earlier_release_stored_is_none_of_push_express() -> None:
    assert "px" not in write(SHOP)
    assert read(write(SHOP)).push_express is None


def test_what_changes_of_an_app_is_told_without_its_credentials() -> None:
    after = replace(
        SHOP,
        name="store",
        callers=frozenset({"crm"}),
        database=DatabaseId(18),
        resource=None,
        enabled=False,
        tracking=False,
        prefer=(),
        blocks={"apns": ProviderBlock({"topic": "com.example.store", "environment": "production"}), "firebase": ProviderBlock({})},
    )
    (line,) = lines(whole(SHOP), whole(after, credentials={"apns": {"key": "secret"}, "firebase": {"key": "two"}}))
    assert line.partition(": ")[2].split(", ") == [
        "name shop → store",
        *("callers [backup", "crm] → [crm]"),
        "database 17 → 18",
        "resource 5 → none",
        "enabled true → false",
        "tracking true → false",
        *("prefer [ios-firebase", "ios-apns] → []"),
        "apns.topic com.example.shop → com.example.store",
        "firebase is no longer a stand-in",
        "credentials of apns changed",
    ]


def test_blocks_that_come_and_go_are_told() -> None:
    only_apns, only_firebase = replace(SHOP, blocks={"apns": APNS}), replace(SHOP, blocks={"firebase": SHOP.blocks["firebase"]})
    assert lines(
        whole(only_apns, credentials={"apns": {"key": "one"}}), whole(only_firebase, credentials={"firebase": {"key": "two"}})
    ) == ("~ app a1 shop: apns removed, firebase added, credentials of firebase added, credentials of apns removed",)


@pytest.mark.parametrize("held", [{}, {"apns": {"key": "one"}}])
def test_credentials_that_were_lost_are_a_change(held: AppCredentials) -> None:
    (line,) = lines(whole(SHOP, credentials=held), whole(SHOP))
    assert line.endswith("firebase added")


def test_an_app_has_an_id_for_programs_whatever_its_name() -> None:
    (added,) = plan_catalog(whole(), whole(replace(SHOP, name="a1")), prune=False).changes
    assert (added.id, added.line) == ("a1", "+ app a1")


def test_a_stand_in_keeps_its_stored_keys_and_nothing_else_does() -> None:
    declared = whole(SHOP, credentials={"apns": {"key": "new"}, "firebase": {"key": "new"}})
    kept = with_stored_stand_ins(declared, whole(SHOP))
    assert kept.app_credentials == {"a1": {"apns": {"key": "new"}, "firebase": {"key": "two"}}}
    was_real = replace(SHOP, blocks={**SHOP.blocks, "firebase": ProviderBlock({"project": "real"})})
    for current in (whole(), whole(SHOP, credentials={}), whole(was_real), whole(replace(SHOP, blocks={}))):
        assert with_stored_stand_ins(declared, current) == declared
