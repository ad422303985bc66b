"""What does a running function know of the catalog?"""

from collections.abc import Mapping

from pushhub.cached import Cached
from pushhub.catalog.model import ApiCaller, App, AppId, Catalog, Database, Resource, Upstream


class CachedCatalog(Cached[Catalog]):
    """The catalog, kept in the process as long as :mod:`pushhub.cached` says."""

    def opened_by(self, resource_token: str) -> tuple[Resource, tuple[Database, ...]] | None:
        """Return the resource that this token opens, with its databases, or None.

        One look-up gives both, since the catalog may change between two.

        Raises:
            UnavailableError: the catalog cannot be read, and the token is unknown or the catalog was last read too long ago.
        """
        return self.find(lambda catalog: _opened(catalog, resource_token))

    def api_caller_of(self, api_token: str) -> ApiCaller | None:
        """Return the caller that this token belongs to, or None.

        Raises:
            UnavailableError: as for `opened_by`.
        """
        return self.find(lambda catalog: catalog.api_caller_of(api_token))

    def app(self, id_: AppId) -> App | None:
        """Return the app that has this id, or None.

        Raises:
            UnavailableError: as for `opened_by`.
        """
        return self.find(lambda catalog: catalog.apps.get(id_))

    def upstreams(self) -> Mapping[str, Upstream]:
        """Return the upstreams that events go to, by name.

        Raises:
            UnavailableError: the catalog cannot be read, and was last read too long ago.
        """
        return self.current().upstreams


def _opened(catalog: Catalog, resource_token: str) -> tuple[Resource, tuple[Database, ...]] | None:
    resource = catalog.resource_opened_by(resource_token)
    return (resource, catalog.databases_of(resource)) if resource else None
