"""Which text says why a row failed, and which outcome does a row have, given its outcomes in the databases?

The texts hold names of columns and counts, never a push token or a value, and so are a bounded set.
"""

from collections.abc import Iterator, Sequence
from typing import Final, Literal, assert_never

from pushhub.audience.command import DatabaseOutcome, DatabaseRefused, Effect, Reason, Refused
from pushhub.catalog.providers import MAX_PUSH_TOKEN_BYTES
from pushhub.catalog.push_tokens import PushTokenMisfit
from pushhub.imports.files.columns import MAX_COLUMNS
from pushhub.imports.job import RowOutcome, RowResult

NUL: Final = "the row holds a NUL character"
LONE_CR: Final = "a carriage return without a line feed stands outside quotes"
NEVER_CLOSED: Final = "a quote is never closed"
TEXT_AFTER_QUOTE: Final = "text stands behind a closing quote"
CELL_TOO_LONG: Final = "a cell is longer than any value can be"
BAD_PROFILE_ID: Final = "id is not 1 to 64 characters of A-Z a-z 0-9 _ -"
PUSH_TOKEN_TOO_LONG: Final = f"subscription_id is over {MAX_PUSH_TOKEN_BYTES} bytes"
BAD_UNSUBSCRIBE: Final = "unsubscribe is none of true, false, 1, 0, yes, no"


def not_valid(encoding: str) -> str:
    """Return the text for a row with bytes that mean nothing in the file's encoding."""
    return f"the row holds bytes that are not valid in {encoding}"


def wrong_count(cells: int, header: int) -> str:
    """Return the text for a row with more or fewer cells than the header."""
    count = f"{cells} cell{'s' * (cells != 1)}" if cells <= MAX_COLUMNS else f"over {MAX_COLUMNS} cells"
    return f"the row has {count}, the header {header}"


def no_push_token(misfit: PushTokenMisfit) -> str:
    """Return the text for a row with a text that is no push token."""
    return f"subscription_id is no push token: {misfit}"


def empty(column: str) -> str:
    """Return the text for a row with an empty cell in a column that needs a value."""
    return f"{column} is empty"


def text_of(refused: Refused, match_field: str = "") -> str:
    """Return the text for a row that a database refused.

    Args:
        refused: why.
        match_field: the match field by which the profile of the row is found, if one is.
    """
    column = (match_field,) if match_field and refused.reason is Reason.VALUE_MISFIT else ()
    return ": ".join((_text(refused.reason), *column, *((refused.detail,) if refused.detail else ())))


def outcome_of(outcomes: Sequence[DatabaseOutcome], *, unsubscribe: bool, match_field: str = "") -> RowOutcome:
    """Return the outcome of a row: the first of failed, cancelled, subscribed, unchanged, skipped that any database gives.

    Args:
        outcomes: of the row in each database.
        unsubscribe: whether the row ends a subscription.
        match_field: the match field by which the profile of the row is found, if one is.
    """
    refused = next(_refusals(outcomes), None)
    if refused:
        return RowOutcome(RowResult.FAILED, text_of(refused, match_field))
    processed = [outcome for outcome in outcomes if not isinstance(outcome, DatabaseRefused)]
    if unsubscribe and any(outcome.changed for outcome in processed):
        return RowOutcome(RowResult.CANCELLED)
    if any(outcome.changed or outcome.fields_changed for outcome in processed):
        return RowOutcome(RowResult.SUBSCRIBED)
    effects = {subscription.result for outcome in processed for subscription in outcome.subscriptions}
    return RowOutcome(RowResult.UNCHANGED if Effect.UNCHANGED in effects else RowResult.SKIPPED)


def _refusals(outcomes: Sequence[DatabaseOutcome]) -> Iterator[Refused]:
    for outcome in outcomes:
        if isinstance(outcome, DatabaseRefused):
            yield outcome.refused
        else:
            results = (subscription.result for subscription in outcome.subscriptions)
            yield from (result for result in results if isinstance(result, Refused))


def _text(reason: Reason) -> str:
    match reason:
        case Reason.DUPLICATE:
            # The vendor's own words.
            return "Duplicate push subscription"
        case Reason.NOT_SUBSCRIBED:
            return "subscription not found"
        case Reason.TOO_MANY_SUBSCRIPTIONS:
            return "the profile has too many subscriptions"
        case Reason.VALUE_TAKEN:
            return "another profile has this value of a match field"
        case _:
            return _text_for_request(reason)


_RequestReason = Literal[
    Reason.DATABASE_NOT_IN_RESOURCE,
    Reason.UNKNOWN_FIELD,
    Reason.NOT_A_MATCH_FIELD,
    Reason.VALUE_MISFIT,
    Reason.UNKNOWN_PROVIDER,
    Reason.PROVIDER_NOT_ALLOWED,
    Reason.FIELD_MISFIT,
]
"""Reasons for which a row is refused whatever the database holds."""


def _text_for_request(reason: _RequestReason) -> str:
    match reason:
        case Reason.DATABASE_NOT_IN_RESOURCE:
            text = "the database is not in the resource"
        case Reason.UNKNOWN_FIELD:
            text = "the database has no field to match by"
        case Reason.NOT_A_MATCH_FIELD:
            text = "the field to match by is no match field of the database"
        case Reason.VALUE_MISFIT:
            text = "the value to match by does not fit"
        case Reason.UNKNOWN_PROVIDER:
            text = "unknown provider"
        case Reason.PROVIDER_NOT_ALLOWED:
            text = "provider is not allowed in the resource"
        case Reason.FIELD_MISFIT:
            text = "a value does not fit its field"
        case _ as never:
            assert_never(never)
    return text
