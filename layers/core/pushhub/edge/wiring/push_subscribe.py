"""Which implementation serves which port in `push_subscribe`?"""

from pushhub.adapters import clients
from pushhub.adapters.dynamodb.audience import DynamoAudience
from pushhub.audience.subscribing import Subscribing
from pushhub.dialects.altcraft.subscribe.endpoint import PushSubscribe
from pushhub.edge.settings import PushSubscribeSettings, settings
from pushhub.edge.wiring.catalog import cached_catalog


def endpoint() -> PushSubscribe:
    """Return the endpoint."""
    chosen = settings(PushSubscribeSettings)
    client = clients.dynamodb()
    return PushSubscribe(
        catalog=cached_catalog(client, chosen.catalog_table),
        subscribe=Subscribing(DynamoAudience(client, chosen.audience_table)),
    )
