"""What does an operator see of a request that reports an event?"""

from pushhub.dialects.altcraft.events.accepting import EventAnswer
from pushhub.dialects.http import HttpRequest
from pushhub.edge.observing.output import count, logger, metrics
from pushhub.events.command import RelayLink


def observe(request: HttpRequest, answer: EventAnswer) -> None:
    """Log and count what came of a request that reports an event."""
    metrics.add_metadata("request_id", request.id)
    metrics.add_metadata("status", answer.reply.status)
    if answer.caller:
        metrics.add_metadata("caller", answer.caller)
    if answer.refusal:
        metrics.add_metadata("refusal", answer.refusal.name)
    relayed = isinstance(answer.accepted, RelayLink)
    counts = {"Requests": 1, "RequestsRefused": int(answer.refusal is not None)}
    count(counts | ({"RelaysAccepted" if relayed else "EventsAccepted": 1} if answer.accepted else {}))
    if answer.fault:
        logger.error("an event could not be accepted", request_id=request.id, fault=answer.fault)
