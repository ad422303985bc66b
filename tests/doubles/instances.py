"""Short ways to say what instances of an app ask for."""

from collections.abc import Mapping

from pushhub.audience.command import DesiredSubscription
from pushhub.audience.instances import Deactivate, NoteEvent, Register, Report
from pushhub.audience.model import ProfileId
from pushhub.audience.values import Value
from pushhub.catalog.filter_fields import FILTER_FIELDS
from pushhub.catalog.model import Database, DatabaseId, FieldType, PushTokenConflict
from pushhub.catalog.providers import Provider, PushToken
from tests.doubles.requests import resource

INSTALLS = Database(DatabaseId(40), "installs", {**FILTER_FIELDS, "number": FieldType.INTEGER, "nick": FieldType.TEXT}, ("number",))
APP_DOOR = resource(
    41,
    INSTALLS,
    conflict=PushTokenConflict.MOVE,
    providers=frozenset({Provider("android-firebase"), Provider("ios-apns"), Provider("web-push")}),
)
"""The resource of the app."""
OTHER_DOOR = resource(42, INSTALLS)
"""Another resource of its database."""


def token(text: str, provider: str = "android-firebase", *, drawn_by_app: bool = False) -> DesiredSubscription:
    return DesiredSubscription(provider, PushToken(text), drawn_by_app=drawn_by_app)


def register(profile: str, fields: Mapping[str, Value] | None = None, database: Database = INSTALLS) -> Register:
    return Register(database, ProfileId(profile), fields or {})


def report(profile: str, subscription: DesiredSubscription | None = None, **fields: Value) -> Report:
    return Report(APP_DOOR, INSTALLS, ProfileId(profile), fields, subscription)


def unreachable(profile: str, **fields: Value) -> Report:
    return Report(APP_DOOR, INSTALLS, ProfileId(profile), fields, unreachable=True)


def deactivate(profile: str) -> Deactivate:
    return Deactivate(APP_DOOR, INSTALLS, ProfileId(profile))


def note(profile: str, code: str) -> NoteEvent:
    return NoteEvent(INSTALLS, ProfileId(profile), code)
