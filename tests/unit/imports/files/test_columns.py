"""What the columns of a file mean."""

from dataclasses import replace

import pytest

from pushhub.catalog.model import Catalog, Resource, ResourceId, WayOfMatching
from pushhub.catalog.providers import Provider
from pushhub.imports.files.columns import Columns, RowDestination, find_columns, row_destination_of
from pushhub.imports.files.drop import read_key
from pushhub.imports.job import UnusableFileError
from tests.doubles.import_files import CATALOG, DATABASE, OTHER_DATABASE, RESOURCE

BY_TOKEN, BY_ID, BY_CUSTOMER = "token", "profile_id", "custom-customer"


def destination(matching: str, resource: Resource = RESOURCE) -> RowDestination:
    return RowDestination(read_key(f"inbox/5/ios-apns/{matching}/a.csv"), resource, (DATABASE, OTHER_DATABASE))


@pytest.mark.parametrize(
    ("header", "matching", "columns"),
    [
        (["subscription_id"], BY_TOKEN, Columns(1, 0, None, None, None, ())),
        (["id", "subscription_id"], BY_TOKEN, Columns(2, 1, None, None, None, ((0, "id"),))),
        (["id", "subscription_id"], BY_ID, Columns(2, 1, 0, None, None, ())),
        (["id", "subscription_id", "customer"], BY_CUSTOMER, Columns(3, 1, 2, None, None, ((0, "id"),))),
        (
            ["city", "provider", "age", "unsubscribe", "subscription_id", "customer"],
            BY_TOKEN,
            Columns(6, 4, None, 3, 1, ((0, "city"), (2, "age"), (5, "customer"))),
        ),
    ],
)
def test_a_column_is_what_its_name_says(header: list[str], matching: str, columns: Columns) -> None:
    assert find_columns(header, destination(matching)) == columns


@pytest.mark.parametrize(
    ("header", "matching", "says"),
    [
        (["name", "subscription_id", "name"], BY_TOKEN, 'the column "name" stands in the header 2 times'),
        (["subscription_id"] * 3, BY_TOKEN, 'the column "subscription_id" stands in the header 3 times'),
        (["subscription_id", ""], BY_TOKEN, "column 2 of the header has no name"),
        (["subscription_id", "Name"], BY_TOKEN, 'the column "Name" is a field of no database of resource 5$'),
        (["subscription_id", "x" * 99 + "\n"], BY_TOKEN, f'the column "{"x" * 40}…" is a field of no database'),
        (["subscription_id", "a\x1b\udc98"], BY_TOKEN, 'the column "a\ufffd\ufffd" is a field of no database'),
        (["subscription_id", *map(str, range(100))], BY_TOKEN, "the header has 101 columns; at most 100 are read"),
        (["name"], BY_TOKEN, "the header has no column subscription_id"),
        (
            ["subscription_id"],
            BY_ID,
            'no column "id", by which the profiles are to be found; found, and case counts: "subscription_id"$',
        ),
        (
            ["subscription_id", "Customer", "a\x1b"],
            BY_CUSTOMER,
            'no column "customer", .* found, and case counts: "subscription_id", "Customer", 1 that is no name$',
        ),
        (["subscription_id", "name"], "custom-name", '"name" is no match field of database 7; there is customer$'),
        (["subscription_id", "age"], "custom-nobody", '"nobody" is no match field of database 7; there is customer$'),
        (["subscription_id", "provider"], "custom-provider", "the column provider has a meaning of its own"),
    ],
)
def test_a_header_that_cannot_work_makes_the_file_unusable(header: list[str], matching: str, says: str) -> None:
    with pytest.raises(UnusableFileError, match=says):
        find_columns(header, destination(matching))


@pytest.mark.parametrize("matching", [BY_TOKEN, BY_CUSTOMER])
def test_an_id_that_is_no_field_is_told_to_go_with_matching_by_it(matching: str) -> None:
    alone = RowDestination(destination(matching).drop, RESOURCE, (OTHER_DATABASE,))
    says = 'the column "id" is a field of no database of resource 5; the id of a profile goes with the matching profile_id$'
    with pytest.raises(UnusableFileError, match=says):
        find_columns(["subscription_id", "id", "customer"], alone)


def test_a_match_field_has_to_be_one_in_every_database() -> None:
    apart = RowDestination(destination(BY_CUSTOMER).drop, RESOURCE, (DATABASE, replace(OTHER_DATABASE, match=())))
    with pytest.raises(UnusableFileError, match=r'"customer" is no match field of database 8; there is none$'):
        find_columns(["subscription_id", "customer"], apart)


def test_a_provider_that_the_resource_does_not_admit_makes_the_file_unusable_unless_its_rows_name_their_own() -> None:
    narrow = replace(RESOURCE, providers=frozenset({Provider("Firefox")}))
    with pytest.raises(UnusableFileError, match="resource 5 does not admit the provider ios-apns"):
        find_columns(["subscription_id"], destination(BY_TOKEN, narrow))
    assert find_columns(["subscription_id", "provider"], destination(BY_TOKEN, narrow)).provider == 1


@pytest.mark.parametrize(
    ("matching", "way", "others"),
    [(BY_TOKEN, "token", "id, custom"), (BY_ID, "id", "token, custom"), (BY_CUSTOMER, "custom", "token, id")],
)
def test_a_way_of_matching_that_the_resource_does_not_have_makes_the_file_unusable(matching: str, way: str, others: str) -> None:
    drop = read_key(f"inbox/5/ios-apns/{matching}/a.csv")

    def narrowed(*ways: WayOfMatching) -> Catalog:
        return replace(CATALOG, resources={RESOURCE.id: replace(RESOURCE, matching=frozenset(ways))})

    assert row_destination_of(drop, narrowed(WayOfMatching(way))).drop == drop
    told = rf"resource 5 may not match by {way}: its matching in the catalog is \[{others}\]; import through another resource"
    with pytest.raises(UnusableFileError, match=told):
        row_destination_of(drop, narrowed(*(each for each in WayOfMatching if each != way)))


def test_the_destination_is_the_resource_of_the_key_with_its_databases() -> None:
    drop = read_key("inbox/5/ios-apns/token/a.csv")
    assert row_destination_of(drop, CATALOG) == RowDestination(drop, RESOURCE, (DATABASE, OTHER_DATABASE))


def test_a_resource_that_is_unknown_or_has_no_databases_makes_the_file_unusable() -> None:
    drop = read_key("inbox/5/ios-apns/token/a.csv")
    with pytest.raises(UnusableFileError, match=r"there is no resource 5; there is none$"):
        row_destination_of(drop, Catalog({}, {}))
    others = {ResourceId(id_): replace(RESOURCE, id=ResourceId(id_)) for id_ in range(99, 9, -1)}
    with pytest.raises(UnusableFileError, match=r"there is no resource 5; there are 10, 11, .*, 29 and 70 more$"):
        row_destination_of(drop, Catalog({}, others))
    with pytest.raises(UnusableFileError, match="resource 5 has no databases"):
        row_destination_of(drop, Catalog({}, {ResourceId(5): replace(RESOURCE, databases=())}))
