"""What every queue must do: the one in memory, and the one in SQS, on moto and on the local engine; and how SQS gives it back."""

import time
from collections.abc import Callable, Sequence
from typing import Protocol
from uuid import uuid4

import pytest

from pushhub.adapters.sqs import SqsQueue
from pushhub.adapters.sqs_for_commands import ReceivedMessage, SqsMessages
from pushhub.console.connection import Connection
from pushhub.faults import UnavailableError
from pushhub.moments import Milliseconds, milliseconds_now
from pushhub.outgoing.queues import MAX_BATCH_MESSAGES, Envelope, Queue
from tests.doubles.queues import MemoryQueue

BODIES = [f"body {number}" for number in range(2 * MAX_BATCH_MESSAGES + 5)]
BODY = 'every "body" \\ \t\n\r is kept: ü файл 🙂'


class Taking(Protocol):
    """A queue, and what it has taken."""

    @property
    def queue(self) -> Queue: ...
    def taken(self) -> Sequence[tuple[str, str | None]]:
        """Return body and reason of each message."""


class TakingInMemory:
    def __init__(self) -> None:
        self.queue = MemoryQueue()

    def taken(self) -> Sequence[tuple[str, str | None]]:
        return [(envelope.body, envelope.reason or None) for envelope in self.queue.envelopes]


class TakingInSqs(SqsMessages):
    """A queue of SQS, as functions and as commands use it."""

    def __init__(self, connection: Connection) -> None:
        client = connection.client("sqs")
        url = client.create_queue(QueueName=f"queue-{uuid4()}")["QueueUrl"]
        super().__init__(client, url)
        self.queue = SqsQueue(client, url)

    def put(self, *envelopes: Envelope) -> frozenset[int]:
        return self.queue.put(envelopes)

    def rest(self) -> list[ReceivedMessage]:
        """Receive what can be received, and keep it hidden."""
        found: list[ReceivedMessage] = []
        while some := self.receive(MAX_BATCH_MESSAGES, hidden_seconds=60, wait_seconds=0):
            found += some
        return found

    def taken(self) -> Sequence[tuple[str, str | None]]:
        return [(message.body, message.reason) for message in self.rest()]


@pytest.fixture
def sqs(aws: Connection) -> TakingInSqs:
    return TakingInSqs(aws)


@pytest.fixture(params=["memory", "moto", "engine"])
def queue(request: pytest.FixtureRequest) -> Taking:
    if request.param == "memory":
        return TakingInMemory()
    return TakingInSqs(request.getfixturevalue(request.param))


# Every queue


def test_nothing_put_in_is_nothing_there(queue: Taking) -> None:
    assert queue.queue.put([]) == frozenset()
    assert queue.taken() == []


@pytest.mark.parametrize("count", [1, MAX_BATCH_MESSAGES, MAX_BATCH_MESSAGES + 1, len(BODIES)])
def test_every_message_is_there_once(queue: Taking, count: int) -> None:
    assert queue.queue.put([Envelope(body) for body in BODIES[:count]]) == frozenset()
    assert sorted(queue.taken()) == [(body, None) for body in sorted(BODIES[:count])]


def test_a_message_is_there_as_often_as_it_was_put_in(queue: Taking) -> None:
    assert queue.queue.put([Envelope("same"), Envelope("same")]) == frozenset()
    assert queue.queue.put([Envelope("same")]) == frozenset()
    assert queue.taken() == [("same", None)] * 3


def test_a_body_is_kept_as_it_is_and_says_why_where_there_is_a_reason(queue: Taking) -> None:
    assert queue.queue.put([Envelope(BODY, reason="HTTP 400: ü"), Envelope(BODY)]) == frozenset()
    assert sorted(queue.taken(), key=str) == sorted([(BODY, "HTTP 400: ü"), (BODY, None)], key=str)


# SQS


def test_a_message_says_when_it_was_sent(sqs: TakingInSqs) -> None:
    before = milliseconds_now()
    sqs.put(Envelope("body"))
    (message,) = sqs.receive(1, hidden_seconds=60, wait_seconds=0)
    assert before - 1000 <= message.sent <= Milliseconds(milliseconds_now() + 1000)


