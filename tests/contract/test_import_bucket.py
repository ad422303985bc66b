"""What the bucket of imports does for commands, on moto and on the local engine."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from pushhub.adapters.s3_for_commands import ImportBucket
from pushhub.console.connection import Connection
from pushhub.faults import UnavailableError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@pytest.fixture
def client(aws: Connection) -> "S3Client":
    return aws.client("s3")


@pytest.fixture
def bucket(client: "S3Client") -> ImportBucket:
    name = f"imports-{uuid4()}"
    client.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return ImportBucket(client, name)


@pytest.mark.parametrize("size", [0, 10, 20 * 2**20])
def test_the_version_that_an_upload_became_is_known(
    bucket: ImportBucket, client: "S3Client", tmp_path: Path, lacking: Callable[[str, str], None], size: int
) -> None:
    if size > 8 * 2**20:
        lacking("moto", "loses concurrent updates, and parts of a file are sent several at one time")
    file = tmp_path / "clients.csv"
    file.write_bytes(bytes(size))
    turn, sent = threading.Lock(), [0]

    def count(number: int) -> None:
        with turn:
            sent[0] += number

    first = bucket.upload(file, "inbox/ü .csv", {"mode": "add"}, count)
    second = bucket.upload(file, "inbox/ü .csv", {"mode": "upsert"}, count)
    assert first.version not in {"null", second.version}
    for version, mode in ((first.version, "add"), (second.version, "upsert")):
        head = client.head_object(Bucket=bucket.name, Key="inbox/ü .csv", VersionId=version)
        assert (head["Metadata"], head["ContentLength"]) == ({"mode": mode}, size)
    assert sent == [2 * size]


def test_an_upload_that_s3_refuses_is_told(client: "S3Client", tmp_path: Path) -> None:
    file = tmp_path / "clients.csv"
    file.touch()
    with pytest.raises(UnavailableError, match="NoSuchBucket"):
        ImportBucket(client, "no-such-bucket-of-ours").upload(file, "a", {}, lambda _: None)


def test_an_object_is_read_and_downloaded_or_is_not_there(bucket: ImportBucket, client: "S3Client", tmp_path: Path) -> None:
    client.put_object(Bucket=bucket.name, Key="a", Body=b"content")
    assert (bucket.read("a"), bucket.read("b")) == (b"content", None)
    assert (bucket.names("folder/"), bucket.names("")) == ([], ["a"])
    assert (bucket.download("a", tmp_path / "a"), bucket.download("b", tmp_path / "b")) == (True, False)
    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == [("a", b"content")]


def test_a_bucket_that_is_not_there_is_a_fault_and_no_missing_object(client: "S3Client", tmp_path: Path) -> None:
    bucket = ImportBucket(client, "no-such-bucket-of-ours")
    with pytest.raises(UnavailableError, match=r"^S3 answered NoSuchBucket to GetObject$"):
        bucket.read("a")
    with pytest.raises(UnavailableError, match=r"^S3 answered NoSuchBucket to ListObjectsV2$"):
        bucket.names("folder/")
