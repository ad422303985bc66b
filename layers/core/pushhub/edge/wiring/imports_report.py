"""Which settings has `imports_report`, and which implementation serves which of its ports?"""

import time

from pushhub.adapters import clients
from pushhub.adapters.dynamodb.jobs import DynamoJobs
from pushhub.adapters.s3 import S3Files
from pushhub.adapters.step_functions import StepFunctionsExecutions
from pushhub.edge.settings import Setting, not_empty
from pushhub.edge.wiring.imports import ImportsSettings
from pushhub.imports.steps.report import ReportJob
from pushhub.moments import seconds_now


class ImportsReportSettings(ImportsSettings):
    """Settings of `imports_report`: those of every step, and the state machine."""

    state_machine = Setting("STATE_MACHINE", not_empty)


def report_job() -> ReportJob:
    """Return what reports on jobs."""
    settings = ImportsReportSettings()
    return ReportJob(
        jobs=DynamoJobs(clients.dynamodb(), settings.ledger_table, settings.retention_days),
        executions=StepFunctionsExecutions(clients.stepfunctions(), settings.state_machine),
        files=S3Files(clients.s3(), settings.bucket),
        now=seconds_now,
        sleep=time.sleep,
    )
