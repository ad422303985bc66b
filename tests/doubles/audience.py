"""The audience in memory: every guard of a change as plain code."""

import math
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from pushhub.audience.changes import (
    Change,
    KeyClaim,
    KeyRelease,
    KeyWrite,
    ProfileCreation,
    ProfileErasure,
    ProfileRemoval,
    ProfileUpdate,
    ProfileWrite,
    Replaced,
    SubscriptionPut,
    SubscriptionRemoval,
    SubscriptionWrite,
)
from pushhub.audience.model import (
    MAX_CANCELLED,
    MAX_HAPPENED,
    MAX_LIVE,
    MatchKey,
    Past,
    Profile,
    ProfileId,
    Subscription,
    SubscriptionRef,
)
from pushhub.audience.port import Snapshot, SnapshotQuery
from pushhub.catalog.model import DatabaseId
from pushhub.faults import LostRaceError
from pushhub.moments import Seconds

NO_PAST = Past({}, None)


@dataclass
class DatabaseContent:
    """What one database holds."""

    profiles: dict[ProfileId, Profile] = field(default_factory=dict)
    keys: dict[MatchKey, ProfileId] = field(default_factory=dict)
    subscriptions: dict[SubscriptionRef, Subscription] = field(default_factory=dict)

    def copy(self) -> "DatabaseContent":
        return DatabaseContent(dict(self.profiles), dict(self.keys), dict(self.subscriptions))


class MemoryAudience:
    """An audience store for tests; it counts its calls."""

    def __init__(self) -> None:
        self.databases: dict[DatabaseId, DatabaseContent] = {}
        self.reads = 0
        self.commits = 0
        self._lock = threading.Lock()

    def content(self, database: int) -> DatabaseContent:
        return self.databases.setdefault(DatabaseId(database), DatabaseContent())

    def read(self, wanted: Sequence[SnapshotQuery], deadline: float = math.inf) -> Sequence[Snapshot]:
        with self._lock:
            self.reads += 1
            return [self._snapshot(part) for part in wanted]

    def subscriptions_of(self, database: DatabaseId, profile: Profile) -> Sequence[Subscription]:
        held = self.content(database).subscriptions
        return [held[ref] for ref in (*profile.live, *profile.cancelled) if ref in held]

    def commit(self, database: DatabaseId, change: Change) -> None:
        self.commit_together([(database, change)])

    def commit_together(self, changes: Sequence[tuple[DatabaseId, Change]]) -> None:
        with self._lock:
            self.commits += 1
            drafts = {database: self.content(database).copy() for database, _ in changes}
            for database, change in changes:
                _write(drafts[database], change)
            self.databases |= drafts

    def holds_profiles(self, database: DatabaseId) -> bool:
        return bool(self.content(database).profiles)

    def _snapshot(self, wanted: SnapshotQuery) -> Snapshot:
        content = self.content(wanted.database)
        return Snapshot(
            subscriptions={
                ref: content.subscriptions[ref]
                for ref in (*(ref for address in wanted.addresses for ref in address.refs), *wanted.refs)
                if ref in content.subscriptions
            },
            key_holders={key: content.keys[key] for key in wanted.keys if key in content.keys},
            profiles={profile: content.profiles.get(profile) for profile in wanted.profiles},
        )


def _write(draft: DatabaseContent, change: Change) -> None:
    for profile in change.profiles:
        _write_profile(draft, profile)
    for key in change.keys:
        _write_key(draft, key)
    for subscription in change.subscriptions:
        _write_subscription(draft, subscription)


def _require(holds: bool, guard: str) -> None:
    if not holds:
        raise LostRaceError(guard)


