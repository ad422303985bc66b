"""How are runs of an import's state machine resumed, begun anew and stopped by a person?"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from botocore.exceptions import BotoCoreError, ClientError

from pushhub.adapters.step_functions import execution_arn, execution_input, execution_name
from pushhub.faults import UnavailableError
from pushhub.imports.job import JobId

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

_NOT_REDRIVABLE: Final = frozenset(
    {"ExecutionNotRedrivable", "ExecutionDoesNotExist", "InvalidAction", "UnknownOperationException"}
)
"""It was never started, never failed, or ended over 14 days ago; or the engine knows no redrive."""
_NOT_RUNNING: Final = frozenset({"ExecutionDoesNotExist", "ValidationException"})
_STARTED_ALREADY: Final = "ExecutionAlreadyExists"


class _ExpectedError(Exception):
    """Step Functions answered with an error that says how things stand."""


@dataclass(frozen=True, slots=True)
class ImportExecutions:
    """The executions of the state machine with the ARN `machine`."""

    client: "SFNClient"
    machine: str

    def redrive(self, job: JobId, attempt: int) -> bool:
        """Let an attempt that failed go on where it stopped; return False where it cannot.

        Raises:
            UnavailableError: Step Functions cannot be asked, or refused for another reason.
        """
        try:
            with _translated("RedriveExecution", _NOT_REDRIVABLE):
                self.client.redrive_execution(executionArn=execution_arn(self.machine, job, attempt))
        except _ExpectedError:
            return False
        return True

    def start(self, job: JobId, attempt: int) -> None:
        """Start an attempt, unless it has been started before.

        Raises:
            UnavailableError: Step Functions cannot be asked, or refused.
        """
        name, given = execution_name(job, attempt), execution_input(job, attempt)
        try:
            with _translated("StartExecution", frozenset({_STARTED_ALREADY})):
                self.client.start_execution(stateMachineArn=self.machine, name=name, input=given)
        except _ExpectedError:
            return

    def stop(self, job: JobId, attempt: int) -> bool:
        """Stop an attempt; return False where it does not run.

        Raises:
            UnavailableError: Step Functions cannot be asked, or refused.
        """
        try:
            with _translated("StopExecution", _NOT_RUNNING):
                arn = execution_arn(self.machine, job, attempt)
                self.client.stop_execution(executionArn=arn, error="Cancelled", cause="imports cancel")
        except _ExpectedError:
            return False
        return True


@contextmanager
def _translated(operation: str, expected: frozenset[str]) -> Iterator[None]:
    try:
        yield
    except ClientError as failure:
        code = failure.response["Error"]["Code"]
        if code in expected:
            raise _ExpectedError from failure
        raise UnavailableError(f"Step Functions answered {code} to {operation}") from failure
    except BotoCoreError as failure:
        raise UnavailableError(f"Step Functions did not answer: {type(failure).__name__}") from failure
