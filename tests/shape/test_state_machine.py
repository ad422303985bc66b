"""The state machine of imports: what it runs, what it runs again, and that it is one that both AWS and the local engine read."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from pushhub.adapters.clients import PATIENCE_OF_CHUNKS
from pushhub.edge.settings import SettingsError
from pushhub.edge.wiring.imports import ImportsSettings
from pushhub.edge.wiring.imports_chunk import SECONDS_TO_STOP
from pushhub.imports.steps.chunk import SECONDS_WITHOUT_PROGRESS
from pushhub.moments import SECONDS_PER_DAY
from tests.shape.test_template import FUNCTIONS, RESOURCES, ROOT, STEPS, TEMPLATE

MACHINE = RESOURCES["Imports"]["Properties"]
TEXT = (ROOT / MACHINE["DefinitionUri"]).read_text(encoding="utf-8")
SUBSTITUTIONS = MACHINE["DefinitionSubstitutions"]


def filled(**values: str) -> dict[str, Any]:
    """Return the definition as CloudFormation makes it: by replacing texts."""
    definition: dict[str, Any] = json.loads(re.sub(r"\$\{(\w+)\}", lambda found: values.get(found[1], found[1]), TEXT))
    return definition


DEFINITION = filled(ImportConcurrency=str(TEMPLATE["Parameters"]["ImportConcurrency"]["Default"]))


def states(machine: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, state in machine["States"].items():
        yield name, state
        if "ItemProcessor" in state:
            yield from states(state["ItemProcessor"])


STATES = dict(states(DEFINITION))
TASKS = {name: state for name, state in STATES.items() if state["Type"] == "Task"}
(MAP,) = (state for state in STATES.values() if state["Type"] == "Map")
by_task = pytest.mark.parametrize("name", TASKS)


def test_every_placeholder_is_filled_and_nothing_else() -> None:
    assert set(re.findall(r"\$\{(\w+)\}", TEXT)) == set(SUBSTITUTIONS)


def test_it_runs_the_steps_of_the_template() -> None:
    named = {SUBSTITUTIONS[task["Parameters"]["FunctionName"]]["Fn::GetAtt"][0] for task in TASKS.values()}
    assert named == set(STEPS) == {"ImportsPlan", "ImportsChunk"}


def test_the_map_is_distributed_and_as_wide_as_the_parameter_says() -> None:
    assert MAP["ItemProcessor"]["ProcessorConfig"] == {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, (
        "others end after 5 minutes"
    )
    assert MAP["MaxConcurrency"] == 2
    assert SUBSTITUTIONS["ImportConcurrency"] == {"Ref": "ImportConcurrency"}
    assert not {"ItemBatcher", "ResultWriter", "MaxConcurrencyPath"} & set(MAP), "the local engine passes over them"


def test_nothing_is_caught_or_tolerated() -> None:
    for state in STATES.values():
        assert not {"Catch", "ToleratedFailurePercentage", "ToleratedFailureCount"} & set(state)


@by_task
def test_a_step_that_fails_is_run_again_after_ever_longer_waits_of_any_length(name: str) -> None:
    throttled, away, anything = TASKS[name]["Retry"]
    assert throttled["ErrorEquals"] == ["Lambda.TooManyRequestsException"]
    assert away["ErrorEquals"] == ["UnavailableError", "LostRaceError"]
    assert anything["ErrorEquals"] == ["States.ALL"]
    for retry in (throttled, away, anything):
        assert retry["JitterStrategy"] == "FULL"
        assert retry["BackoffRate"] > 1
    assert mean_wait(throttled) >= 8 * 3600, "other imports may hold the account's executions for a night"
    assert mean_wait(away) >= 7 * 60, "a table that is away for a minute is no reason to fail"
    assert mean_wait(anything) >= 60


def mean_wait(retry: dict[str, Any]) -> float:
    """Return the seconds that all retries wait together on average: with full jitter, each half of what it may."""
    longest = (retry["IntervalSeconds"] * retry["BackoffRate"] ** attempt for attempt in range(min(retry["MaxAttempts"], 60)))
    bounded = [min(wait, retry["MaxDelaySeconds"]) for wait in longest]
    return float(sum(bounded) / 2 + (retry["MaxAttempts"] - len(bounded)) * retry["MaxDelaySeconds"] / 2)


@by_task
def test_a_step_is_given_up_only_after_its_function_was(name: str) -> None:
    function = SUBSTITUTIONS[TASKS[name]["Parameters"]["FunctionName"]]["Fn::GetAtt"][0]
    assert TASKS[name]["TimeoutSeconds"] > FUNCTIONS[function]["Properties"]["Timeout"]


def test_what_comes_out_the_same_every_time_ends_the_execution_at_once() -> None:
    refusals = [state for state in STATES.values() if state["Type"] == "Fail"]
    assert len(refusals) == len(TASKS)
    for state in refusals:
        assert state["CausePath"].endswith("refused.cause")
        assert state["ErrorPath"].endswith("refused.error")


def test_a_run_of_a_chunk_keeps_enough_of_its_time_for_the_rows_that_are_under_way() -> None:
    patience: Any = PATIENCE_OF_CHUNKS
    call = patience.retries["total_max_attempts"] * (patience.connect_timeout + patience.read_timeout)
    assert SECONDS_WITHOUT_PROGRESS + 2 * call <= SECONDS_TO_STOP
    assert FUNCTIONS["ImportsChunk"]["Properties"]["Timeout"] > 2 * SECONDS_TO_STOP


def test_a_job_that_takes_as_long_as_it_may_does_not_outlive_its_file_and_its_memory() -> None:
    days = TEMPLATE["Parameters"]["ImportRetentionDays"]["MinValue"]
    assert days * SECONDS_PER_DAY > DEFINITION["TimeoutSeconds"]
    environment = {"LEDGER_TABLE": "l", "IMPORTS_BUCKET": "b"}
    ImportsSettings(environment | {"IMPORT_RETENTION_DAYS": str(days)})
    with pytest.raises(SettingsError, match="IMPORT_RETENTION_DAYS"):
        ImportsSettings(environment | {"IMPORT_RETENTION_DAYS": str(days - 1)})


def test_its_role_reaches_the_children_of_its_map() -> None:
    statements = RESOURCES["ImportsMapPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    (watched,) = [one["Resource"] for one in statements if "states:StopExecution" in one["Action"]]
    assert any(f"/{MAP['Label']}:*" in resource["Fn::Sub"] for resource in watched)