def _write_profile(draft: DatabaseContent, write: ProfileWrite) -> None:
    stored = draft.profiles.get(write.id)
    match write:
        case ProfileCreation(profile):
            _require(stored is None, "profile exists")
            draft.profiles[profile.id] = profile
        case ProfileUpdate():
            draft.profiles[write.id] = _updated(stored, write)
        case ProfileRemoval(id_, live, cancelled):
            _require(stored is not None and stored.anonymous, "profile is not anonymous")
            assert stored
            _require(stored.live.keys() == live and stored.cancelled.keys() == cancelled, "profile has other subscriptions")
            del draft.profiles[id_]
        case ProfileErasure(id_, keys):
            _require(stored is not None and not stored.live and not stored.cancelled, "profile has subscriptions")
            _require(stored is not None and stored.keys == keys, "profile has other keys")
            del draft.profiles[id_]


def _updated(stored: Profile | None, write: ProfileUpdate) -> Profile:
    _require(stored is not None, "profile does not exist")
    assert stored
    _require(all(stored.fields.get(name) == value for name, value in write.replaced.items()), "fields differ")
    _require_replaced(stored, write)
    gained = {key.field for key in write.keys}
    past = _past(stored, write.past)
    return replace(
        stored,
        updated=write.at,
        fields={**stored.fields, **write.fields},
        keys=frozenset(key for key in stored.keys if key.field not in gained) | write.keys,
        live=_references(stored.live, write.live_added, write.live_removed, MAX_LIVE, write.at),
        cancelled=_references(stored.cancelled, write.cancelled_added, write.cancelled_removed, MAX_CANCELLED, write.at),
        happened=past.happened,
        offset_before=past.offset_before,
        informed=write.informed.after if write.informed else stored.informed,
    )


def _past(stored: Profile, replaced: Replaced[Past] | None) -> Past:
    """Return the past with what is added to it, and what changes of it; all else stays as it is stored."""
    if replaced is None:
        return stored.past
    before, after = replaced.before, replaced.after
    changed = after.offset_before != before.offset_before
    return Past({**after.happened, **stored.happened}, after.offset_before if changed else stored.offset_before)


def _require_replaced(stored: Profile, write: ProfileUpdate) -> None:
    if write.informed:
        _require(stored.informed == write.informed.before, "another report was stored")
    if not write.past:
        return
    before, after = write.past.before, write.past.after
    added = after.happened.keys() - before.happened.keys()
    _require(not added & stored.happened.keys(), "event is noted")
    _require(len(stored.happened) + len(added) <= MAX_HAPPENED, "too many events")
    if before == NO_PAST:
        _require(stored.past == NO_PAST, "there is a past")
    if after.offset_before != before.offset_before:
        _require(stored.offset_before == before.offset_before, "offset changed")


def _references(
    held: Mapping[SubscriptionRef, Seconds],
    added: frozenset[SubscriptionRef],
    removed: frozenset[SubscriptionRef],
    most: int,
    at: Seconds,
) -> dict[SubscriptionRef, Seconds]:
    _require(removed <= held.keys() and not added & held.keys(), "references differ")
    after = {ref: since for ref, since in held.items() if ref not in removed} | dict.fromkeys(added, at)
    _require(not added or len(after) <= most, "too many references")
    return after


def _write_key(draft: DatabaseContent, write: KeyWrite) -> None:
    match write:
        case KeyClaim(key, profile):
            _require(key not in draft.keys, "key is held")
            draft.keys[key] = profile
        case KeyRelease(key, profile):
            _require(draft.keys.get(key) == profile, "key is held by another")
            del draft.keys[key]


def _write_subscription(draft: DatabaseContent, write: SubscriptionWrite) -> None:
    match write:
        case SubscriptionPut(subscription):
            stored = draft.subscriptions.get(subscription.ref)
            _require((stored.version if stored else 0) == subscription.version - 1, "subscription changed")
            draft.subscriptions[subscription.ref] = subscription
        case SubscriptionRemoval(ref, profile, version):
            stored = draft.subscriptions.get(ref)
            _require(stored is not None and stored.profile == profile, "subscription is owned by another")
            _require(stored is not None and version in {None, stored.version}, "subscription changed")
            del draft.subscriptions[ref]
