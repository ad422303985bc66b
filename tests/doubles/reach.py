"""Whom a sending is for, in memory."""

from collections.abc import Iterable, Mapping, Sequence
from heapq import nsmallest

from pushhub.audience.model import MatchKey, Profile, ProfileId, Subscription, SubscriptionRef, lane_and_place
from pushhub.audience.port import ReachedProfile, ReachPage
from pushhub.catalog.model import DatabaseId
from tests.doubles.audience import MemoryAudience


class MemoryReach:
    """Finds in an audience in memory; it counts its calls, as many as the store would need."""

    def __init__(self, audience: MemoryAudience) -> None:
        self.audience = audience
        self.calls = 0

    def page(self, database: DatabaseId, lane: str, after: str, limit: int) -> ReachPage:
        self.calls += 1
        profiles = self.audience.content(database).profiles.values()
        behind = [
            (place, profile) for profile in profiles for of, place in [lane_and_place(profile.id)] if of == lane and place > after
        ]
        found = nsmallest(limit, behind, key=lambda placed: placed[0])
        return ReachPage(
            tuple(_reached(profile, place) for place, profile in found),
            more=len(found) == limit,
        )

    def holders(self, database: DatabaseId, keys: Sequence[MatchKey]) -> Mapping[MatchKey, ProfileId]:
        return self._found(self.audience.content(database).keys, keys)

    def profiles(self, database: DatabaseId, ids: Sequence[ProfileId]) -> Mapping[ProfileId, Profile]:
        return self._found(self.audience.content(database).profiles, ids)

    def subscriptions(self, database: DatabaseId, refs: Sequence[SubscriptionRef]) -> Mapping[SubscriptionRef, Subscription]:
        return self._found(self.audience.content(database).subscriptions, refs)

    def _found[Name, Thing](self, held: Mapping[Name, Thing], names: Iterable[Name]) -> Mapping[Name, Thing]:
        different = dict.fromkeys(names)
        self.calls += -(-len(different) // 100)
        return {name: held[name] for name in different if name in held}


def _reached(profile: Profile, place: str) -> ReachedProfile:
    return ReachedProfile(
        profile.id,
        place,
        profile.fields,
        frozenset(profile.live),
        happened=profile.happened,
        offset_before=profile.offset_before,
    )
