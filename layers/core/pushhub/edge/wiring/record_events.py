"""Which implementation serves which port in `record_events`?"""

from pushhub.adapters import clients
from pushhub.adapters.dynamodb.ledger import DynamoLedger
from pushhub.edge.settings import RecordEventsSettings, settings
from pushhub.edge.wiring.catalog import cached_catalog
from pushhub.edge.wiring.queues import queue
from pushhub.events.intake import Intake
from pushhub.events.recording import Recording
from pushhub.moments import milliseconds_now


def intake() -> Intake:
    """Return what takes batches of reports in."""
    chosen = settings(RecordEventsSettings)
    dynamodb, sqs = clients.dynamodb(), clients.sqs()
    return Intake(
        recording=Recording(DynamoLedger(dynamodb, chosen.ledger_table, chosen.event_retention_days)),
        upstreams=cached_catalog(dynamodb, chosen.catalog_table).upstreams,
        forwards=queue(sqs, chosen.forwards_queue),
        dead_letters=queue(sqs, chosen.dead_letters),
        now=milliseconds_now,
    )
