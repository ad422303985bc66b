"""What does an operator see of each request?

One line of metrics with the request's id, its resource and its status; one more where something failed. Tokens, values and bodies
stand in neither.
"""

from collections import Counter
from typing import Final

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import Metrics, MetricUnit

from pushhub.audience.subscribe import DatabaseProcessed, DatabaseRefused, Effect, Reason, Refused
from pushhub.dialects.altcraft.push_subscribe import Answer
from pushhub.edge.http import HttpRequest
from pushhub.faults import UnavailableError

logger: Final = Logger()
metrics: Final = Metrics()


def observe(request: HttpRequest, answer: Answer) -> None:
    """Log and count what came of a request to `push_subscribe`."""
    metrics.add_metadata("request_id", request.id)
    metrics.add_metadata("status", answer.reply.status)
    if answer.resource:
        metrics.add_metadata("resource_id", answer.resource.id)
    if answer.refusal:
        metrics.add_metadata("refusal", answer.refusal.name)
    for name, count in _counts(answer).items():
        metrics.add_metric(name, MetricUnit.Count, count)
    if answer.fault:
        logger.error("push_subscribe could not be served", request_id=request.id, fault=answer.fault)


def stale_catalog(fault: UnavailableError) -> None:
    """Log that an old catalog goes on being used, and why."""
    logger.warning("the catalog could not be read again; an old one is used", fault=str(fault))


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
