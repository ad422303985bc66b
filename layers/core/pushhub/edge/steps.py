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
    """Return the job of a step, and the number of the attempt at it."""
    return JobId(event["job"]), event["attempt"]


def chunk_of(event: Mapping[str, Any]) -> Chunk:
    """Return the chunk of the job that is to be imported."""
    chunk = event["chunk"]
    return Chunk(chunk["number"], chunk["start"], chunk["end"])


def planned(attempt: "AttemptChunks") -> dict[str, Any]:
    """Return the answer of `imports_plan`: where the list of chunks is, and how many it has."""
    return {"job": attempt.job, "attempt": attempt.attempt, "chunks": attempt.chunks, "list": attempt.list_key}


def ran(run: "ChunkRun") -> dict[str, Any]:
    """Return the answer of `imports_chunk`: a chunk that is not finished is run again."""
    return {"finished": run.finished}


def refusal_of(error: Exception) -> dict[str, Any]:
    """Return the answer that ends the execution, and why."""
    return {"refused": {"error": type(error).__name__, "cause": str(error)}}
