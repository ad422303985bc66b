"""A table of DynamoDB that boto3's own client reads without a network: the client does all that it does in a function."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import boto3
from botocore.awsrequest import AWSPreparedRequest

from pushhub.adapters.dynamodb.schema import audience as schema
from pushhub.adapters.dynamodb.schema import items
from pushhub.adapters.dynamodb.schema.items import Item
from pushhub.catalog.model import DatabaseId
from tests.doubles.audience import MemoryAudience

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

TABLE = "Audience"


class CannedDynamoDb:
    """Answers BatchGetItem with the items of an audience; `calls` counts."""

    def __init__(self, audience: MemoryAudience, database: DatabaseId) -> None:
        self._items = {str(item["pk"]): json.dumps(items.to_wire(item)) for item in _items_of(audience, database)}
        self.calls = 0

    def client(self) -> "DynamoDBClient":
        client = boto3.client("dynamodb", region_name="eu-west-1", aws_access_key_id="-", aws_secret_access_key="-")
        # A listener that returns an answer keeps the request from being sent; its declared type does not know that.
        answer: Any = self._answer
        client.meta.events.register("before-send.dynamodb.BatchGetItem", answer)
        return client

    def _answer(self, request: AWSPreparedRequest, **_: Any) -> "_Answer":
        self.calls += 1
        body: Any = request.body
        keys = json.loads(body)["RequestItems"][TABLE]["Keys"]
        found = ",".join(self._items[key["pk"]["S"]] for key in keys if key["pk"]["S"] in self._items)
        return _Answer(f'{{"Responses":{{"{TABLE}":[{found}]}},"UnprocessedKeys":{{}}}}'.encode())


@dataclass(frozen=True)
class _Answer:
    """What botocore reads of an answer."""

    content: bytes
    status_code: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


def _items_of(audience: MemoryAudience, database: DatabaseId) -> Iterable[Item]:
    content = audience.content(database)
    yield from (schema.profile_item(database, profile) for profile in content.profiles.values())
    yield from (schema.key_item(database, key, profile) for key, profile in content.keys.items())
    yield from (schema.subscription_item(database, subscription) for subscription in content.subscriptions.values())
