"""Tries recipients of sendings again, whose messages come out of the Deliveries queue."""

from typing import TYPE_CHECKING, Any

from pushhub.edge.observing.output import metrics
from pushhub.edge.observing.sends import observe_sends
from pushhub.edge.queues import batch_response, deliveries_of
from pushhub.edge.wiring import sends_deliver as wiring

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

try_deferral = wiring.try_deferral()


@metrics.log_metrics
def handler(event: dict[str, Any], _context: "LambdaContext") -> dict[str, Any]:
    """Deal with one batch of messages."""
    handled = try_deferral(deliveries_of(event))
    observe_sends(handled)
    return batch_response(handled.to_redeliver)
