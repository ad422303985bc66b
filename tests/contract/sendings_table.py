"""A table of the local engine for contract suites of sendings alone."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from botocore.exceptions import ReadTimeoutError

from pushhub.adapters.dynamodb.pack_ids import DynamoPackIds
from pushhub.adapters.dynamodb.pushes import DynamoPushes
from pushhub.adapters.dynamodb.sendings import DynamoSendings
from pushhub.moments import Seconds
from tests.conftest import Hub

NOW = Seconds(1_900_000_000)


class RecordingClient:
    """A DynamoDB client that says which operations it was asked for, and may lose the answer of the next write."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.operations: list[str] = []
        self.losing = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def get_paginator(self, name: str) -> Any:
        self.operations.append(name)
        return self._client.get_paginator(name)

    def get_item(self, **parameters: Any) -> Any:
        return self._call("get_item", parameters)

    def batch_get_item(self, **parameters: Any) -> Any:
        return self._call("batch_get_item", parameters)

    def put_item(self, **parameters: Any) -> Any:
        return self._call("put_item", parameters)

    def update_item(self, **parameters: Any) -> Any:
        return self._call("update_item", parameters)

    def delete_item(self, **parameters: Any) -> Any:
        return self._call("delete_item", parameters)

    def transact_write_items(self, **parameters: Any) -> Any:
        return self._call("transact_write_items", parameters)

    def _call(self, name: str, parameters: dict[str, Any]) -> Any:
        self.operations.append(name)
        answer = getattr(self._client, name)(**parameters)
        if self.losing and name in {"put_item", "update_item", "delete_item", "transact_write_items"}:
            self.losing = False
            raise ReadTimeoutError(endpoint_url="https://dynamodb")
        return answer


@dataclass(frozen=True, slots=True)
class OnEngine:
    """A table of the engine for these tests alone: what a hub runs every minute does not look at it."""

    client: RecordingClient
    table: str
    numbers: Iterator[int] = field(default_factory=count)

    def sendings(self) -> DynamoSendings:
        return DynamoSendings(self.client, self.table, retention_days=30, now=lambda: float(NOW))  # type: ignore[arg-type]

    def pushes(self, now: Callable[[], float]) -> DynamoPushes:
        return DynamoPushes(self.client, self.table, retention_days=30, now=now)  # type: ignore[arg-type]

    def pack_ids(self) -> DynamoPackIds:
        return DynamoPackIds(self.client, self.table, retention_days=30)  # type: ignore[arg-type]


@contextmanager
def sendings_table(hub: Hub) -> Iterator[OnEngine]:
    client = hub.connection.client("dynamodb")
    table = new_table(client)
    yield OnEngine(RecordingClient(client), table)
    client.delete_table(TableName=table)


def new_table(client: Any) -> str:
    """Make a table with the keys of the Ledger, and return its name."""
    table = f"sendings-{secrets.token_hex(8)}"
    client.create_table(
        TableName=table,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "sk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
    )
    return table
