"""Which implementation serves which port in `crypto_post_events`?"""

from pushhub.adapters import clients
from pushhub.dialects.altcraft.events.accepting import Acceptance
from pushhub.dialects.altcraft.events.link import CryptoPostEvents
from pushhub.edge.settings import CryptoPostEventsSettings, settings
from pushhub.edge.wiring.catalog import cached_catalog
from pushhub.edge.wiring.queues import queue
from pushhub.edge.wiring.secrets import cached_secrets


def endpoint() -> CryptoPostEvents:
    """Return the endpoint."""
    chosen = settings(CryptoPostEventsSettings)
    return CryptoPostEvents(
        catalog=cached_catalog(clients.dynamodb(), chosen.catalog_table),
        secrets=cached_secrets(chosen.secret),
        stack=chosen.stack,
        accept=Acceptance(queue(clients.sqs(), chosen.events_queue)),
    )
