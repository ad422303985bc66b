"""How fresh is the catalog that a running function works with?"""

import time
from collections.abc import Callable
from typing import Final

from pushhub.catalog.model import Catalog, Database, Resource

FRESH_SECONDS: Final = 60
"""A change of the catalog is in effect after at most this."""
UNKNOWN_TOKEN_SECONDS: Final = 5
"""How long an unknown token stays unknown; a flood of them costs one read in this time."""


class CachedCatalog:
    """The catalog, kept in the process; one of it, whatever callers send, so it is bounded by the catalog's own bound."""

    def __init__(self, load: Callable[[], Catalog], clock: Callable[[], float] = time.monotonic) -> None:
        """Read the catalog through `load` when first needed; `clock` counts seconds."""
        self._load = load
        self._clock = clock
        self._catalog: Catalog | None = None
        self._loaded_at = 0.0

    def opened_by(self, token: str) -> tuple[Resource, tuple[Database, ...]] | None:
        """Return the resource that this token opens with its databases, or None; raises what `load` raises.

        Both are of one moment: between two look-ups the catalog may change.
        """
        for age in (FRESH_SECONDS, UNKNOWN_TOKEN_SECONDS):
            catalog = self._not_older_than(age)
            if resource := catalog.resource_opened_by(token):
                return resource, catalog.databases_of(resource)
        return None

    def _not_older_than(self, seconds: float) -> Catalog:
        if self._catalog is None or self._clock() - self._loaded_at >= seconds:
            self._catalog = self._load()
            self._loaded_at = self._clock()
        return self._catalog
