"""What is said of rows, and what comes of them over all databases."""

import pytest

from pushhub.audience.command import (
    DatabaseOutcome,
    DatabaseProcessed,
    DatabaseRefused,
    DesiredSubscription,
    Effect,
    Reason,
    Refused,
    SubscriptionOutcome,
)
from pushhub.audience.model import ProfileId
from pushhub.catalog.model import DatabaseId
from pushhub.catalog.providers import PushToken
from pushhub.dialects.altcraft.subscribe.errors import description_of
from pushhub.imports.files.reasons import outcome_of, text_of, wrong_count
from pushhub.imports.job import RowOutcome, RowResult

DESIRED = DesiredSubscription("ios-apns", PushToken("t"))
TAKEN = Refused(Reason.DUPLICATE)
MISFIT = Refused(Reason.FIELD_MISFIT, "age: an integer from -2^63 to 2^63-1 is expected")


def of(result: Effect | Refused, *, fields_changed: bool = False) -> DatabaseProcessed:
    return DatabaseProcessed(DatabaseId(7), ProfileId("p"), (SubscriptionOutcome(DESIRED, result),), fields_changed)


@pytest.mark.parametrize(
    ("outcomes", "unsubscribe", "outcome"),
    [
        ([of(Effect.CHANGED)], False, RowOutcome(RowResult.SUBSCRIBED)),
        ([of(Effect.CHANGED)], True, RowOutcome(RowResult.CANCELLED)),
        ([of(Effect.UNCHANGED)], False, RowOutcome(RowResult.UNCHANGED)),
        ([of(Effect.UNCHANGED)], True, RowOutcome(RowResult.UNCHANGED)),
        ([of(Effect.UNCHANGED, fields_changed=True)], False, RowOutcome(RowResult.SUBSCRIBED)),
        ([of(Effect.UNCHANGED, fields_changed=True)], True, RowOutcome(RowResult.SUBSCRIBED)),
        ([of(Effect.SKIPPED)], False, RowOutcome(RowResult.SKIPPED)),
        ([of(Effect.SKIPPED), of(Effect.UNCHANGED)], False, RowOutcome(RowResult.UNCHANGED)),
        ([of(Effect.UNCHANGED), of(Effect.SKIPPED), of(Effect.CHANGED)], False, RowOutcome(RowResult.SUBSCRIBED)),
        ([of(Effect.CHANGED), of(TAKEN)], False, RowOutcome(RowResult.FAILED, "Duplicate push subscription")),
        (
            [of(TAKEN), DatabaseRefused(DatabaseId(8), MISFIT)],
            False,
            RowOutcome(RowResult.FAILED, "Duplicate push subscription"),
        ),
        (
            [of(Effect.CHANGED), DatabaseRefused(DatabaseId(8), MISFIT)],
            True,
            RowOutcome(RowResult.FAILED, "a value does not fit its field: age: an integer from -2^63 to 2^63-1 is expected"),
        ),
    ],
)
def test_of_what_comes_in_each_database_one_thing_comes_of_the_row(
    outcomes: list[DatabaseOutcome], unsubscribe: bool, outcome: RowOutcome
) -> None:
    assert outcome_of(outcomes, unsubscribe=unsubscribe) == outcome


TEXTS = {
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


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_a_text(reason: Reason) -> None:
    assert text_of(Refused(reason)) == TEXTS[reason]


def test_the_vendors_own_words_stay_the_vendors() -> None:
    assert text_of(Refused(Reason.DUPLICATE)) == description_of(Refused(Reason.DUPLICATE))


def test_wrong_rows_do_not_make_up_endless_reasons() -> None:
    assert len({wrong_count(cells, 3) for cells in range(10_000)}) == 102
