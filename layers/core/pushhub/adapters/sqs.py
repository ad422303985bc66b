"""How are messages put into a queue of SQS?"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from pushhub.adapters.faults import calling, was_answered
from pushhub.faults import UnavailableError
from pushhub.outgoing.queues import REASON, Envelope, batches

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import SendMessageBatchRequestEntryTypeDef

MAX_REASON_CHARACTERS: Final = 1000


class SqsQueue:
    """A queue of a stack."""

    def __init__(self, client: "SQSClient", url: str, on_fault: Callable[[str], None] = lambda _: None) -> None:
        """Use a queue through a client; `on_fault` is told why the queue did not take a message."""
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
                codes = send_batch(self._client, self._url, [_entry(position, envelope) for position, envelope in batch.items()])
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


def send_batch(client: "SQSClient", url: str, entries: "Sequence[SendMessageBatchRequestEntryTypeDef]") -> dict[str, str]:
    """Send messages by one call; return the code of SQS for each that it refused, by the id of its entry.

    Raises:
        UnavailableError: the call failed.
    """
    with calling("SQS"):
        answer = client.send_message_batch(QueueUrl=url, Entries=entries)
    return {entry["Id"]: entry["Code"] for entry in answer.get("Failed", [])}
