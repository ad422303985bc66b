"""Takes reports out of the Events queue into the ledger, and puts what is new of them into the Forwards queue."""

from typing import TYPE_CHECKING, Any

from pushhub.edge.observing.output import metrics
from pushhub.edge.observing.recording import observe
from pushhub.edge.queues import batch_response, deliveries_of
from pushhub.edge.wiring import record_events as wiring
from pushhub.events.intake import DeliverAgain

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

intake = wiring.intake()


@metrics.log_metrics
def handler(event: dict[str, Any], _context: "LambdaContext") -> dict[str, Any]:
    """Deal with one batch of messages."""
    outcomes = intake(deliveries_of(event))
    observe(outcomes)
    return batch_response(id_ for id_, outcome in outcomes.items() if isinstance(outcome, DeliverAgain))
