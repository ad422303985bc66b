"""What does a command ask of each database, before anything is read?"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pushhub.audience.command import (
    ByField,
    ById,
    ByPushToken,
    DatabaseRefused,
    DesiredSubscription,
    Mode,
    Reason,
    Refused,
    Subscribe,
)
from pushhub.audience.model import Address, MatchKey, ProfileId
from pushhub.audience.port import SnapshotQuery
from pushhub.audience.values import MisfitError, Value, normalise
from pushhub.catalog.model import Database, DatabaseId, Resource
from pushhub.catalog.providers import known_provider


@dataclass(frozen=True, slots=True)
class ResolvedSubscription:
    """A desired subscription with its address, or the reason why this resource does not take it."""

    desired: DesiredSubscription
    address: Address | Refused


@dataclass(frozen=True, slots=True)
class DatabaseRequest:
    """What a command asks of one database, with values normalised and repeated subscriptions dropped.

    `fields` are those that the database declares; `keys` are the match keys that setting them would give the profile.
    """

    database: DatabaseId
    resource: Resource
    matching: ByPushToken | ById | MatchKey
    subscriptions: tuple[ResolvedSubscription, ...]
    fields: Mapping[str, Value] = field(default_factory=dict)
    keys: tuple[MatchKey, ...] = ()
    mode: Mode = Mode.UPSERT


def resolve(command: Subscribe) -> tuple[DatabaseRequest | DatabaseRefused, ...]:
    """Return what a command asks of each database: the resource's own in their order, then those it does not have."""
    asked = tuple(
        ResolvedSubscription(desired, _address(desired, command.resource)) for desired in _without_repeats(command.subscriptions)
    )
    own = (_resolve_in(database, command, asked) for database in command.databases)
    strangers = (DatabaseRefused(stranger, Refused(Reason.DATABASE_NOT_IN_RESOURCE)) for stranger in command.foreign_databases)
    return (*own, *strangers)


def snapshot_query(request: DatabaseRequest, reread: frozenset[ProfileId] = frozenset()) -> SnapshotQuery:
    """Return what to read for a request; `reread` adds the profiles about which an earlier decision was wrong."""
    matching = request.matching
    matched = (matching,) if isinstance(matching, MatchKey) else ()
    return SnapshotQuery(
        database=request.database,
        addresses=tuple(asked.address for asked in request.subscriptions if isinstance(asked.address, Address)),
        keys=tuple(dict.fromkeys((*matched, *request.keys))) if request.keys else matched,
        profiles=reread | {matching.profile} if isinstance(matching, ById) else reread,
    )


def _without_repeats(subscriptions: Iterable[DesiredSubscription]) -> tuple[DesiredSubscription, ...]:
    last: dict[tuple[str, str], DesiredSubscription] = {}
    for desired in subscriptions:
        last.pop((desired.provider, desired.push_token), None)
        last[desired.provider, desired.push_token] = desired
    return tuple(last.values())


def _address(desired: DesiredSubscription, resource: Resource) -> Address | Refused:
    provider = known_provider(desired.provider)
    if provider is None:
        return Refused(Reason.UNKNOWN_PROVIDER)
    return Address(provider, desired.push_token) if resource.admits(provider) else Refused(Reason.PROVIDER_NOT_ALLOWED)


def _resolve_in(
    database: Database, command: Subscribe, asked: tuple[ResolvedSubscription, ...]
) -> DatabaseRequest | DatabaseRefused:
    try:
        fields = _fields(database, command.fields)
    except MisfitError as misfit:
        return DatabaseRefused(database.id, Refused(Reason.FIELD_MISFIT, str(misfit)))
    keys = tuple(MatchKey(name, database.fields[name], fields[name]) for name in database.match if name in fields)
    matching = command.matching
    if isinstance(matching, ByField):
        key = _match_key(database, matching)
        if isinstance(key, Refused):
            return DatabaseRefused(database.id, key)
        if fields.get(key.field, key.value) != key.value:
            other = f"{key.field}: the profile is matched by another value"
            return DatabaseRefused(database.id, Refused(Reason.FIELD_MISFIT, other))
        return DatabaseRequest(database.id, command.resource, key, asked, fields, keys, command.mode)
    return DatabaseRequest(database.id, command.resource, matching, asked, fields, keys, command.mode)


def _fields(database: Database, raw: Mapping[str, Value]) -> Mapping[str, Value]:
    """Return the values to be set in a database, normalised.

    Raises:
        MisfitError: one does not fit; the text names its field.
    """
    fields = {}
    for name, value in raw.items():
        kind = database.fields.get(name)
        if kind is None:
            continue
        try:
            fields[name] = normalise(kind, value)
        except MisfitError as misfit:
            raise MisfitError(f"{name}: {misfit}") from None
    return fields


def _match_key(database: Database, matching: ByField) -> MatchKey | Refused:
    kind = database.fields.get(matching.field)
    if kind is None:
        return Refused(Reason.UNKNOWN_FIELD)
    if matching.field not in database.match:
        return Refused(Reason.NOT_A_MATCH_FIELD)
    try:
        return MatchKey(matching.field, kind, normalise(kind, matching.value))
    except MisfitError as misfit:
        return Refused(Reason.VALUE_MISFIT, str(misfit))
