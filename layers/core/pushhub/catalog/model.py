"""What may callers use, which token opens what, and where do events go?"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NewType

from pushhub.catalog.providers import Provider

DatabaseId = NewType("DatabaseId", int)
ResourceId = NewType("ResourceId", int)
TokenDigest = NewType("TokenDigest", str)
"""SHA-256 of a resource token or an API token in lower-case hex: all that is ever stored of it."""


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


class TokenConflict(StrEnum):
    """What happens to a push token that lives on another, known profile of the database."""

    REJECT = "reject"
    MOVE = "move"


@dataclass(frozen=True, slots=True)
class Database:
    """A set of profiles with declared fields; `match` names the fields by which one profile is found."""

    id: DatabaseId
    name: str
    fields: Mapping[str, FieldType]
    match: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Resource:
    """A door for subscriptions; `providers` None admits every provider."""

    id: ResourceId
    name: str
    tokens: frozenset[TokenDigest]
    databases: tuple[DatabaseId, ...]
    token_conflict: TokenConflict
    providers: frozenset[Provider] | None

    def admits(self, provider: Provider) -> bool:
        """Say whether subscriptions of this provider may come through this door."""
        return self.providers is None or provider in self.providers


class Right(StrEnum):
    """What an API token allows its bearer."""

    EVENTS = "events"


@dataclass(frozen=True, slots=True)
class ApiToken:
    """A caller of the vendors' server APIs; `tokens` are several while it changes from one to the other."""

    name: str
    tokens: frozenset[TokenDigest]
    rights: frozenset[Right]


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


@dataclass(frozen=True, slots=True)
class Catalog:
    """Everything callers may use, as of one moment. Every database a resource names is in it."""

    databases: Mapping[DatabaseId, Database]
    resources: Mapping[ResourceId, Resource]
    api_tokens: Mapping[str, ApiToken] = field(default_factory=dict)
    upstreams: Mapping[str, Upstream] = field(default_factory=dict)

    def resource_opened_by(self, token: str) -> Resource | None:
        """Return the resource that this token opens, or None."""
        digest = digest_of(token)
        return next((resource for resource in self.resources.values() if digest in resource.tokens), None)

    def api_token_of(self, token: str) -> ApiToken | None:
        """Return the caller that this token belongs to, or None."""
        digest = digest_of(token)
        return next((caller for caller in self.api_tokens.values() if digest in caller.tokens), None)

    def databases_of(self, resource: Resource) -> tuple[Database, ...]:
        """Return the databases of one of its resources, in the resource's own order."""
        return tuple(self.databases[database] for database in resource.databases)


def digest_of(token: str) -> TokenDigest:
    """Return what is stored of a token in its stead."""
    return TokenDigest(hashlib.sha256(token.encode()).hexdigest())
