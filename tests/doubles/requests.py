"""Short ways to say what a test asks for."""

from collections.abc import Mapping
from dataclasses import replace

from pushhub.audience.command import ByField, ById, ByPushToken, DesiredSubscription, Matching, Mode, Subscribe
from pushhub.audience.model import ProfileId
from pushhub.audience.values import Value
from pushhub.catalog.model import Database, DatabaseId, FieldType, PushTokenConflict, Resource, ResourceId
from pushhub.catalog.providers import Provider, PushToken

CUSTOMERS = Database(
    DatabaseId(17),
    "customers",
    {"number": FieldType.INTEGER, "email": FieldType.EMAIL, "nick": FieldType.TEXT},
    ("number", "email"),
)
SHOPPERS = Database(DatabaseId(34), "shoppers", {"number": FieldType.INTEGER}, ("number",))


def resource(
    id_: int = 5,
    *databases: Database,
    conflict: PushTokenConflict = PushTokenConflict.REJECT,
    providers: frozenset[Provider] | None = None,
) -> Resource:
    ids = tuple(database.id for database in databases or (CUSTOMERS,))
    return Resource(ResourceId(id_), f"resource {id_}", frozenset(), ids, conflict, providers)


def on(token: str, provider: str = "ios-apns") -> DesiredSubscription:
    return DesiredSubscription(provider, PushToken(token))


def off(token: str, provider: str = "ios-apns") -> DesiredSubscription:
    return DesiredSubscription(provider, PushToken(token), unsubscribe=True)


def by_id(profile: str) -> ById:
    return ById(ProfileId(profile))


def by_number(value: Value) -> ByField:
    return ByField("number", value)


BY_TOKEN = ByPushToken()


def request(
    matching: Matching,
    *subscriptions: DesiredSubscription,
    through: Resource | None = None,
    databases: tuple[Database, ...] = (CUSTOMERS,),
) -> Subscribe:
    return Subscribe(through or resource(), databases, (), matching, subscriptions)


def setting(command: Subscribe, fields: Mapping[str, Value] | None = None, **more: Value) -> Subscribe:
    """Have a command set fields too."""
    return replace(command, fields={**(fields or {}), **more})


def in_mode(mode: Mode, command: Subscribe) -> Subscribe:
    return replace(command, mode=mode)
