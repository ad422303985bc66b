"""How are items read by their keys, although a busy table leaves some of them out?"""

import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import batched
from typing import TYPE_CHECKING, Final

from tenacity import RetryError, Retrying, retry_if_result, stop_after_attempt, stop_before_delay, wait_random_exponential

from pushhub.adapters.dynamodb.faults import translated
from pushhub.adapters.dynamodb.schema import items
from pushhub.adapters.dynamodb.schema.items import Item, WireItem
from pushhub.faults import UnavailableError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import KeysAndAttributesTypeDef

MAX_BATCH_ITEMS: Final = 100
"""Items of one BatchGetItem call."""
MAX_BATCH_TRIES: Final = 5
"""Calls for one batch in all; each after the first asks for what the one before left out."""
MAX_BATCH_SECONDS: Final = 4
"""Seconds from the first call for a batch, after which no other begins."""


class BatchReader:
    """Reads items of one table, 100 a call."""

    def __init__(
        self, client: "DynamoDBClient", table: str, sleep: Callable[[float], None] = time.sleep, *, consistent: bool = True
    ) -> None:
        """Use a table through a client.

        Args:
            client: has the right to read the table by keys.
            table: any table of the hub.
            sleep: waits between tries to read what was left out.
            consistent: whether a read sees every write made before; one that need not costs half.
        """
        self._client = client
        self._table = table
        self._sleep = sleep
        self._consistent = consistent

    def read(self, keys: Iterable[Item], latest: float = math.inf) -> list[Item]:
        """Return the items that exist, in no order; no call starts after the moment `latest` of `time.monotonic()`.

        Raises:
            UnavailableError: the table did not answer in time, left items out again and again, or time is up.
        """
        found: list[Item] = []
        for batch in batched(keys, MAX_BATCH_ITEMS, strict=False):
            found += self._read_batch([items.to_wire(key) for key in batch], latest)
        return found

    def _read_batch(self, keys: list[WireItem], latest: float) -> list[Item]:
        tries = Retrying(
            retry=retry_if_result(bool),
            stop=stop_after_attempt(MAX_BATCH_TRIES) | stop_before_delay(MAX_BATCH_SECONDS),
            wait=wait_random_exponential(multiplier=0.05, max=1),
            sleep=self._sleep,
        )
        batch = _Batch(keys)
        try:
            tries(self._read_rest, batch, latest)
        except RetryError:
            raise UnavailableError(f"DynamoDB left {len(batch.rest)} of {len(keys)} items unread") from None
        return batch.found

    def _read_rest(self, batch: "_Batch", latest: float) -> bool:
        """Ask once for the rest of a batch; return whether anything is left out again."""
        if time.monotonic() > latest:
            raise UnavailableError(f"DynamoDB had not returned {len(batch.rest)} items when time was up")
        with translated():
            request: KeysAndAttributesTypeDef = {"Keys": batch.rest, "ConsistentRead": self._consistent}
            answer = self._client.batch_get_item(RequestItems={self._table: request})
        batch.found += [items.from_wire(wire) for wire in answer["Responses"].get(self._table, [])]
        batch.rest = list(answer.get("UnprocessedKeys", {}).get(self._table, {"Keys": []})["Keys"])
        return bool(batch.rest)


@dataclass(slots=True)
class _Batch:
    """One batch while it is read: the keys still to be asked for, and the items found so far."""

    rest: list[WireItem]
    found: list[Item] = field(default_factory=list)
