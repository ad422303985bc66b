"""How are lists of chunks written and read: that of all chunks of a job, and those that its attempts go through?"""

from collections.abc import Iterable, Sequence
from typing import Final

from pydantic import TypeAdapter

from pushhub.imports.job import Chunk, JobId
from pushhub.imports.keys import all_chunks_key, attempt_chunks_key
from pushhub.imports.port import FileStore

_CHUNKS: Final = TypeAdapter(list[Chunk])
"""Building it takes 5 ms of a step's cold start."""


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
    return _CHUNKS.validate_json(content, strict=True)


def _write(files: FileStore, key: str, chunks: Iterable[Chunk]) -> None:
    files.put(key, _CHUNKS.dump_json(list(chunks)), "application/json")
