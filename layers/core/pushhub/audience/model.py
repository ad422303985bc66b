"""What is a profile, what is a subscription, and how do they refer to each other?"""

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Final, NewType

from pushhub.audience.values import Value, canonical_text
from pushhub.catalog.model import FieldType, ResourceId
from pushhub.catalog.providers import PROVIDER_CODES, Provider, PushToken
from pushhub.catalog.push_tokens import compared_form, replaces
from pushhub.moments import Seconds

ProfileId = NewType("ProfileId", str)
"""1 to 64 characters of `A-Z a-z 0-9 _ -`; ids made here are 24 lower-case hex digits."""
Digest = NewType("Digest", str)
"""The first 128 bits of a SHA-256 as 22 characters of base64url."""
SubscriptionRef = NewType("SubscriptionRef", str)
"""What names a subscription within its database: the two letters of the provider, then the digest of the compared push token.

A legacy reference has the digest of the push token as it came. Subscriptions that were written before push tokens had a compared
form stand under it until they change.
"""

PROFILE_ID_PATTERN: Final = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
MAX_LIVE: Final = 100
"""Live subscriptions of one profile."""
MAX_CANCELLED: Final = 100
"""Cancelled and retired subscriptions that a profile remembers; beyond it, the one that was live longest ago is forgotten."""


MAX_HAPPENED: Final = 64
"""Events that a profile remembers; a further one is not noted."""


def digest(text: str) -> Digest:
    """Return the digest that stands in a key for a push token or a value."""
    return Digest(base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()[:16]).decode().rstrip("="))


def hash_id(provider: str, push_token: PushToken) -> str:
    """Return the short public name of a subscription, the same for ever: 8 lower-case hex digits.

    Of a push token's compared form; until there was one, it was of the push token as it came. The provider may be any text.
    """
    return hashlib.sha256(f"{provider}\0{compared_form(provider, push_token)}".encode()).hexdigest()[:8]


def lane_and_place(profile: ProfileId) -> tuple[str, str]:
    """Return where a sweep of a database meets a profile: its lane, a lower-case hex digit, and its place there, 16 of them.

    They are of the SHA-256 of its id, so profiles spread evenly over the lanes and their places.
    """
    digits = hashlib.sha256(profile.encode()).hexdigest()
    return digits[0], digits[1:17]


class Origin(StrEnum):
    """What a profile was matched by when it was made."""

    PUSH_TOKEN = "token"  # noqa: S105  (not a credential)
    ID = "id"
    FIELD = "field"


class SubscriptionState(StrEnum):
    """What a subscription is for one resource."""

    ACTIVE = "active"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class Address:
    """Where a push goes: one device, as one provider knows it.

    `push_token` is spelled as it came. Addresses are equal where their `compared` forms are.
    """

    provider: Provider
    push_token: PushToken = field(compare=False)
    compared: PushToken = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Find the compared form."""
        object.__setattr__(self, "compared", compared_form(self.provider, self.push_token))

    # Kept in the instance, which therefore has no slots: every request needs it several times, and a digest costs microseconds.
    @cached_property
    def ref(self) -> SubscriptionRef:
        """How profiles refer to it."""
        return SubscriptionRef(PROVIDER_CODES[self.provider] + digest(self.compared))

    @cached_property
    def legacy_ref(self) -> SubscriptionRef | None:
        """Its legacy reference; None where that is no other one."""
        if self.compared == self.push_token:
            return None
        return SubscriptionRef(PROVIDER_CODES[self.provider] + digest(self.push_token))

    def in_place_of(self, stored: "Address") -> "Address":
        """Return what is stored of a device that is subscribed again: this where a push needs it, else what is stored already."""
        return self if replaces(self.provider, self.push_token, stored.push_token) else stored

    @property
    def refs(self) -> tuple[SubscriptionRef, ...]:
        """Every reference under which its subscription may stand."""
        return (self.ref,) if self.legacy_ref is None else (self.ref, self.legacy_ref)


@dataclass(frozen=True, slots=True)
class MatchKey:
    """A normalised value of a match field, by which one profile of a database is found."""

    field: str
    type: FieldType
    value: Value

    @property
    def text(self) -> str:
        """The value with its type, as it is compared and hashed."""
        return f"{self.type}:{canonical_text(self.value)}"


@dataclass(frozen=True, slots=True)
class Retirement:
    """That a provider has called a push token dead: when the hub wrote it down, why, and the id of the sending that met it."""

    at: Seconds
    reason: str
    sending: int


@dataclass(frozen=True, slots=True)
class Subscription:
    """An address as it belongs to a profile of one database.

    `owner_may_be_anonymous` is what was known of the profile when this was written. False is certain. True has to be checked: a
    profile that gains fields or keys later does not write its subscriptions again. `legacy` says that it stands under its legacy
    reference. A retired one keeps what it is for each resource, so that it is that again once it is revived.

    `drawn_by_app` says that the app draws what a push shows, so that the push has to bring it as data.
    """

    address: Address
    profile: ProfileId
    resources: Mapping[ResourceId, tuple[SubscriptionState, Seconds]]
    owner_may_be_anonymous: bool
    created: Seconds
    seen: Seconds
    version: int
    legacy: bool = False
    retired: Retirement | None = None
    drawn_by_app: bool = False

    @property
    def ref(self) -> SubscriptionRef:
        """The reference under which it stands."""
        return self.address.legacy_ref if self.legacy and self.address.legacy_ref else self.address.ref

    @property
    def live(self) -> bool:
        """Whether any resource still sends to it; none does to a retired one."""
        return self.retired is None and any(state is SubscriptionState.ACTIVE for state, _ in self.resources.values())


@dataclass(frozen=True, slots=True)
class OffsetBefore:
    """The offset from UTC, in seconds, that a profile had until a moment; one that had none counts as 0."""

    offset: int
    until: Seconds


@dataclass(frozen=True, slots=True)
class Past:
    """What a profile went through: the first time of each event by its code, and the offset that it had before the present one."""

    happened: Mapping[str, Seconds]
    offset_before: OffsetBefore | None


@dataclass(frozen=True, slots=True)
class Profile:
    """One person (or one installation) in one database.

    `live` and `cancelled` refer to all its subscriptions, each with the moment from which it has been that. Retired ones stand
    among the cancelled ones.

    `happened` has the first time of each event by its code, at most `MAX_HAPPENED`. `informed` is when a report of an instance was
    last stored. `offset_before` is what the field `tz_sec` was before it last changed.
    """

    id: ProfileId
    origin: Origin
    fields: Mapping[str, Value]
    keys: frozenset[MatchKey]
    live: Mapping[SubscriptionRef, Seconds]
    cancelled: Mapping[SubscriptionRef, Seconds]
    created: Seconds
    updated: Seconds
    happened: Mapping[str, Seconds] = field(default_factory=dict)
    informed: Seconds | None = None
    offset_before: OffsetBefore | None = None

    @property
    def past(self) -> Past:
        """What it went through."""
        return Past(self.happened, self.offset_before)

    @property
    def anonymous(self) -> bool:
        """Whether nothing but its push tokens says who this is."""
        return self.origin is Origin.PUSH_TOKEN and not self.keys and not self.fields
