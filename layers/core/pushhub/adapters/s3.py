"""How are objects in S3 read, written and moved, of any size and in bounded memory?"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from functools import partial
from io import BytesIO
from typing import TYPE_CHECKING, Final

from boto3.s3.transfer import TransferConfig

from pushhub.adapters.faults import Expected, calling
from pushhub.faults import UnavailableError
from pushhub.imports.job import S3Object
from pushhub.imports.keys import INBOX
from pushhub.imports.port import MissingObjectError, ObjectFacts

if TYPE_CHECKING:
    from datetime import datetime

    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef, ListObjectVersionsOutputTypeDef

PART_BYTES: Final = 8 * 1024 * 1024
"""Size of the parts that an object is written in. S3 takes 10,000 of them, so an object has up to 78 GiB."""
PARTS_UNDER_WAY: Final = 3
"""How many parts of one object are sent at one time. Memory holds these and the part that is filled meanwhile: 32 MiB."""
COPY_PART_BYTES: Final = 256 * 1024 * 1024
"""Size of the parts that an object is copied in, all within S3. A copy by one call may have 5 GB and would take minutes."""
PIECE_BYTES: Final = 1024 * 1024
"""Size of the largest piece that a stream gives."""
MAX_BREAKS: Final = 3
"""How often in a row a stream may break off without a byte in between."""


class _BeyondTheEndError(Exception):
    """A read begins at the end of an object or beyond it."""


_MISSING: Final[Expected] = dict.fromkeys(("404", "NoSuchKey", "NoSuchVersion", "NotFound"), MissingObjectError)
_BEYOND_THE_END: Final[Expected] = dict.fromkeys(("416", "InvalidRange"), _BeyondTheEndError)
calling_s3: Final = partial(calling, "S3", _MISSING)
"""As :func:`pushhub.adapters.faults.calling`; where there is no such object or version, it raises MissingObjectError."""

NO_VERSION: Final = "null"
"""Id of the only version of an object whose bucket keeps no others."""
_KEPT_BY_A_COPY: Final = ("ContentType", "ContentEncoding", "Metadata")

_COPYING: Final = TransferConfig(
    multipart_threshold=COPY_PART_BYTES,
    multipart_chunksize=COPY_PART_BYTES,
    # The other one, `crt`, is missing in the runtime. Where it is installed, it would not use the client that we were given.
    preferred_transfer_client="classic",
)


class S3Files:
    """See :class:`pushhub.imports.port.FileStore`."""

    def __init__(self, client: "S3Client", bucket: str) -> None:
        """Use a bucket through a client."""
        self._client = client
        self._bucket = bucket

    def facts(self, source: S3Object) -> ObjectFacts:
        """See the port."""
        with calling_s3():
            head = self._client.head_object(Bucket=source.bucket, Key=source.key, VersionId=source.version)
        return ObjectFacts(head["ContentLength"], {name.lower(): value for name, value in head["Metadata"].items()})

    def read(self, source: S3Object, start: int, end: int) -> bytes:
        """See the port; one call."""
        return b"".join(self._pieces(source, start, end)) if start < end else b""

    def stream(self, source: S3Object) -> Iterator[bytes]:
        """See the port. Where the connection breaks off, it reads on from there."""
        position = breaks = 0
        while True:
            try:
                for piece in self._pieces(source, position):
                    position, breaks = position + len(piece), 0
                    yield piece
            except UnavailableError:
                breaks += 1
                if breaks > MAX_BREAKS:
                    raise
            else:
                return

    def put(self, key: str, content: bytes, content_type: str) -> None:
        """See the port."""
        with calling_s3():
            self._client.put_object(Bucket=self._bucket, Key=key, Body=content, ContentType=content_type)

    @contextmanager
    def writing(self, key: str, content_type: str) -> Iterator["_Writer"]:
        """See the port. An object that is smaller than a part is written by one call."""
        writer = _Writer(self._client, self._bucket, key, content_type)
        try:
            yield writer
            writer.complete()
        except BaseException:
            writer.abort()
            raise

    def move(self, source: S3Object, key: str) -> S3Object:
        """See the port; tags are not kept."""
        if key == source.key:
            return source
        try:
            self._copy(source, key)
        except MissingObjectError:
            return self.latest(key)
        with calling_s3():
            self._client.delete_object(Bucket=source.bucket, Key=source.key, VersionId=source.version)
        return self.latest(key)

    def version(self, key: str, version: str) -> S3Object:
        """See the port."""
        return S3Object(self._bucket, key, version)

    def latest(self, key: str) -> S3Object:
        """See the port."""
        with calling_s3():
            head = self._client.head_object(Bucket=self._bucket, Key=key)
        return self.version(key, head.get("VersionId", NO_VERSION))

    def list_inbox(self) -> Iterator[S3Object]:
        """See the port."""
        deleted: dict[str, datetime] = {}
        for page in self._pages_of_inbox():
            # S3 lists the newest version of a key first, on this page and all others. So the first marker of a key hides the most
            # versions, and none that it hides is on an earlier page.
            for marker in page.get("DeleteMarkers", []):
                deleted.setdefault(marker["Key"], marker["LastModified"])
            for version in page.get("Versions", []):
                hidden = deleted.get(version["Key"])
                if hidden is None or version["LastModified"] > hidden or version["IsLatest"]:
                    yield self.version(version["Key"], version["VersionId"])

    def _pages_of_inbox(self) -> Iterator["ListObjectVersionsOutputTypeDef"]:
        with calling_s3():
            yield from self._client.get_paginator("list_object_versions").paginate(Bucket=self._bucket, Prefix=INBOX)

    def _pieces(self, source: S3Object, start: int, end: int | None = None) -> Iterator[bytes]:
        span = f"bytes={start}-{'' if end is None else end - 1}"
        try:
            with calling("S3", {**_MISSING, **_BEYOND_THE_END}):
                found = self._client.get_object(Bucket=source.bucket, Key=source.key, VersionId=source.version, Range=span)
        except _BeyondTheEndError:
            return
        with calling_s3(), closing(found["Body"]) as body:
            pieces = body.iter_chunks(PIECE_BYTES)
            # HTTP lets a server answer with the whole content instead of a range. The local engine does so for a named version.
            yield from pieces if found.get("ContentRange") else _cut_out(pieces, start, end)

    def _copy(self, source: S3Object, key: str) -> None:
        with calling_s3():
            head = self._client.head_object(Bucket=source.bucket, Key=source.key, VersionId=source.version)
            described: Mapping[str, object] = {**head}
            self._client.copy(
                CopySource={"Bucket": source.bucket, "Key": source.key, "VersionId": source.version},
                Bucket=source.bucket,
                Key=key,
                # Repeated here, since a copy in parts keeps none of it.
                ExtraArgs={name: described[name] for name in _KEPT_BY_A_COPY if name in described}
                | {"MetadataDirective": "REPLACE", "TaggingDirective": "REPLACE"},
                Config=_COPYING,
            )


class _Writer:
    """Fills parts and sends each full one; content that fills no part is written by one call at the end.

    boto3's `upload_fileobj` at the end of a pipe is no match. Both write 320 MiB in 3.7 s, where a part takes 0.25 s. But that one
    holds 12 parts in memory, and this 4; and when the first part fails, that one takes all 320 MiB before it says so, and this 31.
    """

    def __init__(self, client: "S3Client", bucket: str, key: str, content_type: str) -> None:
        self._client = client
        self._bucket = bucket
        self._key = key
        self._content_type = content_type
        self._part = BytesIO()
        self._upload: _Upload | None = None

    def write(self, content: bytes) -> None:
        """Add to the content."""
        rest = memoryview(content)
        while rest:
            rest = rest[self._part.write(rest[: PART_BYTES - self._part.tell()]) :]
            if self._part.tell() == PART_BYTES:
                self._upload = self._upload or _Upload(self._client, self._bucket, self._key, self._content_type)
                self._upload.send(self._take_part())

    def complete(self) -> None:
        if not self._upload:
            with calling_s3():
                self._client.put_object(Bucket=self._bucket, Key=self._key, Body=self._take_part(), ContentType=self._content_type)
            return
        if self._part.tell():
            self._upload.send(self._take_part())
        self._upload.complete()

    def abort(self) -> None:
        if self._upload:
            self._upload.abort()

    def _take_part(self) -> bytes:
        # This copies nothing: the buffer is dropped and hands its bytes over.
        part, self._part = self._part.getvalue(), BytesIO()
        return part


class _Upload:
    """A multipart upload that sends several parts at one time."""

    def __init__(self, client: "S3Client", bucket: str, key: str, content_type: str) -> None:
        self._client = client
        self._bucket = bucket
        self._key = key
        with calling_s3():
            begun = client.create_multipart_upload(Bucket=bucket, Key=key, ContentType=content_type)
        self._id = begun["UploadId"]
        self._sent: list[CompletedPartTypeDef] = []
        self._under_way: deque[Future[CompletedPartTypeDef]] = deque()
        self._pool = ThreadPoolExecutor(PARTS_UNDER_WAY, "part")

    def send(self, part: bytes) -> None:
        """Send the next part as soon as fewer than :data:`PARTS_UNDER_WAY` are being sent.

        Raises:
            UnavailableError: S3 did not take an earlier part.
        """
        if len(self._under_way) == PARTS_UNDER_WAY:
            self._wait_for_one()
        number = len(self._sent) + len(self._under_way) + 1
        self._under_way.append(self._pool.submit(self._send, number, part))

    def complete(self) -> None:
        while self._under_way:
            self._wait_for_one()
        self._pool.shutdown()
        with calling_s3():
            self._client.complete_multipart_upload(
                Bucket=self._bucket, Key=self._key, UploadId=self._id, MultipartUpload={"Parts": self._sent}
            )

    def abort(self) -> None:
        """Delete the parts; where this fails, the bucket's lifecycle rule deletes them within a day."""
        # S3 would keep a part that arrives after the abort.
        self._pool.shutdown(cancel_futures=True)
        with suppress(UnavailableError, MissingObjectError), calling_s3():
            self._client.abort_multipart_upload(Bucket=self._bucket, Key=self._key, UploadId=self._id)

    def _wait_for_one(self) -> None:
        self._sent.append(self._under_way.popleft().result())

    def _send(self, number: int, part: bytes) -> "CompletedPartTypeDef":
        with calling_s3():
            sent = self._client.upload_part(Bucket=self._bucket, Key=self._key, UploadId=self._id, PartNumber=number, Body=part)
        return {"PartNumber": number, "ETag": sent["ETag"]}


def _cut_out(pieces: Iterable[bytes], start: int, end: int | None) -> Iterator[bytes]:
    """Give the bytes from `start` up to, not including, `end` of a whole content."""
    position = 0
    for piece in pieces:
        part = piece[max(start - position, 0) : None if end is None else max(end - position, 0)]
        if part:
            yield part
        position += len(piece)
        if end is not None and position >= end:
            return
