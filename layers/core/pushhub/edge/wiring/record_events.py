"""Which settings has `record_events`, and which implementation serves which of its ports?"""

from pydantic import Field

from pushhub.adapters import clients
from pushhub.adapters.dynamodb.ledger import DynamoLedger
from pushhub.edge.settings import Settings, read_settings
from pushhub.edge.wiring.catalog import cached_catalog
from pushhub.edge.wiring.queues import queue
from pushhub.events.intake import Intake
from pushhub.events.recording import Recording
from pushhub.moments import milliseconds_now


class RecordEventsSettings(Settings):
    """Settings of `record_events`: tables, days that events are remembered, and the queues that reports go on to."""

    catalog_table: str = Field(alias="CATALOG_TABLE", min_length=1)
    ledger_table: str = Field(alias="LEDGER_TABLE", min_length=1)
    event_retention_days: int = Field(alias="EVENT_RETENTION_DAYS", ge=1)
    forwards_queue: str = Field(alias="FORWARDS_QUEUE", min_length=1)
    dead_letters: str = Field(alias="EVENTS_DEAD_LETTERS", min_length=1)


def intake() -> Intake:
    """Return what takes batches of reports in."""
    settings = read_settings(RecordEventsSettings)
    dynamodb, sqs = clients.dynamodb(), clients.sqs()
    return Intake(
        recording=Recording(DynamoLedger(dynamodb, settings.ledger_table, settings.event_retention_days)),
        upstreams=cached_catalog(dynamodb, settings.catalog_table).upstreams,
        forwards=queue(sqs, settings.forwards_queue),
        dead_letters=queue(sqs, settings.dead_letters),
        now=milliseconds_now,
    )
