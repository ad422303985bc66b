"""What may callers use, which token opens what, and where do events go?

A section of the catalog is a class here and a field of :class:`Catalog`. How it is stored, compared and written in a file stands in
a folder of its own below `sections/`.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, NamedTuple, NewType, Protocol, Self, runtime_checkable

from pushhub.catalog.providers import Provider

DatabaseId = NewType("DatabaseId", int)
ResourceId = NewType("ResourceId", int)
AppId = NewType("AppId", str)
BearerTokenDigest = NewType("BearerTokenDigest", str)
"""SHA-256 of a bearer token (a resource token or an API token) in lower-case hex: all that is ever stored of it."""

_EVENT_IDS: Final = 2**31 - 1
"""How many numbers events may have."""

EntryKey = int | str
"""What an entry goes by: an id in some sections, a name in the others."""


class CatalogEntry(Protocol):
    """One thing that a catalog declares. No other entry of its section has its key."""

    @property
    def key(self) -> EntryKey:
        """What the entry goes by."""

    @property
    def name(self) -> str:
        """What a person calls it."""


@runtime_checkable
class OpenedByBearerTokens(Protocol):
    """An entry that is found by a bearer token. It has several while its callers change from one to another."""

    @property
    def bearer_token_digests(self) -> frozenset[BearerTokenDigest]:
        """Digests of those tokens."""


class FieldType(StrEnum):
    """Declared type of a profile field; it decides how values are normalised."""

    INTEGER = "integer"
    DECIMAL = "decimal"
    TEXT = "text"
    BOOL = "bool"
    DATE = "date"
    DATETIME = "datetime"
    EMAIL = "email"
    PHONE = "phone"
    IP = "ip"


class PushTokenConflict(StrEnum):
    """What happens to a push token that lives on another, known profile of the database."""

    REJECT = "reject"
    MOVE = "move"


class WayOfMatching(StrEnum):
    """By what a resource may find the profile of a subscription, in the words of a catalog file."""

    PUSH_TOKEN = "token"  # noqa: S105  (not a credential)
    PROFILE_ID = "id"
    MATCH_FIELD = "custom"


@dataclass(frozen=True, slots=True)
class Database:
    """A set of profiles with declared fields; `match` names the fields by which one profile is found."""

    id: DatabaseId
    name: str
    fields: Mapping[str, FieldType]
    match: tuple[str, ...]

    @property
    def key(self) -> DatabaseId:
        """The id."""
        return self.id


@dataclass(frozen=True, slots=True)
class Resource:
    """A door for subscriptions; `providers` None admits every provider."""

    id: ResourceId
    name: str
    bearer_token_digests: frozenset[BearerTokenDigest]
    databases: tuple[DatabaseId, ...]
    push_token_conflict: PushTokenConflict
    providers: frozenset[Provider] | None
    matching: frozenset[WayOfMatching] = frozenset(WayOfMatching)

    @property
    def key(self) -> ResourceId:
        """The id."""
        return self.id

    def admits(self, provider: Provider) -> bool:
        """Say whether subscriptions of this provider may come through this door."""
        return self.providers is None or provider in self.providers

    @property
    def ways_of_matching(self) -> tuple[WayOfMatching, ...]:
        """The ways in which this door may find a profile, in the order of :class:`WayOfMatching`."""
        return tuple(way for way in WayOfMatching if way in self.matching)


class Right(StrEnum):
    """What a caller of the server APIs may do."""

    EVENTS = "events"
    SEND = "send"


@dataclass(frozen=True, slots=True)
class ApiCaller:
    """A caller of the vendors' server APIs: the API tokens that it says who it is with, and what it may do.

    A suspended one is known and keeps its rights, and may use none of them meanwhile.
    """

    name: str
    bearer_token_digests: frozenset[BearerTokenDigest]
    rights: frozenset[Right]
    suspended: bool = False

    @property
    def key(self) -> str:
        """The name."""
        return self.name

    def may(self, right: Right) -> bool:
        """Say whether the caller may use a right now."""
        return right in self.rights and not self.suspended


class UpstreamKind(StrEnum):
    """Whose API an upstream speaks."""

    ALTCRAFT = "altcraft"


class ReportedEvent(StrEnum):
    """An event of a push, as an upstream asks for it."""

    DELIVERED = "delivered"
    OPENED = "opened"


@dataclass(frozen=True, slots=True)
class Upstream:
    """A place that events are forwarded to; its token stands with the stack's secrets, under its name.

    `url` is its API's base without a slash at the end. With `relay_links`, links that are not ours are handed on to it.
    """

    name: str
    kind: UpstreamKind
    url: str
    relay_links: bool
    events: frozenset[ReportedEvent]

    @property
    def key(self) -> str:
        """The name."""
        return self.name


@dataclass(frozen=True, slots=True)
class ProviderBlock:
    """How an app reaches the providers of one kind; what is secret of it stands in the secret of apps.

    `settings` are texts by the names that they have in a catalog file. With `stand_in`, requests go to the local stand-ins.
    """

    settings: Mapping[str, str]
    stand_in: bool = False


class PushExpressIds(NamedTuple):
    """What push.express calls an app: its back-end API by `id`, its SDKs by `sdk_id`. No other app has either.

    `id` is an integer from 1 to 2,147,483,647, `sdk_id` 1 to 64 characters of `A-Z a-z 0-9 _ -`. An app that has them is written
    with the key `px` in a catalog file.
    """

    id: int
    sdk_id: str


@dataclass(frozen=True, slots=True)
class App:
    """What a sending API addresses: the subscriptions of a database, and the providers through which they are reached.

    With `resource`, only subscriptions that are active for it get pushes. `callers` are names of API callers. An app without
    `tracking` sends pushes that carry none of the hub's own keys. Of one profile and platform, only the first provider of `prefer`
    that has a live subscription gets the push. `blocks` has the provider blocks by their names; this release may not know all.
    `push_express` is None where the app is none of push.express.
    """

    id: AppId
    name: str
    callers: frozenset[str]
    database: DatabaseId
    resource: ResourceId | None
    enabled: bool
    tracking: bool
    prefer: tuple[Provider, ...]
    blocks: Mapping[str, ProviderBlock]
    push_express: PushExpressIds | None = None

    @property
    def key(self) -> AppId:
        """The id."""
        return self.id


class AppGroup(NamedTuple):
    """Apps of push.express that are chosen together; `apps` are their ids there, in the file's order.

    With `all_apps`, it has every app of push.express, also one that is declared later, and `apps` is empty.
    """

    id: int
    name: str
    apps: tuple[int, ...]
    all_apps: bool = False

    @property
    def key(self) -> int:
        """The id."""
        return self.id


class AudienceGroup(NamedTuple):
    """Audiences of devices that are chosen together. They are compared exactly, and none holds a comma."""

    id: int
    name: str
    audiences: tuple[str, ...]

    @property
    def key(self) -> int:
        """The id."""
        return self.id


class CustomEvent(NamedTuple):
    """Something that an app's own code reports of a device; `code` is 1 to 64 characters of `A-Z a-z 0-9 _`."""

    code: str
    name: str

    @property
    def key(self) -> str:
        """The code."""
        return self.code

    @property
    def id(self) -> int:
        """The number that push.express's API calls it by, from 1 to 2,147,483,647: always the same for a code."""
        return 1 + int.from_bytes(hashlib.sha256(self.code.encode()).digest()) % _EVENT_IDS


