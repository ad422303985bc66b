"""What does the state machine of imports give its steps, and what does it want back?

A step that raises is run again, after ever longer waits. What would come out the same every time is answered instead, and ends the
execution at once.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pushhub.imports.job import Chunk, JobId

if TYPE_CHECKING:
    from pushhub.imports.steps.chunk import ChunkRun
    from pushhub.imports.steps.plan import PlannedAttempt


def attempt_of(event: Mapping[str, Any]) -> tuple[JobId, int]:
    """Return which attempt at which job a step belongs to."""
    return JobId(event["job"]), event["attempt"]


def chunk_of(event: Mapping[str, Any]) -> Chunk:
    """Return which chunk of the job is to be imported."""
    given = event["chunk"]
    return Chunk(given["number"], given["start"], given["end"])


def planned(attempt: "PlannedAttempt") -> dict[str, Any]:
    """Return what the map goes by."""
    return {"job": attempt.job, "attempt": attempt.attempt, "chunks": attempt.chunks, "list": attempt.list_key}


def ran(run: "ChunkRun") -> dict[str, Any]:
    """Return whether the chunk is to be run again."""
    return {"finished": run.finished}


def refused(error: Exception) -> dict[str, Any]:
    """Return why there is no use in going on."""
    return {"refused": {"error": type(error).__name__, "cause": str(error)}}
