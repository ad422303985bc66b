"""What is counted of a request that subscribes devices."""

from dataclasses import replace

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
from pushhub.catalog.model import DatabaseId
from pushhub.catalog.providers import PushToken
from pushhub.dialects.outcome_counts import counts_of

DATABASE = DatabaseId(1)


def processed(*results: Effect | Refused) -> DatabaseProcessed:
    desired = DesiredSubscription("ios-apns", PushToken("t"))
    return DatabaseProcessed(DATABASE, None, tuple(SubscriptionOutcome(desired, result) for result in results))


@pytest.mark.parametrize(
    ("result", "metric"),
    [
        (Effect.CHANGED, "SubscriptionsChanged"),
        (Effect.UNCHANGED, "SubscriptionsUnchanged"),
        (Effect.SKIPPED, "SubscriptionsUnchanged"),
        *((Refused(reason), "SubscriptionsRefused") for reason in Reason if reason is not Reason.TOO_MANY_SUBSCRIPTIONS),
        (Refused(Reason.TOO_MANY_SUBSCRIPTIONS), "TooManySubscriptions"),
    ],
    ids=str,
)
def test_a_subscription_is_counted_by_what_came_of_it(result: Effect | Refused, metric: str) -> None:
    assert counts_of([processed(result)]) == {metric: 1}


def test_subscriptions_of_all_databases_are_counted_together_and_a_refused_database_by_itself() -> None:
    refused = DatabaseRefused(DATABASE, Refused(Reason.UNKNOWN_FIELD))
    outcomes: list[DatabaseOutcome] = [processed(Effect.CHANGED, Effect.UNCHANGED), refused, processed(Effect.CHANGED)]
    assert counts_of(outcomes) == {"SubscriptionsChanged": 2, "SubscriptionsUnchanged": 1, "DatabasesRefused": 1}


def test_nothing_is_counted_of_no_outcome() -> None:
    assert counts_of([]) == {}


def test_a_profile_that_was_made_is_counted_besides_its_subscriptions() -> None:
    assert counts_of([replace(processed(Effect.CHANGED), profile_made=True)] * 2) == {"SubscriptionsChanged": 2, "ProfilesMade": 2}
