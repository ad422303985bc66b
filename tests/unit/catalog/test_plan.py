"""Planning what changes in a catalog."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushhub.catalog.model import (
    ApiCaller,
    BearerTokenDigest,
    Catalog,
    Database,
    DatabaseId,
    FieldType,
    PushTokenConflict,
    ReportedEvent,
    Resource,
    ResourceId,
    Right,
    Upstream,
    UpstreamKind,
    WayOfMatching,
    digest_of,
)
from pushhub.catalog.plan import Action, PlanError, plan_catalog
from pushhub.catalog.providers import Provider
from pushhub.catalog.sections.databases.section import DATABASES
from pushhub.catalog.sections.upstreams.section import MAX_UPSTREAMS
from pushhub.catalog.whole import WholeCatalog

CUSTOMERS = Database(
    DatabaseId(17),
    "customers",
    {"number": FieldType.INTEGER, "nick": FieldType.TEXT, "email": FieldType.EMAIL},
    ("number", "email"),
)
NEWS = Database(DatabaseId(2), "news", {}, ())
SHOP = Resource(ResourceId(5), "shop app", frozenset({digest_of("shop")}), (CUSTOMERS.id,), PushTokenConflict.REJECT, None)
OLD = Resource(ResourceId(9), "old app", frozenset({digest_of("old")}), (CUSTOMERS.id,), PushTokenConflict.REJECT, None)


GATEWAY = ApiCaller("gateway", frozenset({digest_of("gateway")}), frozenset({Right.EVENTS}))
ALTCRAFT = Upstream("altcraft", UpstreamKind.ALTCRAFT, "https://a", relay_links=False, events=frozenset(ReportedEvent))
SECOND = replace(ALTCRAFT, name="second")


def catalog(*entries: Database | Resource | ApiCaller | Upstream, tokens: dict[str, str] | None = None) -> WholeCatalog:
    """Give a catalog of these; where nothing is said of tokens, an upstream's is `token-of-<name>`."""
    upstreams = {entry.name: entry for entry in entries if isinstance(entry, Upstream)}
    held = Catalog(
        {entry.id: entry for entry in entries if isinstance(entry, Database)},
        {entry.id: entry for entry in entries if isinstance(entry, Resource)},
        {entry.name: entry for entry in entries if isinstance(entry, ApiCaller)},
        upstreams,
    )
    return WholeCatalog(held, {name: f"token-of-{name}" for name in upstreams} if tokens is None else tokens)


def test_new_entries_are_added_databases_first() -> None:
    planned = plan_catalog(catalog(), catalog(ALTCRAFT, GATEWAY, SHOP, CUSTOMERS, NEWS), prune=False)
    assert planned.lines == (
        "+ database 2 news",
        "+ database 17 customers",
        "+ resource 5 shop app",
        "+ api token gateway",
        "+ upstream altcraft",
    )
    assert planned.result == catalog(CUSTOMERS, NEWS, SHOP, GATEWAY, ALTCRAFT)
    assert not planned.needs_empty


def test_the_same_again_changes_nothing() -> None:
    everything = catalog(CUSTOMERS, SHOP, GATEWAY, ALTCRAFT)
    planned = plan_catalog(everything, catalog(ALTCRAFT, GATEWAY, SHOP, CUSTOMERS), prune=True)
    assert planned.lines == ()
    assert planned.result == everything


def test_what_the_file_does_not_have_is_kept_and_mentioned() -> None:
    before = catalog(CUSTOMERS, NEWS, SHOP, OLD, GATEWAY, ALTCRAFT, SECOND)
    planned = plan_catalog(before, catalog(CUSTOMERS, SHOP, SECOND), prune=False)
    assert planned.lines == (
        "= database 2 news: not in the file, kept (--prune deletes it)",
        "= resource 9 old app: not in the file, kept (--prune deletes it)",
        "= api token gateway: not in the file, kept (--prune deletes it)",
        "= upstream altcraft: not in the file, kept (--prune deletes it)",
    )
    assert not planned.changes
    assert planned.result == before
    assert not planned.needs_empty


def test_pruning_removes_what_the_file_does_not_have() -> None:
    before = catalog(CUSTOMERS, NEWS, SHOP, OLD, GATEWAY, ALTCRAFT, SECOND)
    planned = plan_catalog(before, catalog(CUSTOMERS, SHOP, SECOND), prune=True)
    assert planned.lines == ("- database 2 news", "- resource 9 old app", "- api token gateway", "- upstream altcraft")
    assert planned.result == catalog(CUSTOMERS, SHOP, SECOND)
    assert planned.needs_empty == {2: "removed"}


