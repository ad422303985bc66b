"""How do the commands of imports reach the tables, the bucket and the state machine of a hub?"""

from dataclasses import dataclass

from pushhub.adapters.dynamodb.catalog import DynamoCatalog
from pushhub.adapters.dynamodb.jobs import DynamoJobs
from pushhub.adapters.s3_for_commands import ImportBucket
from pushhub.adapters.step_functions import StepFunctionsExecutions
from pushhub.catalog.port import CatalogStore
from pushhub.console.connection import Connection, Stack, connect
from pushhub.imports.port import JobControl


@dataclass(frozen=True, slots=True)
class ImportStores:
    """What the commands of imports use of one hub."""

    catalog: CatalogStore
    jobs: JobControl
    bucket: ImportBucket
    executions: StepFunctionsExecutions


def import_stores_of(connection: Connection) -> ImportStores:
    """Return those of the hub that a connection leads to."""
    client, outputs = connection.client("dynamodb"), connection.outputs
    return ImportStores(
        DynamoCatalog(client, outputs["CatalogTable"]),
        DynamoJobs(client, outputs["LedgerTable"]),
        ImportBucket(connection.client("s3"), outputs["ImportsBucket"]),
        StepFunctionsExecutions(connection.client("stepfunctions"), outputs["ImportsStateMachine"]),
    )


def open_imports(stack: Stack | None) -> ImportStores:
    """Return those of a deployed hub, or of the one that runs here.

    Raises:
        ConsoleError: there is no such hub, or AWS cannot be asked.
    """
    return import_stores_of(connect(stack))
