"""Which implementation serves which port in each function?"""

from functools import cache
from typing import TYPE_CHECKING, Final

import boto3
from botocore.config import Config

from pushhub.audience.subscribing import Subscribing
from pushhub.catalog.cached import CachedCatalog
from pushhub.dialects.altcraft.push_subscribe import PushSubscribe
from pushhub.edge.observing import stale_catalog
from pushhub.edge.settings import PushSubscribeSettings, settings
from pushhub.store.audience import DynamoAudience
from pushhub.store.catalog import DynamoCatalog

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

PATIENCE: Final = Config(connect_timeout=1, read_timeout=3, retries={"mode": "standard", "total_max_attempts": 2})
"""Seconds and tries of one AWS call. The client's own defaults, 60 s and 3 tries, outlive the function and its caller."""


@cache
def session() -> boto3.Session:
    """Return the one session that all clients share: each further one costs as much as a client."""
    return boto3.Session()


def dynamodb() -> "DynamoDBClient":
    """Return a DynamoDB client."""
    return session().client("dynamodb", config=PATIENCE)


def push_subscribe() -> PushSubscribe:
    """Return the endpoint of the function `push_subscribe`."""
    chosen = settings(PushSubscribeSettings)
    client = dynamodb()
    stored = DynamoCatalog(client, chosen.catalog_table)
    return PushSubscribe(
        catalog=CachedCatalog(lambda: stored.load().catalog, on_stale=stale_catalog),
        subscribe=Subscribing(DynamoAudience(client, chosen.audience_table)),
    )
