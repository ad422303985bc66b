"""GET /api/v1.1/pushes/crypto_post_events?/… in the Altcraft dialect."""

from typing import TYPE_CHECKING, Any

from pushhub.edge.http import http_request, http_response
from pushhub.edge.observing.accepting import observe
from pushhub.edge.observing.output import metrics
from pushhub.edge.wiring import crypto_post_events as wiring

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

endpoint = wiring.endpoint()


@metrics.log_metrics
def handler(event: dict[str, Any], _context: "LambdaContext") -> dict[str, Any]:
    """Answer one HTTP API event."""
    request = http_request(event)
    answer = endpoint(request.query)
    observe(request, answer)
    return http_response(request, answer.reply.status, answer.reply.body, answer.reply.headers)
