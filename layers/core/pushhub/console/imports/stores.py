"""What of a hub do the commands of imports use?"""

from dataclasses import dataclass

from pushhub.adapters.dynamodb.catalog import DynamoCatalog
from pushhub.adapters.dynamodb.jobs import DynamoJobs
from pushhub.catalog.port import CatalogStore
from pushhub.console.connection import Connection, connect
from pushhub.console.imports.bucket import ImportBucket
from pushhub.console.imports.executions import ImportExecutions
from pushhub.imports.port import JobControl


@dataclass(frozen=True, slots=True)
class ImportStores:
    """The parts of one hub in which imports live."""

    catalog: CatalogStore
    jobs: JobControl
    bucket: ImportBucket
    executions: ImportExecutions


def import_stores_of(connection: Connection) -> ImportStores:
    """Return them of the hub that a connection leads to."""
    client, outputs = connection.client("dynamodb"), connection.outputs
    return ImportStores(
        DynamoCatalog(client, outputs["CatalogTable"]),
        DynamoJobs(client, outputs["LedgerTable"]),
        ImportBucket(connection.client("s3"), outputs["ImportsBucket"]),
        ImportExecutions(connection.client("stepfunctions"), outputs["ImportsStateMachine"]),
    )


def open_imports(stack: str | None) -> ImportStores:
    """Return them of a deployed hub, or of the one that runs here.

    Raises:
        ConsoleError: there is no such hub, or AWS cannot be asked.
    """
    return import_stores_of(connect(stack))