@dataclass(frozen=True, slots=True)
class Catalog:
    """Everything callers may use, as of one moment. Every database a resource names is in it.

    `base_url` is the address of the hub, which links of pushes begin with, without a slash at the end. A catalog without apps has
    none.
    """

    databases: Mapping[DatabaseId, Database]
    resources: Mapping[ResourceId, Resource]
    api_tokens: Mapping[str, ApiCaller] = field(default_factory=dict)
    """Callers by their names. A catalog file calls this section `api_tokens`."""
    upstreams: Mapping[str, Upstream] = field(default_factory=dict)
    apps: Mapping[AppId, App] = field(default_factory=dict)
    app_groups: Mapping[int, AppGroup] = field(default_factory=dict)
    audience_groups: Mapping[int, AudienceGroup] = field(default_factory=dict)
    events: Mapping[str, CustomEvent] = field(default_factory=dict)
    """Custom events by their codes. The event that every device has is none of them: see :mod:`pushhub.catalog.filter_fields`."""
    base_url: str | None = None

    @classmethod
    def of(cls, sections: Mapping[str, Iterable[CatalogEntry]], base_url: str | None = None) -> Self:
        """Return the catalog that has these entries, by the name of their section.

        Raises:
            TypeError: a section without a default is left out, or there is no section of that name.
        """
        # A mapping of sections cannot say that each has entries of its own type.
        made: Callable[..., Self] = cls
        return made(**{name: {entry.key: entry for entry in entries} for name, entries in sections.items()}, base_url=base_url)

    def section(self, name: str) -> Mapping[EntryKey, CatalogEntry]:
        """Return the entries of the section that has this name."""
        entries: Mapping[EntryKey, CatalogEntry] = getattr(self, name)
        return entries

    def resource_opened_by(self, resource_token: str) -> Resource | None:
        """Return the resource that this token opens, or None."""
        digest = digest_of(resource_token)
        return next((resource for resource in self.resources.values() if digest in resource.bearer_token_digests), None)

    def api_caller_of(self, api_token: str) -> ApiCaller | None:
        """Return the caller that this API token belongs to, or None."""
        digest = digest_of(api_token)
        return next((caller for caller in self.api_tokens.values() if digest in caller.bearer_token_digests), None)

    def databases_of(self, resource: Resource) -> tuple[Database, ...]:
        """Return the databases of one of its resources, in the resource's own order."""
        return tuple(self.databases[database] for database in resource.databases)

    def app_of_push_express(self, id_: int) -> App | None:
        """Return the app that push.express's back-end API calls by this id, or None."""
        return next((app for app in self.apps.values() if app.push_express and app.push_express.id == id_), None)

    def app_of_sdk(self, sdk_id: str) -> App | None:
        """Return the app that push.express's SDKs call by this id, or None."""
        return next((app for app in self.apps.values() if app.push_express and app.push_express.sdk_id == sdk_id), None)

    def apps_in(self, group: AppGroup) -> tuple[App, ...]:
        """Return the apps of one of its groups, archived ones too: in the group's own order, all of them in the catalog's."""
        if group.all_apps:
            return tuple(app for app in self.apps.values() if app.push_express)
        return tuple(app for id_ in group.apps if (app := self.app_of_push_express(id_)))


def digest_of(bearer_token: str) -> BearerTokenDigest:
    """Return the digest of a bearer token: a resource token or an API token."""
    return BearerTokenDigest(hashlib.sha256(bearer_token.encode()).hexdigest())
