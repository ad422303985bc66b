"""The catalog in DynamoDB: one item, read and replaced as a whole, so that no reader sees half of a change."""

from typing import TYPE_CHECKING, Final

from pushhub.adapters.dynamodb.faults import translated
from pushhub.adapters.dynamodb.schema import items
from pushhub.catalog.document import read_document, write_document
from pushhub.catalog.model import Catalog
from pushhub.catalog.port import CatalogChangedError, StoredCatalog
from pushhub.faults import LostRaceError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_KEY: Final = {"pk": "CATALOG", "sk": "C"}


class DynamoCatalog:
    """The catalog store of a stack."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        """Use a table through a client."""
        self._client = client
        self._table = table

    def load(self) -> StoredCatalog:
        """See :meth:`pushhub.catalog.port.CatalogStore.load`; one consistent GetItem."""
        with translated():
            answer = self._client.get_item(TableName=self._table, Key=items.to_wire(_KEY), ConsistentRead=True)
        if "Item" not in answer:
            return StoredCatalog(Catalog({}, {}), version=0)
        item = items.from_wire(answer["Item"])
        return StoredCatalog(read_document(item["document"]), int(item["version"]))

    def replace(self, catalog: Catalog, version: int) -> None:
        """See :meth:`pushhub.catalog.port.CatalogStore.replace`."""
        item = _KEY | {"v": items.FORMAT, "document": write_document(catalog), "version": version + 1}
        try:
            with translated():
                self._client.put_item(
                    TableName=self._table,
                    Item=items.to_wire(item),
                    ConditionExpression="attribute_not_exists(#version) OR #version = :version",
                    ExpressionAttributeNames={"#version": "version"},
                    ExpressionAttributeValues=items.to_wire({":version": version}),
                )
        except LostRaceError:
            raise CatalogChangedError from None
