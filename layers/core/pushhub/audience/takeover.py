"""What becomes of another profile when a request asks for its subscriptions?

==============================================================  ====================================================
the owner                                                       what happens
==============================================================  ====================================================
has other live subscriptions, or is known by more than tokens   keeps what is live (`KEPT`), unless the resource moves it
is anonymous, and all it has live is asked for                  its subscriptions move and it is deleted (`DELETED`)
the same, but has too long a history to be deleted              its subscriptions move and it stays (`EMPTIED`)
the same, but the target has not enough room for all of them    nothing moves (`NO_ROOM`)
==============================================================  ====================================================

That is what a login does: the profile that an app made when it was installed is merged into the profile of its user.
"""

from enum import Enum, auto

from pushhub.audience.changes import ProfileRemoval
from pushhub.audience.command import Effect, Reason, Refused
from pushhub.audience.draft import Draft
from pushhub.audience.model import Address, ProfileId, Subscription, SubscriptionRef
from pushhub.audience.port import Snapshot
from pushhub.audience.resolving import DatabaseRequest
from pushhub.catalog.model import PushTokenConflict


class OwnerEffect(Enum):
    """What becomes of another profile whose subscriptions a request asks for."""

    DELETED = auto()
    """It is anonymous and left with nothing live: its subscriptions move and it is deleted."""
    EMPTIED = auto()
    """The same, but its other cancelled subscriptions are too many to be deleted with it: it stays."""
    NO_ROOM = auto()
    """It would be deleted or emptied, but its subscriptions do not all fit the target: none moves."""
    KEPT = auto()
    """Its live subscriptions are its own: each moves only where the resource says so."""


class Takeovers:
    """Takes the subscriptions that a request asks for from other profiles; what becomes of a profile is decided once."""

    def __init__(self, request: DatabaseRequest, snapshot: Snapshot, draft: Draft) -> None:
        """Add to a draft what has to be written."""
        self._request = request
        self._snapshot = snapshot
        self._draft = draft
        self._effects: dict[ProfileId, OwnerEffect] = {}
        self._unread_owners: set[ProfileId] = set()

    @property
    def unread_owners(self) -> frozenset[ProfileId]:
        """Profiles that seem to be anonymous, that the snapshot does not hold, and whose subscriptions have no room."""
        return frozenset(self._unread_owners)

    def take(self, stored: Subscription, desired: Subscription) -> Effect | Refused:
        """Make another profile's subscription the target's, or say why not; `desired` has what the request says of the device."""
        effect = self._effect_on(stored.profile)
        if effect is OwnerEffect.NO_ROOM:
            return Refused(Reason.TOO_MANY_SUBSCRIPTIONS)
        if effect is OwnerEffect.KEPT:
            if stored.live and self._request.resource.push_token_conflict is PushTokenConflict.REJECT:
                return Refused(Reason.DUPLICATE)
            if not self._draft.take_room(1):
                return Refused(Reason.TOO_MANY_SUBSCRIPTIONS)
        if effect is not OwnerEffect.DELETED:
            self._draft.references_of(stored.profile).lose(stored)
        self._draft.put_taken(stored, desired)
        return Effect.CHANGED

    def _effect_on(self, owner: ProfileId) -> OwnerEffect:
        if owner not in self._effects:
            self._effects[owner] = self._decide_about(owner)
        return self._effects[owner]

    def _decide_about(self, owner: ProfileId) -> OwnerEffect:
        claimed = self._claimed_from(owner)
        live = frozenset(stored.ref for stored in claimed if stored.live)
        cancelled = frozenset(stored.ref for stored in claimed if not stored.live)
        profile = self._snapshot.profiles.get(owner)
        if profile is None:
            # The guard of its removal checks that it is anonymous and has these subscriptions and no other.
            mergeable = all(stored.owner_may_be_anonymous for stored in claimed)
            forgotten: frozenset[SubscriptionRef] = frozenset()
        else:
            mergeable = profile.anonymous and live == profile.live.keys()
            forgotten = frozenset(profile.cancelled) - cancelled
        if not mergeable:
            return OwnerEffect.KEPT
        if not self._draft.take_room(len(claimed)):
            if profile is None:
                self._unread_owners.add(owner)
            return OwnerEffect.NO_ROOM
        if not self._draft.take_spare(len(forgotten)):
            return OwnerEffect.EMPTIED
        self._draft.remove(ProfileRemoval(owner, live, cancelled | forgotten), forgotten)
        return OwnerEffect.DELETED

    def _claimed_from(self, owner: ProfileId) -> list[Subscription]:
        claimed = (
            self._snapshot.subscription_of(part.address)
            for part in self._request.subscriptions
            if isinstance(part.address, Address) and not part.desired.unsubscribe
        )
        return [stored for stored in claimed if stored and stored.profile == owner]
