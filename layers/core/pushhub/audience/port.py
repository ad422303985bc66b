"""What does the audience need of a store, and what do people ask about it?"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from pushhub.audience.changes import Change
from pushhub.audience.model import Address, MatchKey, OffsetBefore, Profile, ProfileId, Subscription, SubscriptionRef
from pushhub.audience.values import Value
from pushhub.catalog.model import DatabaseId
from pushhub.moments import Seconds


@dataclass(frozen=True, slots=True)
class SnapshotQuery:
    """What to read of one database; subscriptions are named by their addresses, or by `refs` where only those are known."""

    database: DatabaseId
    addresses: tuple[Address, ...] = ()
    keys: tuple[MatchKey, ...] = ()
    profiles: frozenset[ProfileId] = frozenset()
    refs: frozenset[SubscriptionRef] = frozenset()

    @property
    def item_count(self) -> int:
        """How many items are read."""
        return sum(len(address.refs) for address in self.addresses) + len(self.keys) + len(self.profiles) + len(self.refs)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What was found for a :class:`SnapshotQuery`; a profile that does not exist stands in it as None.

    It is not of one moment: each item is as it was at a moment of its own, while the snapshot was read.
    """

    subscriptions: Mapping[SubscriptionRef, Subscription] = field(default_factory=dict)
    key_holders: Mapping[MatchKey, ProfileId] = field(default_factory=dict)
    profiles: Mapping[ProfileId, Profile | None] = field(default_factory=dict)

    def subscription_of(self, address: Address) -> Subscription | None:
        """Return the subscription of an address; one under a legacy reference counts only where there is no other."""
        return next((self.subscriptions[ref] for ref in address.refs if ref in self.subscriptions), None)


class AudienceStore(Protocol):
    """Profiles, match keys and subscriptions of every database. A read sees every change that was committed before it began."""

    def read(self, queries: Sequence[SnapshotQuery], deadline: float = math.inf) -> Sequence[Snapshot]:
        """Return a snapshot for each query, in order, in one call per 100 items.

        Args:
            queries: what to read.
            deadline: moment of `time.monotonic()` after which no further call is made.

        Raises:
            UnavailableError: the store did not answer in time, or refused for load.
        """

    def commit(self, database: DatabaseId, change: Change) -> None:
        """Write all of a change or nothing.

        Raises:
            LostRaceError: a guard did not hold or items were busy; nothing was written.
            UnavailableError: the store did not answer in time, or refused for load.
        """


@dataclass(frozen=True, slots=True)
class ReachedProfile:
    """What a sweep finds of a profile: `place` is where it stands in its lane, `live` are its live subscriptions.

    `happened` and `offset_before` are what :class:`~pushhub.audience.model.Profile` says.
    """

    id: ProfileId
    place: str
    fields: Mapping[str, Value]
    live: frozenset[SubscriptionRef]
    happened: Mapping[str, Seconds] = field(default_factory=dict)
    offset_before: OffsetBefore | None = None


@dataclass(frozen=True, slots=True)
class ReachPage:
    """Profiles of a lane in the order of their places; `more` says whether others may follow."""

    profiles: tuple[ReachedProfile, ...]
    more: bool


class AudienceReach(Protocol):
    """Finds whom a sending is for. What was written within the last second may be missing or be as it was before.

    Every method raises `UnavailableError` where the store did not answer in time, or refused for load.
    """

    def page(self, database: DatabaseId, lane: str, after: str, limit: int) -> ReachPage:
        """Return profiles of a database behind a place of a lane, in one call.

        Args:
            database: which.
            lane: one of sixteen lower-case hex digits.
            after: a place; empty for the beginning.
            limit: most profiles.
        """

    def holders(self, database: DatabaseId, keys: Sequence[MatchKey]) -> Mapping[MatchKey, ProfileId]:
        """Return the profiles that match keys find, in one call per 100."""

    def profiles(self, database: DatabaseId, ids: Sequence[ProfileId]) -> Mapping[ProfileId, Profile]:
        """Return those profiles that exist, in one call per 100."""

    def subscriptions(self, database: DatabaseId, refs: Sequence[SubscriptionRef]) -> Mapping[SubscriptionRef, Subscription]:
        """Return those subscriptions that exist, in one call per 100."""


class AudienceInspection(Protocol):
    """What people ask about an audience. Serving needs none of it."""

    def subscriptions_of(self, database: DatabaseId, profile: Profile) -> Sequence[Subscription]:
        """Return the subscriptions that a profile refers to, live ones first.

        Raises:
            UnavailableError: the store did not answer in time, or refused for load.
        """

    def holds_profiles(self, database: DatabaseId) -> bool:
        """Say whether any profile of a database exists. May read the whole table: never call it while serving.

        Raises:
            UnavailableError: the store did not answer in time, or refused for load.
        """
