"""Which settings has `pushexpress_catalog`, and which implementation serves its port?"""

from pushhub.adapters import clients
from pushhub.dialects.pushexpress.family import PathFamily
from pushhub.dialects.pushexpress.server.endpoints.catalog import catalog_endpoint
from pushhub.edge.settings import Setting, Settings, not_empty
from pushhub.edge.wiring.catalog import cached_catalog


class PushExpressCatalogSettings(Settings):
    """Settings of `pushexpress_catalog`: the table of what it answers from."""

    catalog_table = Setting("CATALOG_TABLE", not_empty)


def endpoint() -> PathFamily:
    """Return the endpoint."""
    settings = PushExpressCatalogSettings()
    return catalog_endpoint(cached_catalog(clients.dynamodb(), settings.catalog_table))
