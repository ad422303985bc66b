"""Which settings has `post_events`, and which implementation serves which of its ports?"""

from pushhub.adapters import clients
from pushhub.dialects.altcraft.events.post import PostEvents
from pushhub.edge.settings import Setting, Settings, comma_separated, not_empty
from pushhub.edge.wiring.catalog import cached_catalog
from pushhub.edge.wiring.queues import queue
from pushhub.events.accepting import Acceptance


class PostEventsSettings(Settings):
    """Settings of `post_events`: its table, the queue that takes what is reported, and hosts of browsers beside the known ones."""

    catalog_table = Setting("CATALOG_TABLE", not_empty)
    events_queue = Setting("EVENTS_QUEUE", not_empty)
    more_push_hosts = Setting("MORE_PUSH_HOSTS", comma_separated)


def endpoint() -> PostEvents:
    """Return the endpoint."""
    settings = PostEventsSettings()
    return PostEvents(
        catalog=cached_catalog(clients.dynamodb(), settings.catalog_table),
        accept=Acceptance(queue(clients.sqs(), settings.events_queue)),
        more_push_hosts=settings.more_push_hosts,
    )
