"""Has the lanes of sendings advance, whose messages come out of the Sends queue."""

from typing import TYPE_CHECKING, Any

from pushhub.edge.observing.output import metrics
from pushhub.edge.observing.sends import observe_sends
from pushhub.edge.queues import batch_response, deliveries_of
from pushhub.edge.wiring import sends_lane as wiring

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

advance_lane = wiring.advance_lane()


@metrics.log_metrics
def handler(event: dict[str, Any], _context: "LambdaContext") -> dict[str, Any]:
    """Advance one lane by a slice."""
    handled = advance_lane(deliveries_of(event))
    observe_sends(handled)
    return batch_response(handled.to_redeliver)
