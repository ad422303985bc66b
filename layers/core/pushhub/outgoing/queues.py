"""What do events need of a queue?"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

MAX_DELAY_SECONDS: Final = 900
"""Longest that a queue holds a message back."""
MAX_BATCH: Final = 10
MAX_BATCH_BYTES: Final = 256 * 1024
"""Bounds of what is put into a queue by one call; SQS takes up to 1 MiB by now, but not everywhere yet."""
REASON: Final = "reason"
"""Attribute of a dead letter; its body is the message as it was, so that it can be put back by any means."""


def batches[Key, Item](items: Mapping[Key, Item], size: Callable[[Item], int]) -> Iterator[dict[Key, Item]]:
    """Part what is to be put into a queue into what fits one call; `size` gives the bytes of an item."""
    batch: dict[Key, Item] = {}
    taken = 0
    for key, item in items.items():
        if batch and (len(batch) == MAX_BATCH or taken + size(item) > MAX_BATCH_BYTES):
            yield batch
            batch, taken = {}, 0
        batch[key] = item
        taken += size(item)
    if batch:
        yield batch


@dataclass(frozen=True, slots=True)
class Envelope:
    """A message to be put into a queue; `delay` is in whole seconds. `reason` says why it is a dead letter, where it is one."""

    body: str
    delay: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message that was taken out of a queue, to be deleted when it is dealt with."""

    id: str
    body: str


class Queue(Protocol):
    """A queue that keeps what it has taken."""

    def put(self, envelopes: Sequence[Envelope]) -> frozenset[int]:
        """Put messages in and return the positions of those that were not taken."""


def not_taken(queue: Queue, envelopes: Iterable[tuple[str, Envelope]]) -> frozenset[str]:
    """Put messages into a queue, each with what it belongs to; return what those belong to that were not taken."""
    given = list(envelopes)
    if not given:
        return frozenset()
    return frozenset(given[position][0] for position in queue.put([envelope for _, envelope in given]))
