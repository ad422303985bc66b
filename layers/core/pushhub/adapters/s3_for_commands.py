"""How do commands drop files into the imports bucket, and get reports out of it?

Not in :mod:`pushhub.adapters.s3`, since a function compiles all that it imports at each cold start: 2 ms for this.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from boto3.exceptions import Boto3Error

from pushhub.adapters.s3 import NO_VERSION, calling_s3
from pushhub.faults import UnavailableError
from pushhub.imports.job import S3Object
from pushhub.imports.port import MissingObjectError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_ENDS_OF_AN_UPLOAD: Final = ("PutObject", "CompleteMultipartUpload")


class ImportBucket:
    """The imports bucket as commands use it: files are dropped into it, and reports are read out of it."""

    def __init__(self, client: "S3Client", name: str) -> None:
        """Use one bucket through a client."""
        self._client = client
        self.name = name

    def upload(self, file: Path, key: str, metadata: Mapping[str, str], sent: Callable[[int], object]) -> S3Object:
        """Upload a file of any size in bounded memory, and return the version that it became.

        Args:
            file: what is uploaded.
            key: of the new object.
            metadata: of the new object.
            sent: called from any thread, each time with the number of further bytes that were sent.

        Raises:
            OSError: the file cannot be read.
            UnavailableError: S3 did not take the file; there is no new object.
        """
        with self._version_of_an_upload() as learnt, _transferring():
            self._client.upload_file(str(file), self.name, key, ExtraArgs={"Metadata": dict(metadata)}, Callback=sent)
        return S3Object(self.name, key, learnt[-1] if learnt else NO_VERSION)

    def read(self, key: str) -> bytes | None:
        """Return a small object, or None where there is none.

        Raises:
            UnavailableError: S3 cannot be asked.
        """
        try:
            with calling_s3():
                return self._client.get_object(Bucket=self.name, Key=key)["Body"].read()
        except MissingObjectError:
            return None

    def names(self, folder: str) -> list[str]:
        """Return the names of the objects in a folder, at most 1000; the name of a folder ends with a slash.

        Raises:
            UnavailableError: S3 cannot be asked.
        """
        with calling_s3():
            found = self._client.list_objects_v2(Bucket=self.name, Prefix=folder).get("Contents", [])
        return [entry["Key"].removeprefix(folder) for entry in found]

    def download(self, key: str, file: Path) -> bool:
        """Write an object of any size into a file; return False where there is no such object.

        The file appears when it is whole.

        Raises:
            OSError: the file cannot be written.
            UnavailableError: S3 cannot be asked.
        """
        try:
            with _transferring():
                self._client.download_file(self.name, key, str(file))
        except MissingObjectError:
            return False
        return True

    @contextmanager
    def _version_of_an_upload(self) -> Iterator[list[str]]:
        """Give a list that gets the version of the upload inside the block: boto3's transfer does not return it."""
        versions: list[str] = []

        def learn(parsed: Mapping[str, object], **_: object) -> None:
            if version := parsed.get("VersionId"):
                versions.append(str(version))

        events = self._client.meta.events
        names = [f"after-call.s3.{operation}" for operation in _ENDS_OF_AN_UPLOAD]
        for name in names:
            events.register(name, learn)
        try:
            yield versions
        finally:
            for name in names:
                events.unregister(name, learn)


@contextmanager
def _transferring() -> Iterator[None]:
    """Translate the errors of an upload or download of a file: those of the client, and boto3's own."""
    try:
        with calling_s3():
            yield
    except Boto3Error as error:
        raise UnavailableError(str(error)) from error
