"""Which settings has `crypto_post_events`, and which implementation serves which of its ports?"""

from pydantic import Field

from pushhub.adapters import clients
from pushhub.dialects.altcraft.events.accepting import Acceptance, RelayAcceptance
from pushhub.dialects.altcraft.events.link import CryptoPostEvents
from pushhub.edge.settings import Settings, read_settings
from pushhub.edge.wiring.catalog import cached_catalog
from pushhub.edge.wiring.queues import queue
from pushhub.edge.wiring.secrets import cached_secrets


class CryptoPostEventsSettings(Settings):
    """Settings of `crypto_post_events`: its table, its queues, the stack's secret, and its name, which links are bound to."""

    catalog_table: str = Field(alias="CATALOG_TABLE", min_length=1)
    events_queue: str = Field(alias="EVENTS_QUEUE", min_length=1)
    relays_queue: str = Field(alias="RELAYS_QUEUE", min_length=1)
    secret: str = Field(alias="SECRET", min_length=1)
    stack: str = Field(alias="STACK", min_length=1)


def endpoint() -> CryptoPostEvents:
    """Return the endpoint."""
    settings = read_settings(CryptoPostEventsSettings)
    sqs = clients.sqs()
    return CryptoPostEvents(
        catalog=cached_catalog(clients.dynamodb(), settings.catalog_table),
        secrets=cached_secrets(settings.secret),
        stack=settings.stack,
        accept=Acceptance(queue(sqs, settings.events_queue)),
        accept_relay=RelayAcceptance(queue(sqs, settings.relays_queue)),
    )
