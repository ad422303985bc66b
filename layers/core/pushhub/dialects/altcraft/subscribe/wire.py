"""Which fields does the body of `push_subscribe` have, and which JSON type has each?

The fields are those of "Processing and adding a subscription" in `sources.md`. Strictly: no JSON type stands for another. Unknown
keys are ignored, null counts as absent. The first element of a list that does not fit ends the check: a body can hold 100,000 of
them.
"""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, FailFast


class SubscriptionObject(BaseModel):
    """One element of `subscriptions`."""

    model_config = ConfigDict(strict=True, frozen=True)

    provider: str | None = None
    subscription_id: str | None = None
    unsubscribe: bool | None = None


class PushSubscribeRequest(BaseModel):
    """The body of `POST /push_subscribe`."""

    model_config = ConfigDict(strict=True, frozen=True)

    resource_token: str | None = None
    id: str | None = None
    db_ids: Annotated[list[int], FailFast()] | None = None
    matching: str | None = None
    field_name: str | None = None
    field_value: Any = None
    subscriptions: Annotated[list[SubscriptionObject], FailFast()] | None = None
