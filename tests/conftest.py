"""One hub for the whole session, with the catalog under which the golden events hold."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
import urllib3

from pushhub.adapters.dynamodb.audience import DynamoAudience
from pushhub.console.connection import Connection
from tests.running_hub import Up, running
from tests.wire.golden import EVENTS


def pytest_configure() -> None:
    """Set what Lambda sets before a function is imported: loggers and metrics read it then."""
    os.environ |= {"POWERTOOLS_METRICS_NAMESPACE": "pushhub", "POWERTOOLS_SERVICE_NAME": "push_subscribe"}


ALLOWED_ORIGIN = "https://shop.example.com"
"""Pages of it may call the hub from a browser."""


@dataclass(frozen=True, slots=True)
class Hub:
    """A hub that listens."""

    url: str
    connection: Connection
    up: Up

    def audience(self) -> DynamoAudience:
        """Return the audience store of the hub."""
        return DynamoAudience(self.connection.client("dynamodb"), self.connection.outputs["AudienceTable"])

    def post(self, path: str, body: bytes, content_type: str = "application/json") -> tuple[int, bytes]:
        """Return status and body of the reply to a POST."""
        reply = urllib3.request("POST", self.url + path, body=body, headers={"content-type": content_type}, timeout=60)
        return reply.status, reply.data

    def forget_everyone(self) -> None:
        """Empty the Audience table."""
        client, table = self.connection.client("dynamodb"), self.connection.outputs["AudienceTable"]
        pages = client.get_paginator("scan").paginate(TableName=table, ProjectionExpression="pk, sk")
        with ThreadPoolExecutor(8) as pool:
            for page in pages:
                list(pool.map(lambda key: client.delete_item(TableName=table, Key=key), page["Items"]))


@pytest.fixture(scope="session")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """Give one hub for the whole session; databases are shared, so tests that count use one of their own."""
    catalog = EVENTS / "push_subscribe" / "catalog.yaml"
    options = ("--ephemeral", "--catalog", str(catalog), "--allow-origin", ALLOWED_ORIGIN)
    with running(tmp_path_factory.mktemp("hub"), *options) as up:
        assert up.process.poll() is None, up.said
        yield Hub(up.note.url, up.connection(), up)
