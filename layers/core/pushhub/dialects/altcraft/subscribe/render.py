"""Which reply does `push_subscribe` give?"""

from collections.abc import Iterator, Sequence
from typing import Any, Final, assert_never

from pushhub.audience.command import (
    DatabaseOutcome,
    DatabaseProcessed,
    DatabaseRefused,
    Effect,
    Refused,
    SubscriptionOutcome,
)
from pushhub.audience.model import hash_id
from pushhub.catalog.model import ResourceId
from pushhub.dialects.altcraft.subscribe.errors import SubscribeRefusal, description_of
from pushhub.dialects.http import REPEAT_SOON, HttpReply, RefusedError
from pushhub.dialects.json_body import write_object

ALL_CHANGED: Final = 0
"""`error` where every element of `data` applied a change."""
NOT_ALL_CHANGED: Final = 200
"""`error` where at least one element did not: refused, or as it was before."""


def render_outcomes(resource: ResourceId, outcomes: Sequence[DatabaseOutcome]) -> HttpReply:
    """Return the reply to a request that was processed."""
    data = [element for outcome in outcomes for element in _elements(resource, outcome)]
    error = ALL_CHANGED if all(_all_changed(outcome) for outcome in outcomes) else NOT_ALL_CHANGED
    return HttpReply(200, _body(data, error, "Successful operation"))


def render_refusal(refused: RefusedError) -> HttpReply:
    """Return the reply to a request that was refused as a whole."""
    status = refused.refusal.status
    headers = REPEAT_SOON if refused.refusal is SubscribeRefusal.UNAVAILABLE else {}
    return HttpReply(status, _body([], status, str(refused)), headers)


def _body(data: list[dict[str, Any]], error: int, text: str) -> bytes:
    return write_object({"data": data, "error": error, "error_text": text})


def _all_changed(outcome: DatabaseOutcome) -> bool:
    return isinstance(outcome, DatabaseProcessed) and all(part.result is Effect.CHANGED for part in outcome.subscriptions)


def _elements(resource: ResourceId, outcome: DatabaseOutcome) -> Iterator[dict[str, Any]]:
    """Yield the elements of one database.

    "Processing and adding a subscription" in `sources.md` has an example of each but that of a refused subscription.
    """
    ids: dict[str, Any] = {"db_id": outcome.database, "resource_id": resource}
    match outcome:
        case DatabaseRefused(refused=refused):
            yield ids | {"status": "error", "description": description_of(refused)}
        case DatabaseProcessed():
            if outcome.profile is not None:
                ids["profile_id"] = outcome.profile
            yield from (ids | element for element in _elements_of_subscriptions(outcome))
        case _:
            assert_never(outcome)


def _elements_of_subscriptions(outcome: DatabaseProcessed) -> Iterator[dict[str, Any]]:
    """Yield an element for each subscription.

    Where nothing was changed in the database, one element without subscription keys stands for all that are unchanged.
    """
    subscriptions = outcome.subscriptions
    if not outcome.changed:
        if any(part.result is Effect.UNCHANGED for part in subscriptions):
            yield {"status": "ok", "description": ""}
        subscriptions = tuple(part for part in subscriptions if isinstance(part.result, Refused))
    yield from map(_element_of_subscription, subscriptions)


def _element_of_subscription(part: SubscriptionOutcome) -> dict[str, Any]:
    desired = part.desired
    element = {"provider": desired.provider, "subscription_id": desired.push_token, "unsubscribe": desired.unsubscribe}
    if isinstance(part.result, Refused):
        return element | {"status": "error", "description": description_of(part.result)}
    return element | {"subscription_hash_id": hash_id(desired.provider, desired.push_token), "status": "ok", "description": ""}
