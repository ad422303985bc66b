"""What calls of DynamoDB cost, counted at the client by what DynamoDB charges for: engines in memory say nothing true of it.

Sources: "Read and write operations" and "Item sizes and formats" of Amazon's developer guide of DynamoDB.
"""

import math
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_READ_UNIT_BYTES, _WRITE_UNIT_BYTES = 4096, 1024
_CONTAINER_BYTES, _ENTRY_BYTES = 3, 1


@dataclass
class Bill:
    """What a client has called since the last look.

    Attributes:
        calls: how often each operation was called.
        read_units: what each operation has read; a read that is not consistent costs half.
        write_units: what each operation has written, by the size of the item after it; in a transaction it costs twice that.
    """

    calls: Counter[str] = field(default_factory=Counter)
    read_units: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    write_units: Counter[str] = field(default_factory=Counter)
    _local: threading.local = field(default_factory=threading.local)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def watch(self, client: "DynamoDBClient", look: "DynamoDBClient") -> None:
        """Count what a client calls; `look` reads what it has written, for nothing."""
        client.meta.events.register("provide-client-params.dynamodb", self._begin)
        client.meta.events.register("after-call.dynamodb", self._end)
        self._look = look

    def _begin(self, params: dict[str, Any], **_: object) -> None:
        self._local.asked = params

    def _end(self, model: Any, parsed: Mapping[str, Any], **_: object) -> None:
        # Dead push tokens are retired by several threads.
        with self._lock:
            self._count(model.name, self._local.asked, parsed)

    def _count(self, name: str, asked: Mapping[str, Any], parsed: Mapping[str, Any]) -> None:
        self.calls[name] += 1
        match name:
            case "Query":
                size = sum(map(item_bytes, parsed["Items"]))
                self.read_units[name] += _read_units(size, consistent=asked.get("ConsistentRead", False))
            case "GetItem":
                self.read_units[name] += _read_units(item_bytes(parsed.get("Item", {})), consistent=asked["ConsistentRead"])
            case "BatchGetItem":
                ((table, request),) = asked["RequestItems"].items()
                found = parsed["Responses"].get(table, [])
                units = [_read_units(item_bytes(item), consistent=request["ConsistentRead"]) for item in found]
                self.read_units[name] += sum(units)
            case "PutItem" | "UpdateItem":
                self.write_units[name] += self._written(asked)
            case "TransactWriteItems":
                actions = [action for of_kind in asked["TransactItems"] for action in of_kind.values()]
                self.write_units[name] += 2 * sum(map(self._written, actions)) + sum(map(_in_index, actions))
            case _:
                raise NotImplementedError(name)

    def _written(self, asked: Mapping[str, Any]) -> int:
        key = asked.get("Key") or {name: asked["Item"][name] for name in ("pk", "sk")}
        found = self._look.get_item(TableName=asked["TableName"], Key=key, ConsistentRead=True)
        return math.ceil(item_bytes(found["Item"]) / _WRITE_UNIT_BYTES)


def _in_index(action: Mapping[str, Any]) -> int:
    """Return what the index is billed for: what it has of a profile is changed in place, and takes less than a unit."""
    return int("live" in action.get("ExpressionAttributeNames", {}).values())


def item_bytes(item: Mapping[str, Any]) -> int:
    """Return how large an item is, as it goes over the wire of DynamoDB."""
    return sum(len(name.encode()) + _value_bytes(value) for name, value in item.items())


def _value_bytes(typed: Mapping[str, Any]) -> int:
    ((kind, value),) = typed.items()
    return _BYTES_OF[kind](value)


_BYTES_OF: Mapping[str, Callable[[Any], int]] = {
    "S": lambda text: len(text.encode()),
    "N": lambda number: math.ceil(len(number.strip("-").replace(".", "").strip("0")) / 2) + 1,
    "M": lambda entries: _CONTAINER_BYTES + item_bytes(entries) + _ENTRY_BYTES * len(entries),
    "L": lambda entries: _CONTAINER_BYTES + sum(map(_value_bytes, entries)) + _ENTRY_BYTES * len(entries),
    "SS": lambda texts: sum(len(text.encode()) for text in texts),
    "B": len,
    "BOOL": lambda _: 1,
    "NULL": lambda _: 1,
}


def _read_units(size: int, *, consistent: bool) -> float:
    units = max(1, math.ceil(size / _READ_UNIT_BYTES))
    return units if consistent else units / 2
