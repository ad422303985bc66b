"""What is in an HTTP API event, and what does API Gateway want back?"""

import base64
import binascii
from collections.abc import Mapping
from typing import Any, Final

from pushhub.dialects.http import HttpRequest

_NOT_UTF8: Final = b"\xff"
"""Stands in a body for bytes that were lost on the way, so that whoever decodes it strictly refuses it."""


def http_request(event: Mapping[str, Any]) -> HttpRequest:
    """Read an event of payload format 2.0."""
    return HttpRequest(
        id=event["requestContext"]["requestId"],
        body=_body(event),
        query=event.get("rawQueryString", ""),
        headers={name.lower(): value for name, value in event.get("headers", {}).items()},
    )


def http_response(request: HttpRequest, status: int, body: bytes, headers: Mapping[str, str]) -> dict[str, Any]:
    """Return an answer in the form API Gateway takes, JSON unless a header says otherwise; it carries the request's id."""
    return {
        "statusCode": status,
        "headers": {"content-type": "application/json; charset=utf-8", "x-request-id": request.id, **headers},
        "body": body.decode(),
        "isBase64Encoded": False,
    }


def _body(event: Mapping[str, Any]) -> bytes:
    text: str = event.get("body") or ""
    if event.get("isBase64Encoded"):
        try:
            return base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            return _NOT_UTF8
    # Where a body is handed on as text, U+FFFD already stands for every byte that was not UTF-8: it is not what was sent.
    return text.encode(errors="surrogatepass").replace("\ufffd".encode(), _NOT_UTF8)
