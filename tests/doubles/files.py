"""A versioned bucket in memory."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count

from pushhub.imports.job import S3Object
from pushhub.imports.keys import INBOX
from pushhub.imports.port import MissingObjectError, ObjectFacts

_PIECE = 1024


@dataclass(frozen=True, slots=True)
class Version:
    """A version of an object; one without content is the mark of a deletion."""

    id: str
    content: bytes | None
    content_type: str = "binary/octet-stream"
    metadata: Mapping[str, str] = field(default_factory=dict)


class MemoryFiles:
    """A file store for tests; `reads` are the ranges that were read."""

    def __init__(self, bucket: str = "bucket") -> None:
        self.bucket = bucket
        self.reads: list[tuple[int, int]] = []
        self._versions: defaultdict[str, list[Version]] = defaultdict(list)
        self._ids = count(1)

    def drop(self, key: str, content: bytes, metadata: Mapping[str, str] | None = None, version_id: str = "") -> S3Object:
        """Upload an object as anybody may."""
        version = Version(version_id or f"v{next(self._ids)}", content, metadata=metadata or {})
        self._versions[key].append(version)
        return self.version(key, version.id)

    def delete(self, key: str) -> None:
        """Hide an object behind the mark of its deletion."""
        self._versions[key].append(Version(f"v{next(self._ids)}", None))

    def content(self, key: str) -> bytes:
        """Return what an object holds now."""
        return self._content(self.latest(key))

    def all_keys(self) -> list[str]:
        """Return the keys that are not deleted."""
        return sorted(key for key, versions in self._versions.items() if versions and versions[-1].content is not None)

    def content_type(self, source: S3Object) -> str:
        """Return as what an object was written."""
        return self._version(source).content_type

    def facts(self, source: S3Object) -> ObjectFacts:
        version = self._version(source)
        return ObjectFacts(len(self._content(source)), version.metadata)

    def read(self, source: S3Object, start: int, end: int) -> bytes:
        self.reads.append((start, end))
        return self._content(source)[start:end] if start < end else b""

    def stream(self, source: S3Object) -> Iterator[bytes]:
        content = self._content(source)
        for start in range(0, len(content), _PIECE):
            yield content[start : start + _PIECE]

    def put(self, key: str, content: bytes, content_type: str) -> None:
        self._versions[key].append(Version(f"v{next(self._ids)}", content, content_type))

    @contextmanager
    def writing(self, key: str, content_type: str) -> Iterator["_Writer"]:
        writer = _Writer()
        yield writer
        self.put(key, bytes(writer.content), content_type)

    def move(self, source: S3Object, key: str) -> S3Object:
        if key == source.key:
            return source
        try:
            moved = self._version(source)
        except MissingObjectError:
            return self.latest(key)
        copy = Version(f"v{next(self._ids)}", moved.content, moved.content_type, moved.metadata)
        self._versions[key].append(copy)
        self._versions[source.key].remove(moved)
        return self.version(key, copy.id)

    def version(self, key: str, version: str) -> S3Object:
        return S3Object(self.bucket, key, version)

    def latest(self, key: str) -> S3Object:
        versions = self._versions[key]
        if not versions or versions[-1].content is None:
            raise MissingObjectError(key)
        return self.version(key, versions[-1].id)

    def list_inbox(self) -> Iterator[S3Object]:
        for key, versions in sorted(self._versions.items()):
            if key.startswith(INBOX):
                deletions = [place for place, version in enumerate(versions) if version.content is None]
                yield from (self.version(key, version.id) for version in versions[max(deletions, default=-1) + 1 :])

    def _version(self, source: S3Object) -> Version:
        for version in self._versions[source.key] if source.bucket == self.bucket else []:
            if version.id == source.version and version.content is not None:
                return version
        raise MissingObjectError(source.key)

    def _content(self, source: S3Object) -> bytes:
        return self._version(source).content or b""


@dataclass(slots=True)
class _Writer:
    content: bytearray = field(default_factory=bytearray)

    def write(self, content: bytes) -> None:
        self.content += content
