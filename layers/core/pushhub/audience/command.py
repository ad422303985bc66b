"""What does a caller ask for when a device subscribes, and what may come of it?

HTTP requests, rows of imported files and the command line all build the same :class:`Subscribe`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, StrEnum, auto
from typing import ClassVar, Final

from pushhub.audience.model import ProfileId
from pushhub.audience.values import Value
from pushhub.catalog.model import Database, DatabaseId, Resource, WayOfMatching
from pushhub.catalog.providers import PushToken

MAX_SUBSCRIPTIONS: Final = 40
"""Subscriptions of one request: with the profiles they may be moved from they fit one transaction."""


@dataclass(frozen=True, slots=True)
class ByPushToken:
    """Find the profile that owns the first known push token."""

    way: ClassVar = WayOfMatching.PUSH_TOKEN


@dataclass(frozen=True, slots=True)
class ById:
    """Find the profile with this id; an unknown id is given to the profile that is made."""

    way: ClassVar = WayOfMatching.PROFILE_ID
    profile: ProfileId


@dataclass(frozen=True, slots=True)
class ByField:
    """Find the profile whose match field holds this value (not yet normalised)."""

    way: ClassVar = WayOfMatching.MATCH_FIELD
    field: str
    value: Value


Matching = ByPushToken | ById | ByField


@dataclass(frozen=True, slots=True)
class DesiredSubscription:
    """One subscription as the caller wants it; the provider may be any text.

    `drawn_by_app` says whether the app draws what a push shows. None leaves that as it is, and is False for a new subscription.
    """

    provider: str
    push_token: PushToken
    unsubscribe: bool = False
    drawn_by_app: bool | None = None


class Mode(StrEnum):
    """Which profiles a command is for."""

    UPSERT = "upsert"
    """All."""
    ADD = "add"
    """Those that do not exist yet."""
    UPDATE = "update"
    """Those that exist."""


@dataclass(frozen=True, slots=True)
class Subscribe:
    """Bring subscriptions, and fields of the profile, to the desired state, in each database of a resource separately.

    `databases` are those of the resource that are meant, in its order; `foreign_databases` are those that the caller names and
    the resource does not have. Where a provider and push token stand in `subscriptions` more than once, the last counts.
    `fields` are values, not yet normalised. They are set where the database declares the field, unless every subscription is
    refused.
    """

    resource: Resource
    databases: tuple[Database, ...]
    foreign_databases: tuple[DatabaseId, ...]
    matching: Matching
    subscriptions: tuple[DesiredSubscription, ...]
    fields: Mapping[str, Value] = field(default_factory=dict)
    mode: Mode = Mode.UPSERT


class Reason(Enum):
    """Why a database or one subscription was refused; every dialect has a text for each."""

    DATABASE_NOT_IN_RESOURCE = auto()
    UNKNOWN_FIELD = auto()
    NOT_A_MATCH_FIELD = auto()
    VALUE_MISFIT = auto()
    UNKNOWN_PROVIDER = auto()
    PROVIDER_NOT_ALLOWED = auto()
    DUPLICATE = auto()
    NOT_SUBSCRIBED = auto()
    TOO_MANY_SUBSCRIPTIONS = auto()
    FIELD_MISFIT = auto()
    """The value to be set does not fit its field."""
    VALUE_TAKEN = auto()
    """Another profile holds the value to be set for a match field."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing was changed; `detail` adds what the reason alone does not say (never a token or a value)."""

    reason: Reason
    detail: str = ""


class Effect(Enum):
    """What became of a subscription that was not refused."""

    CHANGED = auto()
    UNCHANGED = auto()
    SKIPPED = auto()
    """The command's mode is not for this profile."""


@dataclass(frozen=True, slots=True)
class SubscriptionOutcome:
    """What became of one desired subscription."""

    desired: DesiredSubscription
    result: Effect | Refused


@dataclass(frozen=True, slots=True)
class DatabaseRefused:
    """The request was refused as a whole in this database."""

    database: DatabaseId
    refused: Refused


@dataclass(frozen=True, slots=True)
class DatabaseProcessed:
    """The request was decided subscription by subscription; `profile` is None where no profile was found or made."""

    database: DatabaseId
    profile: ProfileId | None
    subscriptions: tuple[SubscriptionOutcome, ...]
    fields_changed: bool = False
    profile_made: bool = False

    @property
    def changed(self) -> bool:
        """Whether any subscription was changed."""
        return any(outcome.result is Effect.CHANGED for outcome in self.subscriptions)


DatabaseOutcome = DatabaseRefused | DatabaseProcessed
