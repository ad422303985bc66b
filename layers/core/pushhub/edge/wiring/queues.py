"""How do functions put messages into a queue?"""

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from pushhub.adapters import clients
from pushhub.adapters.sqs import SqsQueue
from pushhub.edge.observing.output import queue_fault
from pushhub.outgoing.queues import Envelope

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


def queue(client: "SQSClient", url: str) -> SqsQueue:
    """Return a queue of a stack; each message that it does not take is logged."""
    return SqsQueue(client, url, on_fault=queue_fault)


class QueueOnDemand:
    """A queue whose client is made with the first message, since most requests have none."""

    def __init__(self, url: str) -> None:
        """Keep where it is."""
        self._url = url

    @cached_property
    def _queue(self) -> SqsQueue:
        return queue(clients.sqs(), self._url)

    def put(self, envelopes: Sequence[Envelope]) -> frozenset[int]:
        """See :meth:`pushhub.outgoing.queues.Queue.put`."""
        return self._queue.put(envelopes)
