"""The catalog in DynamoDB: one item, read and replaced as a whole, so that no reader sees half of a change."""

from typing import TYPE_CHECKING

from pushhub.adapters.dynamodb.faults import translated
from pushhub.adapters.dynamodb.schema import items
from pushhub.adapters.dynamodb.schema.catalog import CATALOG_KEY, VERSION, catalog_item, stored_catalog_of
from pushhub.catalog.model import Catalog
from pushhub.catalog.port import CatalogChangedError, StoredCatalog
from pushhub.faults import LostRaceError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoCatalog:
    """The catalog store of a stack."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        """Use a table through a client."""
        self._client = client
        self._table = table

    def load(self) -> StoredCatalog:
        """See :meth:`pushhub.catalog.port.CatalogStore.load`; one consistent GetItem."""
        with translated():
            answer = self._client.get_item(TableName=self._table, Key=items.to_wire(CATALOG_KEY), ConsistentRead=True)
        if "Item" not in answer:
            return StoredCatalog(Catalog({}, {}), version=0)
        return stored_catalog_of(items.from_wire(answer["Item"]))

    def replace(self, catalog: Catalog, version: int) -> None:
        """See :meth:`pushhub.catalog.port.CatalogStore.replace`; one PutItem, guarded by the version."""
        item = catalog_item(catalog, version + 1)
        try:
            with translated():
                self._client.put_item(
                    TableName=self._table,
                    Item=items.to_wire(item),
                    ConditionExpression="attribute_not_exists(#version) OR #version = :version",
                    ExpressionAttributeNames={"#version": VERSION},
                    ExpressionAttributeValues=items.to_wire({":version": version}),
                )
        except LostRaceError:
            raise CatalogChangedError from None
