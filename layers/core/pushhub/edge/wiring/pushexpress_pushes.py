"""Which settings has `pushexpress_pushes`, and which implementation serves which of its ports?"""

from pushhub.adapters import clients
from pushhub.dialects.pushexpress.family import PathFamily
from pushhub.dialects.pushexpress.server.endpoints.pushes import PushCalls
from pushhub.edge.wiring.catalog import cached_catalog
from pushhub.edge.wiring.pushexpress_creating import CreatingSettings, creating, require_fit


class PushExpressPushesSettings(CreatingSettings):
    """Settings of `pushexpress_pushes`: those of all functions that create sendings."""


def endpoint() -> PathFamily:
    """Return the endpoint."""
    settings = PushExpressPushesSettings()
    client = clients.dynamodb()
    calls = PushCalls(creating(client, settings), require_fit)
    return calls.endpoint(cached_catalog(client, settings.catalog_table))
