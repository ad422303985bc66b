"""What does an operator see of imports?"""

from collections import Counter
from typing import TYPE_CHECKING, Literal, assert_never

from aws_lambda_powertools.metrics import MetricUnit

from pushhub.edge.observing.output import count, logger, metrics
from pushhub.imports.job import Chunk, JobId, JobStatus, RowResult

if TYPE_CHECKING:
    # A step loads no module of another.
    from pushhub.imports.steps.chunk import ChunkRun
    from pushhub.imports.steps.plan import AttemptChunks
    from pushhub.imports.steps.report import ReportedJobs
    from pushhub.imports.steps.start import StartedJobs


def observe_start(started: "StartedJobs") -> None:
    """Log and count the new jobs."""
    count({"ImportsBegun": len(started.new)})
    for job in started.new:
        logger.info("an import has begun", job=job)


def observe_plan(attempt: "AttemptChunks") -> None:
    """Count the chunks that an attempt cut a file into."""
    metrics.add_metadata("job", attempt.job)
    count({"ChunksPlanned": attempt.chunks})


def observe_chunk(job: JobId, chunk: Chunk, run: "ChunkRun") -> None:
    """Count the rows that a run settled, and its chunk where none is left of it."""
    metrics.add_metadata("job", job)
    metrics.add_metadata("chunk", chunk.number)
    metrics.add_metadata("finished", run.finished)
    count({_metric_of_rows(result): run.tally[result] for result in RowResult} | {"ChunksFinished": int(run.finished)})


def observe_refusal(job: JobId, error: Exception) -> None:
    """Log and count that a step ends its execution, since running it again would end the same."""
    metrics.add_metadata("job", job)
    count({"StepsRefused": 1})
    logger.warning("a step of an import ends its execution", job=job, error=type(error).__name__, reason=str(error))


def observe_reports(reported: "ReportedJobs") -> None:
    """Log and count the jobs that have ended.

    `ImportStandstill` tells for how many seconds each running job has made no progress.
    """
    ends = Counter(job.status for job in reported.ended)
    count({_metric_of_end(status): ends[status] for status in JobStatus if status is not JobStatus.RUNNING})
    for job in reported.ended:
        write = logger.error if job.status is JobStatus.FAILED else logger.info
        write("an import has ended", job=job.id, status=str(job.status), reason=job.reason)
    for id_, fault in reported.unreported.items():
        logger.error("an import could not be reported on and is tried again", job=id_, fault=fault)
    for seconds in reported.standstills.values():
        metrics.add_metric("ImportStandstill", MetricUnit.Seconds, seconds)
    if reported.swept:
        count({"ImportsRunning": len(reported.standstills)})


def _metric_of_rows(result: RowResult) -> str:
    match result:
        case RowResult.SUBSCRIBED:
            return "RowsSubscribed"
        case RowResult.UNCHANGED:
            return "RowsUnchanged"
        case RowResult.CANCELLED:
            return "RowsCancelled"
        case RowResult.SKIPPED:
            return "RowsSkipped"
        case RowResult.FAILED:
            return "RowsFailed"
    assert_never(result)


def _metric_of_end(status: Literal[JobStatus.DONE, JobStatus.FAILED, JobStatus.CANCELLED]) -> str:
    match status:
        case JobStatus.DONE:
            return "ImportsDone"
        case JobStatus.FAILED:
            return "ImportsFailed"
        case JobStatus.CANCELLED:
            return "ImportsCancelled"
    assert_never(status)
