"""Which settings has `imports_plan`, and which implementation serves which of its ports?"""

from pushhub.adapters import clients
from pushhub.adapters.dynamodb.jobs import DynamoJobs
from pushhub.adapters.s3 import S3Files
from pushhub.edge.settings import Setting, not_empty
from pushhub.edge.wiring.catalog import cached_catalog
from pushhub.edge.wiring.imports import ImportsSettings
from pushhub.imports.steps.plan import PlanAttempt


class ImportsPlanSettings(ImportsSettings):
    """Settings of `imports_plan`: those of every step, and the table that says which columns a file may have."""

    catalog_table = Setting("CATALOG_TABLE", not_empty)


def plan_attempt() -> PlanAttempt:
    """Return what plans attempts."""
    settings = ImportsPlanSettings()
    client = clients.dynamodb()
    return PlanAttempt(
        catalog=cached_catalog(client, settings.catalog_table).current,
        jobs=DynamoJobs(client, settings.ledger_table, settings.retention_days),
        files=S3Files(clients.s3(), settings.bucket),
    )