def test_what_changes_of_a_resource_is_told_without_a_token() -> None:
    after = replace(
        SHOP,
        name="shop",
        bearer_token_digests=frozenset({digest_of("a"), digest_of("b")}),
        databases=(NEWS.id, CUSTOMERS.id),
        push_token_conflict=PushTokenConflict.MOVE,
        providers=frozenset({Provider("ios-apns"), Provider("Firefox")}),
        matching=frozenset({WayOfMatching.PROFILE_ID, WayOfMatching.PUSH_TOKEN}),
    )
    planned = plan_catalog(catalog(CUSTOMERS, NEWS, SHOP), catalog(CUSTOMERS, NEWS, after), prune=False)
    (step,) = planned.changes
    assert step.details == (
        "name shop app → shop",
        "databases [17] → [2, 17]",
        "token_conflict reject → move",
        "providers all → [Firefox, ios-apns]",
        "matching all → [token, id]",
        "tokens changed (2 added, 1 removed)",
    )
    assert planned.lines == (f"~ resource 5 shop: {', '.join(step.details)}",)


def test_matching_that_is_widened_again_is_told_too() -> None:
    narrow = replace(SHOP, matching=frozenset({WayOfMatching.PUSH_TOKEN}))
    planned = plan_catalog(catalog(CUSTOMERS, narrow), catalog(CUSTOMERS, SHOP), prune=False)
    assert planned.lines == ("~ resource 5 shop app: matching [token] → all",)


def test_what_changes_of_an_api_token_is_told_without_it() -> None:
    after = replace(GATEWAY, bearer_token_digests=frozenset({digest_of("gateway"), digest_of("new")}), rights=frozenset[Right]())
    planned = plan_catalog(catalog(GATEWAY), catalog(after), prune=False)
    assert planned.lines == ("~ api token gateway: rights [events] → [], tokens changed (1 added, 0 removed)",)
    assert planned.changes[0].id is None


def test_what_changes_of_an_upstream_is_told_without_its_token() -> None:
    after = replace(ALTCRAFT, url="https://b", relay_links=True, events=frozenset({ReportedEvent.OPENED}))
    planned = plan_catalog(catalog(ALTCRAFT), catalog(after, tokens={"altcraft": "new"}), prune=False)
    (step,) = planned.changes
    assert step.id is None
    assert step.details == (
        "url https://a → https://b",
        "relay_links false → true",
        "events [delivered, opened] → [opened]",
        "token changed",
    )
    assert planned.lines == (f"~ upstream altcraft: {', '.join(step.details)}",)
    assert planned.result.upstream_tokens == {"altcraft": "new"}


@pytest.mark.parametrize("stored", [{"altcraft": "old"}, {}])
def test_a_new_token_of_an_upstream_is_a_change_even_where_none_was_stored(stored: dict[str, str]) -> None:
    planned = plan_catalog(catalog(ALTCRAFT, tokens=stored), catalog(ALTCRAFT, tokens={"altcraft": "new"}), prune=False)
    assert planned.lines == ("~ upstream altcraft: token changed",)


def test_kept_upstreams_keep_their_tokens_and_pruned_ones_lose_theirs() -> None:
    before, desired = catalog(ALTCRAFT, tokens={"altcraft": "a", "left over": "x"}), catalog(SECOND, tokens={"second": "s"})
    assert plan_catalog(before, desired, prune=False).result.upstream_tokens == {"altcraft": "a", "second": "s"}
    assert plan_catalog(before, desired, prune=True).result.upstream_tokens == {"second": "s"}


def test_kept_upstreams_count_too() -> None:
    many = [replace(ALTCRAFT, name=f"u{number}") for number in range(MAX_UPSTREAMS)]
    with pytest.raises(PlanError) as caught:
        plan_catalog(catalog(ALTCRAFT), catalog(*many), prune=False)
    assert caught.value.problems == ("with those not in the file there would be 21 upstreams, at most 20 (--prune deletes them)",)
    assert plan_catalog(catalog(ALTCRAFT), catalog(*many), prune=True).result == catalog(*many)


def test_a_database_may_get_a_name_and_fields_while_it_holds_profiles() -> None:
    after = replace(CUSTOMERS, name="clients", fields={**CUSTOMERS.fields, "age": FieldType.INTEGER})
    planned = plan_catalog(catalog(CUSTOMERS), catalog(after), prune=False)
    assert planned.lines == ("~ database 17 clients: name customers → clients, field age added (integer)",)
    assert not planned.needs_empty


def test_the_order_of_match_fields_may_change_while_there_are_profiles() -> None:
    planned = plan_catalog(catalog(CUSTOMERS), catalog(replace(CUSTOMERS, match=("email", "number"))), prune=False)
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
    planned = plan_catalog(catalog(CUSTOMERS), catalog(after), prune=False)
    assert planned.lines == (f"~ database 17 customers: {reason}",)
    assert planned.needs_empty == {17: reason}


def test_a_token_of_a_kept_resource_cannot_be_given_to_another() -> None:
    renumbered = replace(SHOP, id=ResourceId(6))
    with pytest.raises(PlanError) as caught:
        plan_catalog(catalog(CUSTOMERS, SHOP), catalog(CUSTOMERS, renumbered), prune=False)
    assert caught.value.problems == (
        "resource 6 shop app has a token of resource 5 shop app, which is not in the file and kept (--prune deletes it)",
    )
    assert plan_catalog(catalog(CUSTOMERS, SHOP), catalog(CUSTOMERS, renumbered), prune=True).result == catalog(
        CUSTOMERS, renumbered
    )


