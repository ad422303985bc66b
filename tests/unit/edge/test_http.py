"""Reading HTTP API events and writing their answers."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushhub.dialects.http import HttpReply
from pushhub.edge.http import http_request, http_response


def event(body: str | None, base64_flag: bool = False) -> dict[str, object]:
    return {"requestContext": {"requestId": "r-1"}, "isBase64Encoded": base64_flag} | ({} if body is None else {"body": body})


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


def test_an_event_without_headers_and_query_has_none() -> None:
    request = http_request(event("{}"))
    assert (request.query, request.header("content-type")) == ("", "")


def test_an_answer_says_what_it_is_written_in() -> None:
    xml = {"content-type": "application/xml; charset=utf-8"}
    response = http_response(http_request(event("{}")), HttpReply(200, "<xml>я</xml>".encode(), xml))
    assert response["headers"] == {**xml, "x-request-id": "r-1"}
    assert response["body"] == "<xml>я</xml>"
