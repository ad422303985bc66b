"""What does a running function know of the catalog?"""

from collections.abc import Mapping

from pushhub.cached import Cached
from pushhub.catalog.model import ApiToken, Catalog, Database, Resource, Upstream


class CachedCatalog(Cached[Catalog]):
    """The catalog, kept in the process as long as :mod:`pushhub.cached` says."""

    def opened_by(self, token: str) -> tuple[Resource, tuple[Database, ...]] | None:
        """Return the resource that this token opens with its databases, or None.

        Both are of one moment: between two look-ups the catalog may change.

        Raises:
            UnavailableError: the catalog cannot be read, and the token is unknown or was last known too long ago.
        """
        return self.find(lambda catalog: _opened(catalog, token))

    def api_token_of(self, token: str) -> ApiToken | None:
        """Return the caller that this API token belongs to, or None.

        Raises:
            UnavailableError: as for `opened_by`.
        """
        return self.find(lambda catalog: catalog.api_token_of(token))

    def upstreams(self) -> Mapping[str, Upstream]:
        """Return where events go, by name.

        Raises:
            UnavailableError: the catalog cannot be read, and was last read too long ago.
        """
        return self.current().upstreams


def _opened(catalog: Catalog, token: str) -> tuple[Resource, tuple[Database, ...]] | None:
    resource = catalog.resource_opened_by(token)
    return (resource, catalog.databases_of(resource)) if resource else None
