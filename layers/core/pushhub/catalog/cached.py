"""How fresh is the catalog that a running function works with?"""

import time
from collections.abc import Callable
from typing import Final

from pushhub.catalog.model import Catalog, Database, Resource
from pushhub.faults import UnavailableError

FRESH_SECONDS: Final = 60
"""A change of the catalog is in effect after at most this."""
UNKNOWN_TOKEN_SECONDS: Final = 5
"""How long an unknown token stays unknown; a flood of them costs one read in this time."""


STALE_SECONDS: Final = 600
"""How long known tokens go on working while the catalog cannot be read again."""


class CachedCatalog:
    """The catalog, kept in the process; one of it, whatever callers send, so it is bounded by the catalog's own bound."""

    def __init__(
        self,
        load: Callable[[], Catalog],
        clock: Callable[[], float] = time.monotonic,
        on_stale: Callable[[UnavailableError], None] = lambda _: None,
    ) -> None:
        """Read the catalog through `load` when first needed.

        Args:
            load: reads the catalog; may raise `UnavailableError`.
            clock: counts seconds.
            on_stale: is told why an old catalog goes on being used.
        """
        self._load = load
        self._clock = clock
        self._on_stale = on_stale
        self._catalog: Catalog | None = None
        self._loaded_at = 0.0
        self._fault = ""
        self._failed_at = 0.0

    def opened_by(self, token: str) -> tuple[Resource, tuple[Database, ...]] | None:
        """Return the resource that this token opens with its databases, or None.

        Both are of one moment: between two look-ups the catalog may change.

        Raises:
            UnavailableError: the catalog cannot be read, and the token is unknown or was last known :data:`STALE_SECONDS` ago.
        """
        return _opened(self._usable(), token) or _opened(self._not_older_than(UNKNOWN_TOKEN_SECONDS), token)

    def _usable(self) -> Catalog:
        try:
            return self._not_older_than(FRESH_SECONDS)
        except UnavailableError as fault:
            if self._catalog is None or self._clock() - self._loaded_at >= STALE_SECONDS:
                raise
            self._on_stale(fault)
            return self._catalog

    def _not_older_than(self, seconds: float) -> Catalog:
        if self._catalog is None or self._clock() - self._loaded_at >= seconds:
            self._catalog = self._loaded()
            self._loaded_at = self._clock()
        return self._catalog

    def _loaded(self) -> Catalog:
        """Read the catalog; a fault is repeated for a while without asking again, since each asking may hang for seconds."""
        if self._fault and self._clock() - self._failed_at < UNKNOWN_TOKEN_SECONDS:
            # A new error each time: one that is raised again keeps the frames, and so the bodies, of all who met it.
            raise UnavailableError(self._fault)
        try:
            catalog = self._load()
        except UnavailableError as fault:
            self._fault, self._failed_at = str(fault), self._clock()
            raise
        self._fault = ""
        return catalog


def _opened(catalog: Catalog, token: str) -> tuple[Resource, tuple[Database, ...]] | None:
    resource = catalog.resource_opened_by(token)
    return (resource, catalog.databases_of(resource)) if resource else None
