"""Hands reports out of the Forwards queue on to their upstreams."""

from typing import TYPE_CHECKING, Any

from pushhub.edge.observing.forwarding import observe
from pushhub.edge.observing.output import metrics
from pushhub.edge.queues import batch_response, deliveries_of
from pushhub.edge.wiring import forward_events as wiring
from pushhub.moments import milliseconds_now

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

forwarding = wiring.forwarding()


@metrics.log_metrics
def handler(event: dict[str, Any], _context: "LambdaContext") -> dict[str, Any]:
    """Deal with one batch of messages."""
    batch = forwarding(deliveries_of(event))
    observe(batch, milliseconds_now())
    return batch_response(batch.to_redeliver)
