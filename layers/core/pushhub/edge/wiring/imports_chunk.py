"""Which implementation serves which port in `imports_chunk`?"""

from typing import Final

from pushhub.adapters import clients
from pushhub.adapters.dynamodb.audience import DynamoAudience
from pushhub.adapters.dynamodb.jobs import DynamoJobs
from pushhub.adapters.dynamodb.journal import DynamoJournals
from pushhub.adapters.s3 import S3Files
from pushhub.edge.settings import ImportsChunkSettings, settings
from pushhub.edge.wiring.catalog import cached_catalog
from pushhub.imports.steps.chunk import ImportChunk

SECONDS_TO_STOP: Final = 240
"""What a run keeps of its time for rows that are under way: it tries them again for 120 s, and some calls may hang."""


def import_chunk() -> ImportChunk:
    """Return what imports chunks."""
    chosen = settings(ImportsChunkSettings)
    client = clients.dynamodb_of_chunks()
    return ImportChunk(
        catalog=cached_catalog(client, chosen.catalog_table).current,
        audience=DynamoAudience(client, chosen.audience_table),
        jobs=DynamoJobs(client, chosen.ledger_table, chosen.retention_days),
        journals=DynamoJournals(client, chosen.ledger_table, chosen.audience_table, chosen.retention_days),
        files=S3Files(clients.s3(), chosen.bucket),
    )


def seconds_to_work(milliseconds_left: int) -> float:
    """Return for how long a run may begin further rows, of the time that its function has left."""
    return milliseconds_left / 1000 - SECONDS_TO_STOP
