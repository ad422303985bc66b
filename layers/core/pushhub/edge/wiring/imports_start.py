"""Which implementation serves which port in `imports_start`?"""

from pushhub.audience.model import utc_now
from pushhub.edge.executions import StepFunctionsExecutions
from pushhub.edge.files import S3Files
from pushhub.edge.settings import ImportsStartSettings, settings
from pushhub.edge.wiring import aws
from pushhub.imports.starting import Starting
from pushhub.store.imports import DynamoImports


def starting() -> Starting:
    """Return what begins jobs."""
    chosen = settings(ImportsStartSettings)
    return Starting(
        bucket=chosen.bucket,
        jobs=DynamoImports(aws.dynamodb(), chosen.ledger_table, chosen.retention_days),
        executions=StepFunctionsExecutions(aws.stepfunctions(), chosen.state_machine),
        files=S3Files(aws.s3()),
        now=utc_now,
    )
