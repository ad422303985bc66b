"""What is counted of a request that subscribes devices?"""

from collections import Counter
from collections.abc import Iterable
from typing import assert_never

from pushhub.audience.command import DatabaseOutcome, DatabaseProcessed, DatabaseRefused, Effect, Reason, Refused


def counts_of(outcomes: Iterable[DatabaseOutcome]) -> Counter[str]:
    """Return the metrics of what came of a request, in each database and for each subscription."""
    counts: Counter[str] = Counter()
    for outcome in outcomes:
        match outcome:
            case DatabaseRefused():
                counts["DatabasesRefused"] += 1
            case DatabaseProcessed():
                counts.update(_metric(part.result) for part in outcome.subscriptions)
                if outcome.profile_made:
                    counts["ProfilesMade"] += 1
            case _:
                assert_never(outcome)
    return counts


def _metric(result: Effect | Refused) -> str:
    match result:
        case Refused(reason=Reason.TOO_MANY_SUBSCRIPTIONS):
            return "TooManySubscriptions"
        case Refused():
            return "SubscriptionsRefused"
        case Effect.CHANGED:
            return "SubscriptionsChanged"
        case Effect.UNCHANGED | Effect.SKIPPED:
            return "SubscriptionsUnchanged"
    assert_never(result)
