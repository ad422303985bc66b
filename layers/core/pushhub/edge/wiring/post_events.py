"""Which implementation serves which port in `post_events`?"""

from pushhub.adapters import clients
from pushhub.dialects.altcraft.events.accepting import Acceptance
from pushhub.dialects.altcraft.events.post import PostEvents
from pushhub.edge.settings import PostEventsSettings, settings
from pushhub.edge.wiring.catalog import cached_catalog
from pushhub.edge.wiring.queues import queue


def endpoint() -> PostEvents:
    """Return the endpoint."""
    chosen = settings(PostEventsSettings)
    return PostEvents(
        catalog=cached_catalog(clients.dynamodb(), chosen.catalog_table),
        accept=Acceptance(queue(clients.sqs(), chosen.events_queue)),
    )
