"""What does a caller of push.express's APIs read when a request is refused?

A text begins with a kind, as the vendor's only example does ("Instant sending", "Error handling", in `sources.md`). The other kinds
and all texts are the hub's own. The vendor documents 400 for whatever is wrong with a request, a body that is too large included.
"""

from enum import StrEnum

from pushhub.dialects import refusals
from pushhub.dialects.http import RefusalTable


class RefusalKind(StrEnum):
    """How the text of a refusal begins."""

    VALIDATION = "validation error"
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not found"
    METHOD_NOT_ALLOWED = "method not allowed"
    NOT_IMPLEMENTED = "not implemented"
    TOO_MANY_REQUESTS = "too many requests"
    UNAVAILABLE = "unavailable"


class PushExpressRefusal(RefusalTable):
    """Refusals of the back-end API and of the SDK API: HTTP status, kind, and text.

    Those before NOT_IMPLEMENTED are checked first and in this order. The others follow as a call comes to what they are about: body
    and `Idempotency-Key`, then its fields in turn, then what they name.

    `path` is where a field stands in the body, such as `filters.app_ids_include[0]`, or what a path of the API calls its parameter,
    such as `sched_id`. No text quotes a value.
    """

    PATH_UNKNOWN = 404, RefusalKind.NOT_FOUND, "this hub has no such path"
    METHOD_NOT_ALLOWED = 405, RefusalKind.METHOD_NOT_ALLOWED, "this path takes {methods}"
    BODY_TOO_LARGE = 400, RefusalKind.VALIDATION, "body is over {most} bytes"
    API_TOKEN_MISSING = 401, RefusalKind.UNAUTHORIZED, "header Authorization must be Bearer and an API key"
    API_TOKEN_UNKNOWN = 401, RefusalKind.UNAUTHORIZED, "the API key is unknown"
    SUSPENDED = 403, RefusalKind.FORBIDDEN, "the caller of this API key is suspended"
    NO_RIGHT = 403, RefusalKind.FORBIDDEN, "the caller of this API key has no right to send"
    NOT_IMPLEMENTED = 501, RefusalKind.NOT_IMPLEMENTED, "this hub has no {what}; {instead}"
    BAD_CODING = 400, RefusalKind.VALIDATION, refusals.BAD_CODING.text
    BAD_BODY = 400, RefusalKind.VALIDATION, refusals.BAD_BODY.text
    BAD_IDEMPOTENCY_KEY = 400, RefusalKind.VALIDATION, "header Idempotency-Key must be 1 to 255 visible ASCII characters"
    IDEMPOTENCY_KEY_REUSED = 400, RefusalKind.VALIDATION, "header Idempotency-Key came before with another body"
    FIELD_MISSING = 400, RefusalKind.VALIDATION, "{path} is required"
    UNEXPECTED_FIELD = 400, RefusalKind.VALIDATION, "{path} is no field of this call"
    BAD_VALUE = 400, RefusalKind.VALIDATION, "{path} must be {expected}"
    REPEATED = 400, RefusalKind.VALIDATION, "{path} is the same as {first}"
    OVERLAP = 400, RefusalKind.VALIDATION, "{path} stands in {other} too"
    NOT_BESIDE = 400, RefusalKind.VALIDATION, "{path} must be omitted where {other} is {value}"
    EVENT_UNKNOWN = 400, RefusalKind.VALIDATION, "{path} is no event code of the catalog"
    UNKNOWN = 404, RefusalKind.NOT_FOUND, "{path} is no {what}"
    NO_APPS = 400, RefusalKind.VALIDATION, "{path} and the other filters of apps must choose an app that is not archived"
    TOO_MANY_APPS = 400, RefusalKind.VALIDATION, "{path} and the other filters of apps must choose at most {most} for local_time"
    NOT_IN_FUTURE = 400, RefusalKind.VALIDATION, "{path} must be in the future"
    MESSAGE_MISFIT = 400, RefusalKind.VALIDATION, "{path} does not fit {provider}: {misfit}"
    SENDING_TOO_LARGE = 400, RefusalKind.VALIDATION, "filters and push are too large together: {misfit}"
    BOUND_ELSEWHERE = 400, RefusalKind.VALIDATION, "{path} is bound to another scheduler"
    SENDING_IS_DUE = 400, RefusalKind.VALIDATION, "{path} is due already, or cancelled"
    TOO_MANY_REQUESTS = 429, RefusalKind.TOO_MANY_REQUESTS, "repeat the request after {seconds} seconds"
    UNAVAILABLE = 503, RefusalKind.UNAVAILABLE, refusals.UNAVAILABLE.text

    def __init__(self, status: int, kind: RefusalKind, text: str) -> None:
        """Name the parts of a row."""
        super().__init__(status, f"{kind}: {text}")
        self.kind = kind