def test_a_token_opens_either_a_resource_or_what_an_api_token_does() -> None:
    with pytest.raises(PlanError) as caught:
        plan_catalog(
            catalog(CUSTOMERS, SHOP), catalog(replace(GATEWAY, bearer_token_digests=SHOP.bearer_token_digests)), prune=False
        )
    assert caught.value.problems == (
        "api token gateway has a token of resource 5 shop app, which is not in the file and kept (--prune deletes it)",
    )


def test_an_api_token_that_gets_another_name_is_refused_while_the_old_one_is_kept() -> None:
    renamed = replace(GATEWAY, name="another")
    with pytest.raises(PlanError, match=r"^api token another has a token of api token gateway, which is not in the file and kept"):
        plan_catalog(catalog(GATEWAY), catalog(renamed), prune=False)
    assert plan_catalog(catalog(GATEWAY), catalog(renamed), prune=True).lines == ("+ api token another", "- api token gateway")


fields = st.dictionaries(st.sampled_from("abc"), st.sampled_from(FieldType), max_size=3)
databases = st.builds(
    lambda id_, name, fields: Database(DatabaseId(id_), name, fields, tuple(fields)[:1]),
    st.integers(1, 3),
    st.sampled_from("xy"),
    fields,
)


api_tokens = st.builds(
    # A token per name, so that no two callers share one.
    lambda name, tokens, rights: ApiCaller(
        name, frozenset(BearerTokenDigest(f"{name}{token}") for token in tokens), frozenset(rights)
    ),
    st.sampled_from("xyz"),
    st.sets(st.sampled_from("ab"), min_size=1),
    st.sets(st.sampled_from(Right)),
)
upstreams = st.builds(
    Upstream,
    st.sampled_from("xyz"),
    st.just(UpstreamKind.ALTCRAFT),
    st.sampled_from(["https://a", "https://b"]),
    st.booleans(),
    st.frozensets(st.sampled_from(ReportedEvent), min_size=1),
)


@st.composite
def catalogs(draw: st.DrawFn) -> WholeCatalog:
    held = draw(st.dictionaries(st.integers(1, 3), databases, max_size=3))
    resources: dict[ResourceId, Resource] = {}
    for id_ in draw(st.sets(st.integers(1, 3))):
        # A token per id and spelling, so that no two resources share one.
        tokens = frozenset(BearerTokenDigest(f"{id_}{letter}") for letter in draw(st.sets(st.sampled_from("ab"), min_size=1)))
        chosen = tuple(draw(st.permutations([DatabaseId(each) for each in held])))
        resources[ResourceId(id_)] = Resource(
            ResourceId(id_),
            "r",
            tokens,
            chosen,
            draw(st.sampled_from(PushTokenConflict)),
            draw(st.sampled_from([None, frozenset[Provider]()])),
        )
    destinations = {each.name: each for each in draw(st.lists(upstreams, max_size=2))}
    catalog = Catalog(
        {DatabaseId(id_): replace(each, id=DatabaseId(id_)) for id_, each in held.items()},
        resources,
        {each.name: each for each in draw(st.lists(api_tokens, max_size=2))},
        destinations,
    )
    return WholeCatalog(catalog, {name: draw(st.sampled_from("st")) for name in destinations})


@given(catalogs(), catalogs(), st.booleans())
def test_applying_a_file_twice_is_applying_it_once(current: WholeCatalog, desired: WholeCatalog, prune: bool) -> None:
    once = plan_catalog(current, desired, prune=prune)
    twice = plan_catalog(once.result, desired, prune=prune)
    assert not twice.changes
    assert not twice.needs_empty
    assert twice.result == once.result


@given(catalogs(), catalogs(), st.booleans())
def test_a_plan_leads_to_what_it_says(current: WholeCatalog, desired: WholeCatalog, prune: bool) -> None:
    planned = plan_catalog(current, desired, prune=prune)
    assert bool(planned.changes) == (planned.result != current)
    before, asked, after = current.catalog, desired.catalog, planned.result.catalog
    assert asked.databases.items() <= after.databases.items()
    assert all(after.resources[id_] == resource for id_, resource in asked.resources.items())
    assert all(after.api_tokens[name] == caller for name, caller in asked.api_tokens.items())
    assert all(after.upstreams[name] == upstream for name, upstream in asked.upstreams.items())
    assert desired.upstream_tokens.items() <= planned.result.upstream_tokens.items()
    assert planned.result.upstream_tokens.keys() == after.upstreams.keys()
    removed = {step.id for step in planned.changes if (step.action, step.section) == (Action.REMOVE, DATABASES)}
    assert removed == before.databases.keys() - after.databases.keys()
    assert removed <= planned.needs_empty.keys() <= before.databases.keys()
    if not prune:
        assert not removed


@given(catalogs(), catalogs(), st.booleans())
def test_no_resource_is_left_without_one_of_its_databases(current: WholeCatalog, desired: WholeCatalog, prune: bool) -> None:
    result = plan_catalog(current, desired, prune=prune).result.catalog
    assert all(result.databases_of(resource) is not None for resource in result.resources.values())
