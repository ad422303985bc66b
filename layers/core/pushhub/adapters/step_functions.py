"""How does the state machine of imports run: under which names, and with what end?"""

import json
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from pushhub.faults import UnavailableError
from pushhub.imports.job import JobId

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient


def execution_name(job: JobId, attempt: int) -> str:
    """Return the name of the execution that is an attempt of a job: it is started once, however often that is asked for."""
    return job if attempt == 1 else f"{job}-{attempt}"


def execution_arn(state_machine: str, job: JobId, attempt: int) -> str:
    """Return the ARN of an attempt at a job, from that of the state machine."""
    return f"{state_machine.replace(':stateMachine:', ':execution:', 1)}:{execution_name(job, attempt)}"


def execution_input(job: JobId, attempt: int) -> str:
    """Return what the execution of an attempt at a job is given, as JSON."""
    return json.dumps({"job": job, "attempt": attempt})


class StepFunctionsExecutions:
    """See :class:`pushhub.imports.port.Executions`."""

    def __init__(self, client: "SFNClient", state_machine: str) -> None:
        """Use a state machine, by its ARN, through a client."""
        self._client = client
        self._state_machine = state_machine

    def start(self, job: JobId, attempt: int) -> None:
        """See the port."""
        name, given = execution_name(job, attempt), execution_input(job, attempt)
        try:
            self._client.start_execution(stateMachineArn=self._state_machine, name=name, input=given)
        except ClientError as error:
            if _code(error) != "ExecutionAlreadyExists":
                raise _unavailable(error) from error
        except BotoCoreError as error:
            raise _unavailable(error) from error

    def ended(self, job: JobId, attempt: int) -> str | None:
        """See the port."""
        try:
            status = self._client.describe_execution(executionArn=execution_arn(self._state_machine, job, attempt))["status"]
        except ClientError as error:
            if _code(error) != "ExecutionDoesNotExist":
                raise _unavailable(error) from error
            return None
        except BotoCoreError as error:
            raise _unavailable(error) from error
        return status if status in ("SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED") else None


def _code(error: ClientError) -> str:
    return error.response["Error"]["Code"]


def _unavailable(error: ClientError | BotoCoreError) -> UnavailableError:
    if isinstance(error, ClientError):
        return UnavailableError(f"Step Functions answered {_code(error)} to {error.operation_name}")
    return UnavailableError(f"Step Functions did not answer: {type(error).__name__}")
