"""The audience in DynamoDB: one batch read for a request, one transaction for each changed database."""

import math
import time
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from pushhub.adapters.dynamodb.batches import BatchReader
from pushhub.adapters.dynamodb.expressions import Terms
from pushhub.adapters.dynamodb.faults import translated
from pushhub.adapters.dynamodb.schema import audience as schema
from pushhub.adapters.dynamodb.schema import items
from pushhub.adapters.dynamodb.schema.items import CorruptItemError, Item
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
    SubscriptionPut,
    SubscriptionRemoval,
    SubscriptionWrite,
)
from pushhub.audience.model import MAX_CANCELLED, MAX_HAPPENED, MAX_LIVE, Origin, Profile, Subscription
from pushhub.audience.port import Snapshot, SnapshotQuery
from pushhub.catalog.model import DatabaseId

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoAudience:
    """The audience of a stack: its store, and what only people ask of it."""

    def __init__(self, client: "DynamoDBClient", table: str, sleep: Callable[[float], None] = time.sleep) -> None:
        """Use the Audience table through a client; `sleep` waits between tries to read what a busy table left out."""
        self._client = client
        self._table = table
        self._reader = BatchReader(client, table, sleep)

    def read(self, queries: Sequence[SnapshotQuery], deadline: float = math.inf) -> Sequence[Snapshot]:
        """See :meth:`pushhub.audience.port.AudienceStore.read`; consistent, 100 items a call."""
        keys = {key["pk"]: key for query in queries for key in _keys_of(query)}
        items = self._items(keys.values(), deadline)
        return [_snapshot(query, items) for query in queries]

    def subscriptions_of(self, database: DatabaseId, profile: Profile) -> Sequence[Subscription]:
        """See :meth:`pushhub.audience.port.AudienceInspection.subscriptions_of`."""
        keys = [schema.subscription_key(database, ref) for ref in (*profile.live, *profile.cancelled)]
        items = self._items(keys, math.inf)
        return [schema.subscription_of(item) for key in keys if (item := items.get(key["pk"]))]

    def commit(self, database: DatabaseId, change: Change) -> None:
        """See :meth:`pushhub.audience.port.AudienceStore.commit`; one transaction.

        The client puts a request token into the call and keeps it when it tries again, so a lost answer does not write twice.
        """
        with translated():
            self._client.transact_write_items(TransactItems=transact_actions(self._table, database, change))

    def holds_profiles(self, database: DatabaseId) -> bool:
        """See :meth:`pushhub.audience.port.AudienceInspection.holds_profiles`; scans until it finds one."""
        pages = self._client.get_paginator("scan").paginate(
            TableName=self._table,
            ConsistentRead=True,
            ProjectionExpression="pk",
            FilterExpression="begins_with(pk, :prefix)",
            ExpressionAttributeValues=items.to_wire({":prefix": schema.profile_key_prefix(database)}),
        )
        with translated():
            return any(page["Items"] for page in pages)

    def _items(self, keys: Iterable[Item], deadline: float) -> dict[str, Item]:
        return {item["pk"]: item for item in self._reader.read(keys, deadline)}


def transact_actions(table: str, database: DatabaseId, change: Change) -> list[Any]:
    """Return the actions of a transaction that write a change, one for each of its writes."""
    writes = (
        *(_profile_write(database, write) for write in change.profiles),
        *(_key_write(database, write) for write in change.keys),
        *(_subscription_write(database, write) for write in change.subscriptions),
    )
    return [{verb: {"TableName": table, **write}} for verb, write in writes]


def _keys_of(query: SnapshotQuery) -> Iterable[Item]:
    yield from (schema.subscription_key(query.database, ref) for address in query.addresses for ref in address.refs)
    yield from (schema.match_key(query.database, key) for key in query.keys)
    yield from (schema.profile_key(query.database, profile) for profile in sorted(query.profiles))
    yield from (schema.subscription_key(query.database, ref) for ref in sorted(query.refs))


def _snapshot(query: SnapshotQuery, items: dict[str, Item]) -> Snapshot:
    subscriptions = {}
    for address in query.addresses:
        for ref in address.refs:
            if item := items.get(schema.subscription_key(query.database, ref)["pk"]):
                subscription = schema.subscription_of(item)
                if subscription.address != address:
                    raise CorruptItemError(f"item {item['pk']} holds another token")
                subscriptions[ref] = subscription
    for ref in query.refs:
        if item := items.get(schema.subscription_key(query.database, ref)["pk"]):
            subscriptions[ref] = schema.subscription_of(item)
    keys = {key: items.get(schema.match_key(query.database, key)["pk"]) for key in query.keys}
    profiles = {id_: items.get(schema.profile_key(query.database, id_)["pk"]) for id_ in query.profiles}
    return Snapshot(
        subscriptions=subscriptions,
        key_holders={key: schema.key_holder_of(item, key) for key, item in keys.items() if item},
        profiles={id_: schema.profile_of(item) if item else None for id_, item in profiles.items()},
    )


_Write = tuple[str, dict[str, Any]]
"""A transaction's action: its verb, and its parameters without the table."""


def _put_new(item: Item) -> _Write:
    terms = Terms()
    return "Put", {"Item": items.to_wire(item), **terms.guarding(f"attribute_not_exists({terms.name('pk')})")}


def _delete_where(key: Item, **equal: object) -> _Write:
    terms = Terms()
    return "Delete", {"Key": items.to_wire(key), **terms.guarding(*(terms.equal(name, value) for name, value in equal.items()))}


