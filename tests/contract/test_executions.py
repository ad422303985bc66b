"""What every way to run the state machine must do: the one in memory, and the one in Step Functions, on moto and on the engine."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Protocol
from uuid import uuid4

import pytest

from pushhub.adapters.step_functions import StepFunctionsExecutions
from pushhub.console.connection import Connection
from pushhub.faults import UnavailableError
from pushhub.imports.job import JobId
from pushhub.imports.port import Executions
from tests.doubles.executions import MemoryExecutions

JOB, OTHER = JobId("clients-0123456789abcdef"), JobId("others-0123456789abcdef")
WAITING = json.dumps({"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 3600, "End": True}}})
PASSING = json.dumps({"StartAt": "Pass", "States": {"Pass": {"Type": "Pass", "End": True}}})
ROLE = "arn:aws:iam::123456789012:role/of-a-state-machine"
ATTEMPTS = [(JOB, 1), (JOB, 2), (OTHER, 1)]


class Running(Protocol):
    """A state machine whose executions run until they are aborted."""

    @property
    def executions(self) -> Executions: ...
    def abort(self, job: JobId, attempt: int) -> None: ...


class RunningInMemory:
    def __init__(self) -> None:
        self.executions = MemoryExecutions()

    def abort(self, job: JobId, attempt: int) -> None:
        self.executions.outcomes[job, attempt] = "ABORTED"


class RunningInStepFunctions:
    def __init__(self, executions: StepFunctionsExecutions) -> None:
        self.executions = executions

    def abort(self, job: JobId, attempt: int) -> None:
        assert self.executions.stop(job, attempt)


def made(connection: Connection, definition: str) -> StepFunctionsExecutions:
    client = connection.client("stepfunctions")
    machine = client.create_state_machine(name=f"machine-{uuid4()}", definition=definition, roleArn=ROLE)
    return StepFunctionsExecutions(client, machine["stateMachineArn"])


def waiting(connection: Connection) -> Iterator[StepFunctionsExecutions]:
    """Give a state machine of which, at the end, nothing runs any more: the engine would wait for that before it stops."""
    executions = made(connection, WAITING)
    yield executions
    for attempt in ATTEMPTS:
        executions.stop(*attempt)


@pytest.fixture
def machine(aws: Connection) -> Iterator[StepFunctionsExecutions]:
    yield from waiting(aws)


@pytest.fixture(params=["memory", "moto", "engine"])
def running(request: pytest.FixtureRequest) -> Iterator[Running]:
    if request.param == "memory":
        yield RunningInMemory()
        return
    for executions in waiting(request.getfixturevalue(request.param)):
        yield RunningInStepFunctions(executions)


# Every one


def test_an_attempt_that_was_never_started_has_not_ended(running: Running) -> None:
    assert running.executions.ended(JOB, 1) is None


def test_an_attempt_is_started_once_however_often_that_is_asked_for(running: Running) -> None:
    for _ in range(3):
        running.executions.start(JOB, 1)
    assert running.executions.ended(JOB, 1) is None


def test_an_attempt_that_has_ended_is_not_started_again(running: Running) -> None:
    running.executions.start(JOB, 1)
    running.abort(JOB, 1)
    running.executions.start(JOB, 1)
    assert running.executions.ended(JOB, 1) == "ABORTED"


def test_attempts_and_jobs_do_not_end_each_other(running: Running) -> None:
    for attempt in ATTEMPTS:
        running.executions.start(*attempt)
    running.abort(JOB, 1)
    assert [running.executions.ended(*attempt) for attempt in ATTEMPTS] == ["ABORTED", None, None]


# Step Functions; neither moto nor the engine knows RedriveExecution, so what it does stands in tests/unit/adapters alone


def test_an_attempt_that_does_not_run_cannot_be_stopped(machine: StepFunctionsExecutions) -> None:
    assert machine.stop(JOB, 1) is False


def test_an_attempt_that_was_never_started_cannot_be_redriven(
    machine: StepFunctionsExecutions, lacking: Callable[[str, str], None]
) -> None:
    lacking("moto", "has no RedriveExecution and raises an error of Python")
    assert machine.redrive(JOB, 1) is False


def test_an_attempt_that_came_through_has_succeeded(aws: Connection, lacking: Callable[[str, str], None]) -> None:
    lacking("moto", "starts executions and does not run them")
    machine = made(aws, PASSING)
    machine.start(JOB, 1)
    latest = time.monotonic() + 30
    while (ended := machine.ended(JOB, 1)) is None:
        assert time.monotonic() < latest
        time.sleep(0.05)
    assert ended == "SUCCEEDED"


def test_a_state_machine_that_is_not_there_is_a_fault(aws: Connection) -> None:
    nowhere = "arn:aws:states:eu-central-1:123456789012:stateMachine:nowhere"
    with pytest.raises(UnavailableError, match=r"^Step Functions answered StateMachineDoesNotExist to StartExecution$"):
        StepFunctionsExecutions(aws.client("stepfunctions"), nowhere).start(JOB, 1)
