"""Which settings has `imports_chunk`, and which implementation serves which of its ports?"""

from typing import Final

from pushhub.adapters import clients
from pushhub.adapters.dynamodb.audience import DynamoAudience
from pushhub.adapters.dynamodb.jobs import DynamoJobs
from pushhub.adapters.dynamodb.journal import DynamoJournals
from pushhub.adapters.s3 import S3Files
from pushhub.edge.settings import Setting, comma_separated, not_empty
from pushhub.edge.wiring.catalog import cached_catalog
from pushhub.edge.wiring.imports import ImportsSettings
from pushhub.imports.steps.chunk import ImportChunk

SECONDS_TO_STOP: Final = 240
"""What a run keeps of its time for rows that are under way: it tries them again for 120 s, and some calls may hang."""


class ImportsChunkSettings(ImportsSettings):
    """Settings of `imports_chunk`: those of every step, two tables, and hosts of browsers beside the known ones.

    One table says which columns a file may have, the other takes the rows.
    """

    catalog_table = Setting("CATALOG_TABLE", not_empty)
    audience_table = Setting("AUDIENCE_TABLE", not_empty)
    more_push_hosts = Setting("MORE_PUSH_HOSTS", comma_separated)


def import_chunk() -> ImportChunk:
    """Return what imports chunks."""
    settings = ImportsChunkSettings()
    client = clients.dynamodb_of_chunks()
    return ImportChunk(
        catalog=cached_catalog(client, settings.catalog_table).current,
        audience=DynamoAudience(client, settings.audience_table),
        jobs=DynamoJobs(client, settings.ledger_table, settings.retention_days),
        journals=DynamoJournals(client, settings.ledger_table, settings.audience_table, settings.retention_days),
        files=S3Files(clients.s3(), settings.bucket),
        more_push_hosts=settings.more_push_hosts,
    )


def seconds_to_work(milliseconds_left: int) -> float:
    """Return for how long a run may begin further rows, of the time that its function has left."""
    return milliseconds_left / 1000 - SECONDS_TO_STOP
