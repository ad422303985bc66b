"""How do functions put messages into a queue?"""

from typing import TYPE_CHECKING

from pushhub.adapters.sqs import SqsQueue
from pushhub.edge.observing.output import queue_fault

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


def queue(client: "SQSClient", url: str) -> SqsQueue:
    """Return a queue of a stack; each message that it does not take is logged."""
    return SqsQueue(client, url, on_fault=queue_fault)
