"""What does the catalog need of a store?"""

from dataclasses import dataclass
from typing import Protocol

from pushhub.catalog.model import Catalog


class CatalogChangedError(Exception):
    """Someone else replaced the catalog since it was read; nothing was written."""


@dataclass(frozen=True, slots=True)
class StoredCatalog:
    """A catalog as it was read; `version` is 0 where none was ever written."""

    catalog: Catalog
    version: int


class CatalogStore(Protocol):
    """The one catalog of a stack, read and replaced as a whole."""

    def load(self) -> StoredCatalog:
        """Return the catalog as it is now.

        Raises:
            UnavailableError: the store did not answer in time, or refused for load.
        """

    def replace(self, catalog: Catalog, version: int) -> None:
        """Put a catalog in the place of the one that was read with `version`.

        Raises:
            CatalogChangedError: it is no longer the one that was read.
            CatalogTooLargeError: it does not fit one item.
            UnavailableError: the store did not answer in time, or refused for load.
        """
