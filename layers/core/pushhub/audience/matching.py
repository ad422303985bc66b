"""Which profile does a request mean, and what has to be written for it?

Pure: given what was read of a database, :func:`decide` says what comes of a request there and which change makes it so.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from typing import Final

from pushhub.audience.changes import (
    MAX_WRITES,
    Change,
    KeyClaim,
    KeyWrite,
    ProfileCreation,
    ProfileRemoval,
    ProfileUpdate,
    ProfileWrite,
    SubscriptionPut,
    SubscriptionRemoval,
    SubscriptionWrite,
)
from pushhub.audience.command import (
    MAX_SUBSCRIPTIONS,
    ById,
    ByPushToken,
    DatabaseOutcome,
    DatabaseProcessed,
    DatabaseRefused,
    Effect,
    Mode,
    Reason,
    Refused,
    SubscriptionOutcome,
)
from pushhub.audience.fields import NO_CHANGE, FieldChange, decide_fields
from pushhub.audience.model import (
    MAX_CANCELLED,
    MAX_LIVE,
    Address,
    MatchKey,
    Origin,
    Profile,
    ProfileId,
    ResourceState,
    Subscription,
    SubscriptionRef,
)
from pushhub.audience.port import Snapshot
from pushhub.audience.resolving import DatabaseRequest, ResolvedSubscription
from pushhub.catalog.model import TokenConflict
from pushhub.moments import Seconds

SEEN_FRESH_FOR: Final = 7 * 24 * 3600
"""Seconds before the last-seen time of an unchanged subscription is written again."""

MAX_FORGOTTEN: Final = MAX_WRITES - 2 - 2 * MAX_SUBSCRIPTIONS
"""Cancelled subscriptions that may be deleted along with anonymous profiles: what a change has left when every subscription of a
request costs two writes, and the profile and its key one each. A profile that has more is left behind without live ones."""

SETTLED_SECONDS: Final = 10
"""Seconds after which everything that was written together with a subscription is surely seen by every read."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What comes of a request; it holds once `change`, if there is one, is committed."""

    outcome: DatabaseOutcome
    change: Change | None
    doubtful: bool = False
    """Whether it rests on what no guard checks: read once more, and decide again, before anything is written or told."""
    unverified: frozenset[ProfileId] = frozenset()
    """Profiles that were decided about without having been read, although nothing guards that."""
    undecided: bool = False
    """Whether it is none, since a profile that :func:`unread_target` names was not read: however often that happens, read it."""

    @property
    def assumed(self) -> frozenset[ProfileId]:
        """Profiles that the decision made assumptions about: read them before deciding again."""
        return self.unverified | (self.change.assumed if self.change else frozenset())

    def has_to_be_repeated(self, *, confirmed: bool) -> bool:
        """Say whether to read and decide again before anything is written or told; `confirmed`: that was done for doubt already."""
        return self.undecided or (self.doubtful and not confirmed)


def decide(request: DatabaseRequest, snapshot: Snapshot, fresh: ProfileId, now: Seconds) -> Decision:
    """Decide a request in one database; `fresh` is the id for a profile that has to be made.

    A profile that the snapshot does not hold is taken to have room for more subscriptions and, where its subscription allows it,
    to be anonymous. The guards of the change say so, and after a lost race the snapshot holds the profile. What a decision rests on
    without a guard, since it writes nothing there, makes it doubtful. Where fields are to be set on a profile that the snapshot
    does not hold, nothing is decided: :func:`unread_target` tells beforehand.
    """
    target = _target(request, snapshot, fresh)
    if _passes_over(request.mode, target):
        return _same_for_all(request, target, Effect.SKIPPED)
    if _has_to_be_read(request, snapshot, target):
        none_yet = _same_for_all(request, target, Effect.UNCHANGED)
        return replace(none_yet, doubtful=True, unverified=frozenset({target.id}), undecided=True)
    fields = decide_fields(request, target.read, target.id, snapshot.key_holders) if request.fields else NO_CHANGE
    if isinstance(fields, Refused):
        # Who seems to be another may be the very profile: made, or moved to, while it was looked for.
        doubtful = not target.found or _is_contradictory(request, snapshot)
        return Decision(DatabaseRefused(request.database, fields), None, doubtful)
    return _Decider(request, snapshot, target, now, fields).decide()


