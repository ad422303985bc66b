"""What does a request of the Push API hold, and whose is it?

Whatever its Content-Type says, a body is JSON: known clients send none.
"""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qs

from pushhub.dialects.body import BYTE_ORDER_MARK, BadBodyError, with_plain_body
from pushhub.dialects.devtodev.push.errors import PushRefusal, PushRefusedError, push_error
from pushhub.dialects.devtodev.push.kinds import bad_value
from pushhub.dialects.http import HttpRequest
from pushhub.dialects.json_body import MAX_DEPTH, read_object

MAX_PUSH_BYTES: Final = 1024 * 1024
"""Of a body, both as it came and unpacked: a thousand elements with every identifier take a third of it."""

_MARK: Final = BYTE_ORDER_MARK.encode()


def read_push_body(request: HttpRequest) -> Mapping[str, Any]:
    """Return the JSON object in the body of a request.

    Raises:
        PushRefusedError: the body is empty or of blanks alone, too large, packed in a way that is not taken, not JSON, no object,
            has a key twice, or is nested too deeply.
    """
    try:
        body = with_plain_body(request, MAX_PUSH_BYTES).body
        if not body.removeprefix(_MARK).strip():
            raise PushRefusedError(push_error(PushRefusal.BODY_EMPTY))
        return read_object(body, MAX_DEPTH, unique_keys=True)
    except BadBodyError as bad:
        raise PushRefusedError(push_error(PushRefusal[bad.refusal])) from None


def api_token_of(request: HttpRequest, fields: Mapping[str, Any]) -> str:
    """Return the API token of a request; the URL's wins over the body's ("Push API", `user_token`).

    An empty one counts as none, and so does null. One of the body that is not a text is looked at only where the URL has none.

    Raises:
        PushRefusedError: there is none, or the body's is not a text.
    """
    if in_url := _api_token_in_url(request):
        return in_url
    in_body = fields.get("user_token")
    if in_body is None or in_body == "":
        raise PushRefusedError(push_error(PushRefusal.API_TOKEN_MISSING))
    if not isinstance(in_body, str):
        raise PushRefusedError(bad_value("user_token", in_body, "a text"))
    return in_body


def _api_token_in_url(request: HttpRequest) -> str | None:
    """Return the last `user_token` of a query string that is not empty; a `+` is itself, since no API token has a blank."""
    return parse_qs(request.query.replace("+", "%2B")).get("user_token", [None])[-1]
