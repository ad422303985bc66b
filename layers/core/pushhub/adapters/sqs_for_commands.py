"""How do commands look at the messages of a queue of SQS, delete them and send them?

Not in :mod:`pushhub.adapters.sqs`, since a function compiles all that it imports at each cold start: this would double that module.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from pushhub.adapters.faults import calling
from pushhub.adapters.sqs import send_batch
from pushhub.moments import Milliseconds
from pushhub.outgoing.queues import REASON

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import BatchResultErrorEntryTypeDef, MessageTypeDef

_SERVICE: Final = "SQS"
_COUNT: Final = "ApproximateNumberOfMessages"


@dataclass(frozen=True, slots=True)
class ReceivedMessage:
    """A message that others do not see for a while.

    It is deleted, or shown again, by its `receipt`. Each time it is received it has a new one, and only the newest counts. `reason`
    is what the hub wrote on a dead letter, None on every other message.
    """

    id: str
    receipt: str
    # Push tokens may stand in it.
    body: str = field(repr=False)
    sent: Milliseconds
    reason: str | None


class SqsMessages:
    """The messages of a queue of a stack.

    Each method makes one call and raises UnavailableError. One that takes several messages takes at most
    :data:`pushhub.outgoing.queues.MAX_BATCH_MESSAGES`, and returns the code of SQS for each that it refused, by its id.
    """

    def __init__(self, client: "SQSClient", url: str) -> None:
        """Use a queue through a client."""
        self._client = client
        self._url = url

    def send(self, bodies: Mapping[str, str]) -> dict[str, str]:
        """Send bodies that fit one call (see :func:`pushhub.outgoing.queues.batches`); their ids are not sent."""
        return send_batch(self._client, self._url, [{"Id": id_, "MessageBody": body} for id_, body in bodies.items()])

    def receive(self, limit: int, hidden_seconds: int, wait_seconds: int) -> list[ReceivedMessage]:
        """Receive up to `limit` messages and hide them from others; where there is none, wait for up to `wait_seconds` for one."""
        with calling(_SERVICE):
            answer = self._client.receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=limit,
                VisibilityTimeout=hidden_seconds,
                WaitTimeSeconds=wait_seconds,
                MessageSystemAttributeNames=["SentTimestamp"],
                MessageAttributeNames=[REASON],
            )
        return [_received(message) for message in answer.get("Messages", [])]

    def delete(self, receipts: Mapping[str, str]) -> dict[str, str]:
        """Delete received messages, by their ids."""
        with calling(_SERVICE):
            answer = self._client.delete_message_batch(
                QueueUrl=self._url, Entries=[{"Id": id_, "ReceiptHandle": receipt} for id_, receipt in receipts.items()]
            )
        return _codes(answer.get("Failed", []))

    def show(self, receipts: Mapping[str, str]) -> dict[str, str]:
        """Let others see received messages at once; SQS refuses that for a message that they see already."""
        with calling(_SERVICE):
            answer = self._client.change_message_visibility_batch(
                QueueUrl=self._url,
                Entries=[{"Id": id_, "ReceiptHandle": receipt, "VisibilityTimeout": 0} for id_, receipt in receipts.items()],
            )
        return _codes(answer.get("Failed", []))

    def count_visible(self) -> int:
        """Return about how many messages can be received now."""
        return self._counts()[0]

    def count_all(self) -> int:
        """Return about how many messages there are: visible, delayed, or hidden since somebody has received them."""
        return sum(self._counts())

    def _counts(self) -> list[int]:
        with calling(_SERVICE):
            attributes = self._client.get_queue_attributes(QueueUrl=self._url, AttributeNames=["All"])["Attributes"]
        by_name = {str(name): int(value) for name, value in attributes.items() if name.startswith(_COUNT)}
        return [by_name[f"{_COUNT}{state}"] for state in ("", "Delayed", "NotVisible")]


def _received(message: "MessageTypeDef") -> ReceivedMessage:
    attributes = message.get("MessageAttributes", {})
    reason = attributes[REASON].get("StringValue") if REASON in attributes else None
    sent = Milliseconds(int(message["Attributes"]["SentTimestamp"]))
    return ReceivedMessage(message["MessageId"], message["ReceiptHandle"], message["Body"], sent, reason)


def _codes(failed: "Sequence[BatchResultErrorEntryTypeDef]") -> dict[str, str]:
    return {entry["Id"]: entry["Code"] for entry in failed}
