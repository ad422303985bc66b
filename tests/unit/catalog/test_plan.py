"""Planning what changes in a catalog."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushhub.catalog.model import (
    Catalog,
    Database,
    DatabaseId,
    FieldType,
    Resource,
    ResourceId,
    TokenConflict,
    TokenDigest,
    digest_of,
)
from pushhub.catalog.plan import Action, Kind, PlanError, plan
from pushhub.catalog.providers import Provider

CUSTOMERS = Database(
    DatabaseId(17),
    "customers",
    {"number": FieldType.INTEGER, "nick": FieldType.TEXT, "email": FieldType.EMAIL},
    ("number", "email"),
)
NEWS = Database(DatabaseId(2), "news", {}, ())
SHOP = Resource(ResourceId(5), "shop app", frozenset({digest_of("shop")}), (CUSTOMERS.id,), TokenConflict.REJECT, None)
OLD = Resource(ResourceId(9), "old app", frozenset({digest_of("old")}), (CUSTOMERS.id,), TokenConflict.REJECT, None)


def catalog(*entries: Database | Resource) -> Catalog:
    return Catalog(
        {entry.id: entry for entry in entries if isinstance(entry, Database)},
        {entry.id: entry for entry in entries if isinstance(entry, Resource)},
    )


def test_new_entries_are_added_databases_first() -> None:
    planned = plan(catalog(), catalog(SHOP, CUSTOMERS, NEWS), prune=False)
    assert planned.lines == ("+ database 2 news", "+ database 17 customers", "+ resource 5 shop app")
    assert planned.result == catalog(CUSTOMERS, NEWS, SHOP)
    assert not planned.needs_empty


def test_the_same_again_changes_nothing() -> None:
    planned = plan(catalog(CUSTOMERS, SHOP), catalog(SHOP, CUSTOMERS), prune=True)
    assert planned.lines == ()
    assert planned.result == catalog(CUSTOMERS, SHOP)


def test_what_the_file_does_not_have_is_kept_and_mentioned() -> None:
    planned = plan(catalog(CUSTOMERS, NEWS, SHOP, OLD), catalog(CUSTOMERS, SHOP), prune=False)
    assert planned.lines == (
        "= database 2 news: not in the file, kept (--prune deletes it)",
        "= resource 9 old app: not in the file, kept (--prune deletes it)",
    )
    assert not planned.changes
    assert planned.result == catalog(CUSTOMERS, NEWS, SHOP, OLD)
    assert not planned.needs_empty


def test_pruning_removes_what_the_file_does_not_have() -> None:
    planned = plan(catalog(CUSTOMERS, NEWS, SHOP, OLD), catalog(CUSTOMERS, SHOP), prune=True)
    assert planned.lines == ("- database 2 news", "- resource 9 old app")
    assert planned.result == catalog(CUSTOMERS, SHOP)
    assert planned.needs_empty == {2: "removed"}


def test_what_changes_of_a_resource_is_told_without_a_token() -> None:
    after = replace(
        SHOP,
        name="shop",
        tokens=frozenset({digest_of("a"), digest_of("b")}),
        databases=(NEWS.id, CUSTOMERS.id),
        token_conflict=TokenConflict.MOVE,
        providers=frozenset({Provider("ios-apns"), Provider("Firefox")}),
    )
    planned = plan(catalog(CUSTOMERS, NEWS, SHOP), catalog(CUSTOMERS, NEWS, after), prune=False)
    (step,) = planned.changes
    assert step.details == (
        "name shop app → shop",
        "databases [17] → [2, 17]",
        "token_conflict reject → move",
        "providers all → [Firefox, ios-apns]",
        "tokens changed (2 added, 1 removed)",
    )
    assert planned.lines == (f"~ resource 5 shop: {', '.join(step.details)}",)


def test_a_database_may_get_a_name_and_fields_while_it_holds_profiles() -> None:
    after = replace(CUSTOMERS, name="clients", fields={**CUSTOMERS.fields, "age": FieldType.INTEGER})
    planned = plan(catalog(CUSTOMERS), catalog(after), prune=False)
    assert planned.lines == ("~ database 17 clients: name customers → clients, field age added (integer)",)
    assert not planned.needs_empty


def test_the_order_of_match_fields_may_change_while_there_are_profiles() -> None:
    planned = plan(catalog(CUSTOMERS), catalog(replace(CUSTOMERS, match=("email", "number"))), prune=False)
    assert planned.lines == ("~ database 17 customers: match [number, email] → [email, number]",)
    assert not planned.needs_empty


@pytest.mark.parametrize(
    ("after", "reason"),
    [
        (replace(CUSTOMERS, match=("number",)), "match [number, email] → [number]"),
        (replace(CUSTOMERS, match=("number", "email", "nick")), "match [number, email] → [number, email, nick]"),
        (replace(CUSTOMERS, fields={**CUSTOMERS.fields, "nick": FieldType.PHONE}), "field nick text → phone"),
        (replace(CUSTOMERS, fields={"number": FieldType.INTEGER, "email": FieldType.EMAIL}), "field nick removed"),
        (
            replace(CUSTOMERS, fields={"number": FieldType.DECIMAL}, match=("number",)),
            "field number integer → decimal, field nick removed, field email removed, match [number, email] → [number]",
        ),
    ],
)
def test_a_change_that_profiles_would_contradict_needs_an_empty_database(after: Database, reason: str) -> None:
    planned = plan(catalog(CUSTOMERS), catalog(after), prune=False)
    assert planned.lines == (f"~ database 17 customers: {reason}",)
    assert planned.needs_empty == {17: reason}


def test_a_token_of_a_kept_resource_cannot_be_given_to_another() -> None:
    renumbered = replace(SHOP, id=ResourceId(6))
    with pytest.raises(PlanError) as caught:
        plan(catalog(CUSTOMERS, SHOP), catalog(CUSTOMERS, renumbered), prune=False)
    assert caught.value.problems == (
        "resource 6 shop app has a token of resource 5 shop app, which is not in the file and kept (--prune deletes it)",
    )
    assert plan(catalog(CUSTOMERS, SHOP), catalog(CUSTOMERS, renumbered), prune=True).result == catalog(CUSTOMERS, renumbered)


fields = st.dictionaries(st.sampled_from("abc"), st.sampled_from(FieldType), max_size=3)
databases = st.builds(
    lambda id_, name, fields: Database(DatabaseId(id_), name, fields, tuple(fields)[:1]),
    st.integers(1, 3),
    st.sampled_from("xy"),
    fields,
)


@st.composite
def catalogs(draw: st.DrawFn) -> Catalog:
    held = draw(st.dictionaries(st.integers(1, 3), databases, max_size=3))
    resources: dict[ResourceId, Resource] = {}
    for id_ in draw(st.sets(st.integers(1, 3))):
        # A token per id and spelling, so that no two resources share one.
        tokens = frozenset(TokenDigest(f"{id_}{letter}") for letter in draw(st.sets(st.sampled_from("ab"), min_size=1)))
        chosen = tuple(draw(st.permutations([DatabaseId(each) for each in held])))
        resources[ResourceId(id_)] = Resource(
            ResourceId(id_),
            "r",
            tokens,
            chosen,
            draw(st.sampled_from(TokenConflict)),
            draw(st.sampled_from([None, frozenset[Provider]()])),
        )
    return Catalog({DatabaseId(id_): replace(each, id=DatabaseId(id_)) for id_, each in held.items()}, resources)


@given(catalogs(), catalogs(), st.booleans())
def test_applying_a_file_twice_is_applying_it_once(current: Catalog, desired: Catalog, prune: bool) -> None:
    once = plan(current, desired, prune=prune)
    twice = plan(once.result, desired, prune=prune)
    assert not twice.changes
    assert not twice.needs_empty
    assert twice.result == once.result


@given(catalogs(), catalogs(), st.booleans())
def test_a_plan_leads_to_what_it_says(current: Catalog, desired: Catalog, prune: bool) -> None:
    planned = plan(current, desired, prune=prune)
    assert bool(planned.changes) == (planned.result != current)
    assert desired.databases.items() <= planned.result.databases.items()
    assert all(planned.result.resources[id_] == resource for id_, resource in desired.resources.items())
    removed = {step.id for step in planned.changes if (step.action, step.kind) == (Action.REMOVE, Kind.DATABASE)}
    assert removed == current.databases.keys() - planned.result.databases.keys()
    assert removed <= planned.needs_empty.keys() <= current.databases.keys()
    if not prune:
        assert not removed


@given(catalogs(), catalogs(), st.booleans())
def test_no_resource_is_left_without_one_of_its_databases(current: Catalog, desired: Catalog, prune: bool) -> None:
    result = plan(current, desired, prune=prune).result
    assert all(result.databases_of(resource) is not None for resource in result.resources.values())
