"""Requests as endpoints get them, without the event of API Gateway around them."""

from pushhub.dialects.http import HttpRequest


def http_request(
    body: bytes = b"",
    *,
    query: str = "",
    content_type: str | None = None,
    content_encoding: str | None = None,
    authorization: str | None = None,
) -> HttpRequest:
    """Return a request with the headers that endpoints look at, where they are given."""
    headers = {"content-type": content_type, "content-encoding": content_encoding, "authorization": authorization}
    return HttpRequest("r-1", body, query, {name: value for name, value in headers.items() if value is not None})
