"""What does an operator see of imports?"""

from collections import Counter
from typing import TYPE_CHECKING, Final

from aws_lambda_powertools.metrics import MetricUnit

from pushhub.edge.observing.output import count, logger, metrics
from pushhub.imports.job import Chunk, JobId, JobStatus, RowResult

if TYPE_CHECKING:
    # Each step loads its own alone.
    from pushhub.imports.steps.chunk import ChunkRun
    from pushhub.imports.steps.plan import AttemptChunks
    from pushhub.imports.steps.report import ReportedJobs
    from pushhub.imports.steps.start import StartedJobs

_ROWS: Final = {
    RowResult.SUBSCRIBED: "RowsSubscribed",
    RowResult.UNCHANGED: "RowsUnchanged",
    RowResult.CANCELLED: "RowsCancelled",
    RowResult.SKIPPED: "RowsSkipped",
    RowResult.FAILED: "RowsFailed",
}
"""What each row that was settled is counted as."""
_ENDS: Final = {
    JobStatus.DONE: "ImportsDone",
    JobStatus.FAILED: "ImportsFailed",
    JobStatus.CANCELLED: "ImportsCancelled",
}


def observe_start(started: "StartedJobs") -> None:
    """Log and count the new jobs."""
    count({"ImportsBegun": len(started.new)})
    for job in started.new:
        logger.info("an import has begun", job=job)


def observe_plan(attempt: "AttemptChunks") -> None:
    """Count the chunks that an attempt goes through."""
    metrics.add_metadata("job", attempt.job)
    count({"ChunksPlanned": attempt.chunks})


def observe_chunk(job: JobId, chunk: Chunk, run: "ChunkRun") -> None:
    """Count the rows that a run has settled, and the chunk once it is finished."""
    metrics.add_metadata("job", job)
    metrics.add_metadata("chunk", chunk.number)
    metrics.add_metadata("finished", run.finished)
    count({name: run.tally[result] for result, name in _ROWS.items()} | {"ChunksFinished": int(run.finished)})


def observe_refusal(job: JobId, error: Exception) -> None:
    """Log and count an error that ends an execution."""
    metrics.add_metadata("job", job)
    count({"StepsRefused": 1})
    logger.warning("a step of an import ends its execution", job=job, error=type(error).__name__, reason=str(error))


def observe_reports(reported: "ReportedJobs") -> None:
    """Log and count the jobs that have ended; `ImportStandstill` is for how many seconds a running job has made no progress."""
    ends = Counter(job.status for job in reported.ended)
    count({name: ends[status] for status, name in _ENDS.items()})
    for job in reported.ended:
        write = logger.error if job.status is JobStatus.FAILED else logger.info
        write("an import has ended", job=job.id, status=str(job.status), reason=job.reason)
    for id_, fault in reported.unreported.items():
        logger.error("an import could not be reported on and is tried again", job=id_, fault=fault)
    for seconds in reported.standstills.values():
        metrics.add_metric("ImportStandstill", MetricUnit.Seconds, seconds)
    if reported.swept:
        count({"ImportsRunning": len(reported.standstills)})
