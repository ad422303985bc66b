"""How do files get into the bucket that a hub imports from, and reports out of it?"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from boto3.exceptions import Boto3Error
from botocore.exceptions import BotoCoreError, ClientError

from pushhub.faults import UnavailableError
from pushhub.imports.job import S3Object

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_ENDS_OF_AN_UPLOAD: Final = ("PutObject", "CompleteMultipartUpload")
_NOT_THERE: Final = frozenset({"404", "NoSuchKey"})
_NO_VERSION: Final = "null"


@dataclass(frozen=True, slots=True)
class ImportBucket:
    """The bucket of a hub that files are dropped into, and in which their reports lie."""

    client: "S3Client"
    name: str

    def upload(self, file: Path, key: str, metadata: Mapping[str, str], sent: Callable[[int], object]) -> S3Object:
        """Upload a file of any size, in parts and never as a whole in memory, and return the version that it became.

        Args:
            file: what is uploaded.
            key: where to.
            metadata: what the object says of itself.
            sent: called with the number of bytes that have gone, from any thread.

        Raises:
            OSError: the file cannot be read.
            UnavailableError: S3 did not take it; nothing of it was dropped.
        """
        with self._version_of_an_upload() as learnt, _translated():
            self.client.upload_file(str(file), self.name, key, ExtraArgs={"Metadata": dict(metadata)}, Callback=sent)
        return S3Object(self.name, key, learnt[-1] if learnt else _NO_VERSION)

    def read(self, key: str) -> bytes | None:
        """Return a small object, or None where there is none.

        Raises:
            UnavailableError: S3 cannot be asked.
        """
        try:
            with _translated():
                return self.client.get_object(Bucket=self.name, Key=key)["Body"].read()
        except _MissingError:
            return None

    def names(self, folder: str) -> list[str]:
        """Return the names of the objects, at most 1000, whose keys begin with a folder, which ends with a slash.

        Raises:
            UnavailableError: S3 cannot be asked.
        """
        with _translated():
            found = self.client.list_objects_v2(Bucket=self.name, Prefix=folder).get("Contents", [])
        return [entry["Key"].removeprefix(folder) for entry in found]

    def download(self, key: str, file: Path) -> bool:
        """Write an object of any size into a file, which appears once it is whole; return whether there is such an object.

        Raises:
            OSError: the file cannot be written.
            UnavailableError: S3 cannot be asked.
        """
        try:
            with _translated():
                self.client.download_file(self.name, key, str(file))
        except _MissingError:
            return False
        return True

    @contextmanager
    def _version_of_an_upload(self) -> Iterator[list[str]]:
        """Give a list into which the version of an upload inside the block comes; the transfer itself does not return it."""
        versions: list[str] = []

        def learn(parsed: Mapping[str, object], **_: object) -> None:
            if version := parsed.get("VersionId"):
                versions.append(str(version))

        events = self.client.meta.events
        names = [f"after-call.s3.{operation}" for operation in _ENDS_OF_AN_UPLOAD]
        for name in names:
            events.register(name, learn)
        try:
            yield versions
        finally:
            for name in names:
                events.unregister(name, learn)


class _MissingError(Exception):
    """There is no such object."""


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except ClientError as failure:
        code = failure.response["Error"]["Code"]
        if code in _NOT_THERE:
            raise _MissingError from failure
        raise UnavailableError(f"S3 answered {code} to {failure.operation_name}") from failure
    except Boto3Error as failure:
        raise UnavailableError(str(failure)) from failure
    except BotoCoreError as failure:
        raise UnavailableError(f"S3 did not answer: {type(failure).__name__}") from failure
