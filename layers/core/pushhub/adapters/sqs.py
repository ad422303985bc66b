"""How are messages put into a queue of SQS?"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from botocore.exceptions import BotoCoreError, ClientError

from pushhub.outgoing.queues import REASON, Envelope, batches

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import SendMessageBatchRequestEntryTypeDef

MAX_REASON_CHARACTERS: Final = 1000


class SqsQueue:
    """A queue of a stack."""

    def __init__(self, client: "SQSClient", url: str, on_fault: Callable[[str], None] = lambda _: None) -> None:
        """Use a queue through a client; `on_fault` is told why it did not take a message."""
        self._client = client
        self._url = url
        self._on_fault = on_fault

    def put(self, envelopes: Sequence[Envelope]) -> frozenset[int]:
        """See :meth:`pushhub.outgoing.queues.Queue.put`; up to ten messages a call.

        Where a call is not answered, no other follows: each may hang for seconds.
        """
        refused: set[int] = set()
        left = dict(enumerate(envelopes))
        for batch in batches(left.copy(), _size):
            try:
                refused |= self._put(batch)
            except BotoCoreError as error:
                self._on_fault(f"SQS did not answer: {type(error).__name__}")
                return frozenset(refused | left.keys())
            for position in batch:
                del left[position]
        return frozenset(refused)

    def _put(self, batch: Mapping[int, Envelope]) -> set[int]:
        entries = [_entry(position, envelope) for position, envelope in batch.items()]
        try:
            answer = self._client.send_message_batch(QueueUrl=self._url, Entries=entries)
        except ClientError as error:
            self._on_fault(f"SQS answered {error.response['Error']['Code']} to SendMessageBatch")
            return set(batch)
        failed = answer.get("Failed", [])
        for entry in failed:
            self._on_fault(f"SQS did not take a message: {entry['Code']}")
        return {int(entry["Id"]) for entry in failed}


def _entry(position: int, envelope: Envelope) -> "SendMessageBatchRequestEntryTypeDef":
    entry: SendMessageBatchRequestEntryTypeDef = {"Id": str(position), "MessageBody": envelope.body}
    if envelope.delay:
        entry["DelaySeconds"] = envelope.delay
    if envelope.reason:
        entry["MessageAttributes"] = {REASON: {"DataType": "String", "StringValue": _writable(envelope.reason)}}
    return entry


def _writable(reason: str) -> str:
    """Return a reason without what SQS does not take, since the message would not be taken then; others' texts may stand in it."""
    return "".join(character if character.isprintable() else "?" for character in reason)[:MAX_REASON_CHARACTERS]


def _size(envelope: Envelope) -> int:
    attribute = len(_writable(envelope.reason).encode()) + len(REASON) + len("String")
    return len(envelope.body.encode()) + attribute
