"""What the catalog store must do, on the local engine."""

import secrets

import pytest

from pushhub.adapters.dynamodb.catalog import DynamoCatalog
from pushhub.catalog.model import Catalog, digest_of
from pushhub.catalog.port import CatalogChangedError, StoredCatalog
from tests.conftest import Hub
from tests.wire.golden import catalog_of


@pytest.fixture
def store(hub: Hub) -> DynamoCatalog:
    """Give a catalog store over a table of its own, so that the hub keeps its catalog."""
    client = hub.connection.client("dynamodb")
    name = f"catalog-{secrets.token_hex(4)}"
    client.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "sk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
    )
    return DynamoCatalog(client, name)


def test_a_stack_begins_with_an_empty_catalog(store: DynamoCatalog) -> None:
    assert store.load() == StoredCatalog(Catalog({}, {}), 0)


def test_a_catalog_is_read_back_as_it_was_written(store: DynamoCatalog) -> None:
    catalog = catalog_of("push_subscribe")
    store.replace(catalog, 0)
    assert store.load() == StoredCatalog(catalog, 1)


def test_of_two_who_read_the_same_version_one_replaces_it(store: DynamoCatalog) -> None:
    catalog = catalog_of("push_subscribe")
    store.replace(catalog, 0)
    with pytest.raises(CatalogChangedError):
        store.replace(Catalog({}, {}), 0)
    store.replace(Catalog({}, {}), 1)
    assert store.load() == StoredCatalog(Catalog({}, {}), 2)


def test_no_token_is_stored(store: DynamoCatalog, hub: Hub) -> None:
    store.replace(catalog_of("push_subscribe"), 0)
    stored = str(hub.connection.client("dynamodb").scan(TableName=store._table)["Items"])
    assert "3LXP2FRcRxJ" not in stored
    assert digest_of("3LXP2FRcRxJ-7b14db88ec937f14") in stored
