"""Which implementation serves which port in `imports_start`?"""

from pushhub.adapters import clients
from pushhub.adapters.dynamodb.jobs import DynamoJobs
from pushhub.adapters.s3 import S3Files
from pushhub.adapters.step_functions import StepFunctionsExecutions
from pushhub.edge.settings import ImportsStartSettings, settings
from pushhub.imports.steps.start import StartImport
from pushhub.moments import seconds_now


def start_import() -> StartImport:
    """Return what begins jobs."""
    chosen = settings(ImportsStartSettings)
    return StartImport(
        jobs=DynamoJobs(clients.dynamodb(), chosen.ledger_table, chosen.retention_days),
        executions=StepFunctionsExecutions(clients.stepfunctions(), chosen.state_machine),
        files=S3Files(clients.s3(), chosen.bucket),
        now=seconds_now,
    )
