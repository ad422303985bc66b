"""What does a caller of the Push API read when a request is refused?

Codes and texts are the vendor's: "Push API", "List of possible errors", in `sources.md`. Clients compare them: they never change.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pushhub.dialects.http import RefusalTable, RefusedError

MAX_LISTED_ERRORS: Final = 100
"""Errors of one reply, and elements of `error_details`: a body of 1 MiB may have hundreds of thousands of faults."""
MAX_ECHOED_CHARACTERS: Final = 1_000
"""Of a token or an app id that a text repeats: quoted, a body of control characters takes six times its bytes, and a function may
return 6 MB."""
_CUT: Final = "…"
_NO_SUBSCRIPTIONS: Final = (
    "No push token has been received from the devtodev SDK integrated with the app you specified. Please make sure the SDK is"
    " integrated correctly."
)
_PACK_BLOCKED: Final = (
    "The sending was blocked. The request with the {pack_id} identifier has already been sent during previous 10 minutes."
)


class PushRefusal(RefusalTable):
    """Refusals of a request, in the order in which they are checked: HTTP status, the vendor's code, and text.

    The vendor checks nothing in a published order; this one is ours. Its code 14 is about files of another API. A row under two
    names is one refusal: this table has no words of its own for a body that is too large or packed in an unknown way.
    """

    BODY_EMPTY = 400, 2, "Request body is empty"
    PAYLOAD_TOO_LARGE = 400, 31, "Notification payload size limit exceeded."
    BODY_TOO_LARGE = PAYLOAD_TOO_LARGE
    BAD_BODY = 400, 3, "Malformed json"
    BAD_CODING = BAD_BODY
    API_TOKEN_MISSING = 401, 12, "Authorization error. User_token is not set."
    API_TOKEN_UNKNOWN = 401, 11, "Authorization error. Wrong user token {user_token}"
    SUSPENDED = 403, 15, "Access denied. You have no access to API."
    NO_RIGHT = 403, 23, "Access denied. You have no access to Push API."
    FIELD_MISSING = 400, 4, "Field not found: {field}"
    APP_UNKNOWN = 400, 6, "Invalid app id {app_id}"
    APP_FOREIGN = 403, 13, "Access denied. You have no access to the app {app_id}"
    UNEXPECTED_FIELD = 400, 29, "Unexpected field {field}"
    UNEXPECTED_VALUE = 400, 28, "Unexpected value for field {field}. Received value: {value}. Expected values: {expected}."
    BAD_VALUE = 400, 30, "Invalid value for field {field}. Received value: {value}. Expected: {expected}"
    AUDIENCE_TOO_LARGE = 400, 27, "The audience array should not contain more than 1000 elements."
    PUSHES_DISABLED = 400, 24, "Push service is not enabled in an application settings."
    NOT_INTEGRATED = 400, 25, "The devtodev SDK is not integrated with the application you specified"
    NO_SUBSCRIPTIONS = 400, 26, _NO_SUBSCRIPTIONS
    PACK_BLOCKED = 400, 32, _PACK_BLOCKED
    NOBODY_FOUND = 400, 33, "The requested users have not been found, or there have been no push-token received from them."
    UNAVAILABLE = 503, 1, "Unknown Error"
    """The hub's own: a store does not answer, so the request is to be repeated."""
    UNEXPECTED = 500, 1, "Unknown Error"
    """The vendor's row that this hub never gives: a crash is API Gateway's own 500, and rings the alarm of the function."""

    def __init__(self, status: int, vendor_code: int, text: str) -> None:
        """Name the parts of a row."""
        super().__init__(status, text)
        self.vendor_code = vendor_code


@dataclass(frozen=True, slots=True)
class PushError:
    """One element of `errors`; `details` fill the gaps of the refusal's text."""

    refusal: PushRefusal
    details: Mapping[str, str]

    @property
    def msg(self) -> str:
        """The text."""
        return self.refusal.text.format(**self.details)


def push_error(refusal: PushRefusal, **details: str) -> PushError:
    """Return an error whose text repeats no more than :data:`MAX_ECHOED_CHARACTERS` of each detail."""
    return PushError(refusal, {name: cut_text(detail, MAX_ECHOED_CHARACTERS) for name, detail in details.items()})


class PushRefusedError(RefusedError):
    """The whole request is refused, for one reason or for several of one request; `refusal` is the first."""

    def __init__(self, first: PushError, *others: PushError) -> None:
        """Refuse for these reasons; no more than :data:`MAX_LISTED_ERRORS` are kept."""
        super().__init__(first.refusal, **first.details)
        self.errors = (first, *others)[:MAX_LISTED_ERRORS]


def cut_text(text: str, most: int) -> str:
    """Return a text of at most this many characters, and a sign behind it where there were more."""
    return text if len(text) <= most else text[:most] + _CUT
