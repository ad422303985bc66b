"""What does a caller of `push_subscribe` read when a request, a database or a subscription is refused?"""

from typing import Final

from pushhub.audience.command import MAX_SUBSCRIPTIONS, Reason, Refused
from pushhub.audience.values import MAX_VALUE_BYTES
from pushhub.catalog.providers import MAX_PUSH_TOKEN_BYTES
from pushhub.dialects.http import RefusalTable

MAX_BODY_BYTES: Final = 256 * 1024
MAX_ECHOED_BYTES: Final = 5 * MAX_BODY_BYTES
"""Bytes of a body times the databases it goes through. Each database may repeat the body's texts in the reply, where quoting makes
four bytes of one, and a function may return 6 MB."""
MAX_DATABASE_FILTER: Final = 100
"""Entries of `db_ids`: each unknown one costs an element of the reply, and a reply is at most 6 MB."""


class Refusal(RefusalTable):
    """Refusals of `push_subscribe`."""

    BODY_TOO_LARGE = 413, f"body is over {MAX_BODY_BYTES} bytes"
    BAD_BODY = 400, "{detail}"
    RESOURCE_TOKEN_MISSING = 401, "resource_token is required"
    RESOURCE_TOKEN_UNKNOWN = 403, "resource_token is unknown"
    WRONG_TYPE = 400, "{path} must be {expected}"
    BAD_MATCHING = 400, "matching must be custom or profile_id, or left out"
    FIELD_NAME_MISSING = 400, "field_name is required when matching is custom"
    FIELD_VALUE_MISSING = 400, "field_value is required when matching is custom"
    ID_MISSING = 400, "id is required when matching is profile_id"
    BAD_FIELD_VALUE = 400, f"field_value must be a non-empty text, a number or a boolean of at most {MAX_VALUE_BYTES} bytes"
    BAD_ID = 400, "id must be 1 to 64 characters of A-Z a-z 0-9 _ -"
    TOO_MANY_DATABASES = 400, f"db_ids holds more than {MAX_DATABASE_FILTER} entries"
    SUBSCRIPTIONS_MISSING = 400, "subscriptions is required and must not be empty"
    TOO_MANY_SUBSCRIPTIONS = 400, f"subscriptions holds more than {MAX_SUBSCRIPTIONS} entries"
    SUBSCRIPTION_FIELD_MISSING = 400, "{path} is required and must not be empty"
    PUSH_TOKEN_TOO_LONG = 400, f"{{path}} is over {MAX_PUSH_TOKEN_BYTES} bytes"
    NO_DATABASES = 400, "the resource of this resource_token has no databases"
    TOO_MUCH_TO_ECHO = 413, f"body times databases of the resource is over {MAX_ECHOED_BYTES} bytes"
    UNAVAILABLE = 503, "temporarily unavailable, repeat the request"


DESCRIPTIONS: Final[dict[Reason, str]] = {
    Reason.DATABASE_NOT_IN_RESOURCE: "database is not in the resource",
    Reason.UNKNOWN_FIELD: "matching error: unknown field",
    Reason.NOT_A_MATCH_FIELD: "matching error: field is not a match field",
    Reason.VALUE_MISFIT: "matching error: ",
    Reason.UNKNOWN_PROVIDER: "unknown provider",
    Reason.PROVIDER_NOT_ALLOWED: "provider is not allowed in the resource",
    Reason.DUPLICATE: "Duplicate push subscription",
    Reason.NOT_SUBSCRIBED: "subscription not found",
    Reason.TOO_MANY_SUBSCRIPTIONS: "too many subscriptions",
}
"""The `description` of an element with `status: "error"`.

`matching error: unknown field` and `Duplicate push subscription` are the vendor's own (seed 002). The reasons that come of setting
fields are not here: no request of this dialect sets any.
"""


def description_of(refused: Refused) -> str:
    """Return the `description` of a refused database or subscription."""
    return DESCRIPTIONS[refused.reason] + refused.detail
