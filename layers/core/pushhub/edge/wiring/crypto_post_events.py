"""Which implementation serves which port in `crypto_post_events`?"""

from pushhub.dialects.altcraft.accepting import Acceptance
from pushhub.dialects.altcraft.crypto_post_events import CryptoPostEvents
from pushhub.edge.settings import CryptoPostEventsSettings, settings
from pushhub.edge.wiring import aws
from pushhub.edge.wiring.catalog import cached_catalog
from pushhub.edge.wiring.queues import queue
from pushhub.edge.wiring.secrets import cached_secrets


def endpoint() -> CryptoPostEvents:
    """Return the endpoint."""
    chosen = settings(CryptoPostEventsSettings)
    return CryptoPostEvents(
        catalog=cached_catalog(aws.dynamodb(), chosen.catalog_table),
        secrets=cached_secrets(chosen.secret),
        stack=chosen.stack,
        accept=Acceptance(queue(aws.sqs(), chosen.events_queue)),
    )
