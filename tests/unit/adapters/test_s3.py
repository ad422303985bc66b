"""Objects in S3: what is called, and what faults mean. What every file store does stands in tests/contract/test_file_store.py."""

import io
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError
from botocore.response import StreamingBody

from pushhub.adapters.s3 import MAX_BREAKS, PART_BYTES, PARTS_UNDER_WAY, S3Files
from pushhub.faults import UnavailableError
from pushhub.imports.job import S3Object
from pushhub.imports.port import MissingObjectError

SOURCE = S3Object("bucket", "inbox/a", "v1")
CONTENT = bytes(range(250)) * 4


class BrokenBody(io.BytesIO):
    """Breaks off once it has given some bytes."""

    def __init__(self, content: bytes, whole: int) -> None:
        super().__init__(content[:whole])
        self._left = whole

    def read(self, size: int | None = -1) -> bytes:
        if not self._left:
            raise ReadTimeoutError(endpoint_url="s3")
        given = super().read(self._left if size is None or size < 0 else size)
        self._left -= len(given)
        return given


class StubS3:
    """Answers calls from a can, the next `faults` by raising; objects hold `CONTENT`.

    `gives` is how many bytes each answer to GetObject gives before it breaks off; `knows_ranges` says whether it minds them.
    """

    def __init__(self, *faults: Exception, gives: Iterator[int] | None = None, knows_ranges: bool = True) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self._faults = list(faults)
        self._gives = gives
        self._knows_ranges = knows_ranges

    def __getattr__(self, operation: str) -> Callable[..., dict[str, Any]]:
        def call(**asked: Any) -> dict[str, Any]:
            self.calls.append((operation, asked))
            if self._faults:
                raise self._faults.pop(0)
            return self._get(asked["Range"]) if operation == "get_object" else ANSWERS.get(operation, {})

        return call

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.calls]

    def _get(self, span: str) -> dict[str, Any]:
        start, end = span.removeprefix("bytes=").split("-")
        if int(start) >= len(CONTENT):
            raise error("InvalidRange", "GetObject")
        content = CONTENT[int(start) : int(end) + 1 if end else None] if self._knows_ranges else CONTENT
        whole = next(self._gives, len(content)) if self._gives else len(content)
        body = BrokenBody(content, whole) if whole < len(content) else io.BytesIO(content)
        return {"Body": StreamingBody(body, len(content))} | ({"ContentRange": span} if self._knows_ranges else {})


ANSWERS: dict[str, dict[str, Any]] = {
    "head_object": {"ContentLength": 1, "Metadata": {"Mode": "add"}, "ContentType": "text/csv", "VersionId": "v2", "ETag": "e"},
    "create_multipart_upload": {"UploadId": "upload"},
    "upload_part": {"ETag": "part"},
}


def error(code: str, operation: str = "HeadObject") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "quotes a key"}}, operation)


def files(stub: StubS3) -> S3Files:
    return S3Files(stub, SOURCE.bucket)  # type: ignore[arg-type]


USES: dict[str, Callable[[S3Files], object]] = {
    "facts": lambda store: store.facts(SOURCE),
    "read": lambda store: store.read(SOURCE, 0, 9),
    "latest": lambda store: store.latest("a"),
    "put": lambda store: store.put("a", b"", "text/csv"),
}


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize(
    ("fault", "text"),
    [
        (error("SlowDown"), "S3 answered SlowDown to HeadObject"),
        (error("403"), "S3 answered 403 to HeadObject"),
        (EndpointConnectionError(endpoint_url="s3"), "S3 did not answer: EndpointConnectionError"),
    ],
)
def test_a_call_that_fails_says_so_and_quotes_nothing(use: str, fault: Exception, text: str) -> None:
    with pytest.raises(UnavailableError) as raised:
        USES[use](files(StubS3(fault)))
    assert str(raised.value) == text


@pytest.mark.parametrize("use", ["facts", "read", "latest"])
@pytest.mark.parametrize("code", ["404", "NoSuchKey", "NoSuchVersion"])
def test_what_is_not_there_is_missing(use: str, code: str) -> None:
    with pytest.raises(MissingObjectError):
        USES[use](files(StubS3(error(code))))


