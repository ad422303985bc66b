"""What does one atomic change of a database consist of, and which guards does it have?

Each write has a guard: a condition on the stored item. A store writes all of a :class:`Change` or, where any guard fails, nothing.

===================  ==================================================================================================
write                guard
===================  ==================================================================================================
ProfileCreation      no profile has the id
ProfileUpdate        the profile exists, has what it loses, has not what it gains, stays within its bounds, and its match
                     fields, its past and its last report are, as far as they change, what they were
ProfileRemoval       the profile is anonymous and has exactly these subscriptions
ProfileErasure       the profile has no subscription, and exactly these match keys
KeyClaim             nobody holds the key
KeyRelease           this profile holds the key
SubscriptionPut      the stored subscription has the version before; for version 1, there is none
SubscriptionRemoval  this profile owns the subscription, which has the version, where one is given
===================  ==================================================================================================
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from pushhub.audience.model import MatchKey, Past, Profile, ProfileId, Subscription, SubscriptionRef
from pushhub.audience.values import Value
from pushhub.moments import Seconds

MAX_WRITES: Final = 100
"""Writes of one change: DynamoDB's bound of a transaction."""


@dataclass(frozen=True, slots=True)
class Replaced[Thing]:
    """What a thing was as it was read, and what it becomes."""

    before: Thing
    after: Thing


@dataclass(frozen=True, slots=True)
class ProfileCreation:
    """Make this profile. Guard: none with its id exists."""

    profile: Profile

    @property
    def id(self) -> ProfileId:
        """The profile that is written."""
        return self.profile.id


@dataclass(frozen=True, slots=True)
class ProfileUpdate:
    """Add and remove references of subscriptions, set fields, and write down what happened.

    `keys` are those match keys among the fields that the profile gains or changes; `replaced` is what each of their fields held
    before, and any other field that is set only where it held that; None where it held nothing. `past` only gains events.
    `informed` is when a report was last stored. `live_before` are all live references, where what is added takes their place.

    Guard: the profile exists, has the references that are removed and not those that are added, and afterwards at most `MAX_LIVE`
    live and `MAX_CANCELLED` cancelled ones; the live ones are `live_before`, where that is given; fields hold what is `replaced`;
    of the past, the events that are added are not there, afterwards there are at most `MAX_HAPPENED`, and an offset that changes
    is what it was; a past that was empty is so; and `informed` is what it was.
    """

    id: ProfileId
    at: Seconds
    live_added: frozenset[SubscriptionRef] = frozenset()
    live_removed: frozenset[SubscriptionRef] = frozenset()
    live_before: Mapping[SubscriptionRef, Seconds] | None = None
    cancelled_added: frozenset[SubscriptionRef] = frozenset()
    cancelled_removed: frozenset[SubscriptionRef] = frozenset()
    fields: Mapping[str, Value] = field(default_factory=dict)
    keys: frozenset[MatchKey] = frozenset()
    replaced: Mapping[str, Value | None] = field(default_factory=dict)
    past: Replaced[Past] | None = None
    informed: Replaced[Seconds | None] | None = None


@dataclass(frozen=True, slots=True)
class ProfileRemoval:
    """Delete an anonymous profile. Guard: it is anonymous and has exactly these subscriptions."""

    id: ProfileId
    live: frozenset[SubscriptionRef]
    cancelled: frozenset[SubscriptionRef]


@dataclass(frozen=True, slots=True)
class ProfileErasure:
    """Delete a profile, whoever it is. Guard: it exists, has no subscription left, and these match keys and no other."""

    id: ProfileId
    keys: frozenset[MatchKey]


ProfileWrite = ProfileCreation | ProfileUpdate | ProfileRemoval | ProfileErasure


@dataclass(frozen=True, slots=True)
class KeyClaim:
    """Let a match key find a profile. Guard: nobody holds it."""

    key: MatchKey
    profile: ProfileId


@dataclass(frozen=True, slots=True)
class KeyRelease:
    """Delete a match key. Guard: this profile holds it."""

    key: MatchKey
    profile: ProfileId


KeyWrite = KeyClaim | KeyRelease


@dataclass(frozen=True, slots=True)
class SubscriptionPut:
    """Write a subscription. Guard: the stored one has the version before; version 1 means there is none."""

    subscription: Subscription


@dataclass(frozen=True, slots=True)
class SubscriptionRemoval:
    """Delete a subscription. Guard: this profile owns it, and it has this version, where one is given.

    The same change takes the reference from the profile, or deletes that.
    """

    ref: SubscriptionRef
    profile: ProfileId
    version: int | None = None


SubscriptionWrite = SubscriptionPut | SubscriptionRemoval


@dataclass(frozen=True, slots=True)
class Change:
    """At most `MAX_WRITES` writes of one database, each of another item, that happen together or not at all."""

    profiles: tuple[ProfileWrite, ...] = ()
    keys: tuple[KeyWrite, ...] = ()
    subscriptions: tuple[SubscriptionWrite, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what no store can do at once.

        Raises:
            ValueError: an item is written twice, or there are more writes than `MAX_WRITES`.
        """
        items = {*(write.id for write in self.profiles), *(write.key for write in self.keys), *map(_ref, self.subscriptions)}
        if not len(items) == len(self) <= MAX_WRITES:
            raise ValueError(f"{len(self)} writes of {len(items)} items; at most {MAX_WRITES}, one for each item")

    def __len__(self) -> int:
        """Count the writes."""
        return len(self.profiles) + len(self.keys) + len(self.subscriptions)

    @property
    def needed_profiles(self) -> frozenset[ProfileId]:
        """Profiles that have to exist before the change: those that it updates or deletes."""
        return frozenset(write.id for write in self.profiles if not isinstance(write, ProfileCreation))


def _ref(write: SubscriptionWrite) -> SubscriptionRef:
    return write.subscription.ref if isinstance(write, SubscriptionPut) else write.ref
