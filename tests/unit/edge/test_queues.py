"""Messages of SQS as a function gets them, and its answer: which of them failed."""

from pushhub.edge.queues import batch_response, deliveries_of
from pushhub.outgoing.queues import Delivery


def test_the_messages_of_an_event_are_read_in_order() -> None:
    event = {
        "Records": [
            {"messageId": "b", "receiptHandle": "h1", "body": "first", "attributes": {"ApproximateReceiveCount": "1"}},
            {"messageId": "a", "receiptHandle": "h2", "body": "", "messageAttributes": {}},
        ]
    }
    assert deliveries_of(event) == [Delivery("b", "first"), Delivery("a", "")]


def test_the_response_names_what_failed_alone() -> None:
    assert batch_response({"b", "a"}) == {"batchItemFailures": [{"itemIdentifier": "a"}, {"itemIdentifier": "b"}]}
    assert batch_response(frozenset()) == {"batchItemFailures": []}
