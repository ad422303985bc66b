"""How much processor time does the handler itself take for one subscription, when AWS answers at once?"""

import contextlib
import io
import json
import os
import time
from typing import Any
from unittest.mock import patch

from pushhub.adapters.dynamodb.schema import items
from pushhub.catalog.document import write_document
from tests.bench.table import Table
from tests.doubles.functions import Context, load_handler
from tests.lambda_environment import function_environment
from tests.wire.golden import Case, catalog_of

REQUESTS = 3000
BUDGET_MS = 1.0


class InstantDynamoDB:
    """A DynamoDB client that answers from what it was told, without a connection."""

    def __init__(self) -> None:
        document = write_document(catalog_of("push_subscribe"))
        self._catalog = items.to_wire({"pk": "CATALOG", "sk": "C", "v": 1, "document": document, "version": 1})
        self._written: list[dict[str, Any]] = []
        self.remembers = False

    def get_item(self, **_: object) -> dict[str, Any]:
        return {"Item": self._catalog}

    def batch_get_item(self, **_: object) -> dict[str, Any]:
        return {"Responses": {"audience": self._written if self.remembers else []}}

    def transact_write_items(self, TransactItems: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803  (the client's spelling)
        self._written = [action["Put"]["Item"] for action in TransactItems]
        return {}


def measure() -> Table:
    """Send the same event many times and divide the processor time."""
    client = InstantDynamoDB()
    with patch.dict(os.environ, function_environment("push_subscribe")), patch("pushhub.adapters.clients.dynamodb", lambda: client):
        handler = load_handler("push_subscribe").handler
    event = Case("push_subscribe", "example-2-by-field").event
    rows = []
    for name, remembers, expected in (("new", False, 0), ("unchanged", True, 200)):
        client.remembers = remembers
        with contextlib.redirect_stdout(io.StringIO()):
            assert json.loads(handler(event, Context())["body"])["error"] == expected
            started = time.process_time()
            for _ in range(REQUESTS):
                handler(event, Context())
            spent = time.process_time() - started
        rows.append((name, f"{spent / REQUESTS * 1000:.2f}"))
    return Table(f"Warm handler, {REQUESTS} requests (budget: at most {BUDGET_MS} ms)", ("one subscription", "ms of CPU"), rows)
