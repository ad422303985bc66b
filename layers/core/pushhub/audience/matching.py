"""What comes of a request, and what has to be written for it?

Pure: given what was read of a database, :func:`decide` says what comes of a request there and which change makes it so.

1. :mod:`~pushhub.audience.target` finds the profile that is meant, or says that it has to be made.
2. :mod:`~pushhub.audience.fields` says which of its fields change.
3. This module goes through the subscriptions; :mod:`~pushhub.audience.takeover` takes those that another profile has.
4. :mod:`~pushhub.audience.draft` makes one change of what has to be written.
5. :mod:`~pushhub.audience.rereading` says whether to read and decide again before the decision counts.

:mod:`~pushhub.audience.reports` has what only reports of instances ask for.

Before all that, :mod:`~pushhub.audience.duplicates` leaves a device one subscription, where it has two.

The rules stand as a table in tests/unit/audience/test_matching.py.
"""

from dataclasses import dataclass, replace
from typing import Final

from pushhub.audience.changes import Change
from pushhub.audience.command import (
    DatabaseOutcome,
    DatabaseProcessed,
    DatabaseRefused,
    DesiredSubscription,
    Effect,
    Reason,
    Refused,
    SubscriptionOutcome,
)
from pushhub.audience.draft import Draft
from pushhub.audience.duplicates import merge_duplicates
from pushhub.audience.fields import NO_CHANGE, FieldChange, decide_fields
from pushhub.audience.model import Address, ProfileId, Subscription, SubscriptionState
from pushhub.audience.port import Snapshot
from pushhub.audience.reports import is_early, unread_others, with_others
from pushhub.audience.rereading import (
    Reread,
    RereadReason,
    is_unread,
    reread_of_refused_fields,
    reread_of_skipped,
    reread_of_subscriptions,
)
from pushhub.audience.resolving import DatabaseRequest, ResolvedSubscription
from pushhub.audience.takeover import Takeovers
from pushhub.audience.target import Target, find_target
from pushhub.moments import Seconds

SEEN_FRESH_FOR: Final = 7 * 24 * 3600
"""Seconds before the last-seen time of an unchanged subscription is written again."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What comes of a request, and the change that makes it so, if there is one to commit.

    `reread` is a reason to read and decide again. :meth:`must_reread` says whether the decision counts in spite of it. `merge` is a
    change to commit before that, whatever the request asks for.
    """

    outcome: DatabaseOutcome
    change: Change | None = None
    reread: Reread | None = None
    merge: Change | None = None

    @property
    def profiles_to_read(self) -> frozenset[ProfileId]:
        """Profiles to read before the request is decided again: those that `reread` names, and those that the change needs."""
        unread = self.reread.profiles if self.reread else frozenset()
        return unread | (self.change.needed_profiles if self.change else frozenset())

    def must_reread(self, *, reread_once: bool) -> bool:
        """Say whether to read and decide again before anything is written or answered.

        `reread_once` says that the request was reread before, because an earlier decision asked for it.
        """
        return self.reread is not None and not (reread_once and self.reread.once_is_enough)


def decide(request: DatabaseRequest, snapshot: Snapshot, new_id: ProfileId, now: Seconds) -> Decision:
    """Decide a request in one database; `new_id` is the id for a profile that has to be made.

    Two things are assumed of a profile that the snapshot does not hold: it has room for more subscriptions, and it is anonymous,
    where its subscriptions say that it may be. The guards of the change check both. After a lost race, the caller reads
    :attr:`Decision.profiles_to_read` too.
    """
    target = find_target(request, snapshot, new_id)
    others = unread_others(request, snapshot)
    request = with_others(request, snapshot)
    if merge := merge_duplicates(request, snapshot, now):
        reread = Reread(RereadReason.TWO_SUBSCRIPTIONS)
        return Decision(_processed_alike(request, target, Effect.UNCHANGED), reread=reread, merge=merge)
    if target.skipped_in(request.mode):
        return Decision(_processed_alike(request, target, Effect.SKIPPED), reread=reread_of_skipped(request, snapshot))
    if is_unread(request, snapshot, target):
        reread = Reread(RereadReason.TARGET_NOT_READ, frozenset({target.id}))
        return Decision(_processed_alike(request, target, Effect.UNCHANGED), reread=reread)
    fields = decide_fields(request, target.profile, target.id, snapshot.key_holders, now) if request.fields else NO_CHANGE
    if isinstance(fields, Refused):
        refused = DatabaseRefused(request.database, fields)
        return Decision(refused, reread=reread_of_refused_fields(request, snapshot, target))
    decision = _SubscriptionDecider(request, snapshot, target, now).decide(fields)
    return replace(decision, reread=Reread(RereadReason.OTHERS_NOT_READ, frozenset({target.id}))) if others else decision


def _processed_alike(request: DatabaseRequest, target: Target, effect: Effect) -> DatabaseProcessed:
    """Give one effect to all subscriptions but those that the resource refuses."""
    outcomes = tuple(
        SubscriptionOutcome(part.desired, part.address if isinstance(part.address, Refused) else effect)
        for part in request.subscriptions
    )
    return DatabaseProcessed(request.database, target.id if target.found else None, outcomes)


