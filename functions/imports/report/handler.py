"""Reports what came of imports whose execution has ended; the last step of each."""

from typing import TYPE_CHECKING, Any

from pushhub.edge.notices import ended_job, is_execution_end
from pushhub.edge.observing.imports import observe_reports
from pushhub.edge.observing.output import metrics
from pushhub.edge.wiring import imports_report as wiring
from pushhub.imports.steps.report import ReportedJobs

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

report_job = wiring.report_job()


@metrics.log_metrics
def handler(event: dict[str, Any], _context: "LambdaContext") -> dict[str, Any]:
    """End the job that a notice names, or every job whose execution has ended unnoticed."""
    if is_execution_end(event):
        job = ended_job(event)
        reported = report_job(job) if job else ReportedJobs()
    else:
        reported = report_job.sweep()
    observe_reports(reported)
    return {"ended": {ended.id: str(ended.status) for ended in reported.ended}}
