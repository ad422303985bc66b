"""What every file store must do: the one in memory, and the one in S3, on moto and on the local engine."""

import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Protocol

import pytest
from boto3.s3.transfer import TransferConfig

from pushhub.adapters import s3 as files
from pushhub.adapters.s3 import PART_BYTES, S3Files
from pushhub.console.connection import Connection
from pushhub.imports.job import S3Object
from pushhub.imports.port import FileStore, MissingObjectError
from tests.doubles.files import MemoryFiles

CONTENT = bytes(range(256)) * 8
LONG = secrets.token_bytes(PART_BYTES + 5)


class Bucket(Protocol):
    """A versioned bucket of which others make use, too."""

    @property
    def files(self) -> FileStore: ...
    @property
    def name(self) -> str: ...
    def drop(self, key: str, content: bytes = CONTENT, metadata: Mapping[str, str] | None = None) -> S3Object: ...
    def delete(self, key: str) -> None: ...


class MemoryBucket:
    name = "bucket"

    def __init__(self) -> None:
        self.files = self._files = MemoryFiles(self.name)

    def drop(self, key: str, content: bytes = CONTENT, metadata: Mapping[str, str] | None = None) -> S3Object:
        return self._files.drop(key, content, metadata)

    def delete(self, key: str) -> None:
        self._files.delete(key)


class S3Bucket:
    def __init__(self, connection: Connection) -> None:
        self._client = connection.client("s3")
        self.name = f"bucket-{secrets.token_hex(6)}"
        region = {"LocationConstraint": "eu-central-1"}
        self._client.create_bucket(Bucket=self.name, CreateBucketConfiguration=region)  # type: ignore[arg-type]
        self._client.put_bucket_versioning(Bucket=self.name, VersioningConfiguration={"Status": "Enabled"})
        self.files = S3Files(self._client, self.name)

    def drop(self, key: str, content: bytes = CONTENT, metadata: Mapping[str, str] | None = None) -> S3Object:
        made = self._client.put_object(Bucket=self.name, Key=key, Body=content, ContentType="text/csv", Metadata=metadata or {})
        return S3Object(self.name, key, made["VersionId"])

    def delete(self, key: str) -> None:
        self._client.delete_object(Bucket=self.name, Key=key)


