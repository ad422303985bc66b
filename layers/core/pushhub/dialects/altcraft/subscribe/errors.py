"""What does a caller of `push_subscribe` read when a request, a database or a subscription is refused?"""

from typing import Final, Literal, assert_never

from pushhub.audience.command import MAX_SUBSCRIPTIONS, Reason, Refused
from pushhub.audience.values import MAX_VALUE_BYTES
from pushhub.catalog.providers import MAX_PUSH_TOKEN_BYTES
from pushhub.dialects import refusals
from pushhub.dialects.http import RefusalTable

MAX_SUBSCRIBE_BYTES: Final = 256 * 1024
MAX_ECHOED_BYTES: Final = 5 * MAX_SUBSCRIBE_BYTES
"""Bytes of a body times the databases it goes through. Each database may repeat the body's texts in the reply, where quoting makes
four bytes of one, and a function may return 6 MB."""
MAX_DATABASE_FILTER: Final = 100
"""Entries of `db_ids`: each unknown one costs an element of the reply, and a reply is at most 6 MB."""


class SubscribeRefusal(RefusalTable):
    """Refusals of `push_subscribe`."""

    BODY_TOO_LARGE = refusals.body_too_large(MAX_SUBSCRIBE_BYTES)
    BAD_CODING = refusals.BAD_CODING
    BAD_BODY = refusals.BAD_BODY
    RESOURCE_TOKEN_MISSING = 401, "resource_token is required", "TOKEN_MISSING"
    RESOURCE_TOKEN_UNKNOWN = 403, "resource_token is unknown", "TOKEN_UNKNOWN"
    WRONG_TYPE = refusals.WRONG_TYPE
    BAD_MATCHING = 400, "matching must be custom or profile_id, or left out"
    FIELD_NAME_MISSING = 400, "field_name is required when matching is custom"
    FIELD_VALUE_MISSING = 400, "field_value is required when matching is custom"
    ID_MISSING = 400, "id is required when matching is profile_id"
    BAD_FIELD_VALUE = 400, f"field_value must be a non-empty text, a number or a boolean of at most {MAX_VALUE_BYTES} bytes"
    BAD_ID = 400, "id must be 1 to 64 characters of A-Z a-z 0-9 _ -"
    TOO_MANY_DATABASES = 400, f"db_ids holds more than {MAX_DATABASE_FILTER} entries"
    SUBSCRIPTIONS_MISSING = 400, "subscriptions is required and must not be empty"
    TOO_MANY_SUBSCRIPTIONS = 400, f"subscriptions holds more than {MAX_SUBSCRIPTIONS} entries"
    SUBSCRIPTION_FIELD_MISSING = refusals.FIELD_MISSING
    PUSH_TOKEN_TOO_LONG = 400, f"{{path}} is over {MAX_PUSH_TOKEN_BYTES} bytes", "TOKEN_TOO_LONG"
    BAD_PUSH_TOKEN = refusals.BAD_PUSH_TOKEN
    MATCHING_NOT_ALLOWED = 400, "matching by {way} is not allowed in the resource; allowed: {allowed}"
    NO_DATABASES = 400, "the resource of this resource_token has no databases"
    TOO_MUCH_TO_ECHO = 413, f"body times databases of the resource is over {MAX_ECHOED_BYTES} bytes"
    UNAVAILABLE = refusals.UNAVAILABLE


_ReasonOfDatabase = Literal[
    Reason.DATABASE_NOT_IN_RESOURCE,
    Reason.UNKNOWN_FIELD,
    Reason.NOT_A_MATCH_FIELD,
    Reason.VALUE_MISFIT,
    Reason.FIELD_MISFIT,
    Reason.VALUE_TAKEN,
]
"""Reasons to refuse all of a database; the others refuse one subscription."""


def description_of(refused: Refused) -> str:
    """Return the `description` of an element with `status: "error"`.

    `matching error: unknown field` and `Duplicate push subscription` are the vendor's own: "Processing and adding a subscription"
    in `sources.md`. No request of this dialect sets fields yet, so nobody reads the two texts that begin with `field error`.
    """
    return _text_of(refused.reason) + refused.detail


def _text_of(reason: Reason) -> str:
    match reason:
        case Reason.UNKNOWN_PROVIDER:
            return "unknown provider"
        case Reason.PROVIDER_NOT_ALLOWED:
            return "provider is not allowed in the resource"
        case Reason.DUPLICATE:
            return "Duplicate push subscription"
        case Reason.NOT_SUBSCRIBED:
            return "subscription not found"
        case Reason.TOO_MANY_SUBSCRIPTIONS:
            return "too many subscriptions"
        case _:
            return _text_of_database(reason)


def _text_of_database(reason: _ReasonOfDatabase) -> str:
    match reason:
        case Reason.DATABASE_NOT_IN_RESOURCE:
            return "database is not in the resource"
        case Reason.UNKNOWN_FIELD:
            return "matching error: unknown field"
        case Reason.NOT_A_MATCH_FIELD:
            return "matching error: field is not a match field"
        case Reason.VALUE_MISFIT:
            return "matching error: "
        case Reason.FIELD_MISFIT:
            return "field error: "
        case Reason.VALUE_TAKEN:
            return "field error: another profile has the value of "
    assert_never(reason)
