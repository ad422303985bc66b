"""What becomes of a device that has two subscriptions in a database, one of them under a legacy reference?

That happens where its push token came in another spelling than the one before: only that spelling leads to the legacy reference. As
soon as a request reads both, one goes:

==============================================  =====================================================================
they belong to                                  what stays, under the reference of the compared form
==============================================  =====================================================================
one profile                                     one subscription, with the latest state for each resource; retired, where
                                                either is and the other is not live or was last seen before that
two profiles                                    the live one; where both or neither are live, the one written last,
                                                which is the one under the reference of the compared form
==============================================  =====================================================================

The other profile keeps all else. It may be left without a subscription.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from pushhub.audience.changes import Change, SubscriptionPut, SubscriptionRemoval, SubscriptionWrite
from pushhub.audience.draft import References
from pushhub.audience.model import ProfileId, Retirement, Subscription, SubscriptionState
from pushhub.audience.port import Snapshot
from pushhub.audience.resolving import DatabaseRequest
from pushhub.catalog.model import ResourceId
from pushhub.moments import Seconds

MAX_MERGED: Final = 24
"""Devices of one change: each costs at most four writes, and an import adds two of its own. A rereading finds the others."""

_States = Mapping[ResourceId, tuple[SubscriptionState, Seconds]]
_Pair = tuple[Subscription, Subscription]
"""The subscription under the reference of the compared form, and the one under the legacy reference."""


def merge_duplicates(request: DatabaseRequest, snapshot: Snapshot, now: Seconds) -> Change | None:
    """Return the change that leaves each device of a request one subscription; None where none has two."""
    pairs = _pairs(request, snapshot)[:MAX_MERGED]
    if not pairs:
        return None
    writes: list[SubscriptionWrite] = []
    references: dict[ProfileId, References] = {}

    def of(subscription: Subscription) -> References:
        return references.setdefault(subscription.profile, References())

    for compared, legacy in pairs:
        kept = _kept(compared, legacy)
        of(legacy).lose(legacy)
        writes.append(SubscriptionRemoval(legacy.ref, legacy.profile, legacy.version))
        # Written even where it stays as it is: which one stays rests on both, and this guards the other.
        writes.append(SubscriptionPut(replace(kept, version=compared.version + 1)))
        if (kept.profile, kept.live) != (compared.profile, compared.live):
            of(compared).lose(compared)
            of(kept).gain(kept)
    updates = (update for profile, lists in references.items() for update in lists.profile_updates(profile, now))
    return Change(profiles=tuple(updates), subscriptions=tuple(writes))


def _pairs(request: DatabaseRequest, snapshot: Snapshot) -> list[_Pair]:
    found = snapshot.subscriptions
    return [
        (found[address.ref], found[address.legacy_ref])
        for address in request.addresses
        if address.legacy_ref is not None and address.ref in found and address.legacy_ref in found
    ]


def _kept(compared: Subscription, legacy: Subscription) -> Subscription:
    """Return what stays of two subscriptions of one device."""
    if compared.profile == legacy.profile:
        states = _latest(legacy.resources, compared.resources)
        return replace(compared, resources=states, retired=_retirement(compared, legacy))
    return replace(legacy, legacy=False) if legacy.live and not compared.live else compared


def _retirement(one: Subscription, other: Subscription) -> Retirement | None:
    """Return the last retirement of two subscriptions of one device, None where a caller has seen the device alive since."""
    last = max((each for each in (one.retired, other.retired) if each), key=lambda each: each.at, default=None)
    revived = last is not None and any(each.live and each.seen >= last.at for each in (one, other))
    return None if revived else last


def _latest(legacy: _States, compared: _States) -> _States:
    """Return for each resource the state that it has had for the shorter time."""
    older = {id_ for id_ in legacy.keys() & compared.keys() if compared[id_][1] < legacy[id_][1]}
    return {**legacy, **{id_: state for id_, state in compared.items() if id_ not in older}}
