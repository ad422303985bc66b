"""Which bodies are read, and where a token is taken from."""

import gzip
import json
from typing import Any

import pytest

from pushhub.dialects.devtodev.push.errors import PushRefusal, PushRefusedError
from pushhub.dialects.devtodev.push.request import MAX_PUSH_BYTES, api_token_of, read_push_body
from pushhub.dialects.http import HttpRequest
from tests.doubles.http import http_request

LARGEST = b'{"a":"' + b"a" * (MAX_PUSH_BYTES - 8) + b'"}'


@pytest.mark.parametrize("content_type", [None, "application/json", "text/plain", "application/xml", "application/octet-stream"])
def test_a_body_is_json_whatever_its_content_type_says(content_type: str | None) -> None:
    assert read_push_body(http_request(b'{"app_id": "shop"}', content_type=content_type)) == {"app_id": "shop"}


@pytest.mark.parametrize(
    "request_",
    [
        http_request(b'\xef\xbb\xbf{"a": 1}'),
        http_request(b' \n{"a": 1}\t '),
        http_request(gzip.compress(b'{"a": 1}', mtime=0), content_encoding="gzip"),
    ],
)
def test_a_mark_blanks_and_packing_make_no_other_body(request_: HttpRequest) -> None:
    assert read_push_body(request_) == {"a": 1}


def test_the_largest_body_is_read() -> None:
    assert read_push_body(http_request(LARGEST))


@pytest.mark.parametrize(
    ("request_", "refusal"),
    [
        (http_request(), PushRefusal.BODY_EMPTY),
        (http_request(b" \r\n\t"), PushRefusal.BODY_EMPTY),
        (http_request(b"\xef\xbb\xbf \n"), PushRefusal.BODY_EMPTY),
        (http_request(gzip.compress(b"", mtime=0), content_encoding="gzip"), PushRefusal.BODY_EMPTY),
        (http_request(LARGEST + b" "), PushRefusal.PAYLOAD_TOO_LARGE),
        (http_request(b" " * (MAX_PUSH_BYTES + 1)), PushRefusal.PAYLOAD_TOO_LARGE),
        (http_request(gzip.compress(LARGEST + b" ", mtime=0), content_encoding="gzip"), PushRefusal.PAYLOAD_TOO_LARGE),
        (http_request(b"{"), PushRefusal.BAD_BODY),
        (http_request(b"[]"), PushRefusal.BAD_BODY),
        (http_request(b'"text"'), PushRefusal.BAD_BODY),
        (http_request(b'{"a": 1, "a": 1}'), PushRefusal.BAD_BODY),
        (http_request(b'{"b": [{"a": 1, "a": 1}]}'), PushRefusal.BAD_BODY),
        (http_request(b'{"a": NaN}'), PushRefusal.BAD_BODY),
        (http_request(b'{"a": -Infinity}'), PushRefusal.BAD_BODY),
        (http_request(b'{"a": "\\ud800"}'), PushRefusal.BAD_BODY),
        (http_request(b'{"a": "\xff"}'), PushRefusal.BAD_BODY),
        (http_request('{"a": 1}'.encode("utf-16")), PushRefusal.BAD_BODY),
        (http_request(b'{"a": ' + b"9" * 5_000 + b"}"), PushRefusal.BAD_BODY),
        (http_request(b'{"a": ' + b"[" * 32 + b"]" * 32 + b"}"), PushRefusal.BAD_BODY),
        (http_request(b"{}", content_encoding="br"), PushRefusal.BAD_BODY),
        (http_request(gzip.compress(b"{}", mtime=0)[:-2], content_encoding="gzip"), PushRefusal.BAD_BODY),
    ],
)
def test_what_is_no_body_of_this_api_is_refused(request_: HttpRequest, refusal: PushRefusal) -> None:
    with pytest.raises(PushRefusedError) as refused:
        read_push_body(request_)
    assert [each.refusal for each in refused.value.errors] == [refusal]


@pytest.mark.parametrize(
    ("query", "fields", "api_token"),
    [
        ("user_token=of-url", {}, "of-url"),
        ("", {"user_token": "of-body"}, "of-body"),
        ("user_token=of-url", {"user_token": "of-body"}, "of-url"),
        ("user_token=of-url", {"user_token": 5}, "of-url"),
        ("user_token=", {"user_token": "of-body"}, "of-body"),
        ("user_token=a&user_token=b", {}, "b"),
        ("user_token=a+b%2F%3D", {}, "a+b/="),
        ("token=other", {"user_token": "of-body"}, "of-body"),
    ],
)
def test_the_token_of_the_url_wins_over_that_of_the_body(query: str, fields: dict[str, Any], api_token: str) -> None:
    assert api_token_of(http_request(query=query), fields) == api_token


@pytest.mark.parametrize("fields", [{}, {"user_token": ""}, {"user_token": None}, {"token": "other"}])
def test_a_request_without_a_token_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(PushRefusedError, match=r"^Authorization error\. User_token is not set\.$"):
        api_token_of(http_request(query="user_token="), fields)


@pytest.mark.parametrize("api_token", [5, True, ["a"], {"a": "b"}])
def test_a_token_of_the_body_that_is_not_a_text_has_a_bad_value(api_token: object) -> None:
    shown = json.dumps(api_token, separators=(",", ":"))
    with pytest.raises(PushRefusedError) as refused:
        api_token_of(http_request(), {"user_token": api_token})
    assert str(refused.value) == f"Invalid value for field user_token. Received value: {shown}. Expected: a text"
