"""Finds out how a file is read, and writes the list of its chunks; a step of the state machine."""

from typing import TYPE_CHECKING, Any

from pushhub.edge.observing.imports import observe_plan, observe_refusal
from pushhub.edge.observing.output import metrics
from pushhub.edge.steps import attempt_of, planned, refusal_of
from pushhub.edge.wiring import imports_plan as wiring
from pushhub.imports.job import UnusableFileError
from pushhub.imports.steps.attempts import StoppedError

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

plan_attempt = wiring.plan_attempt()


@metrics.log_metrics
def handler(event: dict[str, Any], _context: "LambdaContext") -> dict[str, Any]:
    """Plan an attempt at a job."""
    job, attempt = attempt_of(event)
    try:
        chunks = plan_attempt(job, attempt)
    except (StoppedError, UnusableFileError) as end:
        observe_refusal(job, end)
        return refusal_of(end)
    observe_plan(chunks)
    return planned(chunks)
