"""What does an operator see of the way of reports upstream?"""

from collections import Counter
from typing import assert_never

from aws_lambda_powertools.metrics import MetricUnit

from pushhub.edge.observing.output import count, logger, metrics
from pushhub.events.forwarding import ForwardOutcome, HandledBatch, HandledMessage, Poison, Postponed
from pushhub.events.upstreams import Accepted, Discarded, Rejected, Retry
from pushhub.moments import Milliseconds


def observe(batch: HandledBatch, now: Milliseconds) -> None:
    """Log and count what came of a batch of forwards.

    `ForwardAge` tells for how many seconds each event that is to be tried again has been on its way. Links that are not ours have
    none: anyone can make them up, and no upstream is late because of them.
    """
    counts: Counter[str] = Counter({"ForwardsUndone": len(batch.to_redeliver)})
    for handled in batch.messages:
        tried_again = isinstance(handled.outcome, Retry | Postponed)
        counts[_metric(handled.outcome)] += 1
        counts["ForwardsGivenUp"] += handled.given_up and tried_again
        _log_trouble(handled)
        if handled.forward and tried_again and not handled.forward.is_relay:
            metrics.add_metric("ForwardAge", MetricUnit.Seconds, max(0, now - handled.forward.report.at) / 1000)
    count(+counts)


def _metric(outcome: ForwardOutcome) -> str:
    match outcome:
        case Accepted():
            return "ForwardsAccepted"
        case Rejected():
            return "ForwardsRefused"
        case Discarded():
            return "RelaysDropped"
        case Retry():
            return "ForwardsFailed"
        case Postponed():
            return "ForwardsPutOff"
        case Poison():
            return "ForwardsUnreadable"
    assert_never(outcome)


def _log_trouble(handled: HandledMessage) -> None:
    outcome, forward = handled.outcome, handled.forward
    if isinstance(outcome, Accepted | Postponed):
        return
    write = logger.error if handled.given_up else logger.warning
    write(
        "a forward is a dead letter" if handled.given_up else "a forward did not succeed",
        upstream=forward.upstream if forward else None,
        receipt=forward.report.receipt if forward else None,
        tried=forward.tried if forward else None,
        reason=outcome.reason,
    )
