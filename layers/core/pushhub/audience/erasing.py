"""How does a hub forget a person?"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import batched
from typing import Final

from pushhub.audience.changes import Change, KeyRelease, ProfileErasure, ProfileUpdate, SubscriptionRemoval
from pushhub.audience.model import Profile, ProfileId, SubscriptionRef
from pushhub.audience.port import AudienceStore, SnapshotQuery
from pushhub.catalog.model import DatabaseId
from pushhub.moments import Seconds, seconds_now
from pushhub.races import rerun_lost_races

MAX_DELETED_AT_ONCE: Final = 40
"""Subscriptions that one change deletes: all that a profile may have do not fit one."""


@dataclass(frozen=True, slots=True)
class Erasing:
    """The use case: subscriptions first, several at once, then the profile with its match keys; safe to run again at any point."""

    store: AudienceStore
    now: Callable[[], Seconds] = seconds_now
    sleep: Callable[[float], None] = time.sleep

    def __call__(self, database: DatabaseId, profile: ProfileId) -> bool:
        """Erase a profile; return False where there is none.

        Raises:
            LostRaceError: every try that :mod:`pushhub.races` allows lost a race.
            UnavailableError: the store did not answer in time, or refused for load; run it again.
        """
        return rerun_lost_races(self.sleep)(self._erase, database, profile)

    def _erase(self, database: DatabaseId, id_: ProfileId) -> bool:
        (snapshot,) = self.store.read([SnapshotQuery(database, profiles=frozenset({id_}))])
        profile = snapshot.profiles[id_]
        if profile is None:
            return False
        for refs in batched((*profile.live, *profile.cancelled), MAX_DELETED_AT_ONCE, strict=False):
            self.store.commit(database, self._without(profile, frozenset(refs)))
        keys = tuple(KeyRelease(key, id_) for key in profile.keys)
        self.store.commit(database, Change(profiles=(ProfileErasure(id_, profile.keys),), keys=keys))
        return True

    def _without(self, profile: Profile, refs: frozenset[SubscriptionRef]) -> Change:
        update = ProfileUpdate(
            profile.id, self.now(), live_removed=refs & profile.live.keys(), cancelled_removed=refs & profile.cancelled.keys()
        )
        return Change(profiles=(update,), subscriptions=tuple(SubscriptionRemoval(ref, profile.id) for ref in sorted(refs)))
