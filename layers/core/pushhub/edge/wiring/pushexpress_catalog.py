"""Which settings has `pushexpress_catalog`, and which implementation serves its port?"""

from pushhub.adapters import clients
from pushhub.dialects.pushexpress.server.endpoints.catalog import catalog_family
from pushhub.dialects.pushexpress.server.endpoints.family import ServerFamily
from pushhub.edge.settings import Setting, Settings, not_empty
from pushhub.edge.wiring.catalog import cached_catalog


class PushexpressCatalogSettings(Settings):
    """Settings of `pushexpress_catalog`: the table of what it answers from."""

    catalog_table = Setting("CATALOG_TABLE", not_empty)


def endpoint() -> ServerFamily:
    """Return the endpoint."""
    settings = PushexpressCatalogSettings()
    return catalog_family(cached_catalog(clients.dynamodb(), settings.catalog_table))
