"""What is a database, what is a resource, and which resource does a token open?"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NewType

from pushhub.catalog.providers import Provider

DatabaseId = NewType("DatabaseId", int)
ResourceId = NewType("ResourceId", int)
TokenDigest = NewType("TokenDigest", str)
"""SHA-256 of a resource token in lower-case hex: all that is ever stored of it."""


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


@dataclass(frozen=True, slots=True)
class Catalog:
    """Everything callers may use, as of one moment. Every database a resource names is in it."""

    databases: Mapping[DatabaseId, Database]
    resources: Mapping[ResourceId, Resource]

    def resource_opened_by(self, token: str) -> Resource | None:
        """Return the resource that this token opens, or None."""
        digest = digest_of(token)
        return next((resource for resource in self.resources.values() if digest in resource.tokens), None)

    def databases_of(self, resource: Resource) -> tuple[Database, ...]:
        """Return the databases of one of its resources, in the resource's own order."""
        return tuple(self.databases[database] for database in resource.databases)


def digest_of(token: str) -> TokenDigest:
    """Return what is stored of a token in its stead."""
    return TokenDigest(hashlib.sha256(token.encode()).hexdigest())
