"""What does an operator see of the way of events upstream?"""

from collections import Counter
from typing import Final

from aws_lambda_powertools.metrics import MetricUnit

from pushhub.edge.observing.output import count, logger, metrics
from pushhub.events.forwarding import Handled, Handling, Poison, Postponed
from pushhub.events.upstreams import Accepted, Dropped, Rejected, Retry
from pushhub.moments import Milliseconds

_OUTCOMES: Final = {
    Accepted: "ForwardsAccepted",
    Rejected: "ForwardsRefused",
    Dropped: "RelaysDropped",
    Retry: "ForwardsFailed",
    Postponed: "ForwardsPutOff",
    Poison: "ForwardsUnreadable",
}
"""What each outcome of a forward is counted as."""


def observe(handling: Handling, now: Milliseconds) -> None:
    """Log and count what came of a batch of forwards; `ForwardAge` is how many seconds those that were put off are under way."""
    counts: Counter[str] = Counter({"ForwardsUndone": len(handling.failed)})
    for handled in handling.handled:
        counts[_OUTCOMES[type(handled.outcome)]] += 1
        counts["ForwardsGivenUp"] += handled.given_up and isinstance(handled.outcome, Retry | Postponed)
        _observe_trouble(handled)
        if handled.forward and isinstance(handled.outcome, Retry | Postponed):
            metrics.add_metric("ForwardAge", MetricUnit.Seconds, max(0, now - handled.forward.report.at) / 1000)
    count(+counts)


def _observe_trouble(handled: Handled) -> None:
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
