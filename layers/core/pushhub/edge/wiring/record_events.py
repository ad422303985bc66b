"""Which settings has `record_events`, and which implementation serves which of its ports?"""

from pushhub.adapters import clients
from pushhub.adapters.dynamodb.ledger import DynamoLedger
from pushhub.edge.settings import Setting, Settings, at_least, not_empty
from pushhub.edge.wiring.catalog import cached_catalog
from pushhub.edge.wiring.queues import queue
from pushhub.events.intake import Intake
from pushhub.events.recording import Recording
from pushhub.moments import milliseconds_now


class RecordEventsSettings(Settings):
    """Settings of `record_events`: tables, days that events are remembered, and the queues that reports go on to."""

    catalog_table = Setting("CATALOG_TABLE", not_empty)
    ledger_table = Setting("LEDGER_TABLE", not_empty)
    event_retention_days = Setting("EVENT_RETENTION_DAYS", at_least(1))
    forwards_queue = Setting("FORWARDS_QUEUE", not_empty)
    dead_letters = Setting("EVENTS_DEAD_LETTERS", not_empty)


def intake() -> Intake:
    """Return what takes batches of reports in."""
    settings = RecordEventsSettings()
    dynamodb, sqs = clients.dynamodb(), clients.sqs()
    return Intake(
        recording=Recording(DynamoLedger(dynamodb, settings.ledger_table, settings.event_retention_days)),
        upstreams=cached_catalog(dynamodb, settings.catalog_table).upstreams,
        forwards=queue(sqs, settings.forwards_queue),
        dead_letters=queue(sqs, settings.dead_letters),
        now=milliseconds_now,
    )
