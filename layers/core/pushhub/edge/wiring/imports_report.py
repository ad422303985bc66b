"""Which implementation serves which port in `imports_report`?"""

import time

from pushhub.adapters import clients
from pushhub.adapters.dynamodb.jobs import DynamoJobs
from pushhub.adapters.s3 import S3Files
from pushhub.adapters.step_functions import StepFunctionsExecutions
from pushhub.edge.settings import ImportsReportSettings, settings
from pushhub.imports.steps.report import ReportJob
from pushhub.moments import seconds_now


def report_job() -> ReportJob:
    """Return what reports on jobs."""
    chosen = settings(ImportsReportSettings)
    return ReportJob(
        jobs=DynamoJobs(clients.dynamodb(), chosen.ledger_table, chosen.retention_days),
        executions=StepFunctionsExecutions(clients.stepfunctions(), chosen.state_machine),
        files=S3Files(clients.s3(), chosen.bucket),
        now=seconds_now,
        sleep=time.sleep,
    )