def test_a_part_is_read_by_one_call_that_names_the_version() -> None:
    stub = StubS3()
    assert files(stub).read(SOURCE, 10, 300) == CONTENT[10:300]
    assert stub.calls == [("get_object", {"Bucket": "bucket", "Key": "inbox/a", "VersionId": "v1", "Range": "bytes=10-299"})]


@pytest.mark.parametrize(("start", "end"), [(0, 5), (10, 300), (990, 2000)])
def test_a_part_is_cut_out_where_all_is_given(start: int, end: int) -> None:
    assert files(StubS3(knows_ranges=False)).read(SOURCE, start, end) == CONTENT[start:end]


def test_a_part_that_breaks_off_is_no_part() -> None:
    with pytest.raises(UnavailableError, match="ReadTimeoutError"):
        files(StubS3(gives=iter([3]))).read(SOURCE, 0, 9)


@pytest.mark.parametrize("knows_ranges", [True, False])
def test_a_stream_that_breaks_off_goes_on_from_there(*, knows_ranges: bool) -> None:
    stub = StubS3(gives=iter([100, 500]), knows_ranges=knows_ranges)
    assert b"".join(files(stub).stream(SOURCE)) == CONTENT
    assert len(stub.calls) == 3


def test_a_stream_that_gives_nothing_any_more_ends_with_a_fault() -> None:
    stub = StubS3(gives=iter([100, *[0] * 99]))
    with pytest.raises(UnavailableError):
        list(files(stub).stream(SOURCE))
    assert len(stub.calls) == 1 + MAX_BREAKS


def test_what_is_small_is_written_by_one_call() -> None:
    stub = StubS3()
    with files(stub).writing("a", "text/csv") as writer:
        writer.write(b"one")
        writer.write(b"two")
    ((name, asked),) = stub.calls
    assert (name, asked["Body"], asked["ContentType"]) == ("put_object", b"onetwo", "text/csv")


