"""What does a request write, as far as it is decided? Its subscriptions are decided one by one."""

from dataclasses import dataclass, field, replace
from typing import Final

from pushhub.audience.changes import (
    MAX_WRITES,
    Change,
    KeyClaim,
    KeyWrite,
    ProfileCreation,
    ProfileRemoval,
    ProfileUpdate,
    Replaced,
    SubscriptionPut,
    SubscriptionRemoval,
    SubscriptionWrite,
)
from pushhub.audience.command import MAX_SUBSCRIPTIONS
from pushhub.audience.fields import NO_CHANGE, FieldChange
from pushhub.audience.model import (
    MAX_CANCELLED,
    MAX_LIVE,
    Address,
    MatchKey,
    Profile,
    ProfileId,
    Subscription,
    SubscriptionRef,
    SubscriptionState,
)
from pushhub.audience.resolving import DatabaseRequest
from pushhub.audience.target import Target
from pushhub.moments import Seconds

SPARE_WRITES: Final = MAX_WRITES - 2 - 2 * MAX_SUBSCRIPTIONS
"""What a change has left when every subscription of a request costs two writes, and the profile and its key one each.

They are for cancelled subscriptions that are deleted along with anonymous profiles, and for legacy references that are given up.
"""


@dataclass(slots=True)
class References:
    """References to subscriptions that a profile gains and loses."""

    live_added: set[SubscriptionRef] = field(default_factory=set)
    live_removed: set[SubscriptionRef] = field(default_factory=set)
    cancelled_added: set[SubscriptionRef] = field(default_factory=set)
    cancelled_removed: set[SubscriptionRef] = field(default_factory=set)

    def gain(self, subscription: Subscription) -> None:
        """Add the reference of a subscription."""
        (self.live_added if subscription.live else self.cancelled_added).add(subscription.ref)

    def lose(self, subscription: Subscription) -> None:
        """Remove the reference of a subscription."""
        (self.live_removed if subscription.live else self.cancelled_removed).add(subscription.ref)

    def exchange(self, before: Subscription, after: Subscription) -> None:
        """Refer to a subscription of the profile as what it becomes."""
        if (before.ref, before.live) != (after.ref, after.live):
            self.lose(before)
            self.gain(after)

    def surplus_of(self, profile: Profile, written: frozenset[SubscriptionRef]) -> list[SubscriptionRef]:
        """Return the profile's subscriptions cancelled longest ago that no longer fit among the remembered ones.

        Those that are `written` in the same change stay: no item can be written twice in one.
        """
        remembered = {ref: at for ref, at in profile.cancelled.items() if ref not in self.cancelled_removed}
        surplus = len(remembered) + len(self.cancelled_added) - MAX_CANCELLED
        evictable = sorted(remembered.keys() - written, key=lambda ref: (remembered[ref], ref))
        return evictable[: max(surplus, 0)]

    def profile_updates(
        self,
        profile: ProfileId,
        now: Seconds,
        fields: FieldChange = NO_CHANGE,
        informed: Replaced[Seconds | None] | None = None,
    ) -> tuple[ProfileUpdate, ...]:
        """Return the update that writes these references and fields, and that a report is stored; none where nothing changes."""
        references = self.live_added or self.live_removed or self.cancelled_added or self.cancelled_removed
        if not (references or fields.fields or informed):
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
                past=fields.past,
                informed=informed,
            ),
        )