def unread_target(request: DatabaseRequest, snapshot: Snapshot) -> ProfileId | None:
    """Return the profile that has to be read too before a request that sets fields can be decided, or None."""
    if not request.fields:
        return None
    target = _target(request, snapshot, ProfileId(""))
    needed = _has_to_be_read(request, snapshot, target) and not _passes_over(request.mode, target)
    return target.id if needed else None


def _passes_over(mode: Mode, target: "_Target") -> bool:
    return (mode is Mode.ADD and target.found) or (mode is Mode.UPDATE and not target.found)


def _has_to_be_read(request: DatabaseRequest, snapshot: Snapshot, target: "_Target") -> bool:
    return bool(request.fields) and target.found and target.id not in snapshot.profiles


def _same_for_all(request: DatabaseRequest, target: "_Target", effect: Effect) -> Decision:
    results = ((one.desired, one.address if isinstance(one.address, Refused) else effect) for one in request.subscriptions)
    outcomes = tuple(SubscriptionOutcome(desired, result) for desired, result in results)
    return Decision(DatabaseProcessed(request.database, target.id if target.found else None, outcomes), None)


def _is_contradictory(request: DatabaseRequest, snapshot: Snapshot) -> bool:
    """Say whether profiles were read before, and what belongs to them after, a change of both, or the other way round."""
    return any(
        _owned(request, snapshot, id_) != (_referred_to(request, profile) if profile else (set(), set(), set()))
        for id_, profile in snapshot.profiles.items()
    )


_Belongings = tuple[set[SubscriptionRef], set[SubscriptionRef], set[MatchKey]]
"""What a request names that is a profile's: live subscriptions, cancelled ones, match keys."""


def _owned(request: DatabaseRequest, snapshot: Snapshot, profile: ProfileId) -> _Belongings:
    stored = [one for one in map(snapshot.subscriptions.get, _addresses(request)) if one and one.profile == profile]
    live = {one.address.ref for one in stored if one.live}
    cancelled = {one.address.ref for one in stored if not one.live}
    return live, cancelled, {key for key in _keys(request) if snapshot.key_holders.get(key) == profile}


def _referred_to(request: DatabaseRequest, profile: Profile) -> _Belongings:
    refs = {address.ref for address in _addresses(request)}
    return refs & profile.live.keys(), refs & profile.cancelled.keys(), {key for key in _keys(request) if key in profile.keys}


def _addresses(request: DatabaseRequest) -> Iterator[Address]:
    return (asked.address for asked in request.subscriptions if isinstance(asked.address, Address))


def _keys(request: DatabaseRequest) -> tuple[MatchKey, ...]:
    return (*request.keys, request.matching) if isinstance(request.matching, MatchKey) else request.keys


@dataclass(frozen=True, slots=True)
class _Target:
    """The profile a request means: found, or to be made. `read` is None where the snapshot does not hold it."""

    id: ProfileId
    found: bool
    origin: Origin
    may_be_anonymous: bool
    read: Profile | None = None


def _target(request: DatabaseRequest, snapshot: Snapshot, fresh: ProfileId) -> _Target:
    match request.matching:
        case ById(profile):
            read = snapshot.profiles.get(profile)
            # A subscription proves its owner, who may have been looked for a moment before both were written.
            own = [stored for stored in snapshot.subscriptions.values() if stored.profile == profile]
            anonymous = read.anonymous if read else any(stored.owner_may_be_anonymous for stored in own)
            return _Target(profile, bool(read or own), Origin.ID, anonymous, read)
        case MatchKey():
            holder = snapshot.key_holders.get(request.matching)
            read = snapshot.profiles.get(holder) if holder else None
            return _Target(holder or fresh, holder is not None, Origin.FIELD, may_be_anonymous=False, read=read)
        case ByPushToken():
            return _target_by_token(request, snapshot, fresh)


