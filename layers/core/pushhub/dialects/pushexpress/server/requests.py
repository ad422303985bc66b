"""What does a request of the back-end API hold, and whose is it?

Whatever its Content-Type says, a body is JSON.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from pushhub.dialects.body import BadBodyError, BodyTooLargeError, with_plain_body
from pushhub.dialects.http import HttpRequest, RefusedError
from pushhub.dialects.json_body import MAX_DEPTH, read_object
from pushhub.dialects.pushexpress.errors import PushExpressRefusal

MAX_SERVER_BYTES: Final = 1024 * 1024
"""Of a body, both as it came and unpacked: six lists of 10,000 ids take half of it."""

_BEARER: Final = re.compile(r"bearer +([!-~]+) *", re.IGNORECASE)
_IDEMPOTENCY_KEY: Final = re.compile(r"[!-~]{1,255}")


def bearer_token_of(request: HttpRequest) -> str:
    """Return the API token of a request, which the vendor calls an API key ("Instant sending").

    Raises:
        RefusedError: there is no header Authorization, or it has another scheme.
    """
    found = _BEARER.fullmatch(request.header("authorization"))
    if found is None:
        raise RefusedError(PushExpressRefusal.API_TOKEN_MISSING)
    return found[1]


def read_server_body(request: HttpRequest) -> Mapping[str, Any]:
    """Return the JSON object in the body of a request.

    Raises:
        RefusedError: the body is empty, over :data:`MAX_SERVER_BYTES`, packed in a way that is not taken, not JSON, no object, has
            a key twice, or is nested too deeply.
    """
    try:
        return read_object(with_plain_body(request, MAX_SERVER_BYTES).body, MAX_DEPTH, unique_keys=True)
    except BodyTooLargeError:
        raise RefusedError(PushExpressRefusal.BODY_TOO_LARGE, most=MAX_SERVER_BYTES) from None
    except BadBodyError as bad:
        raise RefusedError(PushExpressRefusal[bad.refusal], detail=bad) from None


def idempotency_key_of(request: HttpRequest) -> str | None:
    """Return the header `Idempotency-Key`, which tells a request from every other of its caller; None where there is none.

    Raises:
        RefusedError: it is not 1 to 255 visible ASCII characters.
    """
    if "idempotency-key" not in request.headers:
        return None
    found = _IDEMPOTENCY_KEY.fullmatch(request.header("idempotency-key"))
    if found is None:
        raise RefusedError(PushExpressRefusal.BAD_IDEMPOTENCY_KEY)
    return found[0]
