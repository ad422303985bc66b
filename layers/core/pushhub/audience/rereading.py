"""When is a request read and decided again, before anything is written or answered?

A change is guarded: where an item that it writes is not as it was read, a race is lost, and the request is read again. An item that
a decision only rests on has no guard. And a snapshot is not of one moment: each item is read at a moment of its own, while others
write. So a decision that rests on what no guard checks asks for a second reading. :class:`RereadReason` lists when.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from pushhub.audience.command import ByPushToken, Mode
from pushhub.audience.model import Address, MatchKey, Profile, ProfileId, SubscriptionRef
from pushhub.audience.port import Snapshot
from pushhub.audience.resolving import DatabaseRequest
from pushhub.audience.target import Target, find_target
from pushhub.moments import Seconds

SECONDS_UNTIL_ALL_SEE: Final = 10
"""Seconds after a subscription was written, from which every snapshot holds what was written together with it."""


class RereadReason(Enum):
    """Why a request is to be read and decided again."""

    TARGET_NOT_READ = auto()
    """Fields are to be set on a profile that the snapshot does not hold, and nothing is decided.

    Whoever calls `decide` owes it that profile. A snapshot of :func:`~pushhub.audience.snapshots.read_snapshots` always holds it.
    """
    HOLDER_MAY_BE_TARGET = auto()
    """A value is refused as taken, and no target was found. The holder may be the target, if it was made during the reading."""
    OWNER_NOT_READ = auto()
    """The target has no room for all subscriptions of an owner that the snapshot does not hold; it was taken to be anonymous."""
    CONTRADICTION = auto()
    """The snapshot holds a profile from before a change and what belongs to it from after it, or the other way round."""
    KEY_MAY_BE_MISSED = auto()
    """A match key finds no profile, but a subscription was written so recently that the reading may have missed its owner's key."""
    OTHERS_NOT_READ = auto()
    """Subscriptions of the target that may have to be cancelled are missing. The target was read before they moved or were made."""
    TWO_SUBSCRIPTIONS = auto()
    """A device has two subscriptions, and nothing is decided before one of them is gone: :mod:`pushhub.audience.duplicates`."""
    SUBSCRIPTION_MAY_BE_MISSED = auto()
    """A subscription was found under neither of two references. It may have moved from one to the other during the reading."""


@dataclass(frozen=True, slots=True)
class Reread:
    """Why to read and decide again, and which further profiles to read then."""

    reason: RereadReason
    profiles: frozenset[ProfileId] = frozenset()

    @property
    def once_is_enough(self) -> bool:
        """Whether a decision counts in spite of this, where the request was reread already."""
        return self.reason not in {RereadReason.TARGET_NOT_READ, RereadReason.TWO_SUBSCRIPTIONS}


def unread_target(request: DatabaseRequest, snapshot: Snapshot) -> ProfileId | None:
    """Return the profile that a request sets fields on, where the snapshot does not hold it, or None."""
    if not request.fields:
        return None
    target = find_target(request, snapshot, ProfileId(""))
    return target.id if not target.skipped_in(request.mode) and is_unread(request, snapshot, target) else None


def is_unread(request: DatabaseRequest, snapshot: Snapshot, target: Target) -> bool:
    """Say whether fields are to be set on a profile that was found, and that was not among what was read."""
    return bool(request.fields) and target.found and target.id not in snapshot.profiles


def reread_of_skipped(request: DatabaseRequest, snapshot: Snapshot) -> Reread | None:
    """Say whether to read again before a request is skipped, since nobody was found by its push tokens."""
    if request.mode is not Mode.UPDATE or not isinstance(request.matching, ByPushToken):
        return None
    return _reread_of_missed(request.addresses, snapshot)


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
        unread_owners: owners that the snapshot does not hold, and for whose subscriptions the target had no room.
        has_profile: whether the request has found a profile, or makes one.
    """
    if unread_owners:
        return Reread(RereadReason.OWNER_NOT_READ, unread_owners)
    if _contradicts_itself(request, snapshot):
        return Reread(RereadReason.CONTRADICTION)
    if not has_profile and _may_have_missed_key(request, snapshot, now):
        return Reread(RereadReason.KEY_MAY_BE_MISSED)
    # Whoever subscribes what was missed writes it, and the guard of that write notices.
    return _reread_of_missed(request.cancelled_addresses, snapshot)


def _reread_of_missed(addresses: Iterable[Address], snapshot: Snapshot) -> Reread | None:
    missed = any(address.legacy_ref is not None and snapshot.subscription_of(address) is None for address in addresses)
    return Reread(RereadReason.SUBSCRIPTION_MAY_BE_MISSED) if missed else None


def _may_have_missed_key(request: DatabaseRequest, snapshot: Snapshot, now: Seconds) -> bool:
    by_key = isinstance(request.matching, MatchKey)
    return by_key and any(now - stored.seen <= SECONDS_UNTIL_ALL_SEE for stored in snapshot.subscriptions.values())


def _contradicts_itself(request: DatabaseRequest, snapshot: Snapshot) -> bool:
    return any(_owned_by(id_, request, snapshot) != _referred_to_by(profile, request) for id_, profile in snapshot.profiles.items())


_Belongings = tuple[set[SubscriptionRef], set[SubscriptionRef], set[MatchKey]]
"""What a request names that belongs to a profile: live subscriptions, cancelled ones, match keys."""


def _owned_by(profile: ProfileId, request: DatabaseRequest, snapshot: Snapshot) -> _Belongings:
    """Return the subscriptions and match keys whose own items name a profile as theirs."""
    owned = [stored for stored in map(snapshot.subscriptions.get, request.refs) if stored and stored.profile == profile]
    live = {stored.ref for stored in owned if stored.live}
    cancelled = {stored.ref for stored in owned if not stored.live}
    return live, cancelled, {key for key in request.match_keys if snapshot.key_holders.get(key) == profile}


def _referred_to_by(profile: Profile | None, request: DatabaseRequest) -> _Belongings:
    """Return the subscriptions and match keys that the profile's own item lists; none where there is no profile."""
    if profile is None:
        return set(), set(), set()
    refs = set(request.refs)
    return refs & profile.live.keys(), refs & profile.cancelled.keys(), {key for key in request.match_keys if key in profile.keys}