class _SubscriptionDecider:
    """Goes through the subscriptions of a request, whose profile was found or has to be made, and drafts what to write."""

    def __init__(self, request: DatabaseRequest, snapshot: Snapshot, target: Target, now: Seconds) -> None:
        self._request = request
        self._snapshot = snapshot
        self._target = target
        self._now = now
        self._draft = Draft(request, target, now)
        self._takeovers = Takeovers(request, snapshot, self._draft)

    def decide(self, fields: FieldChange) -> Decision:
        request = self._request
        results = self._results()
        if not self._sets_fields(results):
            fields = NO_CHANGE
        reported = request.report and (bool(fields.fields) or Effect.CHANGED in results)
        change = self._draft.change(fields, reported=reported)
        profile = self._target.id if self._target.found or self._draft.makes_profile else None
        outcomes = tuple(
            SubscriptionOutcome(part.desired, result) for part, result in zip(request.subscriptions, results, strict=True)
        )
        return Decision(
            outcome=DatabaseProcessed(request.database, profile, outcomes, bool(fields.fields), self._draft.makes_profile),
            change=change if len(change) else None,
            reread=reread_of_subscriptions(
                request,
                self._snapshot,
                self._now,
                unread_owners=self._takeovers.unread_owners,
                has_profile=profile is not None,
            ),
        )

    def _sets_fields(self, results: list[Effect | Refused]) -> bool:
        """Say whether fields are set: not with subscriptions that are all refused, nor by an early report that changes none."""
        if self._request.report:
            return Effect.CHANGED in results or not is_early(self._request, self._target.profile, self._now)
        return not all(isinstance(result, Refused) for result in results)

    def _results(self) -> list[Effect | Refused]:
        """Return what becomes of each subscription, in the order of the request."""
        parts = self._request.subscriptions
        results: dict[int, Effect | Refused] = {}
        # Cancellations first: what they leave room for must not depend on the order in which a caller lists things.
        for place in sorted(range(len(parts)), key=lambda place: not parts[place].desired.unsubscribe):
            results[place] = self._result_of(parts[place])
        return [results[place] for place in range(len(parts))]

    def _result_of(self, part: ResolvedSubscription) -> Effect | Refused:
        if isinstance(part.address, Refused):
            return part.address
        stored = self._snapshot.subscription_of(part.address)
        if stored is not None and stored.profile == self._target.id:
            if part.desired.unsubscribe:
                return self._set_state(stored, SubscriptionState.CANCELLED, stored)
            return self._set_state(stored, SubscriptionState.ACTIVE, _as_desired(stored, part.desired, part.address))
        if part.desired.unsubscribe:
            return Refused(Reason.NOT_SUBSCRIBED)
        if stored is None:
            return self._add(part.address, drawn_by_app=bool(part.desired.drawn_by_app))
        return self._takeovers.take(stored, _as_desired(stored, part.desired, part.address))

    def _set_state(self, stored: Subscription, state: SubscriptionState, desired: Subscription) -> Effect | Refused:
        """Give the target's own subscription another state for the resource of the request, and revive it if it is active there.

        `desired` is the subscription with all else as it is desired.
        """
        resource = self._request.resource.id
        current, _ = stored.resources.get(resource, (None, None))
        retired = None if state is SubscriptionState.ACTIVE else stored.retired
        same = desired.address is stored.address and desired.drawn_by_app is stored.drawn_by_app
        if current is state and retired is stored.retired and same:
            self._refresh(stored, state)
            return Effect.UNCHANGED
        resources = stored.resources if current is state else {**stored.resources, resource: (state, self._now)}
        after = replace(desired, resources=resources, retired=retired, seen=self._now)
        if after.live and not stored.live:
            if not self._draft.take_room(1):
                return Refused(Reason.TOO_MANY_SUBSCRIPTIONS)
        elif stored.live and not after.live:
            self._draft.give_room()
        self._draft.put_own(stored, after)
        return Effect.CHANGED

    def _refresh(self, stored: Subscription, state: SubscriptionState) -> None:
        """Draft the write of when an active subscription was last seen, where what is stored is old."""
        if state is SubscriptionState.ACTIVE and self._now - stored.seen > SEEN_FRESH_FOR:
            self._draft.put_own(stored, replace(stored, seen=self._now))

    def _add(self, address: Address, *, drawn_by_app: bool) -> Effect | Refused:
        """Give the target a subscription that nobody has."""
        if not self._draft.take_room(1):
            return Refused(Reason.TOO_MANY_SUBSCRIPTIONS)
        self._draft.put_new(address, drawn_by_app=drawn_by_app)
        return Effect.CHANGED


def _as_desired(stored: Subscription, desired: DesiredSubscription, address: Address) -> Subscription:
    """Return a stored subscription with what the request says of the device."""
    drawn_by_app = stored.drawn_by_app if desired.drawn_by_app is None else desired.drawn_by_app
    return replace(stored, address=address.in_place_of(stored.address), drawn_by_app=drawn_by_app)
