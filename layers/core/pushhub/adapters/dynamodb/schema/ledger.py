"""Keys and attributes of the items in the Ledger table that stand for events, and of the counters of launches."""

import hashlib
from collections.abc import Sequence
from typing import Final
from zlib import crc32

from pushhub.adapters.dynamodb.schema.items import Item
from pushhub.events.command import Happening, RecordEvent
from pushhub.events.ledger import KnownBits, LaunchStatistics, LedgerEvent, ReportMark, SentCounts
from pushhub.events.messages import Receipt
from pushhub.moments import Milliseconds

BITS: Final = {Happening.DELIVERED: "d", Happening.OPENED: "o"}
"""The attribute of each bit of an event, which is also the first letter of the attributes that count the bit."""
SENT: Final = {"accepted": "sa", "erroneous": "se", "unknown": "su"}
"""The attribute of each number of :class:`SentCounts`."""
COUNTER_SHARDS: Final = 64
"""Many transactions write a counter at once. Of two that write one item, one fails, and a partition takes 500 of them a second."""
LAUNCHES: Final = "LAUNCHES"
"""Partition key of the list of launches and the providers that each is counted for."""


def event_partition(uid: str) -> str:
    """Return the partition key that all events of a uid have."""
    return f"E#{_long_digest(uid)}"


def event_key(event: RecordEvent) -> Item:
    """Return the key of an event."""
    return {"pk": event_partition(event.uid), "sk": event.identity}


def event_of(item: Item) -> LedgerEvent:
    """Read an event back."""
    return LedgerEvent(item["uid"], item["launch"], item["provider"], item["plain"], known_bits_of(item))


def known_bits_of(item: Item) -> KnownBits:
    """Read back which bits of an event are set, and which report each belongs to."""
    return {
        bit: ReportMark(Receipt(item[name]), Milliseconds(int(item[f"{name}_at"]))) for bit, name in BITS.items() if name in item
    }


def repeat_key(receipt: Receipt) -> Item:
    """Return the key of the item that says that a repeat is counted."""
    return {"pk": f"R#{receipt}", "sk": "R"}


def counter_key(launch: str, provider: str, shard: int) -> Item:
    """Return the key of one shard of a counter."""
    return {"pk": f"N#{_long_digest(launch)}#{shard}", "sk": provider}


def counter_shard(counted: str) -> int:
    """Return the shard that counts a report or a sending: always the same one, so that a repeated transaction equals the first."""
    return crc32(counted.encode()) % COUNTER_SHARDS


def sent_attributes(sent: SentCounts) -> dict[str, int]:
    """Return what a sending adds to a counter."""
    return {attribute: getattr(sent, name) for name, attribute in SENT.items()}


def launch_key(launch: str, provider: str) -> Item:
    """Return the key of a launch and provider in the list of launches."""
    return {"pk": LAUNCHES, "sk": f"{launch_prefix(launch)}{provider}"}


def launch_prefix(launch: str) -> str:
    """Return what the sort key of each provider of a launch begins with in the list of launches."""
    return f"{_long_digest(launch)}#"


def statistics_of(launch: str, provider: str, shards: Sequence[Item]) -> LaunchStatistics:
    """Return the sums of the shards of a counter."""
    unique, total = (
        {bit: sum(int(shard.get(f"{name}{kind}", 0)) for shard in shards) for bit, name in BITS.items()} for kind in "ut"
    )
    sent = SentCounts(**{name: sum(int(shard.get(attribute, 0)) for shard in shards) for name, attribute in SENT.items()})
    return LaunchStatistics(launch, provider, unique, total, sent)


def _long_digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
