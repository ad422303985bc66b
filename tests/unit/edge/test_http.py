"""Reading HTTP API events and writing their answers."""

import base64
import gzip
import json
from typing import TYPE_CHECKING, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushhub.dialects.altcraft.events.errors import EventRefusal
from pushhub.dialects.body import BadBodyError, with_plain_body
from pushhub.dialects.http import Answer, Caller, Fault, HttpReply, HttpRequest
from pushhub.edge.http import http_request, http_response, serve
from pushhub.faults import UnavailableError
from tests.doubles.functions import Context

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


def event(body: str | None, base64_flag: bool = False) -> dict[str, object]:
    context = {"requestId": "r-1", "http": {"method": "PUT"}}
    given = {"rawPath": "/things/7", "requestContext": context, "isBase64Encoded": base64_flag}
    return given | ({} if body is None else {"body": body})


@given(st.binary())
def test_a_flagged_body_is_decoded_to_the_bytes_that_were_sent(body: bytes) -> None:
    assert http_request(event(base64.b64encode(body).decode(), True)).body == body


@given(st.text(st.characters(codec="utf-8", exclude_characters="\ufffd")))
def test_a_text_body_is_what_was_sent(body: str) -> None:
    assert http_request(event(body)).body == body.encode()


def test_an_event_without_a_body_has_an_empty_one() -> None:
    assert http_request(event(None)).body == b""


@pytest.mark.parametrize(("body", "flag"), [("a\ufffdb", False), ("not base64!", True), ("\ud800", False)])
def test_a_body_that_was_lost_on_the_way_is_not_utf8(body: str, flag: bool) -> None:
    with pytest.raises(UnicodeDecodeError):
        http_request(event(body, flag)).body.decode()


def test_a_packed_body_that_came_as_text_can_still_be_told_from_another() -> None:
    as_text = gzip.compress(b"{}", mtime=0).decode(errors="replace")
    with pytest.raises(BadBodyError, match="packed with gzip, but was damaged on its way"):
        with_plain_body(http_request(event(as_text) | {"headers": {"Content-Encoding": "gzip"}}), 1000)


def test_an_answer_carries_the_requests_id() -> None:
    request = http_request(event("{}"))
    assert http_response(request, HttpReply(503, b"{}", {"retry-after": "2"})) == {
        "statusCode": 503,
        "headers": {"content-type": "application/json; charset=utf-8", "x-request-id": "r-1", "retry-after": "2"},
        "body": "{}",
        "isBase64Encoded": False,
    }


def test_headers_are_found_by_their_names_in_lower_case() -> None:
    request = http_request(event("{}") | {"headers": {"Content-Type": "application/xml", "AUTHORIZATION": "Bearer x"}})
    assert request.header("content-type") == "application/xml"
    assert request.header("authorization") == "Bearer x"
    assert request.header("accept") == ""


@pytest.mark.parametrize("query", ["", "/2ab9", "%2F2ab9=", "format=xml&token=%20"])
def test_the_query_is_what_was_sent(query: str) -> None:
    assert http_request(event("{}") | {"rawQueryString": query}).query == query


def test_method_and_path_are_those_that_were_asked() -> None:
    request = http_request(event("{}"))
    assert (request.method, request.path) == ("PUT", "/things/7")


def test_an_event_without_headers_and_query_has_none() -> None:
    request = http_request(event("{}"))
    assert (request.query, request.header("content-type")) == ("", "")


def test_an_answer_says_what_it_is_written_in() -> None:
    xml = {"content-type": "application/xml; charset=utf-8"}
    response = http_response(http_request(event("{}")), HttpReply(200, "<xml>я</xml>".encode(), xml))
    assert response["headers"] == {**xml, "x-request-id": "r-1"}
    assert response["body"] == "<xml>я</xml>"


def test_a_handler_answers_an_event_and_shows_the_operator_what_came_of_it(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    fault = Fault.of(UnavailableError("no answer"), "it could not be served")

    def endpoint(request: HttpRequest) -> Answer:
        assert (request.id, request.body, request.query) == ("r-1", b"{}", "a=b")
        return Answer(HttpReply(503, b"{}"), Caller("caller", "gateway"), EventRefusal.UNAVAILABLE, fault, {"Tries": 2})

    response = serve(endpoint)(event("{}") | {"rawQueryString": "a=b"}, cast("LambdaContext", Context()))
    assert response == http_response(http_request(event("{}")), HttpReply(503, b"{}"))
    line = json.loads(capsys.readouterr().out)
    shown = {name: value for name, value in line.items() if name not in {"_aws", "service"}}
    assert shown == {
        "request_id": "r-1",
        "status": 503,
        "caller": "gateway",
        "refusal": "UNAVAILABLE",
        "Requests": [1.0],
        "RequestsRefused": [1.0],
        "Tries": [2.0],
    }
    (logged,) = (vars(record) for record in caplog.records)
    assert (logged["message"], logged["request_id"]) == ("it could not be served", "r-1")
    assert logged["fault"] == "UnavailableError: no answer"
