"""Which settings has `forward_events`, and which implementation serves which of its ports?"""

import random
import time

from pushhub.adapters import clients
from pushhub.adapters.curl.exchange import CurlExchange
from pushhub.catalog.model import UpstreamKind
from pushhub.dialects.altcraft.upstream import AltcraftUpstream
from pushhub.edge.settings import Setting, Settings, not_empty, true_or_false
from pushhub.edge.wiring.catalog import cached_catalog
from pushhub.edge.wiring.queues import queue
from pushhub.edge.wiring.secrets import cached_secrets
from pushhub.events.forwarding import Destinations, Forwarding
from pushhub.moments import Clock, milliseconds_now


class ForwardEventsSettings(Settings):
    """Settings of `forward_events`: where upstreams and their tokens stand, its queues, and whether local addresses are allowed."""

    catalog_table = Setting("CATALOG_TABLE", not_empty)
    secret = Setting("SECRET", not_empty)
    retries_queue = Setting("RETRIES_QUEUE", not_empty)
    relays_queue = Setting("RELAYS_QUEUE", not_empty)
    dead_letters = Setting("FORWARDS_DEAD_LETTERS", not_empty)
    allow_local_upstreams = Setting("ALLOW_LOCAL_UPSTREAMS", true_or_false)


def forwarding() -> Forwarding:
    """Return what hands batches of reports on."""
    settings = ForwardEventsSettings()
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
