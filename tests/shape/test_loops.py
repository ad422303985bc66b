"""A function that may come round to itself through queues is one that Lambda is told of, and no other.

Lambda ends a chain of messages when a function comes round in it for about the 16th time, unless the function allows that.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from tests.shape.test_template import (
    FUNCTIONS,
    QUEUE_FUNCTIONS,
    RESOURCES,
    listed,
    redrive_policies,
    referred,
    triggers,
)

Way = tuple[str, str]
"""From a function or a queue to the next that a message comes to."""


def circular(ways: Iterable[Way]) -> set[str]:
    """Return what a message may come back to."""
    reached: dict[str, set[str]] = {}
    for start, end in ways:
        reached.setdefault(start, set()).add(end)
    grows = True
    while grows:
        grows = False
        for ends in reached.values():
            further = set[str]().union(*(reached.get(end, set()) for end in ends)) - ends
            grows = grows or bool(further)
            ends.update(further)
    return {start for start, ends in reached.items() if start in ends}


@pytest.mark.parametrize(
    ("ways", "expected"),
    [
        ({"f": "q"}, set()),
        ({"q": "f", "f": "r"}, set()),
        ({"q": "f", "f": "q"}, {"q", "f"}),
        ({"p": "q", "q": "f", "f": "r", "r": "g", "g": "q"}, {"q", "f", "r", "g"}),
        # By a redrive: nobody sends into the queue that feeds the function.
        ({"q": "f", "f": "r", "r": "s", "s": "q"}, {"q", "f", "r", "s"}),
    ],
)
def test_what_is_circular_is_known(ways: Mapping[str, str], expected: set[str]) -> None:
    assert circular(ways.items()) == expected


def _statements(function: str) -> list[dict[str, Any]]:
    policies = RESOURCES[f"{function}Role"]["Properties"]["Policies"]
    return [statement for policy in policies for statement in policy["PolicyDocument"]["Statement"]]


def _sendings() -> Iterable[Way]:
    for function in FUNCTIONS:
        for statement in _statements(function):
            if {"sqs:SendMessage", "sqs:*", "*"} & set(listed(statement["Action"])):
                yield from ((function, referred(queue)) for queue in listed(statement["Resource"]))


def _ways() -> Iterable[Way]:
    """Return where messages go: sent by right, moved by a redrive policy, taken by a trigger."""
    yield from _sendings()
    yield from ((queue, referred(redrive["deadLetterTargetArn"])) for queue, redrive in redrive_policies().items())
    yield from ((referred(one["Queue"]), function) for function in QUEUE_FUNCTIONS for one in triggers(function, "SQS"))


def test_a_retry_comes_round_to_forward_events() -> None:
    assert {"ForwardEvents", "RetriesQueue"} <= circular(_ways())


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_allows_loops_exactly_where_it_may_be_in_one(name: str) -> None:
    allowed = {"RecursiveLoop": "Allow"} if name in circular(_ways()) else {}
    properties = FUNCTIONS[name]["Properties"]
    assert {key: value for key, value in properties.items() if key == "RecursiveLoop"} == allowed


def test_lanes_and_deferrals_come_round_to_what_pushes() -> None:
    assert {"SendsLane", "SendsQueue", "SendsDeliver", "DeliveriesQueue"} <= circular(_ways())


WITHOUT_AN_ALARM = {"SendsLane", "SendsDeliver"}
"""A function that allows loops has no such metric. Were the setting lost, the loops that end would be dead letters, which ring."""


@pytest.mark.parametrize("name", [name for name in QUEUE_FUNCTIONS if name not in WITHOUT_AN_ALARM])
def test_an_alarm_rings_when_lambda_ends_a_loop(name: str) -> None:
    alarm = RESOURCES[f"{name}InvocationsDropped"]["Properties"]
    assert (alarm["Namespace"], alarm["MetricName"]) == ("AWS/Lambda", "RecursiveInvocationsDropped")
    assert alarm["Dimensions"] == [{"Name": "FunctionName", "Value": {"Ref": name}}]
    assert (alarm["Statistic"], alarm["Threshold"], alarm["ComparisonOperator"]) == ("Sum", 0, "GreaterThanThreshold")
