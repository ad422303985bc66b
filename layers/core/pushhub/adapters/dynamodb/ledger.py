"""The ledger in DynamoDB: one transaction for each report that is new in any way."""

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final

from pushhub.adapters.dynamodb.batches import BatchReader
from pushhub.adapters.dynamodb.expressions import Terms
from pushhub.adapters.dynamodb.faults import GUARD_FAILED, reasons_of, translated
from pushhub.adapters.dynamodb.launches import LaunchList
from pushhub.adapters.dynamodb.queries import items_in
from pushhub.adapters.dynamodb.schema import items
from pushhub.adapters.dynamodb.schema import ledger as schema
from pushhub.adapters.dynamodb.schema.items import Item
from pushhub.events.command import Happening
from pushhub.events.ledger import (
    AlreadyCountedError,
    ContradictedError,
    Counts,
    FirstSeen,
    LaunchStatistics,
    LedgerEntry,
    LedgerEvent,
)
from pushhub.events.messages import Receipt
from pushhub.faults import LostRaceError
from pushhub.moments import SECONDS_PER_DAY

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

REPEAT_SECONDS: Final = 30 * SECONDS_PER_DAY
"""How long the receipt of a repeat is remembered: longer than a message can stay in a queue and its dead letters, twice 14 days."""


class DynamoLedger:
    """The ledger of a stack."""

    def __init__(self, client: "DynamoDBClient", table: str, retention_days: int, now: Callable[[], float] = time.time) -> None:
        """Use a table through a client; an event is forgotten `retention_days` after it was last added to, counters never."""
        self._client = client
        self._table = table
        self._reader = BatchReader(client, table)
        self._retention_seconds = retention_days * SECONDS_PER_DAY
        self._now = now
        self._launches = LaunchList(table)

    def commit(self, entry: LedgerEntry) -> None:
        """See :meth:`pushhub.events.ledger.Ledger.commit`; one transaction.

        Its first action has the guard; the second counts; a third lists the launch, unless this process has done that already.
        """
        now = int(self._now())
        expires = now + self._retention_seconds
        guarded = self._first_seen(entry, expires) if isinstance(entry, FirstSeen) else self._repeated(entry.report.receipt, now)
        listed = entry.counts.launch, entry.counts.provider
        actions: list[Any] = [guarded, self._counting(entry), *self._launches.listing(*listed)]
        try:
            with translated():
                self._client.transact_write_items(TransactItems=actions)
        except LostRaceError as lost:
            raise _explained(lost, entry) from None
        self._launches.remember(*listed)

    def events_of(self, uid: str) -> tuple[LedgerEvent, ...]:
        """Return what was reported of a uid: in the special form at most one event, in the plain form any number.

        Raises:
            UnavailableError: the table did not answer in time, or refused for load.
        """
        return tuple(schema.event_of(item) for item in self._items(schema.event_partition(uid)))

    def launches(self) -> tuple[str, ...]:
        """Return the launches that have counters.

        Raises:
            UnavailableError: as for `events_of`.
        """
        return tuple(sorted({item["launch"] for item in self._items(schema.LAUNCHES)}))

    def statistics(self, launch: str) -> tuple[LaunchStatistics, ...]:
        """Return the counters of a launch, one for each provider.

        Raises:
            UnavailableError: as for `events_of`.
        """
        listed = self._items(schema.LAUNCHES, schema.launch_prefix(launch))
        return tuple(schema.statistics_of(launch, item["provider"], self._shards(launch, item["provider"])) for item in listed)

    def _shards(self, launch: str, provider: str) -> list[Item]:
        return self._reader.read(schema.counter_key(launch, provider, shard) for shard in range(schema.COUNTER_SHARDS))

    # Who owns a bit of an event, "delivered" or "opened". R and Q are receipts of reports that name the bit:
    #
    #   bit before   report                   what is written                            bit after
    #   unset        R                        FirstSeen: it is R's, counted as unique    R's
    #   unset        R and Q at one time      FirstSeen of one; the guard stops the      R's or Q's
    #                                         other, which is decided again
    #   R's          R, delivered once more   nothing                                    R's
    #   R's          Q, with an unset bit     FirstSeen of the unset bit alone           R's
    #   R's          Q, all of its bits set   Repeated: counted in the totals, once      R's
    #
    # No bit ever changes its owner; all go with the event, which is forgotten some time after a bit was set last.
    def _first_seen(self, entry: FirstSeen, expires: int) -> dict[str, Any]:
        event, terms = entry.event, Terms()
        bits = [name for bit, name in schema.BITS.items() if bit & entry.bits]
        receipt, at = terms.value(entry.report.receipt), terms.value(entry.report.at)
        owned = [f"{terms.name(name)} = {receipt}, {terms.name(f'{name}_at')} = {at}" for name in bits]
        described = {"uid": event.uid, "launch": event.launch, "provider": event.provider, "plain": event.plain is not None}
        once = [f"{terms.name(name)} = if_not_exists({terms.name(name)}, {terms.value(it)})" for name, it in described.items()]
        renewed = [terms.equal("expires", expires), terms.equal("v", items.ITEM_FORMAT)]
        return {
            "Update": {
                "TableName": self._table,
                "Key": items.to_wire(schema.event_key(event)),
                "UpdateExpression": f"SET {', '.join([*owned, *once, *renewed])}",
                **terms.guarding(*(f"attribute_not_exists({terms.name(name)})" for name in bits)),
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            }
        }

    def _repeated(self, receipt: Receipt, now: int) -> dict[str, Any]:
        item = schema.repeat_key(receipt) | {"v": items.ITEM_FORMAT, "expires": now + REPEAT_SECONDS}
        condition = "attribute_not_exists(pk)"
        return {"Put": {"TableName": self._table, "Item": items.to_wire(item), "ConditionExpression": condition}}

    def _counting(self, entry: LedgerEntry) -> dict[str, Any]:
        counts = entry.counts
        key = schema.counter_key(counts.launch, counts.provider, schema.counter_shard(entry.report.receipt))
        added = ", ".join(f"{name} :one" for name in _counted(counts))
        values = {":one": 1, ":launch": counts.launch, ":v": items.ITEM_FORMAT}
        return {
            "Update": {
                "TableName": self._table,
                "Key": items.to_wire(key),
                "UpdateExpression": f"SET launch = :launch, v = :v ADD {added}",
                "ExpressionAttributeValues": items.to_wire(values),
            }
        }

    def _items(self, partition: str, prefix: str = "") -> Iterator[Item]:
        return items_in(self._client, self._table, partition, prefix)


def _counted(counts: Counts) -> Iterator[str]:
    for bit, name in schema.BITS.items():
        if bit & counts.unique:
            yield f"{name}u"
        if bit & counts.total:
            yield f"{name}t"


def _explained(lost: LostRaceError, entry: LedgerEntry) -> LostRaceError:
    """Return what a cancelled transaction means: its first reason is of the action with the guard."""
    reasons = reasons_of(lost)
    if not reasons or reasons[0].get("Code") != GUARD_FAILED:
        return lost
    if not isinstance(entry, FirstSeen):
        return AlreadyCountedError("the receipt is counted already")
    known_bits = schema.known_bits_of(items.from_wire(reasons[0].get("Item", {})))
    return ContradictedError(known_bits) if entry.bits & Happening(sum(known_bits)) else lost
