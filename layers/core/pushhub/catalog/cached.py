"""How fresh is the catalog that a running function works with?"""

import time
from collections.abc import Callable
from typing import Final

from pushhub.catalog.model import Catalog, Resource

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

    def current(self) -> Catalog:
        """Return the catalog, at most :data:`FRESH_SECONDS` old; raises what `load` raises."""
        return self._not_older_than(FRESH_SECONDS)

    def resource_opened_by(self, token: str) -> Resource | None:
        """Return the resource that this token opens, or None; raises what `load` raises."""
        known = self.current().resource_opened_by(token)
        return known or self._not_older_than(UNKNOWN_TOKEN_SECONDS).resource_opened_by(token)

    def _not_older_than(self, seconds: float) -> Catalog:
        if self._catalog is None or self._clock() - self._loaded_at >= seconds:
            self._catalog = self._load()
            self._loaded_at = self._clock()
        return self._catalog
