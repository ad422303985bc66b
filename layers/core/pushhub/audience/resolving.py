"""What does a command ask of each database, before anything is read?"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto

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
from pushhub.audience.model import Address, MatchKey, ProfileId, SubscriptionRef
from pushhub.audience.port import SnapshotQuery
from pushhub.audience.values import MisfitError, Value, normalise
from pushhub.catalog.model import Database, DatabaseId, Resource
from pushhub.catalog.providers import known_provider
from pushhub.catalog.push_tokens import compared_form


@dataclass(frozen=True, slots=True)
class ResolvedSubscription:
    """A desired subscription with its address, or the reason why this resource does not take it."""

    desired: DesiredSubscription
    address: Address | Refused


class Others(Enum):
    """What becomes of those subscriptions of the profile that are active for the resource of a request and not named in it."""

    KEPT = auto()
    REPLACED = auto()
    """They are cancelled where the request makes another subscription active for the resource."""
    CANCELLED = auto()


@dataclass(frozen=True, slots=True)
class DatabaseRequest:
    """What a command asks of one database, with values normalised and repeated subscriptions dropped.

    `fields` are those that the database declares; `keys` are the match keys that setting them would give the profile. `report` says
    that an instance reports: a profile that is not found is made even without a subscription, and what is stored is noted as its
    report. Only a request that matches by id has something for its `others`.
    """

    database: DatabaseId
    resource: Resource
    matching: ByPushToken | ById | MatchKey
    subscriptions: tuple[ResolvedSubscription, ...]
    fields: Mapping[str, Value] = field(default_factory=dict)
    keys: tuple[MatchKey, ...] = ()
    mode: Mode = Mode.UPSERT
    report: bool = False
    others: Others = Others.KEPT

    @property
    def addresses(self) -> tuple[Address, ...]:
        """The subscriptions that the resource takes."""
        return tuple(part.address for part in self.subscriptions if isinstance(part.address, Address))

    @property
    def cancelled_addresses(self) -> tuple[Address, ...]:
        """Those of them that are to be cancelled."""
        parts = (part for part in self.subscriptions if part.desired.unsubscribe)
        return tuple(part.address for part in parts if isinstance(part.address, Address))

    @property
    def refs(self) -> tuple[SubscriptionRef, ...]:
        """Every reference under which the subscriptions may stand."""
        return tuple(ref for address in self.addresses for ref in address.refs)

    @property
    def match_keys(self) -> tuple[MatchKey, ...]:
        """The match keys that the request names, each once: the one that finds the profile, then those that it would gain."""
        if not isinstance(self.matching, MatchKey):
            return self.keys
        return tuple(dict.fromkeys((self.matching, *self.keys)))


def resolve(command: Subscribe) -> tuple[DatabaseRequest | DatabaseRefused, ...]:
    """Return what a command asks of each database: the resource's own in their order, then those it does not have."""
    subscriptions = tuple(resolve_subscription(desired, command.resource) for desired in _without_repeats(command.subscriptions))
    own = (_resolve_in(database, command, subscriptions) for database in command.databases)
    foreign = (DatabaseRefused(database, Refused(Reason.DATABASE_NOT_IN_RESOURCE)) for database in command.foreign_databases)
    return (*own, *foreign)


def resolve_subscription(desired: DesiredSubscription, resource: Resource) -> ResolvedSubscription:
    """Return a desired subscription with its address, or the reason why a resource does not take it."""
    provider = known_provider(desired.provider)
    if provider is None:
        return ResolvedSubscription(desired, Refused(Reason.UNKNOWN_PROVIDER))
    if not resource.admits(provider):
        return ResolvedSubscription(desired, Refused(Reason.PROVIDER_NOT_ALLOWED))
    return ResolvedSubscription(desired, Address(provider, desired.push_token))


def snapshot_query(request: DatabaseRequest, profiles: frozenset[ProfileId] = frozenset()) -> SnapshotQuery:
    """Return what to read for a request; `profiles` are to be read too, as an earlier decision asked."""
    matching = request.matching
    return SnapshotQuery(
        database=request.database,
        addresses=request.addresses,
        keys=request.match_keys,
        profiles=profiles | {matching.profile} if isinstance(matching, ById) else profiles,
    )


def _without_repeats(subscriptions: Iterable[DesiredSubscription]) -> tuple[DesiredSubscription, ...]:
    last: dict[tuple[str, str], DesiredSubscription] = {}
    for desired in subscriptions:
        device = desired.provider, compared_form(desired.provider, desired.push_token)
        last.pop(device, None)
        last[device] = desired
    return tuple(last.values())


def _resolve_in(
    database: Database, command: Subscribe, subscriptions: tuple[ResolvedSubscription, ...]
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
        return DatabaseRequest(database.id, command.resource, key, subscriptions, fields, keys, command.mode)
    return DatabaseRequest(database.id, command.resource, matching, subscriptions, fields, keys, command.mode)


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
