"""How is any item written, read back, and known to be one of ours?"""

from collections.abc import Mapping
from typing import Any, Final

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from pushhub.faults import UnavailableError

ITEM_FORMAT: Final = 1
"""Format version that is written.

It and the one before it are read. A release that brings in a new format reads it and goes on writing the old one; the next release
writes it. So whatever one release has written, the release before it reads.
"""

Item = dict[str, Any]
"""An item as plain Python values, before it is serialised."""
WireItem = dict[str, Any]
"""An item as the DynamoDB client takes and gives it."""

_SERIALISER: Final = TypeSerializer()
_DESERIALISER: Final = TypeDeserializer()


class CorruptItemError(UnavailableError):
    """A stored item is not what its key promises, or has a format that this version does not read."""


def to_wire(item: Mapping[str, object]) -> WireItem:
    """Serialise plain values for the DynamoDB client."""
    return {name: _SERIALISER.serialize(value) for name, value in item.items()}


def from_wire(item: Mapping[str, Any]) -> Item:
    """Read back what the DynamoDB client gives.

    Raises:
        CorruptItemError: the item has a format that this version does not read.
    """
    plain = {name: _DESERIALISER.deserialize(value) for name, value in item.items()}
    if not ITEM_FORMAT - 1 <= plain.get("v", 0) <= ITEM_FORMAT:
        raise CorruptItemError(f"item {plain.get('pk')} has format {plain.get('v')}; this version reads up to {ITEM_FORMAT}")
    return plain