def test_a_delayed_message_counts_and_cannot_be_received(sqs: TakingInSqs) -> None:
    sqs.put(Envelope("later", delay=900), Envelope("now"))
    assert (sqs.count_visible(), sqs.count_all()) == (1, 2)
    assert [message.body for message in sqs.rest()] == ["now"]


def test_a_received_message_is_hidden_until_it_is_shown(sqs: TakingInSqs) -> None:
    sqs.put(Envelope("body"))
    (message,) = sqs.receive(1, hidden_seconds=60, wait_seconds=0)
    assert (sqs.count_visible(), sqs.count_all()) == (0, 1)
    assert sqs.receive(1, hidden_seconds=60, wait_seconds=0) == []
    assert sqs.show({message.id: message.receipt}) == {}
    (again,) = sqs.receive(1, hidden_seconds=60, wait_seconds=0)
    assert (again.id, again.body) == (message.id, "body")


def test_a_received_message_is_shown_again_when_its_time_is_over(sqs: TakingInSqs) -> None:
    sqs.put(Envelope("body"))
    assert len(sqs.receive(1, hidden_seconds=1, wait_seconds=0)) == 1
    time.sleep(1.1)
    assert len(sqs.receive(1, hidden_seconds=60, wait_seconds=0)) == 1


def test_no_more_messages_are_received_than_asked_for(sqs: TakingInSqs) -> None:
    sqs.put(*(Envelope(body) for body in BODIES))
    assert len(sqs.receive(3, hidden_seconds=60, wait_seconds=0)) <= 3


def test_a_deleted_message_is_gone(sqs: TakingInSqs) -> None:
    sqs.put(Envelope("kept"), Envelope("deleted"))
    messages = {message.body: message for message in sqs.rest()}
    deleted = messages["deleted"]
    assert sqs.delete({deleted.id: deleted.receipt}) == {}
    assert sqs.count_all() == 1


def test_a_receipt_that_is_none_is_refused_and_the_others_are_taken(sqs: TakingInSqs) -> None:
    sqs.put(Envelope("body"))
    (message,) = sqs.receive(1, hidden_seconds=60, wait_seconds=0)
    assert sqs.delete({message.id: message.receipt, "other": "no receipt"}) == {"other": "ReceiptHandleIsInvalid"}
    assert sqs.count_all() == 0


def test_bodies_are_sent_by_one_call(sqs: TakingInSqs) -> None:
    assert sqs.send({"a": "one", "b": BODY}) == {}
    assert sorted(message.body for message in sqs.rest()) == sorted(["one", BODY])


def test_a_body_that_sqs_does_not_take_is_refused_and_the_others_are_taken(
    sqs: TakingInSqs, lacking: Callable[[str, str], None]
) -> None:
    lacking("moto", "takes every character")
    assert sqs.send({"a": "one", "b": "not \x00 taken"}) == {"b": "InvalidMessageContents"}
    assert sqs.put(Envelope("not \x00 taken"), Envelope("two")) == {0}
    assert sorted(message.body for message in sqs.rest()) == ["one", "two"]


def test_a_queue_that_is_not_there_takes_nothing_and_is_a_fault(aws: Connection) -> None:
    faults: list[str] = []
    client = aws.client("sqs")
    url = client.create_queue(QueueName=f"queue-{uuid4()}")["QueueUrl"]
    client.delete_queue(QueueUrl=url)
    messages = SqsMessages(client, url)
    assert SqsQueue(client, url, faults.append).put([Envelope("a"), Envelope("b")]) == {0, 1}
    assert faults == ["SQS answered AWS.SimpleQueueService.NonExistentQueue to SendMessageBatch"]
    for call in (messages.count_visible, messages.count_all, lambda: messages.receive(1, 60, 0), lambda: messages.send({"a": "b"})):
        with pytest.raises(UnavailableError, match=r"^SQS answered AWS\.SimpleQueueService\.NonExistentQueue to "):
            call()
