"""Starts an execution of the state machine for each file that was dropped into the inbox; the first step of an import."""

from typing import TYPE_CHECKING, Any

from pushhub.edge.notices import dropped_file
from pushhub.edge.observing.imports import observe_start
from pushhub.edge.observing.output import metrics
from pushhub.edge.wiring import imports_start as wiring

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

starting = wiring.starting()


@metrics.log_metrics
def handler(event: dict[str, Any], _context: "LambdaContext") -> dict[str, Any]:
    """Begin the file that an event tells of, or all that lie in the inbox."""
    notice = dropped_file(event)
    begun = starting.begin(notice) if notice else starting.sweep()
    observe_start(begun)
    return {"new": begun.new, "running": begun.running}
