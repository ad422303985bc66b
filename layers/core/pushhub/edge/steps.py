"""What does the state machine of imports give its steps, and what do they return to it?

A step that raises an error is run again, after ever longer waits. An error that no repetition can mend is returned, not raised, and
ends the execution at once.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pushhub.imports.job import Chunk, JobId

if TYPE_CHECKING:
    from pushhub.imports.steps.chunk import ChunkRun
    from pushhub.imports.steps.plan import AttemptChunks


def attempt_of(event: Mapping[str, Any]) -> tuple[JobId, int]:
    """Return the job and the attempt that a step works on."""
    return JobId(event["job"]), event["attempt"]


def chunk_of(event: Mapping[str, Any]) -> Chunk:
    """Return the chunk that is to be imported."""
    given = event["chunk"]
    return Chunk(given["number"], given["start"], given["end"])


def planned(attempt: "AttemptChunks") -> dict[str, Any]:
    """Return the chunks that the state machine maps over."""
    return {"job": attempt.job, "attempt": attempt.attempt, "chunks": attempt.chunks, "list": attempt.list_key}


def ran(run: "ChunkRun") -> dict[str, Any]:
    """Return whether the chunk is finished, or has to be run again."""
    return {"finished": run.finished}


def refused(error: Exception) -> dict[str, Any]:
    """Return the error that ends the execution."""
    return {"refused": {"error": type(error).__name__, "cause": str(error)}}
