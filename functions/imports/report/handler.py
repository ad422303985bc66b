"""Reports what came of imports whose execution has ended; the last step of each."""

from typing import TYPE_CHECKING, Any

from pushhub.edge.notices import ended_job, tells_of_an_end
from pushhub.edge.observing.imports import observe_reports
from pushhub.edge.observing.output import metrics
from pushhub.edge.wiring import imports_report as wiring
from pushhub.imports.steps.report import Reported

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

reporting = wiring.reporting()


@metrics.log_metrics
def handler(event: dict[str, Any], _context: "LambdaContext") -> dict[str, Any]:
    """Report on the job that an event tells of, if it tells of one, or on every one that has ended unnoticed."""
    if tells_of_an_end(event):
        job = ended_job(event)
        reported = reporting.report(job) if job else Reported()
    else:
        reported = reporting.sweep()
    observe_reports(reported)
    return {"ended": {ended.id: str(ended.status) for ended in reported.ended}}
