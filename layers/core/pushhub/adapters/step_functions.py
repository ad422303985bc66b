"""How are executions of the state machine of imports named, started, watched, resumed and stopped?"""

import json
from contextlib import AbstractContextManager, suppress
from typing import TYPE_CHECKING, Final

from pushhub.adapters.faults import calling
from pushhub.imports.job import JobId

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

_ENDS: Final = frozenset({"SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"})
_STARTED_BEFORE: Final = frozenset({"ExecutionAlreadyExists"})
_NEVER_STARTED: Final = frozenset({"ExecutionDoesNotExist"})
_NOT_REDRIVABLE: Final = frozenset(
    {"ExecutionNotRedrivable", "ExecutionDoesNotExist", "InvalidAction", "UnknownOperationException"}
)
"""It was never started, has not failed, or ended over 14 days ago; the last two: the local engine knows no redrive."""
_NOT_RUNNING: Final = frozenset({"ExecutionDoesNotExist", "ValidationException"})


def execution_name(job: JobId, attempt: int) -> str:
    """Return the name of the execution that is an attempt at a job; Step Functions starts no name twice."""
    return job if attempt == 1 else f"{job}-{attempt}"


def execution_arn(state_machine: str, job: JobId, attempt: int) -> str:
    """Return the ARN of an attempt at a job, from that of the state machine."""
    return f"{state_machine.replace(':stateMachine:', ':execution:', 1)}:{execution_name(job, attempt)}"


def execution_input(job: JobId, attempt: int) -> str:
    """Return what the execution of an attempt at a job is given, as JSON."""
    return json.dumps({"job": job, "attempt": attempt})


class StepFunctionsExecutions:
    """The executions of one state machine; for functions, see :class:`pushhub.imports.port.Executions`."""

    def __init__(self, client: "SFNClient", state_machine: str) -> None:
        """Use a state machine, by its ARN, through a client."""
        self._client = client
        self._state_machine = state_machine

    def start(self, job: JobId, attempt: int) -> None:
        """See the port."""
        name, given = execution_name(job, attempt), execution_input(job, attempt)
        with suppress(_ExpectedError), _calling(_STARTED_BEFORE):
            self._client.start_execution(stateMachineArn=self._state_machine, name=name, input=given)

    def ended(self, job: JobId, attempt: int) -> str | None:
        """See the port."""
        try:
            with _calling(_NEVER_STARTED):
                status = self._client.describe_execution(executionArn=self._arn(job, attempt))["status"]
        except _ExpectedError:
            return None
        return status if status in _ENDS else None

    def redrive(self, job: JobId, attempt: int) -> bool:
        """Let an attempt that failed go on where it stopped; return False where it cannot.

        Raises:
            UnavailableError: Step Functions cannot be asked, or refused for another reason.
        """
        try:
            with _calling(_NOT_REDRIVABLE):
                self._client.redrive_execution(executionArn=self._arn(job, attempt))
        except _ExpectedError:
            return False
        return True

    def stop(self, job: JobId, attempt: int) -> bool:
        """Stop an attempt; return False where it does not run.

        Raises:
            UnavailableError: Step Functions cannot be asked, or refused for another reason.
        """
        try:
            with _calling(_NOT_RUNNING):
                self._client.stop_execution(executionArn=self._arn(job, attempt), error="Cancelled", cause="imports cancel")
        except _ExpectedError:
            return False
        return True

    def _arn(self, job: JobId, attempt: int) -> str:
        return execution_arn(self._state_machine, job, attempt)


class _ExpectedError(Exception):
    """Step Functions answered with a code that says how things stand."""


def _calling(expected: frozenset[str]) -> AbstractContextManager[None]:
    return calling("Step Functions", dict.fromkeys(expected, _ExpectedError))
