"""Which AWS clients do functions share, and how long do they wait for an answer?"""

from functools import cache
from typing import TYPE_CHECKING, Final

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_stepfunctions import SFNClient

PATIENCE: Final = Config(connect_timeout=1, read_timeout=3, retries={"mode": "standard", "total_max_attempts": 2})
"""Seconds and tries of one AWS call. With the defaults of boto3, 60 s and 3 tries, a call outlives the function and its caller."""

PATIENCE_OF_CHUNKS: Final = Config(
    connect_timeout=1,
    # A transaction of 100 writes takes longer than one of a request, and nobody waits for the answer.
    read_timeout=10,
    retries={"mode": "standard", "total_max_attempts": 3},
    # A connection for each lane of a journal, and some for whoever reads meanwhile.
    max_pool_connections=16,
    # botocore would check each attribute of each item, which costs a quarter of a row's time; we have built all of them.
    parameter_validation=False,
)
"""The same for DynamoDB calls of many threads that write for minutes."""

PATIENCE_OF_FILES: Final = Config(
    connect_timeout=1, read_timeout=60, retries={"mode": "standard", "total_max_attempts": 4}, max_pool_connections=16
)
"""The same for S3: a large part of a copy is answered when it is copied."""


@cache
def session() -> boto3.Session:
    """Return the one session that all clients share: each further one costs as much as a client."""
    return boto3.Session()


def dynamodb() -> "DynamoDBClient":
    """Return a DynamoDB client."""
    return session().client("dynamodb", config=PATIENCE)


def sqs() -> "SQSClient":
    """Return an SQS client."""
    return session().client("sqs", config=PATIENCE)


def secretsmanager() -> "SecretsManagerClient":
    """Return a Secrets Manager client."""
    return session().client("secretsmanager", config=PATIENCE)


def dynamodb_of_chunks() -> "DynamoDBClient":
    """Return a DynamoDB client for many threads that write."""
    return session().client("dynamodb", config=PATIENCE_OF_CHUNKS)


def s3() -> "S3Client":
    """Return an S3 client."""
    return session().client("s3", config=PATIENCE_OF_FILES)


def stepfunctions() -> "SFNClient":
    """Return a Step Functions client."""
    return session().client("stepfunctions", config=PATIENCE)