def _target_by_token(request: DatabaseRequest, snapshot: Snapshot, fresh: ProfileId) -> _Target:
    first = next((stored for address in _addresses(request) if (stored := snapshot.subscriptions.get(address))), None)
    if first is None:
        return _Target(fresh, found=False, origin=Origin.TOKEN, may_be_anonymous=True)
    read = snapshot.profiles.get(first.profile)
    anonymous = read.anonymous if read else first.owner_may_be_anonymous
    return _Target(first.profile, found=True, origin=Origin.TOKEN, may_be_anonymous=anonymous, read=read)


class _Fate(Enum):
    """What becomes of another profile whose subscriptions a request asks for."""

    DISSOLVED = auto()
    """It is anonymous and left with nothing live: its subscriptions move and it is deleted."""
    LEFT_BEHIND = auto()
    """The same, but its other cancelled subscriptions are too many to be deleted with it."""
    NO_ROOM = auto()
    """It would be dissolved, but its subscriptions do not all fit the target."""
    KEPT = auto()
    """Its live subscriptions are its own."""


@dataclass(slots=True)
class _References:
    """Which references a profile gains and loses."""

    live_added: set[SubscriptionRef] = field(default_factory=set)
    live_removed: set[SubscriptionRef] = field(default_factory=set)
    cancelled_added: set[SubscriptionRef] = field(default_factory=set)
    cancelled_removed: set[SubscriptionRef] = field(default_factory=set)

    def update(self, profile: ProfileId, now: Seconds, fields: FieldChange = NO_CHANGE) -> tuple[ProfileUpdate, ...]:
        if not (self.live_added or self.live_removed or self.cancelled_added or self.cancelled_removed or fields.fields):
            return ()
        return (
            ProfileUpdate(
                profile,
                now,
                live_added=frozenset(self.live_added),
                live_removed=frozenset(self.live_removed),
                cancelled_added=frozenset(self.cancelled_added),
                cancelled_removed=frozenset(self.cancelled_removed),
                fields=fields.fields,
                keys=frozenset(fields.claimed),
                replaced=fields.replaced,
            ),
        )


