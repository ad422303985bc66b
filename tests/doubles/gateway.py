"""API Gateway in front of handlers: bytes of HTTP/1.1 in, bytes of HTTP/1.1 out, and an event of payload format 2.0 between."""

import base64
import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from email.parser import BytesParser
from typing import Any
from urllib.parse import unquote

from tests.doubles.functions import Context
from tests.doubles.http1_server import answer

Handler = Callable[[dict[str, Any], Context], dict[str, Any]]
TEXTS = ("application/json", "text/")
"""How the content types begin whose bodies are handed on as text."""


@dataclass
class Gateway:
    """Gives each request to the handler that `handler_of` finds for its method and decoded path."""

    handler_of: Callable[[str, str], Handler]
    requests: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def __call__(self, request: bytes) -> bytes:
        head, _, body = request.partition(b"\r\n\r\n")
        line, _, rest = head.partition(b"\r\n")
        method, target, _ = line.decode("latin-1").split(" ")
        headers = {name.lower(): value for name, value in BytesParser().parsebytes(rest).items()}
        event = event_of(method, target, headers, body, f"request-{next(self.requests)}")
        reply = self.handler_of(method, event["rawPath"])(event, Context())
        lines = (f"{name}: {value}" for name, value in reply["headers"].items())
        return answer(f"{reply['statusCode']} Answered", reply["body"].encode(), *lines)


def event_of(method: str, target: str, headers: Mapping[str, str], body: bytes, request_id: str) -> dict[str, Any]:
    """Return the event of a request."""
    path, _, query = target.partition("?")
    event: dict[str, Any] = {
        "version": "2.0",
        "rawPath": unquote(path),
        "rawQueryString": query,
        "headers": dict(headers),
        "requestContext": {"requestId": request_id, "http": {"method": method, "path": unquote(path)}},
        "isBase64Encoded": False,
    }
    if not body:
        return event
    if headers.get("content-type", "").startswith(TEXTS):
        return event | {"body": body.decode(errors="replace")}
    return event | {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}
