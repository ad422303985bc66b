"""Which fields of which JSON type does a request of this dialect have?

Strict: no JSON type stands for another. Unknown keys are ignored, null counts as absent. Source of the fields: seed 002.
"""

from typing import Any

from pydantic import BaseModel, ConfigDict


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
    db_ids: list[int] | None = None
    matching: str | None = None
    field_name: str | None = None
    field_value: Any = None
    subscriptions: list[SubscriptionObject] | None = None
