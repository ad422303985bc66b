"""How are objects in S3 read, written and moved, of any size and in bounded memory?"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Final

from boto3.s3.transfer import TransferConfig
from botocore.exceptions import BotoCoreError, ClientError

from pushhub.faults import UnavailableError
from pushhub.imports.drops import INBOX
from pushhub.imports.job import S3Object
from pushhub.imports.port import MissingObjectError, ObjectFacts

if TYPE_CHECKING:
    from datetime import datetime

    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef, ListObjectVersionsOutputTypeDef

PART_BYTES: Final = 16 * 1024 * 1024
"""Of an object that is written in parts, of which S3 takes 10,000; also what is kept in memory of it."""
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

    def __init__(self, client: "S3Client") -> None:
        """Use buckets through a client."""
        self._client = client

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

    def put(self, bucket: str, key: str, content: bytes, content_type: str) -> None:
        """See the port."""
        with _translated():
            self._client.put_object(Bucket=bucket, Key=key, Body=content, ContentType=content_type)

    @contextmanager
    def writing(self, bucket: str, key: str, content_type: str) -> Iterator["_Writer"]:
        """See the port; what is small is written by one call."""
        writer = _Writer(self._client, bucket, key, content_type)
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
            return self.latest(source.bucket, key)
        with _translated():
            self._client.delete_object(Bucket=source.bucket, Key=source.key, VersionId=source.version)
        return self.latest(source.bucket, key)

    def latest(self, bucket: str, key: str) -> S3Object:
        """See the port."""
        with _translated():
            head = self._client.head_object(Bucket=bucket, Key=key)
        return S3Object(bucket, key, head.get("VersionId", "null"))

    def list_inbox(self, bucket: str) -> Iterator[S3Object]:
        """See the port."""
        deleted: dict[str, datetime] = {}
        for page in self._pages_of_inbox(bucket):
            # The newest come first, so the mark of a deletion never comes after what it hides.
            deleted |= {marker["Key"]: marker["LastModified"] for marker in reversed(page.get("DeleteMarkers", []))}
            for version in page.get("Versions", []):
                hidden = deleted.get(version["Key"])
                if hidden is None or version["LastModified"] > hidden or version["IsLatest"]:
                    yield S3Object(bucket, version["Key"], version["VersionId"])

    def _pages_of_inbox(self, bucket: str) -> Iterator["ListObjectVersionsOutputTypeDef"]:
        with _translated():
            yield from self._client.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=INBOX)

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
    """Gathers content and sends it on in parts."""

    def __init__(self, client: "S3Client", bucket: str, key: str, content_type: str) -> None:
        self._client = client
        self._bucket = bucket
        self._key = key
        self._content_type = content_type
        self._gathered = bytearray()
        self._upload = ""
        self._parts: list[CompletedPartTypeDef] = []

    def write(self, content: bytes) -> None:
        """Add to the content."""
        self._gathered += content
        while len(self._gathered) >= PART_BYTES:
            self._send(bytes(self._gathered[:PART_BYTES]))
            del self._gathered[:PART_BYTES]

    def complete(self) -> None:
        with _translated():
            if not self._upload:
                self._client.put_object(
                    Bucket=self._bucket, Key=self._key, Body=bytes(self._gathered), ContentType=self._content_type
                )
                return
        if self._gathered:
            self._send(bytes(self._gathered))
        with _translated():
            self._client.complete_multipart_upload(
                Bucket=self._bucket, Key=self._key, UploadId=self._upload, MultipartUpload={"Parts": self._parts}
            )

    def abort(self) -> None:
        """Give the parts up; where that does not succeed, the bucket does within a day."""
        if self._upload:
            try:
                self._client.abort_multipart_upload(Bucket=self._bucket, Key=self._key, UploadId=self._upload)
            except (BotoCoreError, ClientError):
                return

    def _send(self, part: bytes) -> None:
        with _translated():
            if not self._upload:
                begun = self._client.create_multipart_upload(Bucket=self._bucket, Key=self._key, ContentType=self._content_type)
                self._upload = begun["UploadId"]
            number = len(self._parts) + 1
            sent = self._client.upload_part(Bucket=self._bucket, Key=self._key, UploadId=self._upload, PartNumber=number, Body=part)
        self._parts.append({"PartNumber": number, "ETag": sent["ETag"]})


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
