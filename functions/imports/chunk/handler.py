"""Turns the rows of one chunk of a file into subscriptions; a step of the state machine, run until each chunk is finished."""

from typing import TYPE_CHECKING, Any

from pushhub.edge.observing.imports import observe_chunk, observe_refusal
from pushhub.edge.observing.output import metrics
from pushhub.edge.steps import attempt_of, chunk_of, ran, refusal_of
from pushhub.edge.wiring import imports_chunk as wiring
from pushhub.imports.job import UnusableFileError
from pushhub.imports.steps.attempts import StoppedError

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

import_chunk = wiring.import_chunk()


@metrics.log_metrics
def handler(event: dict[str, Any], context: "LambdaContext") -> dict[str, Any]:
    """Import a chunk, or as much of it as there is time for."""
    (job, attempt), chunk = attempt_of(event), chunk_of(event)
    try:
        run = import_chunk(job, attempt, chunk, wiring.seconds_to_work(context.get_remaining_time_in_millis()))
    except (StoppedError, UnusableFileError) as end:
        observe_refusal(job, end)
        return refusal_of(end)
    observe_chunk(job, chunk, run)
    return ran(run)