class _Decider:
    """Goes through the subscriptions of one request, cancellations first, and gathers what has to be written."""

    def __init__(
        self, request: DatabaseRequest, snapshot: Snapshot, target: _Target, now: Seconds, fields: FieldChange = NO_CHANGE
    ) -> None:
        self._request = request
        self._resource = request.resource
        self._snapshot = snapshot
        self._target = target
        self._now = now
        self._room = MAX_LIVE - len(target.read.live) if target.read else MAX_LIVE
        self._fields = fields
        self._forgettable = MAX_FORGOTTEN - 2 * len(request.keys)
        self._gains = _References()
        self._losses: dict[ProfileId, _References] = {}
        self._fates: dict[ProfileId, _Fate] = {}
        self._unverified: set[ProfileId] = set()
        self._removals: list[ProfileRemoval] = []
        self._writes: list[SubscriptionWrite] = []

    def decide(self) -> Decision:
        asked = self._request.subscriptions
        results: dict[int, Effect | Refused] = {}
        # Cancellations first: what they leave room for must not depend on the order in which a caller lists things.
        for place in sorted(range(len(asked)), key=lambda place: not asked[place].desired.unsubscribe):
            results[place] = self._bring_about(asked[place])
        outcomes = tuple(SubscriptionOutcome(one.desired, results[place]) for place, one in enumerate(asked))
        if all(isinstance(result, Refused) for result in results.values()):
            self._fields = NO_CHANGE
        change = self._change()
        profile = self._target.id if self._target.found or self._making else None
        return Decision(
            outcome=DatabaseProcessed(self._request.database, profile, outcomes, bool(self._fields.fields)),
            change=change if len(change) else None,
            doubtful=self._is_doubtful(profile),
            unverified=frozenset(self._unverified),
        )

    def _is_doubtful(self, profile: ProfileId | None) -> bool:
        contradictory = _is_contradictory(self._request, self._snapshot)
        return bool(self._unverified) or contradictory or (profile is None and self._may_have_missed_key())

    def _may_have_missed_key(self) -> bool:
        """Say whether a subscription was written so recently that the match key written with it may have been missed."""
        known = self._snapshot.subscriptions.values()
        by_key = isinstance(self._request.matching, MatchKey)
        return by_key and any(self._now - stored.seen <= SETTLED_SECONDS for stored in known)

    def _bring_about(self, asked: ResolvedSubscription) -> Effect | Refused:
        if isinstance(asked.address, Refused):
            return asked.address
        stored = self._snapshot.subscriptions.get(asked.address)
        if stored is not None and stored.profile == self._target.id:
            return self._set_state(stored, ResourceState.CANCELLED if asked.desired.unsubscribe else ResourceState.ACTIVE)
        if asked.desired.unsubscribe:
            return Refused(Reason.NOT_SUBSCRIBED)
        return self._add(asked.address) if stored is None else self._take_over(stored)

    def _set_state(self, stored: Subscription, state: ResourceState) -> Effect | Refused:
        current, _ = stored.resources.get(self._resource.id, (None, None))
        if current is state:
            if state is ResourceState.ACTIVE and self._now - stored.seen > SEEN_FRESH_FOR:
                self._put(replace(stored, seen=self._now, version=stored.version + 1))
            return Effect.UNCHANGED
        resources = {**stored.resources, self._resource.id: (state, self._now)}
        after = replace(stored, resources=resources, seen=self._now, version=stored.version + 1)
        ref = stored.address.ref
        if after.live and not stored.live:
            if not self._take_room(1):
                return Refused(Reason.TOO_MANY_SUBSCRIPTIONS)
            self._gains.live_added.add(ref)
            self._gains.cancelled_removed.add(ref)
        elif stored.live and not after.live:
            self._room += 1
            self._gains.live_removed.add(ref)
            self._gains.cancelled_added.add(ref)
        self._put(after)
        return Effect.CHANGED

    def _add(self, address: Address) -> Effect | Refused:
        if not self._take_room(1):
            return Refused(Reason.TOO_MANY_SUBSCRIPTIONS)
        self._put_active(address, created=self._now, version=1)
        return Effect.CHANGED

    def _take_over(self, stored: Subscription) -> Effect | Refused:
        fate = self._fate_of(stored.profile)
        if fate is _Fate.NO_ROOM:
            return Refused(Reason.TOO_MANY_SUBSCRIPTIONS)
        if fate is _Fate.KEPT:
            if stored.live and self._resource.token_conflict is TokenConflict.REJECT:
                return Refused(Reason.DUPLICATE)
            if not self._take_room(1):
                return Refused(Reason.TOO_MANY_SUBSCRIPTIONS)
        if fate is not _Fate.DISSOLVED:
            loss = self._losses.setdefault(stored.profile, _References())
            (loss.live_removed if stored.live else loss.cancelled_removed).add(stored.address.ref)
        self._put_active(stored.address, created=stored.created, version=stored.version + 1)
        return Effect.CHANGED

    def _fate_of(self, owner: ProfileId) -> _Fate:
        if owner not in self._fates:
            self._fates[owner] = self._settle(owner)
        return self._fates[owner]

    def _settle(self, owner: ProfileId) -> _Fate:
        claimed = self._claimed_from(owner)
        live = frozenset(stored.address.ref for stored in claimed if stored.live)
        cancelled = frozenset(stored.address.ref for stored in claimed if not stored.live)
        forgotten: frozenset[SubscriptionRef] = frozenset()
        read = self._snapshot.profiles.get(owner)
        if read is None:
            left_with_nothing = all(stored.owner_may_be_anonymous for stored in claimed)
        else:
            left_with_nothing = read.anonymous and live == read.live.keys()
            forgotten = frozenset(read.cancelled) - cancelled
        if not left_with_nothing:
            return _Fate.KEPT
        if not self._take_room(len(claimed)):
            if read is None:
                self._unverified.add(owner)
            return _Fate.NO_ROOM
        if len(forgotten) > self._forgettable:
            return _Fate.LEFT_BEHIND
        self._forgettable -= len(forgotten)
        self._removals.append(ProfileRemoval(owner, live, cancelled | forgotten))
        self._writes += [SubscriptionRemoval(ref, owner) for ref in sorted(forgotten)]
        return _Fate.DISSOLVED

    def _claimed_from(self, owner: ProfileId) -> list[Subscription]:
        asked_for = (
            self._snapshot.subscriptions.get(asked.address)
            for asked in self._request.subscriptions
            if isinstance(asked.address, Address) and not asked.desired.unsubscribe
        )
        return [stored for stored in asked_for if stored and stored.profile == owner]

    def _take_room(self, count: int) -> bool:
        if count > self._room:
            return False
        self._room -= count
        return True

    def _put(self, subscription: Subscription) -> None:
        self._writes.append(SubscriptionPut(subscription))

    def _put_active(self, address: Address, created: Seconds, version: int) -> None:
        self._gains.live_added.add(address.ref)
        self._put(
            Subscription(
                address=address,
                profile=self._target.id,
                resources={self._resource.id: (ResourceState.ACTIVE, self._now)},
                owner_may_be_anonymous=self._target.may_be_anonymous and not self._request.fields,
                created=created,
                seen=self._now,
                version=version,
            )
        )

    @property
    def _making(self) -> bool:
        return not self._target.found and bool(self._gains.live_added)

    def _change(self) -> Change:
        losses = (update for owner, lost in self._losses.items() for update in lost.update(owner, self._now))
        if self._making:
            profile, keys = self._creation()
            return Change((profile, *self._removals, *losses), keys, tuple(self._writes))
        evicted = self._evicted()
        self._gains.cancelled_removed.update(evicted)
        gains = self._gains.update(self._target.id, self._now, self._fields)
        profiles: tuple[ProfileWrite, ...] = (*gains, *self._removals, *losses)
        removals = (SubscriptionRemoval(ref, self._target.id) for ref in evicted)
        return Change(profiles, self._fields.key_writes(self._target.id), (*self._writes, *removals))

    def _creation(self) -> tuple[ProfileCreation, tuple[KeyWrite, ...]]:
        matched = (self._request.matching,) if isinstance(self._request.matching, MatchKey) else ()
        keys = dict.fromkeys((*matched, *self._fields.claimed))
        profile = Profile(
            id=self._target.id,
            origin=self._target.origin,
            fields={**self._fields.fields, **{key.field: key.value for key in matched}},
            keys=frozenset(keys),
            live=dict.fromkeys(sorted(self._gains.live_added), self._now),
            cancelled={},
            created=self._now,
            updated=self._now,
        )
        return ProfileCreation(profile), tuple(KeyClaim(key, profile.id) for key in keys)

    def _evicted(self) -> list[SubscriptionRef]:
        """Return the target's subscriptions cancelled longest ago that no longer fit among the remembered ones.

        Those that this request writes stay: no item can be written twice in one change.
        """
        if self._target.read is None:
            return []
        remembered = {ref: at for ref, at in self._target.read.cancelled.items() if ref not in self._gains.cancelled_removed}
        surplus = len(remembered) + len(self._gains.cancelled_added) - MAX_CANCELLED
        written = {write.subscription.address.ref for write in self._writes if isinstance(write, SubscriptionPut)}
        evictable = sorted(remembered.keys() - written, key=lambda ref: (remembered[ref], ref))
        return evictable[: max(surplus, 0)]
