"""The catalog store in memory."""

from pushhub.catalog.document import write_document
from pushhub.catalog.model import Catalog
from pushhub.catalog.port import CatalogChangedError, StoredCatalog


class MemoryCatalog:
    """A catalog store for tests; `version` counts the writes."""

    def __init__(self, catalog: Catalog | None = None) -> None:
        self.catalog = catalog or Catalog({}, {})
        self.version = 0

    def load(self) -> StoredCatalog:
        return StoredCatalog(self.catalog, self.version)

    def replace(self, catalog: Catalog, version: int) -> None:
        write_document(catalog)
        if version != self.version:
            raise CatalogChangedError
        self.catalog = catalog
        self.version += 1
