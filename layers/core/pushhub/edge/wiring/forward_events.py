"""Which settings has `forward_events`, and which implementation serves which of its ports?"""

import random
import time

from pydantic import Field

from pushhub.adapters import clients
from pushhub.adapters.curl.exchange import CurlExchange
from pushhub.catalog.model import UpstreamKind
from pushhub.dialects.altcraft.upstream import AltcraftUpstream
from pushhub.edge.settings import Settings, read_settings
from pushhub.edge.wiring.catalog import cached_catalog
from pushhub.edge.wiring.queues import queue
from pushhub.edge.wiring.secrets import cached_secrets
from pushhub.events.forwarding import Destinations, Forwarding
from pushhub.moments import Clock, milliseconds_now


class ForwardEventsSettings(Settings):
    """Settings of `forward_events`: where upstreams and their tokens stand, its queues, and whether local addresses are allowed."""

    catalog_table: str = Field(alias="CATALOG_TABLE", min_length=1)
    secret: str = Field(alias="SECRET", min_length=1)
    retries_queue: str = Field(alias="RETRIES_QUEUE", min_length=1)
    relays_queue: str = Field(alias="RELAYS_QUEUE", min_length=1)
    dead_letters: str = Field(alias="FORWARDS_DEAD_LETTERS", min_length=1)
    allow_local_upstreams: bool = Field(alias="ALLOW_LOCAL_UPSTREAMS")


def forwarding() -> Forwarding:
    """Return what hands batches of reports on."""
    settings = read_settings(ForwardEventsSettings)
    sqs = clients.sqs()
    catalog, secrets = cached_catalog(clients.dynamodb(), settings.catalog_table), cached_secrets(settings.secret)
    return Forwarding(
        destinations=lambda: Destinations(catalog.upstreams(), secrets.current().upstream_tokens),
        apis={UpstreamKind.ALTCRAFT: AltcraftUpstream()},
        exchange=CurlExchange(allow_local=settings.allow_local_upstreams),
        retries=queue(sqs, settings.retries_queue),
        relays=queue(sqs, settings.relays_queue),
        dead_letters=queue(sqs, settings.dead_letters),
        clock=Clock(milliseconds_now, time.monotonic, random.random),
    )
