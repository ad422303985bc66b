"""How are dead letters read without being taken, and how do they get back into the queue they come from?"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import batched
from typing import TYPE_CHECKING, Final, Literal

from botocore.exceptions import BotoCoreError, ClientError

from pushhub.console.dead_letters import DeadLetter, QueueName
from pushhub.console.progress import say
from pushhub.faults import UnavailableError
from pushhub.moments import Milliseconds
from pushhub.outgoing.queues import MAX_BATCH, REASON, batches

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import BatchResultErrorEntryTypeDef, MessageTypeDef

HIDDEN_SECONDS: Final = 60
"""How long a letter that is being looked at is hidden from others, unless it is released earlier."""
_WAIT_SECONDS: Final = 1
_LAST_RECEIVES: Final = 3
"""SQS asks a sample of its servers: only several receives in a row that bring nothing new say that nothing is left."""


@dataclass(frozen=True, slots=True)
class DeadLetterQueue:
    """Dead letters, in the queue at `url`, of the hub's queue `name`, at `source_url`.

    Those of `retries_url`, where there is one, end here too.
    """

    client: "SQSClient"
    name: QueueName
    url: str
    source_url: str
    retries_url: str | None = None

    def waiting(self) -> int:
        """Return about how many letters there are that nobody looks at.

        Raises:
            UnavailableError: SQS cannot be asked.
        """
        return self._count(self.url, "")

    def on_their_way(self) -> int:
        """Return about how many messages are not given up yet: waiting, put off, or being handled.

        Raises:
            UnavailableError: SQS cannot be asked.
        """
        urls = (self.source_url, *([self.retries_url] if self.retries_url else []))
        return sum(self._count(url, state) for url in urls for state in ("", "Delayed", "NotVisible"))

    def _count(self, url: str, state: Literal["", "Delayed", "NotVisible"]) -> int:
        with _translated():
            attributes = self.client.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        return int({str(name): value for name, value in attributes.items()}[f"ApproximateNumberOfMessages{state}"])

    @contextmanager
    def held(self) -> Iterator["Held"]:
        """Hold letters while they are looked at; at the end, whatever happened, others can see at once those that are left."""
        held = Held(self)
        try:
            yield held
        finally:
            held.release()


class Held:
    """Letters of one queue that are hidden from others for a moment."""

    def __init__(self, queue: DeadLetterQueue) -> None:
        """Hold none yet."""
        self._queue = queue
        self._client = queue.client
        self._handles: dict[str, str] = {}
        self._seen: set[str] = set()

    def received(self, limit: int | None = None) -> Iterator[list[DeadLetter]]:
        """Give all letters, or at most `limit`, a few at a time and each once.

        Raises:
            UnavailableError: SQS cannot be asked.
        """
        in_vain = 0
        while in_vain < _LAST_RECEIVES and (limit is None or len(self._seen) < limit):
            new = self._receive(MAX_BATCH if limit is None else min(MAX_BATCH, limit - len(self._seen)))
            in_vain = 0 if new else in_vain + 1
            if new:
                yield new

    def put_back(self, bodies: Mapping[str, str]) -> dict[str, str]:
        """Send bodies into the queue they come from, then delete their letters.

        Only what was sent is deleted: if we end in between it is there twice, and never lost.

        Args:
            bodies: what is sent, by the letter's id.

        Returns:
            Why a letter is still there, by its id.
        """
        left: dict[str, str] = {}
        for batch in batches(bodies, lambda body: len(body.encode())):
            left |= self._send(batch)
            left |= self._delete([id_ for id_ in batch if id_ not in left])
        return left

    def release(self) -> None:
        """Let others see the letters that are still there."""
        for batch in batched(self._handles.items(), MAX_BATCH, strict=False):
            entries = [{"Id": id_, "ReceiptHandle": handle, "VisibilityTimeout": 0} for id_, handle in batch]
            try:
                # One that is refused can be seen already, since its time is over.
                self._client.change_message_visibility_batch(QueueUrl=self._queue.url, Entries=entries)  # type: ignore[arg-type]
            except (BotoCoreError, ClientError) as failure:
                say(f"some dead letters of {self._queue.name} stay hidden for up to {HIDDEN_SECONDS} s: {_said(failure)}")
                return

    def _receive(self, most: int) -> list[DeadLetter]:
        with _translated():
            answer = self._client.receive_message(
                QueueUrl=self._queue.url,
                MaxNumberOfMessages=most,
                VisibilityTimeout=HIDDEN_SECONDS,
                WaitTimeSeconds=_WAIT_SECONDS,
                MessageSystemAttributeNames=["SentTimestamp"],
                MessageAttributeNames=[REASON],
            )
        messages = {message["MessageId"]: message for message in answer.get("Messages", [])}
        # The newest receipt is the one that counts.
        self._handles |= {id_: message["ReceiptHandle"] for id_, message in messages.items()}
        new = [_letter(self._queue.name, message) for id_, message in messages.items() if id_ not in self._seen]
        self._seen |= messages.keys()
        return new

    def _send(self, bodies: Mapping[str, str]) -> dict[str, str]:
        entries = [{"Id": id_, "MessageBody": body} for id_, body in bodies.items()]
        try:
            answer = self._client.send_message_batch(QueueUrl=self._queue.source_url, Entries=entries)  # type: ignore[arg-type]
        except (BotoCoreError, ClientError) as failure:
            return dict.fromkeys(bodies, _said(failure))
        return _refused("SQS did not take it", answer.get("Failed", []))

    def _delete(self, ids: list[str]) -> dict[str, str]:
        if not ids:
            return {}
        entries = [{"Id": id_, "ReceiptHandle": self._handles[id_]} for id_ in ids]
        still_here = "put back, but it is still here too"
        try:
            answer = self._client.delete_message_batch(QueueUrl=self._queue.url, Entries=entries)  # type: ignore[arg-type]
        except (BotoCoreError, ClientError) as failure:
            return dict.fromkeys(ids, f"{still_here}: {_said(failure)}")
        left = _refused(still_here, answer.get("Failed", []))
        for id_ in ids:
            if id_ not in left:
                del self._handles[id_]
        return left


def _letter(name: QueueName, message: "MessageTypeDef") -> DeadLetter:
    attributes = message.get("MessageAttributes", {})
    reason = attributes[REASON].get("StringValue") if REASON in attributes else None
    sent = Milliseconds(int(message["Attributes"]["SentTimestamp"]))
    return DeadLetter(message["MessageId"], name, message["Body"], sent, reason)


def _refused(what: str, failed: "list[BatchResultErrorEntryTypeDef]") -> dict[str, str]:
    return {entry["Id"]: f"{what}: {entry['Code']}" for entry in failed}


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (BotoCoreError, ClientError) as failure:
        raise UnavailableError(_said(failure)) from failure


def _said(failure: BotoCoreError | ClientError) -> str:
    if isinstance(failure, ClientError):
        return f"SQS answered {failure.response['Error']['Code']} to {failure.operation_name}"
    return f"SQS did not answer: {type(failure).__name__}"
