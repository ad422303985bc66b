"""Where do the chunks of a job stand written, all of them and those that an attempt goes through?"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict

from pushhub.imports.job import Chunk, JobId
from pushhub.imports.keys import all_chunks_key, attempt_chunks_key
from pushhub.imports.port import FileStore


def write_all_chunks(files: FileStore, bucket: str, job: JobId, chunks: Iterable[Chunk]) -> None:
    """Write the list of all chunks of a job."""
    _write(files, bucket, all_chunks_key(job), chunks)


def write_chunks_of(files: FileStore, bucket: str, job: JobId, attempt: int, chunks: Iterable[Chunk]) -> str:
    """Write the list of chunks that an attempt goes through, and return its key."""
    _write(files, bucket, attempt_chunks_key(job, attempt), chunks)
    return attempt_chunks_key(job, attempt)


def read_all_chunks(files: FileStore, bucket: str, job: JobId) -> Sequence[Chunk]:
    """Return all chunks of a job that has a plan."""
    content = b"".join(files.stream(files.latest(bucket, all_chunks_key(job))))
    return [Chunk(**entry) for entry in json.loads(content)]


def _write(files: FileStore, bucket: str, key: str, chunks: Iterable[Chunk]) -> None:
    files.put(bucket, key, json.dumps([asdict(chunk) for chunk in chunks]).encode(), "application/json")
