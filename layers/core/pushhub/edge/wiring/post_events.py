"""Which implementation serves which port in `post_events`?"""

from pushhub.dialects.altcraft.accepting import Acceptance
from pushhub.dialects.altcraft.post_events import PostEvents
from pushhub.edge.settings import PostEventsSettings, settings
from pushhub.edge.wiring import aws
from pushhub.edge.wiring.catalog import cached_catalog
from pushhub.edge.wiring.queues import queue


def endpoint() -> PostEvents:
    """Return the endpoint."""
    chosen = settings(PostEventsSettings)
    return PostEvents(
        catalog=cached_catalog(aws.dynamodb(), chosen.catalog_table),
        accept=Acceptance(queue(aws.sqs(), chosen.events_queue)),
    )
