"""Which settings has `push_subscribe`, and which implementation serves which of its ports?"""

from pushhub.adapters import clients
from pushhub.adapters.dynamodb.audience import DynamoAudience
from pushhub.audience.subscribing import Subscribing
from pushhub.dialects.altcraft.subscribe.endpoint import PushSubscribe
from pushhub.edge.settings import Setting, Settings, comma_separated, not_empty
from pushhub.edge.wiring.catalog import cached_catalog


class PushSubscribeSettings(Settings):
    """Settings of `push_subscribe`: its tables, and the hosts that endpoints of browsers may have beside the known ones."""

    audience_table = Setting("AUDIENCE_TABLE", not_empty)
    catalog_table = Setting("CATALOG_TABLE", not_empty)
    more_push_hosts = Setting("MORE_PUSH_HOSTS", comma_separated)


def endpoint() -> PushSubscribe:
    """Return the endpoint."""
    settings = PushSubscribeSettings()
    client = clients.dynamodb()
    return PushSubscribe(
        catalog=cached_catalog(client, settings.catalog_table),
        subscribe=Subscribing(DynamoAudience(client, settings.audience_table)),
        more_push_hosts=settings.more_push_hosts,
    )
