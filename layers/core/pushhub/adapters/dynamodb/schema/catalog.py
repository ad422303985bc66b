"""The one item of the Catalog table."""

from typing import Final

from pushhub.adapters.dynamodb.schema import items
from pushhub.adapters.dynamodb.schema.items import Item
from pushhub.catalog.document import read_document, write_document
from pushhub.catalog.model import Catalog
from pushhub.catalog.port import StoredCatalog

CATALOG_KEY: Final[Item] = {"pk": "CATALOG", "sk": "C"}
VERSION: Final = "version"
"""Attribute that counts how often the catalog was replaced."""


def catalog_item(catalog: Catalog, version: int) -> Item:
    """Return the item of a catalog.

    Raises:
        CatalogTooLargeError: the catalog does not fit one item.
    """
    return CATALOG_KEY | {"v": items.ITEM_FORMAT, "document": write_document(catalog), VERSION: version}


def stored_catalog_of(item: Item) -> StoredCatalog:
    """Read the catalog back."""
    return StoredCatalog(read_document(item["document"]), int(item[VERSION]))
