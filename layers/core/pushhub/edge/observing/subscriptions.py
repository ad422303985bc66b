"""What does an operator see of a request to `push_subscribe`?"""

from collections import Counter

from pushhub.audience.command import DatabaseProcessed, DatabaseRefused, Effect, Reason, Refused
from pushhub.dialects.altcraft.subscribe.endpoint import Answer
from pushhub.dialects.http import HttpRequest
from pushhub.edge.observing.output import count, logger, metrics


def observe(request: HttpRequest, answer: Answer) -> None:
    """Log and count what came of a request."""
    metrics.add_metadata("request_id", request.id)
    metrics.add_metadata("status", answer.reply.status)
    if answer.resource:
        metrics.add_metadata("resource_id", answer.resource.id)
    if answer.refusal:
        metrics.add_metadata("refusal", answer.refusal.name)
    count(_counts(answer))
    if answer.fault:
        logger.error("push_subscribe could not be served", request_id=request.id, fault=answer.fault)


def _counts(answer: Answer) -> Counter[str]:
    counts = Counter({"Requests": 1, "RequestsRefused": int(answer.refusal is not None)})
    for outcome in answer.outcomes:
        if isinstance(outcome, DatabaseRefused):
            counts["DatabasesRefused"] += 1
        elif isinstance(outcome, DatabaseProcessed):
            counts.update(_count_name(part.result) for part in outcome.subscriptions)
    return counts


def _count_name(result: Effect | Refused) -> str:
    if isinstance(result, Refused):
        return "TooManySubscriptions" if result.reason is Reason.TOO_MANY_SUBSCRIPTIONS else "SubscriptionsRefused"
    return "SubscriptionsChanged" if result is Effect.CHANGED else "SubscriptionsUnchanged"
