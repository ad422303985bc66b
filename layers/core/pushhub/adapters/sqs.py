"""How are messages put into a queue of SQS, and how are dead letters taken out of one?"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from pushhub.adapters.faults import calling, was_answered
from pushhub.faults import UnavailableError
from pushhub.moments import Milliseconds
from pushhub.outgoing.queues import REASON, Envelope, batches

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import BatchResultErrorEntryTypeDef, MessageTypeDef, SendMessageBatchRequestEntryTypeDef

MAX_REASON_CHARACTERS: Final = 1000

_SERVICE: Final = "SQS"
_COUNT: Final = "ApproximateNumberOfMessages"


class ReceivedMessage(NamedTuple):
    """A message that others do not see for a while.

    It is deleted, or shown again, by its `receipt`. Each time it is received it has a new one, and only the newest counts. `reason`
    is what the hub wrote on a dead letter, None on every other message.
    """

    id: str
    receipt: str
    body: str
    sent: Milliseconds
    reason: str | None

    def __repr__(self) -> str:
        """Leave the body out: push tokens may stand in it."""
        return f"ReceivedMessage(id={self.id!r})"


class SqsQueue:
    """A queue of a stack.

    Functions use :meth:`put` alone. Every other method makes one call and raises UnavailableError. One that takes several messages
    takes at most :data:`pushhub.outgoing.queues.MAX_BATCH`, and returns the code of SQS for each that it refused, by its id.
    """

    def __init__(self, client: "SQSClient", url: str, on_fault: Callable[[str], None] = lambda _: None) -> None:
        """Use a queue through a client; :meth:`put` tells `on_fault` why the queue did not take a message."""
        self._client = client
        self._url = url
        self._on_fault = on_fault

    def put(self, envelopes: Sequence[Envelope]) -> frozenset[int]:
        """See :meth:`pushhub.outgoing.queues.Queue.put`; up to ten messages a call.

        After a call without an answer no other follows, since each may hang for seconds. Its messages and all later ones count as
        refused.
        """
        refused: set[int] = set()
        rest = dict(enumerate(envelopes))
        for batch in batches(rest.copy(), _size):
            try:
                codes = self._send([_entry(position, envelope) for position, envelope in batch.items()])
            except UnavailableError as fault:
                self._on_fault(str(fault))
                if not was_answered(fault):
                    return frozenset(refused | rest.keys())
                refused |= batch.keys()
            else:
                for code in codes.values():
                    self._on_fault(f"SQS did not take a message: {code}")
                refused |= {int(id_) for id_ in codes}
            for position in batch:
                del rest[position]
        return frozenset(refused)

    def send(self, bodies: Mapping[str, str]) -> dict[str, str]:
        """Send bodies that fit one call (see :func:`pushhub.outgoing.queues.batches`); their ids are not sent."""
        return self._send([{"Id": id_, "MessageBody": body} for id_, body in bodies.items()])

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

    def _send(self, entries: "Sequence[SendMessageBatchRequestEntryTypeDef]") -> dict[str, str]:
        with calling(_SERVICE):
            answer = self._client.send_message_batch(QueueUrl=self._url, Entries=entries)
        return _codes(answer.get("Failed", []))

    def _counts(self) -> list[int]:
        with calling(_SERVICE):
            attributes = self._client.get_queue_attributes(QueueUrl=self._url, AttributeNames=["All"])["Attributes"]
        by_name = {str(name): int(value) for name, value in attributes.items() if name.startswith(_COUNT)}
        return [by_name[f"{_COUNT}{state}"] for state in ("", "Delayed", "NotVisible")]


def _entry(position: int, envelope: Envelope) -> "SendMessageBatchRequestEntryTypeDef":
    entry: SendMessageBatchRequestEntryTypeDef = {"Id": str(position), "MessageBody": envelope.body}
    if envelope.delay:
        entry["DelaySeconds"] = envelope.delay
    if envelope.reason:
        entry["MessageAttributes"] = {REASON: {"DataType": "String", "StringValue": _writable(envelope.reason)}}
    return entry


def _writable(reason: str) -> str:
    """Return a reason that SQS takes: it refuses a message for some characters, and others' texts may stand in a reason."""
    return "".join(character if character.isprintable() else "?" for character in reason)[:MAX_REASON_CHARACTERS]


def _size(envelope: Envelope) -> int:
    attribute = len(_writable(envelope.reason).encode()) + len(REASON) + len("String")
    return len(envelope.body.encode()) + attribute


def _received(message: "MessageTypeDef") -> ReceivedMessage:
    attributes = message.get("MessageAttributes", {})
    reason = attributes[REASON].get("StringValue") if REASON in attributes else None
    sent = Milliseconds(int(message["Attributes"]["SentTimestamp"]))
    return ReceivedMessage(message["MessageId"], message["ReceiptHandle"], message["Body"], sent, reason)


def _codes(failed: "Sequence[BatchResultErrorEntryTypeDef]") -> dict[str, str]:
    return {entry["Id"]: entry["Code"] for entry in failed}
