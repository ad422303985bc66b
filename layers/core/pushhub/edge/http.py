"""How does an endpoint answer API Gateway?

event → http_request → the endpoint → observe → http_response
"""

import base64
import binascii
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from pushhub.dialects.http import Endpoint, HttpReply, HttpRequest
from pushhub.edge.observing.output import metrics
from pushhub.edge.observing.requests import observe

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

_NOT_UTF8: Final = b"\xff"
"""Stands in a body for bytes that were lost on the way, so that whoever decodes it strictly refuses it."""


def serve(endpoint: Endpoint) -> "Callable[[dict[str, Any], LambdaContext], dict[str, Any]]":
    """Return the handler of an endpoint; each request is one line of metrics, and one more of the log where a fault met it."""

    @metrics.log_metrics
    def handler(event: dict[str, Any], _context: "LambdaContext") -> dict[str, Any]:
        request = http_request(event)
        answer = endpoint(request)
        observe(request, answer)
        return http_response(request, answer.reply)

    return handler


def http_request(event: Mapping[str, Any]) -> HttpRequest:
    """Read an event of payload format 2.0."""
    context = event["requestContext"]
    return HttpRequest(
        id=context["requestId"],
        body=_body(event),
        query=event.get("rawQueryString", ""),
        headers={name.lower(): value for name, value in event.get("headers", {}).items()},
        method=context["http"]["method"],
        path=event["rawPath"],
    )


def http_response(request: HttpRequest, reply: HttpReply) -> dict[str, Any]:
    """Return a reply in the form that API Gateway takes, JSON unless a header says otherwise; it carries the request's id."""
    return {
        "statusCode": reply.status,
        "headers": {"content-type": "application/json; charset=utf-8", "x-request-id": request.id, **reply.headers},
        "body": reply.body.decode(),
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