def _profile_write(database: DatabaseId, write: ProfileWrite) -> _Write:
    match write:
        case ProfileCreation(profile):
            return _put_new(schema.profile_item(database, profile))
        case ProfileUpdate():
            return _profile_update(database, write)
        case ProfileRemoval():
            return _profile_removal(database, write)
        case ProfileErasure(id_, keys):
            return _delete_where(schema.profile_key(database, id_), live={}, cancelled={}, keys=schema.key_types(keys))


def _profile_update(database: DatabaseId, write: ProfileUpdate) -> _Write:
    terms = Terms()
    at = terms.value(write.at)
    guards = [f"attribute_exists({terms.name('pk')})"]
    # Profiles that were made before there was the index come into it by any write of them.
    indexed = schema.reach_key(database, write.id)
    assigned = [f"{terms.name('updated')} = {at}", *(terms.equal(name, value) for name, value in indexed.items())]
    removed: list[str] = []
    for name, most, gained, lost in (
        ("live", MAX_LIVE, write.live_added, write.live_removed),
        ("cancelled", MAX_CANCELLED, write.cancelled_added, write.cancelled_removed),
    ):
        guards += terms.exist(name, lost) + terms.not_exist(name, gained)
        assigned += [f"{terms.name(name, ref)} = {at}" for ref in sorted(gained)]
        removed += [terms.name(name, ref) for ref in sorted(lost)]
        if gained:
            guards.append(terms.at_most(name, most - len(gained) + len(lost)))
    assigned += [f"{terms.name('fields', name)} = {terms.value(value)}" for name, value in write.fields.items()]
    for name, before in sorted(write.replaced.items()):
        guards += terms.not_exist("fields", [name]) if before is None else [terms.equal_at(("fields", name), before)]
    for key in sorted(write.keys, key=lambda key: key.field):
        assigned.append(f"{terms.name('keys', key.field)} = {terms.value(str(key.type))}")
    if write.live_before is not None:
        guards.append(terms.equal("live", dict(write.live_before)))
    for required, replaced in (_past_replaced(terms, write), _informed_replaced(terms, write)):
        guards += required
        assigned += replaced
    removal = f" REMOVE {', '.join(removed)}" if removed else ""
    return "Update", {
        "Key": items.to_wire(schema.profile_key(database, write.id)),
        "UpdateExpression": f"SET {', '.join(assigned)}{removal}",
        **terms.guarding(*guards),
    }


def _past_replaced(terms: Terms, write: ProfileUpdate) -> tuple[list[str], list[str]]:
    """Return the guards and assignments by which the past of a profile changes.

    Entry by entry, where there is one: what a later release may keep beside them stays.
    """
    if write.past is None:
        return [], []
    before, after = schema.past_entries(write.past.before), schema.past_entries(write.past.after)
    if not before:
        return [terms.missing(schema.PAST)], [terms.equal(schema.PAST, after)]
    changed = {name: value for name, value in after.items() if before.get(name) != value}
    added = after.keys() - before.keys()
    # Entries that are no events have room of their own beside them.
    most_before = MAX_HAPPENED + len(after.keys() - write.past.after.happened.keys()) - len(added)
    guards = [
        *terms.not_exist(schema.PAST, added),
        *(terms.equal_at((schema.PAST, name), before[name]) for name in changed if name in before),
        terms.at_most(schema.PAST, most_before),
    ]
    return guards, [terms.equal_at((schema.PAST, name), value) for name, value in changed.items()]


def _informed_replaced(terms: Terms, write: ProfileUpdate) -> tuple[list[str], list[str]]:
    if write.informed is None:
        return [], []
    before, after = write.informed.before, write.informed.after
    return [terms.missing("informed") if before is None else terms.equal("informed", before)], [terms.equal("informed", after)]


def _profile_removal(database: DatabaseId, write: ProfileRemoval) -> _Write:
    terms = Terms()
    guard = terms.guarding(
        terms.equal("origin", str(Origin.PUSH_TOKEN)),
        terms.equal("fields", {}),
        terms.equal("keys", {}),
        terms.at_most("live", len(write.live)),
        terms.at_most("cancelled", len(write.cancelled)),
        *terms.exist("live", write.live),
        *terms.exist("cancelled", write.cancelled),
    )
    return "Delete", {"Key": items.to_wire(schema.profile_key(database, write.id)), **guard}


def _key_write(database: DatabaseId, write: KeyWrite) -> _Write:
    match write:
        case KeyClaim(key, profile):
            return _put_new(schema.key_item(database, key, profile))
        case KeyRelease(key, profile):
            return _delete_where(schema.match_key(database, key), profile=profile)


def _subscription_write(database: DatabaseId, write: SubscriptionWrite) -> _Write:
    match write:
        case SubscriptionPut(subscription):
            return _subscription_put(database, subscription)
        case SubscriptionRemoval(ref, profile, version):
            guard = {"profile": profile} if version is None else {"profile": profile, "version": version}
            return _delete_where(schema.subscription_key(database, ref), **guard)


def _subscription_put(database: DatabaseId, subscription: Subscription) -> _Write:
    item = schema.subscription_item(database, subscription)
    if subscription.version == 1:
        return _put_new(item)
    terms = Terms()
    return "Put", {"Item": items.to_wire(item), **terms.guarding(terms.equal("version", subscription.version - 1))}
