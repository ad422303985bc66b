"""What EventBridge tells the steps of an import."""

from typing import Any

import pytest

from pushhub.edge.notices import ended_job, is_execution_end

ENDED = "Step Functions Execution Status Change"


def event(**detail: object) -> dict[str, Any]:
    return {"detail-type": ENDED, "detail": {"status": "FAILED", **detail}}


def test_the_job_of_an_execution_that_has_ended_stands_in_its_input() -> None:
    told = event(input='{"job": "tokens-0123456789abcdef", "attempt": 2}')
    assert is_execution_end(told)
    assert ended_job(told) == "tokens-0123456789abcdef"


@pytest.mark.parametrize(
    "text",
    ["{}", "", None, "[]", "null", "no JSON", "[" * 100_000, '{"job": null}', '{"job": 5}', '{"job": ""}', '{"job": "a/b"}'],
    ids=lambda text: str(text)[:20],
)
def test_an_execution_that_somebody_started_by_hand_is_the_end_of_no_job(text: str | None) -> None:
    assert is_execution_end(event(input=text))
    assert ended_job(event(input=text)) is None


def test_an_execution_whose_input_is_not_told_is_the_end_of_no_job() -> None:
    assert ended_job(event()) is None


def test_a_schedule_tells_of_no_end() -> None:
    assert not is_execution_end({"detail-type": "Scheduled Event", "detail": {}})
