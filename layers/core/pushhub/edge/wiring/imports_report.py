"""Which implementation serves which port in `imports_report`?"""

import time

from pushhub.audience.model import utc_now
from pushhub.edge.executions import StepFunctionsExecutions
from pushhub.edge.files import S3Files
from pushhub.edge.settings import ImportsReportSettings, settings
from pushhub.edge.wiring import aws
from pushhub.imports.reporting import Reporting
from pushhub.store.imports import DynamoImports


def reporting() -> Reporting:
    """Return what reports on jobs."""
    chosen = settings(ImportsReportSettings)
    return Reporting(
        bucket=chosen.bucket,
        jobs=DynamoImports(aws.dynamodb(), chosen.ledger_table, chosen.retention_days),
        executions=StepFunctionsExecutions(aws.stepfunctions(), chosen.state_machine),
        files=S3Files(aws.s3()),
        now=utc_now,
        sleep=time.sleep,
    )
