"""What does a caller read when an event is refused?"""

from typing import Final

from pushhub.dialects import refusals
from pushhub.dialects.http import RefusalTable

MAX_EVENT_BYTES: Final = 64 * 1024


class EventRefusal(RefusalTable):
    """Refusals of `post_events` and `crypto_post_events`."""

    BODY_TOO_LARGE = refusals.body_too_large(MAX_EVENT_BYTES)
    BAD_CODING = refusals.BAD_CODING
    BAD_BODY = refusals.BAD_BODY
    BAD_FORMAT = 400, "format must be json or xml"
    API_TOKEN_MISSING = 401, "token is required", "TOKEN_MISSING"
    API_TOKEN_UNKNOWN = 403, "token is unknown", "TOKEN_UNKNOWN"
    NO_RIGHT = 403, "token does not have the right to post events"
    WRONG_TYPE = refusals.WRONG_TYPE
    FIELD_MISSING = refusals.FIELD_MISSING
    BAD_EVENTS = 400, "events must be 1, 2 or 3"
    TOO_LONG = 400, "{path} is over {most} {unit}"
    CONTROL_CHARACTER = 400, "{path} holds a control character"
    BAD_PUSH_TOKEN = refusals.BAD_PUSH_TOKEN
    PLAIN_INCOMPLETE = 400, "{path} is required when launch_id, provider or subscription_id is given"
    BAD_LINK = 400, "link is altered or unknown"
    UNAVAILABLE = refusals.UNAVAILABLE
