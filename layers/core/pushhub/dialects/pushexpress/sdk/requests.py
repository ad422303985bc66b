"""What does every call of the vendor's SDKs hold?

Whatever its Content-Type says, a body is JSON.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from pushhub.dialects.body import BadBodyError, BodyTooLargeError, with_plain_body
from pushhub.dialects.http import HttpRequest, RefusedError
from pushhub.dialects.json_body import MAX_DEPTH, read_object
from pushhub.dialects.pushexpress.errors import PushExpressRefusal

MAX_SDK_BYTES: Final = 16 * 1024
"""Of a body, both as it came and unpacked: twice what the longest push token and the longest values of all fields take."""
SECONDS_TO_LAST_STORE_CALL: Final = 18
"""No call of the store starts later than this after the request began: where it hangs, there is still time for the 503."""


def read_sdk_body(request: HttpRequest) -> Mapping[str, Any]:
    """Return the JSON object in the body of a call.

    Raises:
        RefusedError: the body is empty, over :data:`MAX_SDK_BYTES`, packed in a way that is not taken, not JSON, or no object.
    """
    try:
        return read_object(with_plain_body(request, MAX_SDK_BYTES).body, MAX_DEPTH)
    except BodyTooLargeError:
        raise RefusedError(PushExpressRefusal.BODY_TOO_LARGE, most=MAX_SDK_BYTES) from None
    except BadBodyError as bad:
        raise RefusedError(PushExpressRefusal[bad.refusal], detail=bad) from None


def given_text(value: object) -> str:
    """Return a text, or a number as one, since scripts write ids and offsets like that; empty for anything else."""
    return "" if isinstance(value, bool) or not isinstance(value, str | int | Decimal) else str(value)