class Draft:
    """The writes that are gathered for one request, and what is left: room for live subscriptions at its target, spare writes."""

    def __init__(self, request: DatabaseRequest, target: Target, now: Seconds) -> None:
        """Begin with nothing to write; a target that was not read is taken to have no live subscription."""
        self._request = request
        self._target = target
        self._now = now
        self._room = MAX_LIVE - len(target.profile.live) if target.profile else MAX_LIVE
        self._spare = SPARE_WRITES - 2 * len(request.keys)
        self._subscriptions: list[SubscriptionWrite] = []
        self._removals: list[ProfileRemoval] = []
        self._owner_references: dict[ProfileId, References] = {}
        """What other profiles lose, whose subscriptions are taken."""
        self.target_references = References()
        """What the target gains and loses."""

    @property
    def makes_profile(self) -> bool:
        """Whether the target has to be made: it was not found, and it gets a subscription, or an instance reports it."""
        return not self._target.found and (self._request.report or bool(self.target_references.live_added))

    def take_room(self, count: int) -> bool:
        """Take room for so many live subscriptions; return False, and take none, where there is less."""
        if count > self._room:
            return False
        self._room -= count
        return True

    def give_room(self) -> None:
        """Give back the room of one live subscription."""
        self._room += 1

    def take_spare(self, count: int) -> bool:
        """Take so many spare writes; return False, and take none, where there are fewer."""
        if count > self._spare:
            return False
        self._spare -= count
        return True

    def put_own(self, stored: Subscription, after: Subscription) -> None:
        """Gather the write of a subscription that the target has already."""
        written = self._following(stored, after)
        self.target_references.exchange(stored, written)
        self._subscriptions.append(SubscriptionPut(written))

    def put_new(self, address: Address, *, drawn_by_app: bool) -> None:
        """Gather the write of a subscription that nobody has."""
        self._put_active(self._active(address, self._now, drawn_by_app=drawn_by_app))

    def put_taken(self, stored: Subscription, desired: Subscription) -> None:
        """Gather the write of another profile's subscription as the target's own, with what is desired of the device."""
        active = self._active(desired.address, stored.created, drawn_by_app=desired.drawn_by_app)
        self._put_active(self._following(stored, active))

    def _active(self, address: Address, created: Seconds, *, drawn_by_app: bool) -> Subscription:
        """Return a subscription of the target, live for the resource of the request alone."""
        return Subscription(
            address=address,
            profile=self._target.id,
            resources={self._request.resource.id: (SubscriptionState.ACTIVE, self._now)},
            owner_may_be_anonymous=self._target.may_be_anonymous and not self._request.fields,
            created=created,
            seen=self._now,
            version=1,
            drawn_by_app=drawn_by_app,
        )

    def _put_active(self, subscription: Subscription) -> None:
        self.target_references.gain(subscription)
        self._subscriptions.append(SubscriptionPut(subscription))

    def _following(self, stored: Subscription, after: Subscription) -> Subscription:
        """Return what a stored subscription becomes, as it is written.

        One under a legacy reference is written anew, under the other, and deleted where it stood. Without a spare write for that,
        it stays there until it changes again.
        """
        if stored.legacy and self.take_spare(1):
            self._subscriptions.append(SubscriptionRemoval(stored.ref, stored.profile, stored.version))
            return replace(after, legacy=False, version=1)
        return replace(after, legacy=stored.legacy, version=stored.version + 1)

    def references_of(self, owner: ProfileId) -> References:
        """Return what another profile loses; the caller adds to it."""
        return self._owner_references.setdefault(owner, References())

    def remove(self, removal: ProfileRemoval, subscriptions: frozenset[SubscriptionRef]) -> None:
        """Gather the deletion of another profile, along with those of its subscriptions that do not move."""
        self._removals.append(removal)
        self._subscriptions += [SubscriptionRemoval(ref, removal.id) for ref in sorted(subscriptions)]

    def change(self, fields: FieldChange, *, reported: bool) -> Change:
        """Return all that was gathered, along with these fields of the target, as one change; it may be empty.

        `reported` says that it has to note when a report was stored.
        """
        owner_updates = tuple(
            update
            for owner, references in self._owner_references.items()
            for update in references.profile_updates(owner, self._now)
        )
        if self.makes_profile:
            creation, keys = self._creation(fields)
            return Change((creation, *self._removals, *owner_updates), keys, tuple(self._subscriptions))
        evicted = self._evicted()
        self.target_references.cancelled_removed.update(evicted)
        target_updates = self.target_references.profile_updates(
            self._target.id, self._now, fields, self._informed() if reported else None
        )
        removals = (SubscriptionRemoval(ref, self._target.id) for ref in evicted)
        return Change(
            profiles=(*target_updates, *self._removals, *owner_updates),
            keys=fields.key_writes(self._target.id),
            subscriptions=(*self._subscriptions, *removals),
        )

    def _creation(self, fields: FieldChange) -> tuple[ProfileCreation, tuple[KeyWrite, ...]]:
        matched = (self._request.matching,) if isinstance(self._request.matching, MatchKey) else ()
        keys = dict.fromkeys((*matched, *fields.claimed))
        profile = Profile(
            id=self._target.id,
            origin=self._target.origin,
            fields={**fields.fields, **{key.field: key.value for key in matched}},
            keys=frozenset(keys),
            live=dict.fromkeys(sorted(self.target_references.live_added), self._now),
            cancelled={},
            created=self._now,
            updated=self._now,
            informed=self._now if self._request.report else None,
        )
        return ProfileCreation(profile), tuple(KeyClaim(key, profile.id) for key in keys)

    def _informed(self) -> Replaced[Seconds | None]:
        return Replaced(self._target.profile.informed if self._target.profile else None, self._now)

    def _evicted(self) -> list[SubscriptionRef]:
        """Return the target's subscriptions that it forgets, since it was cancelled more than it remembers."""
        if self._target.profile is None:
            return []
        written = frozenset(write.subscription.ref for write in self._subscriptions if isinstance(write, SubscriptionPut))
        return self.target_references.surplus_of(self._target.profile, written)
