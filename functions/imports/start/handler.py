"""Starts an execution of the state machine for each file that was dropped into the inbox; the first step of an import."""

from typing import TYPE_CHECKING, Any

from pushhub.edge.notices import dropped_file
from pushhub.edge.observing.imports import observe_start
from pushhub.edge.observing.output import metrics
from pushhub.edge.wiring import imports_start as wiring

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

start_import = wiring.start_import()


@metrics.log_metrics
def handler(event: dict[str, Any], _context: "LambdaContext") -> dict[str, Any]:
    """Start the import of the file that a notice names, or of all files in the inbox."""
    notice = dropped_file(event)
    started = start_import(notice) if notice else start_import.sweep()
    observe_start(started)
    return {"new": started.new, "running": started.running}
