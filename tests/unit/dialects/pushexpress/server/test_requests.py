"""What a request of the back-end API holds, and whose it is."""

import gzip
import json

import pytest

from pushhub.dialects.http import HttpRequest, RefusedError
from pushhub.dialects.pushexpress.errors import PushExpressRefusal
from pushhub.dialects.pushexpress.server.requests import (
    MAX_SERVER_BYTES,
    bearer_token_of,
    idempotency_key_of,
    read_server_body,
)
from tests.doubles.http import http_request

WRONG_SCHEMES = ["", "abc", "Basic abc", "Bearer", "Bearer ", "Bearerabc", "Bearer a b", "Bearer ключ", "Token abc", " Bearer abc"]


@pytest.mark.parametrize("header", ["Bearer key-1", "bearer key-1", "BEARER   key-1", "Bearer key-1 "])
def test_the_api_token_stands_behind_the_scheme(header: str) -> None:
    assert bearer_token_of(http_request(authorization=header)) == "key-1"


@pytest.mark.parametrize("header", [None, *WRONG_SCHEMES])
def test_a_request_without_a_bearer_token_is_refused(header: str | None) -> None:
    with pytest.raises(RefusedError) as error:
        bearer_token_of(http_request(authorization=header))
    assert error.value.refusal is PushExpressRefusal.API_TOKEN_MISSING
    assert "abc" not in str(error.value)


@pytest.mark.parametrize("content_type", [None, "application/json", "text/plain"])
def test_a_body_is_json_whatever_its_type_says(content_type: str | None) -> None:
    assert read_server_body(http_request(b'{"a": [1, null]}', content_type=content_type)) == {"a": [1, None]}


def test_a_body_may_be_packed() -> None:
    assert read_server_body(http_request(gzip.compress(b'{"a": 1}'), content_encoding="gzip")) == {"a": 1}


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"", "body is empty"),
        (b"  ", "body is empty"),
        (b"[]", "body is not a JSON object"),
        (b'"a"', "body is not a JSON object"),
        (b'{"a": 1', "body is not JSON: Expecting ',' delimiter at character 7"),
        (b'{"a": 1, "a": 2}', "body has a key twice in one object"),
        (b'{"a": NaN}', "body holds NaN, which is not JSON"),
        (b'{"a": "\\ud800"}', "body holds half of a surrogate pair"),
        (b"\xff", "body is not valid UTF-8"),
        (b'{"a":' * 33 + b"1" + b"}" * 33, "body is nested deeper than 32 levels"),
        (b'{"a": ' + b"1" * 5_000 + b"}", "body holds a number with too many digits"),
    ],
)
def test_a_body_that_is_no_json_object_is_refused(body: bytes, text: str) -> None:
    with pytest.raises(RefusedError) as error:
        read_server_body(http_request(body))
    assert (error.value.refusal.status, str(error.value)) == (400, f"validation error: {text}")


def test_a_body_has_at_most_a_mebibyte() -> None:
    body = json.dumps({"a": "x" * (MAX_SERVER_BYTES - 9)}).encode()
    assert len(body) == MAX_SERVER_BYTES
    read_server_body(http_request(body))
    for larger in (http_request(body + b" "), http_request(gzip.compress(body + b" "), content_encoding="gzip")):
        with pytest.raises(RefusedError) as error:
            read_server_body(larger)
        assert (error.value.refusal.status, str(error.value)) == (400, "validation error: body is over 1048576 bytes")


def test_a_body_that_is_packed_otherwise_is_refused() -> None:
    with pytest.raises(RefusedError) as error:
        read_server_body(http_request(b"{}", content_encoding="br"))
    assert (error.value.refusal.status, error.value.refusal) == (400, PushExpressRefusal.BAD_CODING)


def with_key(key: str) -> HttpRequest:
    return HttpRequest("r-1", headers={"idempotency-key": key})


def test_an_idempotency_key_may_be_absent() -> None:
    assert idempotency_key_of(http_request()) is None


@pytest.mark.parametrize("key", ["a", "!~", "8e03978e-40d5-43e8-bc93-6894a57f9324", "x" * 255])
def test_an_idempotency_key_is_visible_ascii(key: str) -> None:
    assert idempotency_key_of(with_key(key)) == key


@pytest.mark.parametrize("key", ["", " ", "a b", "ключ", "a\n", "x" * 256, "\x7f"])
def test_another_idempotency_key_is_refused(key: str) -> None:
    with pytest.raises(RefusedError) as error:
        idempotency_key_of(with_key(key))
    assert error.value.refusal is PushExpressRefusal.BAD_IDEMPOTENCY_KEY
