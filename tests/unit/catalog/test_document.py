"""The stored form of a catalog."""

import json
from dataclasses import replace

import pytest

from pushhub.catalog.document import MAX_DOCUMENT_BYTES, CatalogTooLargeError, read_document, write_document
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
)
from pushhub.catalog.providers import Provider

CUSTOMERS = Database(DatabaseId(17), "Kunden é", {"nick": FieldType.TEXT, "age": FieldType.INTEGER}, ("age", "nick"))
SHOP = Resource(
    ResourceId(5),
    "shop",
    frozenset({BearerTokenDigest("b2"), BearerTokenDigest("a1")}),
    (CUSTOMERS.id, DatabaseId(2)),
    PushTokenConflict.MOVE,
    frozenset({Provider("ios-apns"), Provider("Firefox")}),
)
GATEWAY = ApiCaller("gateway", frozenset({BearerTokenDigest("d4"), BearerTokenDigest("c3")}), frozenset({Right.EVENTS}))
ALTCRAFT = Upstream("altcraft", UpstreamKind.ALTCRAFT, "https://a", relay_links=True, events=frozenset(ReportedEvent))
EVERYTHING = Catalog({CUSTOMERS.id: CUSTOMERS}, {SHOP.id: SHOP}, {"gateway": GATEWAY}, {"altcraft": ALTCRAFT})
STORED = (
    '{"databases":[{"id":17,"name":"Kunden é","fields":{"nick":"text","age":"integer"},"match":["age","nick"]}],'
    '"resources":[{"id":5,"name":"shop","token_sha256":["a1","b2"],"databases":[17,2],"token_conflict":"move",'
    '"providers":["Firefox","ios-apns"]}],'
    '"api_tokens":[{"name":"gateway","token_sha256":["c3","d4"],"rights":["events"]}],'
    '"upstreams":[{"name":"altcraft","kind":"altcraft","url":"https://a","relay_links":true,"events":["delivered","opened"]}],"apps":[],"app_groups":[],"audience_groups":[],"events":[]}'
)


def test_the_document_has_every_section_with_its_lists_sorted() -> None:
    assert write_document(EVERYTHING) == STORED
    assert read_document(STORED) == EVERYTHING


def test_a_document_of_an_earlier_release_has_fewer_sections() -> None:
    earlier = {name: section for name, section in json.loads(STORED).items() if name in {"databases", "resources"}}
    assert read_document(json.dumps(earlier)) == Catalog(EVERYTHING.databases, EVERYTHING.resources)


def test_a_narrowed_resource_is_stored_with_the_ways_in_which_it_matches_in_their_order() -> None:
    narrow = replace(SHOP, matching=frozenset({WayOfMatching.MATCH_FIELD, WayOfMatching.PUSH_TOKEN}))
    catalog = replace(EVERYTHING, resources={narrow.id: narrow})
    document = write_document(catalog)
    assert document == STORED.replace(
        '"providers":["Firefox","ios-apns"]', '"providers":["Firefox","ios-apns"],"matching":["token","custom"]'
    )
    assert read_document(document) == catalog


def test_a_section_of_a_later_release_is_passed_over() -> None:
    assert read_document(json.dumps(json.loads(STORED) | {"later": [{"name": "x"}]})) == EVERYTHING


@pytest.mark.parametrize("missing", ["databases", "resources"])
def test_a_document_without_a_section_that_always_was_is_none(missing: str) -> None:
    content = {name: section for name, section in json.loads(STORED).items() if name != missing}
    with pytest.raises(TypeError, match=missing):
        read_document(json.dumps(content))


def test_a_document_that_does_not_fit_one_item_is_not_written() -> None:
    large = Database(DatabaseId(1), "x" * MAX_DOCUMENT_BYTES, {}, ())
    with pytest.raises(CatalogTooLargeError, match="at most 380000 fit"):
        write_document(Catalog({large.id: large}, {}))
