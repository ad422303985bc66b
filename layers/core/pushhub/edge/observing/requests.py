"""What does an operator see of an HTTP request, whichever dialect it speaks?"""

from pushhub.dialects.http import Answer, HttpRequest
from pushhub.edge.observing.output import count, logger, metrics


def observe(request: HttpRequest, answer: Answer) -> None:
    """Log and count what came of a request."""
    metrics.add_metadata("request_id", request.id)
    metrics.add_metadata("status", answer.reply.status)
    if answer.caller:
        metrics.add_metadata(answer.caller.label, answer.caller.value)
    if answer.refusal:
        metrics.add_metadata("refusal", answer.refusal.code)
    count({"Requests": 1, "RequestsRefused": int(answer.refusal is not None), **answer.counts})
    if answer.fault:
        logger.error(answer.fault.message, request_id=request.id, fault=answer.fault.cause)
