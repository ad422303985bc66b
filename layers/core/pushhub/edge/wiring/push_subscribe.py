"""Which settings has `push_subscribe`, and which implementation serves which of its ports?"""

from pydantic import Field

from pushhub.adapters import clients
from pushhub.adapters.dynamodb.audience import DynamoAudience
from pushhub.audience.subscribing import Subscribing
from pushhub.dialects.altcraft.subscribe.endpoint import PushSubscribe
from pushhub.edge.settings import Settings, comma_separated, read_settings
from pushhub.edge.wiring.catalog import cached_catalog


class PushSubscribeSettings(Settings):
    """Settings of `push_subscribe`: its tables, and the hosts that endpoints of browsers may have beside the known ones."""

    audience_table: str = Field(alias="AUDIENCE_TABLE", min_length=1)
    catalog_table: str = Field(alias="CATALOG_TABLE", min_length=1)
    more_push_hosts: str = Field(alias="MORE_PUSH_HOSTS")


def endpoint() -> PushSubscribe:
    """Return the endpoint."""
    settings = read_settings(PushSubscribeSettings)
    client = clients.dynamodb()
    return PushSubscribe(
        catalog=cached_catalog(client, settings.catalog_table),
        subscribe=Subscribing(DynamoAudience(client, settings.audience_table)),
        more_push_hosts=comma_separated(settings.more_push_hosts),
    )
