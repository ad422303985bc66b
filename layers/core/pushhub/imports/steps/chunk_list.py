"""How are lists of chunks written and read: that of all chunks of a job, and those that its attempts go through?

They are written and read by hand. A `TypeAdapter` of pydantic would save 6 ms for the 2,400 chunks of the largest file, and cost
every start of a step 5 ms; and it writes no blanks, so that lists would differ from those of earlier releases.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict

from pushhub.imports.job import Chunk, JobId
from pushhub.imports.keys import all_chunks_key, attempt_chunks_key
from pushhub.imports.port import FileStore


def write_all_chunks(files: FileStore, job: JobId, chunks: Iterable[Chunk]) -> None:
    """Write the list of all chunks of a job."""
    _write(files, all_chunks_key(job), chunks)


def write_chunks_of(files: FileStore, job: JobId, attempt: int, chunks: Iterable[Chunk]) -> str:
    """Write the list of chunks that an attempt goes through, and return its key."""
    _write(files, attempt_chunks_key(job, attempt), chunks)
    return attempt_chunks_key(job, attempt)


def read_all_chunks(files: FileStore, job: JobId) -> Sequence[Chunk]:
    """Return all chunks of a job that has a plan."""
    content = b"".join(files.stream(files.latest(all_chunks_key(job))))
    return [Chunk(**entry) for entry in json.loads(content)]


def _write(files: FileStore, key: str, chunks: Iterable[Chunk]) -> None:
    files.put(key, json.dumps([asdict(chunk) for chunk in chunks]).encode(), "application/json")
