"""Which implementation serves which port in `push_subscribe`?"""

from pushhub.audience.subscribing import Subscribing
from pushhub.dialects.altcraft.push_subscribe import PushSubscribe
from pushhub.edge.settings import PushSubscribeSettings, settings
from pushhub.edge.wiring import aws
from pushhub.edge.wiring.catalog import cached_catalog
from pushhub.store.audience import DynamoAudience


def endpoint() -> PushSubscribe:
    """Return the endpoint."""
    chosen = settings(PushSubscribeSettings)
    client = aws.dynamodb()
    return PushSubscribe(
        catalog=cached_catalog(client, chosen.catalog_table),
        subscribe=Subscribing(DynamoAudience(client, chosen.audience_table)),
    )
