"""What does an operator see of the recording of events?"""

from collections import Counter
from collections.abc import Mapping
from typing import assert_never

from pushhub.edge.observing.output import count, logger
from pushhub.events.intake import DeliverAgain, GivenUp, InLedger, IntakeOutcome, Relayed


def observe(outcomes: Mapping[str, IntakeOutcome]) -> None:
    """Log and count what became of a batch of reports, message by message."""
    counts: Counter[str] = Counter()
    for id_, outcome in outcomes.items():
        counts[_metric(outcome)] += 1
        match outcome:
            case GivenUp(reason):
                logger.error("a message of the events queue is a dead letter", message_id=id_, reason=reason)
            case DeliverAgain(reason):
                logger.warning("a report could not be recorded and is tried again", message_id=id_, reason=reason)
    count(counts)


def _metric(outcome: IntakeOutcome) -> str:
    match outcome:
        case InLedger():
            return "EventsNew" if outcome.new else "EventsRepeated"
        case Relayed():
            return "LinksRelayed"
        case GivenUp():
            return "EventsGivenUp"
        case DeliverAgain():
            return "EventsUndone"
    assert_never(outcome)
