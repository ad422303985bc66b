"""Which settings has `imports_start`, and which implementation serves which of its ports?"""

from pushhub.adapters import clients
from pushhub.adapters.dynamodb.jobs import DynamoJobs
from pushhub.adapters.s3 import S3Files
from pushhub.adapters.step_functions import StepFunctionsExecutions
from pushhub.edge.settings import Setting, not_empty
from pushhub.edge.wiring.imports import ImportsSettings
from pushhub.imports.steps.start import StartImport
from pushhub.moments import seconds_now


class ImportsStartSettings(ImportsSettings):
    """Settings of `imports_start`: those of every step, and the state machine."""

    state_machine = Setting("STATE_MACHINE", not_empty)


def start_import() -> StartImport:
    """Return what begins jobs."""
    settings = ImportsStartSettings()
    return StartImport(
        jobs=DynamoJobs(clients.dynamodb(), settings.ledger_table, settings.retention_days),
        executions=StepFunctionsExecutions(clients.stepfunctions(), settings.state_machine),
        files=S3Files(clients.s3(), settings.bucket),
        now=seconds_now,
    )
