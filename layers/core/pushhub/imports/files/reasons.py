"""What is said of a row that failed, and what came of a row by what came of it in each database?

The texts are a closed set: they hold names of columns and counts, never a token or a value.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from pushhub.audience.command import DatabaseOutcome, DatabaseRefused, Effect, Reason, Refused
from pushhub.catalog.providers import MAX_PUSH_TOKEN_BYTES
from pushhub.imports.files.columns import MAX_COLUMNS
from pushhub.imports.job import RowOutcome, RowResult

TEXTS: Final[dict[Reason, str]] = {
    Reason.DATABASE_NOT_IN_RESOURCE: "the database is not in the resource",
    Reason.UNKNOWN_FIELD: "the database has no field to match by",
    Reason.NOT_A_MATCH_FIELD: "the field to match by is no match field of the database",
    Reason.VALUE_MISFIT: "the value to match by does not fit",
    Reason.UNKNOWN_PROVIDER: "unknown provider",
    Reason.PROVIDER_NOT_ALLOWED: "provider is not allowed in the resource",
    Reason.DUPLICATE: "Duplicate push subscription",
    Reason.NOT_SUBSCRIBED: "subscription not found",
    Reason.TOO_MANY_SUBSCRIPTIONS: "the profile has too many subscriptions",
    Reason.FIELD_MISFIT: "a value does not fit its field",
    Reason.VALUE_TAKEN: "another profile has this value of a match field",
}
"""What is said of a row that a database refused; `Duplicate push subscription` is the vendor's own."""

NUL: Final = "the row holds a NUL character"
LONE_CR: Final = "a carriage return without a line feed stands outside quotes"
NEVER_CLOSED: Final = "a quote is never closed"
TEXT_AFTER_QUOTE: Final = "text stands behind a closing quote"
CELL_TOO_LONG: Final = "a cell is longer than any value can be"
BAD_PROFILE_ID: Final = "id is not 1 to 64 characters of A-Z a-z 0-9 _ -"
PUSH_TOKEN_TOO_LONG: Final = f"subscription_id is over {MAX_PUSH_TOKEN_BYTES} bytes"
BAD_UNSUBSCRIBE: Final = "unsubscribe is none of true, false, 1, 0, yes, no"


def not_valid(encoding: str) -> str:
    """Return what is said of a row with bytes that mean nothing in the file's encoding."""
    return f"the row holds bytes that are not valid in {encoding}"


def wrong_count(cells: int, header: int) -> str:
    """Return what is said of a row with more or fewer cells than the header."""
    count = f"{cells} cell{'s' * (cells != 1)}" if cells <= MAX_COLUMNS else f"over {MAX_COLUMNS} cells"
    return f"the row has {count}, the header {header}"


def empty(column: str) -> str:
    """Return what is said of a row without what it needs."""
    return f"{column} is empty"


def text_of(refused: Refused, matched: str = "") -> str:
    """Return what is said of a row that a database refused for this; `matched` is the column that its profile is found by."""
    named = (matched,) if matched and refused.reason is Reason.VALUE_MISFIT else ()
    return ": ".join((TEXTS[refused.reason], *named, *((refused.detail,) if refused.detail else ())))


def outcome_of(outcomes: Sequence[DatabaseOutcome], *, unsubscribe: bool, matched: str = "") -> RowOutcome:
    """Return what came of a row.

    Args:
        outcomes: what came of it in each database.
        unsubscribe: whether the row ends a subscription.
        matched: the column that its profile is found by, where that is a field.
    """
    refused = next(_refusals(outcomes), None)
    if refused:
        return RowOutcome(RowResult.FAILED, text_of(refused, matched))
    processed = [outcome for outcome in outcomes if not isinstance(outcome, DatabaseRefused)]
    if unsubscribe and any(outcome.changed for outcome in processed):
        return RowOutcome(RowResult.CANCELLED)
    if any(outcome.changed or outcome.fields_changed for outcome in processed):
        return RowOutcome(RowResult.SUBSCRIBED)
    effects = {one.result for outcome in processed for one in outcome.subscriptions}
    return RowOutcome(RowResult.UNCHANGED if Effect.UNCHANGED in effects else RowResult.SKIPPED)


def _refusals(outcomes: Sequence[DatabaseOutcome]) -> Iterator[Refused]:
    for outcome in outcomes:
        if isinstance(outcome, DatabaseRefused):
            yield outcome.refused
        else:
            yield from (one.result for one in outcome.subscriptions if isinstance(one.result, Refused))