@pytest.fixture(params=["memory", "moto", "engine"])
def bucket(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    if request.param == "memory":
        return MemoryBucket()
    if request.param == "moto":
        # It loses concurrent updates: one part goes at a time.
        monkeypatch.setattr(files, "PARTS_UNDER_WAY", 1)
        monkeypatch.setattr(files, "_COPYING", replaced(files._COPYING, use_threads=False))
    return S3Bucket(request.getfixturevalue(request.param))


def replaced(config: TransferConfig, **changes: Any) -> TransferConfig:
    names = ("multipart_threshold", "multipart_chunksize", "use_threads", "preferred_transfer_client")
    return TransferConfig(**({name: getattr(config, name) for name in names} | changes))


ODD = "inbox/5/ios-apns/custom-e mail/файл + 100%&=?#.csv"


def content_of(bucket: Bucket, key: str) -> bytes:
    return b"".join(bucket.files.stream(bucket.files.latest(key)))


@pytest.mark.parametrize("key", ["a", ODD])
def test_what_was_dropped_is_known_and_read(bucket: Bucket, key: str) -> None:
    source = bucket.drop(key, metadata={"delimiter": ";", "mode": "add"})
    assert bucket.files.facts(source).size == len(CONTENT)
    assert bucket.files.facts(source).metadata == {"delimiter": ";", "mode": "add"}
    assert b"".join(bucket.files.stream(source)) == CONTENT


@pytest.mark.parametrize(("start", "end"), [(0, 1), (3, 300), (0, len(CONTENT)), (2000, 9999), (9999, 10000), (7, 7), (7, 3)])
def test_a_part_is_read_up_to_the_end(bucket: Bucket, start: int, end: int) -> None:
    assert bucket.files.read(bucket.drop("a"), start, end) == (CONTENT[start:end] if start < end else b"")


def test_an_object_without_a_byte_is_read(bucket: Bucket) -> None:
    source = bucket.drop("a", b"")
    assert bucket.files.facts(source).size == 0
    assert bucket.files.read(source, 0, 10) == b""
    assert not b"".join(bucket.files.stream(source))


def test_a_stream_comes_in_pieces_of_at_most_1_mib(bucket: Bucket) -> None:
    pieces = list(bucket.files.stream(bucket.drop("a", LONG)))
    assert b"".join(pieces) == LONG
    assert max(map(len, pieces)) <= 1024 * 1024


def test_a_version_stays_what_it_is_when_another_is_dropped(bucket: Bucket) -> None:
    first, second = bucket.drop("a", b"first"), bucket.drop("a", b"second")
    assert bucket.files.read(first, 0, 99) == b"first"
    assert bucket.files.latest("a") == second
    assert bucket.files.read(first, 1, 3) == b"ir"


def test_what_is_not_there_is_missing(bucket: Bucket) -> None:
    there = bucket.drop("a")
    bucket.files.move(there, "b")
    for missing in (there, replace(there, key="c")):
        with pytest.raises(MissingObjectError):
            bucket.files.facts(missing)
        with pytest.raises(MissingObjectError):
            bucket.files.read(missing, 0, 1)
        with pytest.raises(MissingObjectError):
            list(bucket.files.stream(missing))
        with pytest.raises(MissingObjectError):
            bucket.files.latest(missing.key)


def test_what_is_deleted_is_missing_but_its_version_is_there(bucket: Bucket) -> None:
    source = bucket.drop("a")
    bucket.delete("a")
    with pytest.raises(MissingObjectError):
        bucket.files.latest("a")
    assert bucket.files.read(source, 0, 2) == CONTENT[:2]


def test_what_was_put_is_there(bucket: Bucket) -> None:
    bucket.files.put(ODD, b"one", "text/plain")
    bucket.files.put(ODD, b"two", "text/plain")
    assert content_of(bucket, ODD) == b"two"


@pytest.mark.parametrize("parts", [[], [b"a", b"", b"b"], [LONG], [LONG[:100], LONG[100:], LONG, b"end"]], ids=len)
def test_what_was_written_piece_by_piece_is_there(bucket: Bucket, parts: list[bytes]) -> None:
    with bucket.files.writing("a", "text/csv") as writer:
        for part in parts:
            writer.write(part)
    assert content_of(bucket, "a") == b"".join(parts)


@pytest.mark.parametrize("content", [b"a", LONG], ids=len)
def test_of_what_was_not_written_to_its_end_nothing_is_there(bucket: Bucket, content: bytes) -> None:
    def write() -> None:
        with bucket.files.writing("a", "text/csv") as writer:
            writer.write(content)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write()
    with pytest.raises(MissingObjectError):
        bucket.files.latest("a")


@pytest.mark.parametrize("in_parts", [False, True])
def test_an_object_moves_with_its_metadata_and_its_version_is_gone(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch, *, in_parts: bool
) -> None:
    if in_parts:
        size = 5 * 1024 * 1024
        monkeypatch.setattr(files, "_COPYING", replaced(files._COPYING, multipart_threshold=size, multipart_chunksize=size))
    source = bucket.drop("inbox/a + b", LONG, {"mode": "add"})
    moved = bucket.files.move(source, "done/ä + b")
    assert moved == bucket.files.latest("done/ä + b")
    assert b"".join(bucket.files.stream(moved)) == LONG
    assert bucket.files.facts(moved).metadata == {"mode": "add"}
    with pytest.raises(MissingObjectError):
        bucket.files.facts(source)


def test_moving_again_changes_nothing(bucket: Bucket) -> None:
    source = bucket.drop("inbox/a")
    moved = bucket.files.move(source, "done/a")
    assert bucket.files.move(source, "done/a") == moved
    assert bucket.files.move(moved, "done/a") == moved
    assert b"".join(bucket.files.stream(moved)) == CONTENT


def test_a_move_leaves_other_versions_of_the_object_where_they_are(bucket: Bucket) -> None:
    first, second = bucket.drop("inbox/a", b"first"), bucket.drop("inbox/a", b"second")
    bucket.files.move(first, "done/a")
    assert bucket.files.latest("inbox/a") == second
    assert content_of(bucket, "done/a") == b"first"


def test_what_is_gone_and_was_never_moved_cannot_be_moved(bucket: Bucket) -> None:
    source = bucket.drop("inbox/a")
    bucket.files.move(source, "done/a")
    with pytest.raises(MissingObjectError):
        bucket.files.move(source, "failed/a")


def test_the_inbox_lists_every_version_that_nobody_has_deleted(bucket: Bucket) -> None:
    bucket.drop("elsewhere/inbox/a")
    bucket.drop("inboxes")
    bucket.drop("inbox/deleted")
    bucket.delete("inbox/deleted")
    there = [bucket.drop("inbox/a"), bucket.drop("inbox/a"), bucket.drop(ODD), bucket.drop("inbox/empty", b"")]
    bucket.files.move(bucket.drop("inbox/moved"), "done/moved")
    assert sorted(bucket.files.list_inbox(), key=str) == sorted(there, key=str)
    bucket.drop("inbox/a")
    bucket.delete("inbox/a")
    dropped_again = bucket.drop("inbox/a")
    listed = list(bucket.files.list_inbox())
    assert dropped_again in listed
