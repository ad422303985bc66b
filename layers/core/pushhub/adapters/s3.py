"""How are objects in S3 read, written and moved, of any size and in bounded memory?"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from io import BytesIO
from typing import TYPE_CHECKING, Final

from boto3.s3.transfer import TransferConfig
from botocore.exceptions import BotoCoreError, ClientError

from pushhub.faults import UnavailableError
from pushhub.imports.job import S3Object
from pushhub.imports.keys import INBOX
from pushhub.imports.port import MissingObjectError, ObjectFacts

if TYPE_CHECKING:
    from datetime import datetime

    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef, ListObjectVersionsOutputTypeDef

PART_BYTES: Final = 8 * 1024 * 1024
"""Of an object that is written in parts, of which S3 takes 10,000."""
PARTS_UNDER_WAY: Final = 3
"""Parts of one object that are sent at one time; these, and the next, which is gathered meanwhile, are kept in memory of it."""
COPY_PART_BYTES: Final = 256 * 1024 * 1024
"""Of an object that is copied in parts, which stays within S3; one copy in a single call may have 5 GB and would take minutes."""
PIECE_BYTES: Final = 1024 * 1024
MAX_BREAKS: Final = 3
"""How often in a row a stream may break off before it has given anything more."""

_MISSING: Final = frozenset({"404", "NoSuchKey", "NoSuchVersion", "NotFound"})
_BEYOND_THE_END: Final = frozenset({"416", "InvalidRange"})
_KEPT_BY_A_COPY: Final = ("ContentType", "ContentEncoding", "Metadata")

_COPYING: Final = TransferConfig(
    multipart_threshold=COPY_PART_BYTES,
    multipart_chunksize=COPY_PART_BYTES,
    # In the runtime it is not there; elsewhere it would reach S3 by another client than the one that was given.
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
        with _translated():
            head = self._client.head_object(Bucket=source.bucket, Key=source.key, VersionId=source.version)
        return ObjectFacts(head["ContentLength"], {name.lower(): value for name, value in head["Metadata"].items()})

    def read(self, source: S3Object, start: int, end: int) -> bytes:
        """See the port; one call."""
        return b"".join(self._pieces(source, start, end)) if start < end else b""

    def stream(self, source: S3Object) -> Iterator[bytes]:
        """See the port; where the connection breaks, it goes on from there."""
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
        with _translated():
            self._client.put_object(Bucket=self._bucket, Key=key, Body=content, ContentType=content_type)

    @contextmanager
    def writing(self, key: str, content_type: str) -> Iterator["_Writer"]:
        """See the port; what is small is written by one call."""
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
        with _translated():
            self._client.delete_object(Bucket=source.bucket, Key=source.key, VersionId=source.version)
        return self.latest(key)

    def version(self, key: str, version: str) -> S3Object:
        """See the port."""
        return S3Object(self._bucket, key, version)

    def latest(self, key: str) -> S3Object:
        """See the port."""
        with _translated():
            head = self._client.head_object(Bucket=self._bucket, Key=key)
        return self.version(key, head.get("VersionId", "null"))

    def list_inbox(self) -> Iterator[S3Object]:
        """See the port."""
        deleted: dict[str, datetime] = {}
        for page in self._pages_of_inbox():
            # The newest come first, on all pages: a key's first mark hides the most, and never comes after what it hides.
            for marker in page.get("DeleteMarkers", []):
                deleted.setdefault(marker["Key"], marker["LastModified"])
            for version in page.get("Versions", []):
                hidden = deleted.get(version["Key"])
                if hidden is None or version["LastModified"] > hidden or version["IsLatest"]:
                    yield self.version(version["Key"], version["VersionId"])

    def _pages_of_inbox(self) -> Iterator["ListObjectVersionsOutputTypeDef"]:
        with _translated():
            yield from self._client.get_paginator("list_object_versions").paginate(Bucket=self._bucket, Prefix=INBOX)

    def _pieces(self, source: S3Object, start: int, end: int | None = None) -> Iterator[bytes]:
        span = f"bytes={start}-{'' if end is None else end - 1}"
        with _translated():
            try:
                found = self._client.get_object(Bucket=source.bucket, Key=source.key, VersionId=source.version, Range=span)
            except ClientError as error:
                if _code(error) in _BEYOND_THE_END:
                    return
                raise
            with closing(found["Body"]) as body:
                pieces = body.iter_chunks(PIECE_BYTES)
                # HTTP lets a server give all where a part was asked for; the local engine does so for a version that is named.
                yield from pieces if found.get("ContentRange") else _cut_out(pieces, start, end)

    def _copy(self, source: S3Object, key: str) -> None:
        with _translated():
            head = self._client.head_object(Bucket=source.bucket, Key=source.key, VersionId=source.version)
            described: Mapping[str, object] = {**head}
            self._client.copy(
                CopySource={"Bucket": source.bucket, "Key": source.key, "VersionId": source.version},
                Bucket=source.bucket,
                Key=key,
                # Said once more, since S3 copies none of it where it copies in parts.
                ExtraArgs={name: described[name] for name in _KEPT_BY_A_COPY if name in described}
                | {"MetadataDirective": "REPLACE", "TaggingDirective": "REPLACE"},
                Config=_COPYING,
            )


class _Writer:
    """Gathers content, and sends it on in parts where it is large."""

    def __init__(self, client: "S3Client", bucket: str, key: str, content_type: str) -> None:
        self._client = client
        self._bucket = bucket
        self._key = key
        self._content_type = content_type
        self._gathered = BytesIO()
        self._upload: _Upload | None = None

    def write(self, content: bytes) -> None:
        """Add to the content."""
        rest = memoryview(content)
        while rest:
            rest = rest[self._gathered.write(rest[: PART_BYTES - self._gathered.tell()]) :]
            if self._gathered.tell() == PART_BYTES:
                self._upload = self._upload or _Upload(self._client, self._bucket, self._key, self._content_type)
                self._upload.send(self._taken())

    def complete(self) -> None:
        if not self._upload:
            with _translated():
                self._client.put_object(Bucket=self._bucket, Key=self._key, Body=self._taken(), ContentType=self._content_type)
            return
        if self._gathered.tell():
            self._upload.send(self._taken())
        self._upload.complete()

    def abort(self) -> None:
        if self._upload:
            self._upload.abort()

    def _taken(self) -> bytes:
        # Which copies nothing, as this is all that the buffer is ever asked for.
        part, self._gathered = self._gathered.getvalue(), BytesIO()
        return part


class _Upload:
    """An object on its way in parts, several at one time."""

    def __init__(self, client: "S3Client", bucket: str, key: str, content_type: str) -> None:
        self._client = client
        self._bucket = bucket
        self._key = key
        with _translated():
            begun = client.create_multipart_upload(Bucket=bucket, Key=key, ContentType=content_type)
        self._id = begun["UploadId"]
        self._sent: list[CompletedPartTypeDef] = []
        self._under_way: deque[Future[CompletedPartTypeDef]] = deque()
        self._pool = ThreadPoolExecutor(PARTS_UNDER_WAY, "part")

    def send(self, part: bytes) -> None:
        """Send the next part, once few enough are under way.

        Raises:
            UnavailableError: an earlier one was not taken.
        """
        if len(self._under_way) == PARTS_UNDER_WAY:
            self._wait_for_one()
        number = len(self._sent) + len(self._under_way) + 1
        self._under_way.append(self._pool.submit(self._send, number, part))

    def complete(self) -> None:
        while self._under_way:
            self._wait_for_one()
        self._pool.shutdown()
        with _translated():
            self._client.complete_multipart_upload(
                Bucket=self._bucket, Key=self._key, UploadId=self._id, MultipartUpload={"Parts": self._sent}
            )

    def abort(self) -> None:
        """Give the parts up; where that does not succeed, the bucket does within a day."""
        # A part that is under way would be kept.
        self._pool.shutdown(cancel_futures=True)
        with suppress(BotoCoreError, ClientError):
            self._client.abort_multipart_upload(Bucket=self._bucket, Key=self._key, UploadId=self._id)

    def _wait_for_one(self) -> None:
        self._sent.append(self._under_way.popleft().result())

    def _send(self, number: int, part: bytes) -> "CompletedPartTypeDef":
        with _translated():
            sent = self._client.upload_part(Bucket=self._bucket, Key=self._key, UploadId=self._id, PartNumber=number, Body=part)
        return {"PartNumber": number, "ETag": sent["ETag"]}


def _cut_out(pieces: Iterable[bytes], start: int, end: int | None) -> Iterator[bytes]:
    """Give of a whole content the part from `start` to `end`."""
    position = 0
    for piece in pieces:
        part = piece[max(start - position, 0) : None if end is None else max(end - position, 0)]
        if part:
            yield part
        position += len(piece)
        if end is not None and position >= end:
            return


@contextmanager
def _translated() -> Iterator[None]:
    """Turn what the S3 client raises inside the block into the errors of the port.

    Raises:
        MissingObjectError: there is no such object.
        UnavailableError: anything else, from a time-out to a missing right; the cause is chained.
    """
    try:
        yield
    except ClientError as error:
        if _code(error) in _MISSING:
            raise MissingObjectError from error
        raise UnavailableError(f"S3 answered {_code(error)} to {error.operation_name}") from error
    except BotoCoreError as error:
        raise UnavailableError(f"S3 did not answer: {type(error).__name__}") from error


def _code(error: ClientError) -> str:
    return error.response["Error"]["Code"]
