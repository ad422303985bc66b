"""Executions of the state machine: started once each, and how they ended."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from pushhub.adapters.step_functions import StepFunctionsExecutions
from pushhub.faults import UnavailableError
from pushhub.imports.job import JobId

EXECUTION = "arn:aws:states:eu-central-1:123456789012:execution:hub-Imports-1:tokens-0123456789abcdef-2"
MACHINE = "arn:aws:states:eu-central-1:123456789012:stateMachine:hub-Imports-1"
JOB = JobId("tokens-0123456789abcdef")


class StubStates:
    """Answers every call in the same way."""

    def __init__(self, status: str = "RUNNING", fault: Exception | None = None) -> None:
        self.calls: list[dict[str, Any]] = []
        self._status = status
        self._fault = fault

    def start_execution(self, **asked: Any) -> dict[str, Any]:
        self.calls.append(asked)
        if self._fault:
            raise self._fault
        return {}

    def redrive_execution(self, **asked: Any) -> dict[str, Any]:
        return self.start_execution(**asked)

    def stop_execution(self, **asked: Any) -> dict[str, Any]:
        return self.start_execution(**asked)

    def describe_execution(self, **asked: Any) -> dict[str, Any]:
        self.calls.append(asked)
        if self._fault:
            raise self._fault
        return {"status": self._status}


def executions(stub: StubStates) -> StepFunctionsExecutions:
    return StepFunctionsExecutions(stub, MACHINE)  # type: ignore[arg-type]


def error(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "text"}}, "AnyCall")


@pytest.mark.parametrize(("attempt", "name"), [(1, JOB), (2, f"{JOB}-2")])
def test_an_attempt_has_a_name_of_its_own(attempt: int, name: str) -> None:
    stub = StubStates()
    executions(stub).start(JOB, attempt)
    (asked,) = stub.calls
    assert (asked["stateMachineArn"], asked["name"]) == (MACHINE, name)
    assert json.loads(asked["input"]) == {"job": JOB, "attempt": attempt}


def test_what_was_started_before_is_not_started_again() -> None:
    executions(StubStates(fault=error("ExecutionAlreadyExists"))).start(JOB, 1)


@pytest.mark.parametrize("status", ["SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"])
def test_an_attempt_that_has_ended_says_how(status: str) -> None:
    stub = StubStates(status)
    assert executions(stub).ended(JOB, 2) == status
    assert stub.calls == [{"executionArn": f"arn:aws:states:eu-central-1:123456789012:execution:hub-Imports-1:{JOB}-2"}]


@pytest.mark.parametrize("status", ["RUNNING", "PENDING_REDRIVE"])
def test_an_attempt_that_may_go_on_has_not_ended(status: str) -> None:
    assert executions(StubStates(status)).ended(JOB, 1) is None


def test_an_attempt_that_was_never_started_has_not_ended() -> None:
    assert executions(StubStates(fault=error("ExecutionDoesNotExist"))).ended(JOB, 1) is None


def test_an_attempt_that_failed_is_redriven() -> None:
    stub = StubStates()
    assert executions(stub).redrive(JOB, 2) is True
    assert stub.calls == [{"executionArn": EXECUTION}]


@pytest.mark.parametrize("code", ["ExecutionNotRedrivable", "ExecutionDoesNotExist", "InvalidAction", "UnknownOperationException"])
def test_an_attempt_that_cannot_be_redriven_is_not(code: str) -> None:
    assert executions(StubStates(fault=error(code))).redrive(JOB, 2) is False


def test_an_attempt_is_stopped_and_says_who_stopped_it() -> None:
    stub = StubStates()
    assert executions(stub).stop(JOB, 2) is True
    assert stub.calls == [{"executionArn": EXECUTION, "error": "Cancelled", "cause": "imports cancel"}]


@pytest.mark.parametrize("code", ["ExecutionDoesNotExist", "ValidationException"])
def test_an_attempt_that_does_not_run_is_not_stopped(code: str) -> None:
    assert executions(StubStates(fault=error(code))).stop(JOB, 2) is False


@pytest.mark.parametrize("fault", [error("ThrottlingException"), ReadTimeoutError(endpoint_url="states")])
def test_faults_say_what_happened(fault: Exception) -> None:
    broken = executions(StubStates(fault=fault))
    for use in (broken.start, broken.ended, broken.redrive, broken.stop):
        with pytest.raises(UnavailableError, match=r"ThrottlingException|ReadTimeoutError"):
            use(JOB, 1)
