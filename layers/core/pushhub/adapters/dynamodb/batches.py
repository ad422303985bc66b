"""How are items read by their keys when a busy table leaves some of them out?"""

import math
import time
from collections.abc import Callable, Iterable
from itertools import batched
from typing import TYPE_CHECKING, Any, Final

from tenacity import RetryError, Retrying, retry_if_result, stop_after_attempt, stop_before_delay, wait_random_exponential

from pushhub.adapters.dynamodb.faults import translated
from pushhub.adapters.dynamodb.schema import items
from pushhub.adapters.dynamodb.schema.items import Item
from pushhub.faults import UnavailableError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

MAX_BATCH: Final = 100
"""Items of one BatchGetItem call."""
MAX_BATCH_TRIES: Final = 5
MAX_BATCH_SECONDS: Final = 4
"""Bounds of asking again for what a busy table left out of a batch."""


class BatchReader:
    """Reads items of one table, consistently, 100 a call."""

    def __init__(self, client: "DynamoDBClient", table: str, sleep: Callable[[float], None] = time.sleep) -> None:
        """Use a table through a client; `sleep` waits between tries to read what was left out."""
        self._client = client
        self._table = table
        self._sleep = sleep

    def read(self, keys: Iterable[Item], latest: float = math.inf) -> list[Item]:
        """Return the items that exist, in no order; no call starts after the moment `latest` of `time.monotonic()`.

        Raises:
            UnavailableError: the table did not answer in time, left items out again and again, or time is up.
        """
        found: list[Item] = []
        for batch in batched(keys, MAX_BATCH, strict=False):
            self._read_batch([items.to_wire(key) for key in batch], found, latest)
        return found

    def _read_batch(self, keys: list[dict[str, Any]], found: list[Item], latest: float) -> None:
        tries = Retrying(
            retry=retry_if_result(bool),
            stop=stop_after_attempt(MAX_BATCH_TRIES) | stop_before_delay(MAX_BATCH_SECONDS),
            wait=wait_random_exponential(multiplier=0.05, max=1),
            sleep=self._sleep,
        )
        left = keys

        def read_left() -> list[dict[str, Any]]:
            nonlocal left
            if time.monotonic() > latest:
                raise UnavailableError(f"DynamoDB had not returned {len(left)} items when time was up")
            with translated():
                answer = self._client.batch_get_item(RequestItems={self._table: {"Keys": left, "ConsistentRead": True}})
            found.extend(items.from_wire(wire) for wire in answer["Responses"].get(self._table, []))
            left = list(answer.get("UnprocessedKeys", {}).get(self._table, {"Keys": []})["Keys"])
            return left

        try:
            tries(read_left)
        except RetryError:
            raise UnavailableError(f"DynamoDB left {len(left)} of {len(keys)} items unread") from None
