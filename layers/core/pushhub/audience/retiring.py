"""How does the hub stop sending to a push token that its provider calls dead?

The subscription is retired: it is live for no resource, and its reference moves to the cancelled ones of its profile. What it is
for each resource stays. So the next subscribe of the push token, through any door, revives it for all of them.

==================================================================  ================================================
the subscription                                                    what happens
==================================================================  ================================================
is live, and was last seen before the provider knew the token dead  it is retired (`RETIRED`)
is live, and was seen since                                         it stays: the device is alive (`SEEN_SINCE`)
is retired, cancelled or gone                                       nothing (`NOT_LIVE`)
==================================================================  ================================================

That it is seen is written once in :data:`~pushhub.audience.matching.SEEN_FRESH_FOR`. So a device that was dead for a while within
that time may be retired although it is alive again; its next subscribe revives it.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Final

from pushhub.audience.changes import Change, SubscriptionPut, SubscriptionRemoval
from pushhub.audience.committing import Committing
from pushhub.audience.draft import References
from pushhub.audience.model import Profile, ProfileId, Retirement, Subscription
from pushhub.audience.port import AudienceStore, Snapshot, SnapshotQuery
from pushhub.catalog.model import DatabaseId
from pushhub.faults import LostRaceError
from pushhub.moments import Milliseconds, Seconds, seconds_now
from pushhub.races import rerun_lost_races

MAX_RETIREMENT_REASON: Final = 200
"""Characters that are kept of the reason of a retirement."""


@dataclass(frozen=True, slots=True)
class Retire:
    """Retire a subscription whose push token is dead.

    Attributes:
        database: where it stands.
        subscription: as it was read for the sending, perhaps from a replica that lags behind.
        reason: why, in the provider's words; without a push token in it.
        sending: the id of the sending that met it.
        gone_since: from when the provider knows that the push token is dead; where it does not say, when the push
            was sent, and later than the subscription was seen as it was read.
    """

    database: DatabaseId
    subscription: Subscription
    reason: str
    sending: int
    gone_since: Milliseconds


class RetireEffect(Enum):
    """What came of a subscription that was to be retired."""

    RETIRED = auto()
    NOT_LIVE = auto()
    """It was retired or cancelled before, or is there no more."""
    SEEN_SINCE = auto()
    """A caller has subscribed it after the provider knew the push token dead."""


def decide_retirement(
    command: Retire, stored: Subscription | None, profile: Profile | None, now: Seconds
) -> tuple[RetireEffect, Change | None]:
    """Return what comes of a subscription, and the change that makes it so.

    Args:
        command: what is to be retired.
        stored: the subscription as it is.
        profile: its owner, None where it was not read. It is taken to have room among the cancelled ones then.
        now: the moment of the decision.
    """
    if stored is None or not stored.live:
        return RetireEffect.NOT_LIVE, None
    if command.gone_since <= 1000 * stored.seen:
        return RetireEffect.SEEN_SINCE, None
    retirement = Retirement(now, command.reason[:MAX_RETIREMENT_REASON], command.sending)
    after = replace(stored, retired=retirement, version=stored.version + 1)
    references = References()
    references.exchange(stored, after)
    forgotten = references.surplus_of(profile, frozenset({after.ref})) if profile else []
    references.cancelled_removed.update(forgotten)
    return RetireEffect.RETIRED, Change(
        profiles=references.profile_updates(stored.profile, now),
        subscriptions=(SubscriptionPut(after), *(SubscriptionRemoval(ref, stored.profile) for ref in forgotten)),
    )


@dataclass(frozen=True, slots=True)
class Retiring:
    """The use case: one commit, without a read. After a lost race it reads subscription and owner, and decides again."""

    store: AudienceStore
    now: Callable[[], Seconds] = seconds_now
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic

    def __call__(self, command: Retire, deadline: float = math.inf) -> RetireEffect:
        """Retire a subscription, and return what came of it.

        Args:
            command: what is to be retired.
            deadline: moment of `time.monotonic()` after which no further call is made.

        Raises:
            LostRaceError: every try that :mod:`pushhub.races` allows lost a race.
            UnavailableError: the store did not answer in time, or refused for load; or time is up.
        """
        return rerun_lost_races(self.sleep)(_Tries(self, command, deadline).retire)


class _Tries:
    """The tries to retire one subscription: the first goes by what the sending has read, each further one reads."""

    def __init__(self, use_case: Retiring, command: Retire, deadline: float) -> None:
        self._use_case = use_case
        self._command = command
        self._deadline = deadline
        self._commit = Committing(use_case.store, use_case.clock, deadline)
        self._stored: Subscription | None = command.subscription
        self._profiles: dict[ProfileId, Profile | None] = {}
        self._has_lost = False

    def retire(self) -> RetireEffect:
        """Try once.

        Raises:
            LostRaceError: a guard did not hold.
        """
        if self._has_lost:
            self._read()
        owner = self._profiles.get(self._stored.profile) if self._stored else None
        effect, change = decide_retirement(self._command, self._stored, owner, self._use_case.now())
        try:
            self._commit(self._command.database, change)
        except LostRaceError:
            self._has_lost = True
            raise
        return effect

    def _read(self) -> None:
        """Read the subscription, and its owner as far as that is known; one that has moved has another owner than before."""
        address = self._command.subscription.address
        owners = frozenset({self._command.subscription.profile} | ({self._stored.profile} if self._stored else set()))
        query = SnapshotQuery(self._command.database, (address,), profiles=owners)
        (snapshot,) = self._use_case.store.read([query], self._deadline)
        self._stored = self._found(snapshot)
        self._profiles = dict(snapshot.profiles)

    def _found(self, snapshot: Snapshot) -> Subscription | None:
        """Return the subscription; where its legacy reference was given up meanwhile, it stands under the other one."""
        subscription = self._command.subscription
        return snapshot.subscriptions.get(subscription.ref) or snapshot.subscription_of(subscription.address)
