"""What is in an SQS event, and what does Lambda want back?"""

from collections.abc import Iterable, Mapping
from typing import Any

from pushhub.outgoing.queues import Delivery


def deliveries_of(event: Mapping[str, Any]) -> list[Delivery]:
    """Read an event of an SQS event source mapping."""
    return [Delivery(record["messageId"], record["body"]) for record in event["Records"]]


def batch_response(failed: Iterable[str]) -> dict[str, Any]:
    """Return the ids of messages that SQS delivers again; it deletes all others of the batch."""
    return {"batchItemFailures": [{"itemIdentifier": id_} for id_ in sorted(failed)]}
