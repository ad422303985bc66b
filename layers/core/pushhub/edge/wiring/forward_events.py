"""Which implementation serves which port in `forward_events`?"""

import random
import time

from pushhub.adapters import clients
from pushhub.adapters.curl import CurlExchange
from pushhub.catalog.model import UpstreamKind
from pushhub.dialects.altcraft.upstream import AltcraftUpstream
from pushhub.edge.settings import ForwardEventsSettings, settings
from pushhub.edge.wiring.catalog import cached_catalog
from pushhub.edge.wiring.queues import queue
from pushhub.edge.wiring.secrets import cached_secrets
from pushhub.events.forwarding import Destinations, Forwarding
from pushhub.moments import Clock, milliseconds_now


def forwarding() -> Forwarding:
    """Return what hands batches of reports on."""
    chosen = settings(ForwardEventsSettings)
    sqs = clients.sqs()
    catalog, secrets = cached_catalog(clients.dynamodb(), chosen.catalog_table), cached_secrets(chosen.secret)
    return Forwarding(
        destinations=lambda: Destinations(catalog.upstreams(), secrets.current().upstream_tokens),
        apis={UpstreamKind.ALTCRAFT: AltcraftUpstream()},
        exchange=CurlExchange(allow_local=chosen.allow_local_upstreams),
        retries=queue(sqs, chosen.retries_queue),
        dead_letters=queue(sqs, chosen.dead_letters),
        clock=Clock(milliseconds_now, time.monotonic, random.random),
    )
