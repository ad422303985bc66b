"""When does a request have to be read and decided again, before anything is written or answered?

A change is guarded: where what it writes to is not as it was read, a race is lost and the request is read again. What a decision
merely rests on has no guard, and a snapshot is not of one moment: each item is read at a moment of its own, while others write.
So a decision that rests on what no guard checks asks for a second reading itself. :class:`RereadReason` lists when.
"""

from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from pushhub.audience.model import MatchKey, Profile, ProfileId, SubscriptionRef
from pushhub.audience.port import Snapshot
from pushhub.audience.resolving import DatabaseRequest
from pushhub.audience.target import Target, find_target
from pushhub.moments import Seconds

SETTLED_SECONDS: Final = 10
"""Seconds after which every read surely sees all that was written together with a subscription."""


class RereadReason(Enum):
    """What a decision rests on that no guard checks."""

    TARGET_NOT_READ = auto()
    """Fields are to be set on a profile that the snapshot does not hold: nothing is decided yet."""
    HOLDER_MAY_BE_TARGET = auto()
    """A value is refused as taken and no target was found: its holder may be the target, made while it was looked for."""
    OWNER_NOT_READ = auto()
    """There is no room for all subscriptions of an owner that was taken to be anonymous: the snapshot does not hold it."""
    CONTRADICTION = auto()
    """The snapshot holds a profile from before a change and what belongs to it from after it, or the other way round."""
    KEY_MAY_BE_MISSED = auto()
    """A match key finds no profile, but a subscription was written so recently that the read may have missed its owner's key."""


@dataclass(frozen=True, slots=True)
class Reread:
    """A decision that does not count yet: why, and which further profiles have to be read."""

    reason: RereadReason
    profiles: frozenset[ProfileId] = frozenset()

    @property
    def confirms(self) -> bool:
        """Whether the decision after a second reading counts, even if it asks to read again."""
        return self.reason is not RereadReason.TARGET_NOT_READ


def unread_target(request: DatabaseRequest, snapshot: Snapshot) -> ProfileId | None:
    """Return the profile that has to be read too before a request that sets fields can be decided, or None."""
    if not request.fields:
        return None
    target = find_target(request, snapshot, ProfileId(""))
    return target.id if not target.skipped_in(request.mode) and is_unread(request, snapshot, target) else None


def is_unread(request: DatabaseRequest, snapshot: Snapshot, target: Target) -> bool:
    """Say whether fields are to be set on a profile that was found but that nobody looked for."""
    return bool(request.fields) and target.found and target.id not in snapshot.profiles


def reread_of_refused_fields(request: DatabaseRequest, snapshot: Snapshot, target: Target) -> Reread | None:
    """Say whether to read again before a request is refused because another profile holds a value that it sets."""
    if not target.found:
        return Reread(RereadReason.HOLDER_MAY_BE_TARGET)
    return Reread(RereadReason.CONTRADICTION) if _contradicts_itself(request, snapshot) else None


def reread_of_subscriptions(
    request: DatabaseRequest, snapshot: Snapshot, now: Seconds, *, unread_owners: frozenset[ProfileId], has_profile: bool
) -> Reread | None:
    """Say whether to read again before the outcome of the subscriptions counts.

    Args:
        request: what is decided.
        snapshot: what it is decided by.
        now: the moment of the decision.
        unread_owners: profiles for whose subscriptions there was no room, and that the snapshot does not hold.
        has_profile: whether the request has found a profile, or makes one.
    """
    if unread_owners:
        return Reread(RereadReason.OWNER_NOT_READ, unread_owners)
    if _contradicts_itself(request, snapshot):
        return Reread(RereadReason.CONTRADICTION)
    if not has_profile and _may_have_missed_key(request, snapshot, now):
        return Reread(RereadReason.KEY_MAY_BE_MISSED)
    return None


def _may_have_missed_key(request: DatabaseRequest, snapshot: Snapshot, now: Seconds) -> bool:
    by_key = isinstance(request.matching, MatchKey)
    return by_key and any(now - stored.seen <= SETTLED_SECONDS for stored in snapshot.subscriptions.values())


def _contradicts_itself(request: DatabaseRequest, snapshot: Snapshot) -> bool:
    return any(_owned_by(id_, request, snapshot) != _referred_to_by(profile, request) for id_, profile in snapshot.profiles.items())


_Belongings = tuple[set[SubscriptionRef], set[SubscriptionRef], set[MatchKey]]
"""What a request names that belongs to a profile: live subscriptions, cancelled ones, match keys."""


def _owned_by(profile: ProfileId, request: DatabaseRequest, snapshot: Snapshot) -> _Belongings:
    """Return what says of itself that it belongs to a profile."""
    owned = [stored for stored in map(snapshot.subscriptions.get, request.addresses) if stored and stored.profile == profile]
    live = {stored.address.ref for stored in owned if stored.live}
    cancelled = {stored.address.ref for stored in owned if not stored.live}
    return live, cancelled, {key for key in request.match_keys if snapshot.key_holders.get(key) == profile}


def _referred_to_by(profile: Profile | None, request: DatabaseRequest) -> _Belongings:
    """Return what a profile says of itself that it has; None has nothing."""
    if profile is None:
        return set(), set(), set()
    refs = {address.ref for address in request.addresses}
    return refs & profile.live.keys(), refs & profile.cancelled.keys(), {key for key in request.match_keys if key in profile.keys}
