"""What does a room that sends messages need of a queue?"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

MAX_DELAY_SECONDS: Final = 900
"""The longest time that a queue holds a message back."""
MAX_BATCH_MESSAGES: Final = 10
MAX_BATCH_BYTES: Final = 256 * 1024
"""Bounds of what one call puts into a queue; SQS takes up to 1 MiB by now, but not everywhere yet."""
REASON: Final = "reason"
"""The attribute of a dead letter that says why it is one. The body is a message as before, so that any tool can put it back."""


def batches[Key, Item](items: Mapping[Key, Item], size: Callable[[Item], int]) -> Iterator[dict[Key, Item]]:
    """Divide what is to be put into a queue into batches that fit one call; `size` gives the bytes of an item."""
    batch: dict[Key, Item] = {}
    batch_bytes = 0
    for key, item in items.items():
        if batch and (len(batch) == MAX_BATCH_MESSAGES or batch_bytes + size(item) > MAX_BATCH_BYTES):
            yield batch
            batch, batch_bytes = {}, 0
        batch[key] = item
        batch_bytes += size(item)
    if batch:
        yield batch


@dataclass(frozen=True, slots=True)
class Envelope:
    """A message to be put into a queue, which holds it back for `delay` seconds; `reason` says why it is a dead letter."""

    body: str
    delay: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message that a queue has delivered, to be deleted once it is dealt with."""

    id: str
    body: str


class Queue(Protocol):
    """A queue that loses no message that it has taken."""

    def put(self, envelopes: Sequence[Envelope]) -> frozenset[int]:
        """Put messages in and return the positions of those that were not taken."""


def put_all(queue: Queue, envelopes: Iterable[tuple[str, Envelope]]) -> frozenset[str]:
    """Put messages into a queue, and return the ids of the deliveries for which it did not take all of them.

    Args:
        queue: is called only where there are messages.
        envelopes: each with the id of the delivery for which it is put; there may be several for one delivery.
    """
    pairs = list(envelopes)
    if not pairs:
        return frozenset()
    return frozenset(pairs[position][0] for position in queue.put([envelope for _, envelope in pairs]))
