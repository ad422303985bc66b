"""SQS as a queue of events: what is sent in which call, and what was not taken."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ParamValidationError, ReadTimeoutError
from hypothesis import given
from hypothesis import strategies as st

from pushhub.adapters.sqs import SqsQueue
from pushhub.outgoing.queues import MAX_BATCH_BYTES, MAX_BATCH_MESSAGES, Envelope

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

URL = "https://sqs.example/queue"


class StubSqs:
    """Answers a SendMessageBatch as told: bodies that it does not take, or an error for the calls of these numbers."""

    def __init__(self, refused: Sequence[str] = (), errors: dict[int, Exception] | None = None) -> None:
        self.calls: list[list[dict[str, Any]]] = []
        self.urls: set[str] = set()
        self._refused = refused
        self._errors = errors or {}

    def send_message_batch(self, *, QueueUrl: str, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803  (boto3's names)
        self.urls.add(QueueUrl)
        self.calls.append(Entries)
        if error := self._errors.get(len(self.calls) - 1):
            raise error
        refused = [entry["Id"] for entry in Entries if entry["MessageBody"] in self._refused]
        answer = {"Successful": [{"Id": entry["Id"]} for entry in Entries if entry["Id"] not in refused]}
        failed = [{"Id": id_, "SenderFault": False, "Code": "InternalError", "Message": "x"} for id_ in reversed(refused)]
        return answer | ({"Failed": failed} if failed else {})

    @property
    def bodies(self) -> list[list[str]]:
        return [[entry["MessageBody"] for entry in entries] for entries in self.calls]


def _queue(stub: StubSqs, faults: list[str] | None = None) -> SqsQueue:
    client = cast("SQSClient", stub)
    return SqsQueue(client, URL) if faults is None else SqsQueue(client, URL, faults.append)


def _put(*envelopes: Envelope) -> StubSqs:
    stub = StubSqs()
    assert _queue(stub).put(envelopes) == frozenset()
    return stub


def _envelopes(*bodies: str) -> list[Envelope]:
    return [Envelope(body) for body in bodies]


NUMBERED = [f"m{number}" for number in range(25)]


def test_ten_messages_go_in_a_call_in_their_order() -> None:
    stub = _put(*_envelopes(*NUMBERED))
    assert stub.bodies == [NUMBERED[:10], NUMBERED[10:20], NUMBERED[20:]]
    assert stub.urls == {URL}


def test_nothing_is_no_call() -> None:
    assert _put().calls == []


@pytest.mark.parametrize("count", [1, MAX_BATCH_MESSAGES])
def test_up_to_ten_are_one_call(count: int) -> None:
    assert len(_put(*_envelopes(*NUMBERED[:count])).calls) == 1


def _sizes(*bodies: str, reason: str = "") -> list[int]:
    return [len(entries) for entries in _put(*(Envelope(body, reason=reason) for body in bodies)).calls]


def test_a_call_has_up_to_256_kib() -> None:
    half = "x" * (MAX_BATCH_BYTES // 2 - 20)
    assert _sizes(half, half) == [2]
    assert _sizes(half, half + "x" * 40) == [1, 1]
    assert _sizes(half, half, half, half, half) == [2, 2, 1]


def test_reasons_count_towards_the_size_of_a_call_and_characters_by_their_bytes() -> None:
    half = "x" * (MAX_BATCH_BYTES // 2 - 1000)
    assert _sizes(half, half) == [2]
    assert _sizes(half, half, reason="r" * 900) == [2]
    assert _sizes(half, half, reason="é" * 900) == [1, 1]


def test_a_message_too_large_for_any_call_goes_alone_and_the_others_go_on() -> None:
    assert _sizes("a", "x" * (MAX_BATCH_BYTES + 1), "b", "c") == [1, 1, 2]


@given(st.lists(st.integers(0, MAX_BATCH_BYTES + 100), max_size=40))
def test_every_message_is_in_exactly_one_call_and_no_call_is_too_large(lengths: list[int]) -> None:
    bodies = [f"{position}:" + "x" * length for position, length in enumerate(lengths)]
    stub = _put(*_envelopes(*bodies))
    assert [body for call in stub.bodies for body in call] == bodies
    for call, entries in zip(stub.bodies, stub.calls, strict=True):
        assert 1 <= len(call) <= MAX_BATCH_MESSAGES
        assert len(call) == 1 or sum(map(len, call)) <= MAX_BATCH_BYTES
        assert len({entry["Id"] for entry in entries}) == len(entries)


def test_a_message_without_delay_and_reason_is_its_body_alone() -> None:
    assert _put(Envelope("body")).calls == [[{"Id": "0", "MessageBody": "body"}]]


def test_delay_and_reason_are_written() -> None:
    assert _put(Envelope("a", 900), Envelope("b", 0, "HTTP 400")).calls == [
        [
            {"Id": "0", "MessageBody": "a", "DelaySeconds": 900},
            {
                "Id": "1",
                "MessageBody": "b",
                "MessageAttributes": {"reason": {"DataType": "String", "StringValue": "HTTP 400"}},
            },
        ]
    ]


@pytest.mark.parametrize("refused", [{0}, {9}, {10}, {3, 11, 24}, set(range(25))])
def test_what_is_not_taken_is_said_by_its_position(refused: set[int]) -> None:
    stub = StubSqs([NUMBERED[position] for position in refused])
    faults: list[str] = []
    assert _queue(stub, faults).put(_envelopes(*NUMBERED)) == refused
    assert faults == ["SQS did not take a message: InternalError"] * len(refused)
    assert len(stub.calls) == 3


def _denied(code: str = "AccessDenied") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "m0 is the secret body"}}, "SendMessageBatch")


NONEXISTENT = "AWS.SimpleQueueService.NonExistentQueue"
REFUSED = [
    (_denied(), "SQS answered AccessDenied to SendMessageBatch"),
    (_denied(NONEXISTENT), f"SQS answered {NONEXISTENT} to SendMessageBatch"),
]
UNANSWERED = [
    (EndpointConnectionError(endpoint_url=URL), "SQS did not answer: EndpointConnectionError"),
    (ReadTimeoutError(endpoint_url=URL), "SQS did not answer: ReadTimeoutError"),
    (ParamValidationError(report="m0 is the secret body"), "SQS did not answer: ParamValidationError"),
]


@pytest.mark.parametrize(("error", "fault"), UNANSWERED, ids=[fault for _, fault in UNANSWERED])
def test_after_a_call_that_nobody_answered_no_other_follows_and_none_of_the_rest_is_taken(error: Exception, fault: str) -> None:
    stub = StubSqs([NUMBERED[3]], {1: error})
    faults: list[str] = []
    assert _queue(stub, faults).put(_envelopes(*NUMBERED)) == {3, *range(10, 25)}
    assert faults == ["SQS did not take a message: InternalError", fault]
    assert len(stub.calls) == 2


@pytest.mark.parametrize(("error", "fault"), REFUSED, ids=[fault for _, fault in REFUSED])
def test_of_a_call_that_is_refused_nothing_is_taken_and_the_other_calls_go_on(error: Exception, fault: str) -> None:
    stub = StubSqs([NUMBERED[20]], {1: error})
    faults: list[str] = []
    assert _queue(stub, faults).put(_envelopes(*NUMBERED)) == {*range(10, 20), 20}
    assert faults == [fault, "SQS did not take a message: InternalError"]
    assert len(stub.calls) == 3


def test_nobody_has_to_listen_to_faults() -> None:
    assert _queue(StubSqs(errors={0: _denied()})).put(_envelopes("a", "b")) == {0, 1}
    assert _queue(StubSqs(["a"])).put(_envelopes("a", "b")) == {0}


def test_an_error_of_ours_is_not_taken_for_one_of_sqs() -> None:
    with pytest.raises(ZeroDivisionError):
        _queue(StubSqs(errors={0: ZeroDivisionError()})).put(_envelopes("a"))


def test_a_reason_that_quotes_others_is_one_that_sqs_takes() -> None:
    stub = StubSqs()
    _queue(stub).put([Envelope("a", reason="TLS: \x00\ud800\n\uffff " + "ü" * 2000)])
    (reason,) = [entry["MessageAttributes"]["reason"]["StringValue"] for entry in stub.calls[0]]
    assert reason == ("TLS: ???? " + "ü" * 2000)[:1000]
