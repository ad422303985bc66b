"""Which implementation serves which port in `imports_plan`?"""

from pushhub.adapters import clients
from pushhub.adapters.dynamodb.jobs import DynamoJobs
from pushhub.adapters.s3 import S3Files
from pushhub.edge.settings import ImportsPlanSettings, settings
from pushhub.edge.wiring.catalog import cached_catalog
from pushhub.imports.steps.plan import PlanAttempt


def plan_attempt() -> PlanAttempt:
    """Return what plans attempts."""
    chosen = settings(ImportsPlanSettings)
    client = clients.dynamodb()
    return PlanAttempt(
        catalog=cached_catalog(client, chosen.catalog_table).current,
        jobs=DynamoJobs(client, chosen.ledger_table, chosen.retention_days),
        files=S3Files(clients.s3(), chosen.bucket),
    )
