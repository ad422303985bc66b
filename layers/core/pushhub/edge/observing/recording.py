"""What does an operator see of the recording of events?"""

from collections import Counter
from collections.abc import Mapping

from pushhub.edge.observing.output import count, logger
from pushhub.events.intake import GivenUp, IntakeOutcome, Recorded, Relayed, Undone


def observe(outcomes: Mapping[str, IntakeOutcome]) -> None:
    """Log and count what became of a batch of reports."""
    counts: Counter[str] = Counter()
    for id_, one in outcomes.items():
        match one:
            case Recorded():
                counts["EventsNew" if one.new else "EventsRepeated"] += 1
            case Relayed():
                counts["LinksRelayed"] += 1
            case GivenUp(reason):
                counts["EventsGivenUp"] += 1
                logger.error("a message of the events queue is a dead letter", message_id=id_, reason=reason)
            case Undone(reason):
                counts["EventsUndone"] += 1
                logger.warning("a report could not be recorded and is tried again", message_id=id_, reason=reason)
    count(counts)
