"""Which settings has `pushexpress_instant`, and which implementation serves which of its ports?"""

from pushhub.adapters import clients
from pushhub.dialects.pushexpress.family import PathFamily
from pushhub.dialects.pushexpress.server.endpoints.instant import SendInstantly
from pushhub.edge.settings import Setting, at_least
from pushhub.edge.wiring.catalog import cached_catalog
from pushhub.edge.wiring.pushexpress_creating import CreatingSettings, creating, require_fit


class PushExpressInstantSettings(CreatingSettings):
    """Settings of `pushexpress_instant`: those of all functions that create sendings, and how soon what it creates is due."""

    delay = Setting("INSTANT_DELAY_SECONDS", at_least(0))


def endpoint() -> PathFamily:
    """Return the endpoint."""
    settings = PushExpressInstantSettings()
    client = clients.dynamodb()
    send = SendInstantly(creating(client, settings), require_fit, settings.delay)
    return send.endpoint(cached_catalog(client, settings.catalog_table))
