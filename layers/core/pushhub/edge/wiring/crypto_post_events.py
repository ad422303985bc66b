"""Which settings has `crypto_post_events`, and which implementation serves which of its ports?"""

from pushhub.adapters import clients
from pushhub.dialects.altcraft.events.link import CryptoPostEvents
from pushhub.edge.settings import Setting, Settings, not_empty
from pushhub.edge.wiring.catalog import cached_catalog
from pushhub.edge.wiring.queues import queue
from pushhub.edge.wiring.secrets import cached_secrets
from pushhub.events.accepting import Acceptance, RelayAcceptance


class CryptoPostEventsSettings(Settings):
    """Settings of `crypto_post_events`: its table, its queues, the stack's secret, and its name, which links are bound to."""

    catalog_table = Setting("CATALOG_TABLE", not_empty)
    events_queue = Setting("EVENTS_QUEUE", not_empty)
    relays_queue = Setting("RELAYS_QUEUE", not_empty)
    secret = Setting("SECRET", not_empty)
    stack = Setting("STACK", not_empty)


def endpoint() -> CryptoPostEvents:
    """Return the endpoint."""
    settings = CryptoPostEventsSettings()
    sqs = clients.sqs()
    return CryptoPostEvents(
        catalog=cached_catalog(clients.dynamodb(), settings.catalog_table),
        secrets=cached_secrets(settings.secret),
        stack=settings.stack,
        accept=Acceptance(queue(sqs, settings.events_queue)),
        accept_relay=RelayAcceptance(queue(sqs, settings.relays_queue)),
    )
