"""The largest expressions that the DynamoDB audience sends, against bounds that a local engine need not enforce."""

import re
from dataclasses import replace
from typing import Any, Final

import pytest

from pushhub.adapters.dynamodb.audience import transact_actions
from pushhub.audience.changes import Change, ProfileRemoval, ProfileUpdate
from pushhub.audience.command import MAX_SUBSCRIPTIONS
from pushhub.audience.draft import SPARE_WRITES
from pushhub.audience.model import Address, MatchKey, ProfileId, SubscriptionRef
from pushhub.catalog.model import DatabaseId, FieldType
from pushhub.catalog.providers import Provider, PushToken
from pushhub.catalog.sections.databases.file_section import MAX_MATCH_FIELDS
from pushhub.moments import Seconds

MAX_EXPRESSION_BYTES: Final = 4096
MAX_OPERATORS: Final = 300
"""DynamoDB's bounds of one expression."""
MAX_FIELDS: Final = 100
"""Columns of a file, each of which may be a field."""

ANN: Final = ProfileId("ann")
NAMES: Final = [f"field {n}" for n in range(MAX_FIELDS)]
KEYS: Final = frozenset(MatchKey(name, FieldType.TEXT, "new") for name in NAMES[:MAX_MATCH_FIELDS])


def refs(prefix: str, count: int = MAX_SUBSCRIPTIONS) -> frozenset[SubscriptionRef]:
    return frozenset(Address(Provider("ios-apns"), PushToken(f"{prefix}{n}")).ref for n in range(count))


def update(added: int = 0, cancelled: int = 0, back: int = 0, *, before: str | None = "old") -> ProfileUpdate:
    """Set every field while so many subscriptions are added, cancelled (and as many forgotten for them), and brought back."""
    return ProfileUpdate(
        ANN,
        Seconds(20),
        live_added=refs("added", added) | refs("back", back),
        live_removed=refs("cancelled", cancelled),
        cancelled_added=refs("cancelled", cancelled),
        cancelled_removed=refs("forgotten", cancelled) | refs("back", back),
        fields=dict.fromkeys(NAMES, "new"),
        keys=KEYS,
        replaced={key.field: before for key in KEYS},
    )


def of_legacy(update: ProfileUpdate) -> ProfileUpdate:
    """Have as many of the subscriptions that are cancelled or come back as can be give up legacy references."""
    legacy = refs("legacy", SPARE_WRITES)
    if update.live_removed:
        return replace(update, live_removed=legacy | frozenset(sorted(update.live_removed)[SPARE_WRITES:]))
    return replace(update, cancelled_removed=legacy | frozenset(sorted(update.cancelled_removed)[SPARE_WRITES:]))


def sent(write: ProfileUpdate | ProfileRemoval) -> dict[str, Any]:
    (action,) = transact_actions("audience", DatabaseId(17), Change((write,)))
    (parameters,) = action.values()
    assert isinstance(parameters, dict)
    return parameters


def expressions(parameters: dict[str, Any]) -> list[str]:
    return [parameters[name] for name in ("UpdateExpression", "ConditionExpression") if name in parameters]


@pytest.mark.parametrize(
    "write",
    [
        update(),
        update(before=None),
        update(added=MAX_SUBSCRIPTIONS),
        update(cancelled=MAX_SUBSCRIPTIONS),
        update(cancelled=MAX_SUBSCRIPTIONS, before=None),
        update(back=MAX_SUBSCRIPTIONS),
        update(added=20, cancelled=20),
        update(cancelled=20, back=20),
        of_legacy(update(cancelled=MAX_SUBSCRIPTIONS)),
        of_legacy(update(back=MAX_SUBSCRIPTIONS)),
        of_legacy(update(cancelled=20, back=20)),
        ProfileRemoval(ANN, refs("live"), refs("cancelled", SPARE_WRITES)),
    ],
)
def test_the_largest_expressions_are_within_the_bounds_of_dynamodb(write: ProfileUpdate | ProfileRemoval) -> None:
    for expression in expressions(sent(write)):
        assert len(expression.encode()) <= MAX_EXPRESSION_BYTES
        assert len(re.findall(r" AND | <= | = |\(", expression)) <= MAX_OPERATORS


def test_each_placeholder_stands_for_one_name_or_value() -> None:
    parameters = sent(update(added=20, cancelled=20))
    used = " ".join(expressions(parameters))
    names, values = parameters["ExpressionAttributeNames"], parameters["ExpressionAttributeValues"]
    assert set(re.findall(r"#\w+", used)) == names.keys()
    assert set(re.findall(r":\w+", used)) == values.keys()
    assert len(set(names.values())) == len(names)
