"""Which AWS clients do functions share, and how patient are they?"""

from functools import cache
from typing import TYPE_CHECKING, Final

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sqs import SQSClient

PATIENCE: Final = Config(connect_timeout=1, read_timeout=3, retries={"mode": "standard", "total_max_attempts": 2})
"""Seconds and tries of one AWS call. The client's own defaults, 60 s and 3 tries, outlive the function and its caller."""


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