def test_what_is_large_is_written_in_parts() -> None:
    stub = StubS3()
    content = bytes(range(256)) * (PART_BYTES // 256)
    with files(stub).writing("a", "text/csv") as writer:
        writer.write(content[:5])
        writer.write(content[5:] + content)
        writer.write(content[:9])
    assert stub.names == ["create_multipart_upload", *["upload_part"] * 3, "complete_multipart_upload"]
    sent = {asked["PartNumber"]: asked["Body"] for name, asked in stub.calls if name == "upload_part"}
    assert sent == {1: content, 2: content, 3: content[:9]}
    assert [part["PartNumber"] for part in stub.calls[-1][1]["MultipartUpload"]["Parts"]] == [1, 2, 3]


@dataclass
class SlowS3(StubS3):
    """Takes parts, and answers to none of them until it is let; `faults` are raised instead of the first answers."""

    faults: list[Exception] = field(default_factory=list)
    let: threading.Event = field(default_factory=threading.Event)
    under_way: int = 0
    most: int = 0

    def __post_init__(self) -> None:
        super().__init__()
        self._counting = threading.Lock()

    def upload_part(self, **asked: Any) -> dict[str, Any]:
        with self._counting:
            self.calls.append(("upload_part", {**asked, "Body": len(asked["Body"])}))
            self.under_way += 1
            self.most = max(self.most, self.under_way)
        assert self.let.wait(30)
        with self._counting:
            self.under_way -= 1
            if self.faults:
                raise self.faults.pop()
        return {"ETag": f"part {asked['PartNumber']}"}


def eventually(condition: Callable[[], bool]) -> None:
    latest = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < latest
        time.sleep(0.001)


def test_a_few_parts_are_under_way_at_one_time_and_no_more_is_taken_while_they_are() -> None:
    stub, taken, size = SlowS3(), [0], PART_BYTES // 4

    def write() -> None:
        with files(stub).writing("a", "text/csv") as writer:
            for _ in range(10 * 4):
                writer.write(bytes(size))
                taken[0] += size

    tracemalloc.start()
    try:
        with ThreadPoolExecutor(1) as pool:
            writing = pool.submit(write)
            eventually(lambda: stub.under_way == PARTS_UNDER_WAY and taken[0] == (PARTS_UNDER_WAY + 1) * PART_BYTES - size)
            time.sleep(0.1)
            assert taken[0] < (PARTS_UNDER_WAY + 1) * PART_BYTES
            stub.let.set()
            writing.result()
        assert tracemalloc.get_traced_memory()[1] < (PARTS_UNDER_WAY + 2) * PART_BYTES
    finally:
        tracemalloc.stop()
    assert stub.most == PARTS_UNDER_WAY
    parts = stub.calls[-1][1]["MultipartUpload"]["Parts"]
    assert parts == [{"PartNumber": number, "ETag": f"part {number}"} for number in range(1, 11)]


@pytest.mark.parametrize("parts", [1, PARTS_UNDER_WAY, 20])
def test_a_part_that_is_not_taken_gives_all_up_once_none_is_under_way(parts: int) -> None:
    stub = SlowS3(faults=[error("SlowDown", "UploadPart")])
    stub.let.set()

    def write() -> None:
        with files(stub).writing("a", "text/csv") as writer:
            for _ in range(parts):
                writer.write(bytes(PART_BYTES))

    with pytest.raises(UnavailableError, match="S3 answered SlowDown to UploadPart"):
        write()
    assert (stub.names[-1], stub.under_way) == ("abort_multipart_upload", 0)
    assert stub.names.count("upload_part") <= 2 * PARTS_UNDER_WAY
    assert "complete_multipart_upload" not in stub.names


def test_parts_of_what_is_not_written_to_its_end_are_given_up() -> None:
    stub = StubS3()

    def write() -> None:
        with files(stub).writing("a", "text/csv") as writer:
            writer.write(bytes(PART_BYTES))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write()
    assert stub.names == ["create_multipart_upload", "upload_part", "abort_multipart_upload"]


def test_a_move_says_once_more_what_a_copy_in_parts_would_lose_and_deletes_that_version_alone() -> None:
    stub = StubS3()
    assert files(stub).move(SOURCE, "done/a") == S3Object("bucket", "done/a", "v2")
    copied = dict(stub.calls)["copy"]
    assert copied["CopySource"] == {"Bucket": "bucket", "Key": "inbox/a", "VersionId": "v1"}
    assert copied["ExtraArgs"] == {
        "ContentType": "text/csv",
        "Metadata": {"Mode": "add"},
        "MetadataDirective": "REPLACE",
        "TaggingDirective": "REPLACE",
    }
    assert dict(stub.calls)["delete_object"] == {"Bucket": "bucket", "Key": "inbox/a", "VersionId": "v1"}
    assert stub.names == ["head_object", "copy", "delete_object", "head_object"]


def test_what_could_not_be_copied_is_not_deleted(monkeypatch: pytest.MonkeyPatch) -> None:
    stub = StubS3()

    def fail(**_: Any) -> None:
        raise error("SlowDown", "CopyObject")

    monkeypatch.setattr(stub, "copy", fail, raising=False)
    with pytest.raises(UnavailableError, match="SlowDown"):
        files(stub).move(SOURCE, "done/a")
    assert "delete_object" not in stub.names


# What lies in the inbox


def listed(*pages: dict[str, Any]) -> list[str]:
    """Return which versions are given of an inbox that is listed in pages."""
    stub = StubS3()
    stub.get_paginator = lambda _: SimpleNamespace(paginate=lambda **_: iter(pages))  # type: ignore[attr-defined]
    return [found.version for found in files(stub).list_inbox()]


def version(minute: int, *, latest: bool = False) -> dict[str, Any]:
    moment = datetime(2026, 11, 21, 16, minute, tzinfo=UTC)
    return {"Key": "inbox/a", "VersionId": f"of-{minute}", "LastModified": moment, "IsLatest": latest}


def test_a_deletion_hides_what_is_older_on_later_pages_too_although_an_earlier_deletion_stands_there() -> None:
    newest = {"DeleteMarkers": [version(4, latest=True)]}
    older = {"Versions": [version(3), version(1)], "DeleteMarkers": [version(2)]}
    assert not listed(newest, older)


def test_what_was_dropped_after_a_deletion_is_given_and_what_was_dropped_before_is_not() -> None:
    newest = {"Versions": [version(5, latest=True), version(4)], "DeleteMarkers": [version(3)]}
    older = {"Versions": [version(2)], "DeleteMarkers": [version(1)]}
    assert listed(newest, older) == ["of-5", "of-4"]
