"""Which settings has `post_events`, and which implementation serves which of its ports?"""

from pydantic import Field

from pushhub.adapters import clients
from pushhub.dialects.altcraft.events.accepting import Acceptance
from pushhub.dialects.altcraft.events.post import PostEvents
from pushhub.edge.settings import Settings, comma_separated, read_settings
from pushhub.edge.wiring.catalog import cached_catalog
from pushhub.edge.wiring.queues import queue


class PostEventsSettings(Settings):
    """Settings of `post_events`: its table, the queue that takes what is reported, and hosts of browsers beside the known ones."""

    catalog_table: str = Field(alias="CATALOG_TABLE", min_length=1)
    events_queue: str = Field(alias="EVENTS_QUEUE", min_length=1)
    more_push_hosts: str = Field(alias="MORE_PUSH_HOSTS")


def endpoint() -> PostEvents:
    """Return the endpoint."""
    settings = read_settings(PostEventsSettings)
    return PostEvents(
        catalog=cached_catalog(clients.dynamodb(), settings.catalog_table),
        accept=Acceptance(queue(clients.sqs(), settings.events_queue)),
        more_push_hosts=comma_separated(settings.more_push_hosts),
    )
