"""What does the report of an instance change, besides what any request does?

An instance has one push token at a time for the resource of its app. So a push token that is new for it takes the place of others.
Other doors may have given the profile subscriptions of other resources; those stay as they are.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from pushhub.audience.command import MAX_SUBSCRIPTIONS, ById, DesiredSubscription
from pushhub.audience.model import Address, Profile, Subscription, SubscriptionRef, SubscriptionState
from pushhub.audience.port import Snapshot
from pushhub.audience.resolving import DatabaseRequest, Others, ResolvedSubscription
from pushhub.moments import Seconds

MIN_REPORT_SECONDS: Final = 60
"""Seconds after a report was stored, in which another that changes nothing but fields is not stored."""


def is_early(request: DatabaseRequest, profile: Profile | None, now: Seconds) -> bool:
    """Say whether a request is a report that comes so soon after the last stored one that it is not stored for its fields."""
    if not request.report or profile is None or profile.informed is None:
        return False
    # Clocks differ: the last one may have been stored a moment after now.
    return abs(now - profile.informed) < MIN_REPORT_SECONDS


def unread_others(request: DatabaseRequest, snapshot: Snapshot) -> frozenset[SubscriptionRef]:
    """Return the live subscriptions that a request may cancel without naming them, and that the snapshot does not hold."""
    return frozenset(_others(request, snapshot)) - snapshot.subscriptions.keys()


def with_others(request: DatabaseRequest, snapshot: Snapshot) -> DatabaseRequest:
    """Return a request that names what it cancels: as many others as it has room for, those live for the longest time first."""
    found = (snapshot.subscriptions[ref] for ref in _others(request, snapshot) if ref in snapshot.subscriptions)
    cancelled = [_cancelled(stored) for stored in found if _is_active(stored, request)]
    room = MAX_SUBSCRIPTIONS - len(request.subscriptions)
    return replace(request, subscriptions=(*request.subscriptions, *cancelled[:room])) if cancelled else request


def _others(request: DatabaseRequest, snapshot: Snapshot) -> Sequence[SubscriptionRef]:
    """Return the live subscriptions that a request may cancel without naming them, those live for the longest time first."""
    if request.others is Others.KEPT or (request.others is Others.REPLACED and not _activates(request, snapshot)):
        return ()
    profile = snapshot.profiles.get(request.matching.profile) if isinstance(request.matching, ById) else None
    live = profile.live if profile else {}
    return sorted(live.keys() - set(request.refs), key=lambda ref: (live[ref], ref))


def _activates(request: DatabaseRequest, snapshot: Snapshot) -> bool:
    """Say whether a request names a subscription that is to become active."""
    return any(
        isinstance(part.address, Address)
        and not part.desired.unsubscribe
        and not _is_active(snapshot.subscription_of(part.address), request)
        for part in request.subscriptions
    )


def _is_active(stored: Subscription | None, request: DatabaseRequest) -> bool:
    """Say whether a subscription is active for the resource of a request that matches by id, at the profile that this means."""
    if stored is None or stored.retired is not None or request.matching != ById(stored.profile):
        return False
    state, _ = stored.resources.get(request.resource.id, (None, None))
    return state is SubscriptionState.ACTIVE


def _cancelled(stored: Subscription) -> ResolvedSubscription:
    address = stored.address
    return ResolvedSubscription(DesiredSubscription(address.provider, address.push_token, unsubscribe=True), address)
