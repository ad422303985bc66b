"""How is a catalog written down as one JSON document?"""

import json
from typing import Final, NotRequired, TypedDict

from pushhub.catalog.model import (
    ApiToken,
    Catalog,
    Database,
    DatabaseId,
    FieldType,
    ReportedEvent,
    Resource,
    ResourceId,
    Right,
    TokenConflict,
    TokenDigest,
    Upstream,
    UpstreamKind,
)
from pushhub.catalog.providers import Provider

MAX_DOCUMENT_BYTES: Final = 380_000
"""Bound of a document in bytes; DynamoDB's bound of an item is 400 KiB. Enough for about 1,500 resources."""


class DatabaseEntry(TypedDict):
    """A database as it stands in a document."""

    id: int
    name: str
    fields: dict[str, str]
    match: list[str]


class ResourceEntry(TypedDict):
    """A resource as it stands in a document; `providers` None admits every provider."""

    id: int
    name: str
    token_sha256: list[str]
    databases: list[int]
    token_conflict: str
    providers: list[str] | None


class ApiTokenEntry(TypedDict):
    """An API token as it stands in a document."""

    name: str
    token_sha256: list[str]
    rights: list[str]


class UpstreamEntry(TypedDict):
    """An upstream as it stands in a document."""

    name: str
    kind: str
    url: str
    relay_links: bool
    events: list[str]


class Document(TypedDict):
    """A whole catalog; the sections that came later may be missing in one that an earlier release wrote."""

    databases: list[DatabaseEntry]
    resources: list[ResourceEntry]
    api_tokens: NotRequired[list[ApiTokenEntry]]
    upstreams: NotRequired[list[UpstreamEntry]]


class CatalogTooLargeError(Exception):
    """The catalog's document is over :data:`MAX_DOCUMENT_BYTES`."""


def write_document(catalog: Catalog) -> str:
    """Return the catalog as JSON; tokens stand in it as digests only.

    Raises:
        CatalogTooLargeError: it is over :data:`MAX_DOCUMENT_BYTES`.
    """
    document = json.dumps(document_of(catalog), ensure_ascii=False, separators=(",", ":"))
    if (size := len(document.encode())) > MAX_DOCUMENT_BYTES:
        raise CatalogTooLargeError(f"the catalog takes {size} bytes; at most {MAX_DOCUMENT_BYTES} fit")
    return document


def document_of(catalog: Catalog) -> Document:
    """Return the catalog as plain values, ready to be written in any notation."""
    return {
        "databases": [_database_entry(database) for database in catalog.databases.values()],
        "resources": [_resource_entry(resource) for resource in catalog.resources.values()],
        "api_tokens": [_api_token_entry(caller) for caller in catalog.api_tokens.values()],
        "upstreams": [_upstream_entry(upstream) for upstream in catalog.upstreams.values()],
    }


def read_document(document: str) -> Catalog:
    """Read back what :func:`write_document` wrote."""
    content: Document = json.loads(document)
    databases = [_database(entry) for entry in content["databases"]]
    resources = [_resource(entry) for entry in content["resources"]]
    callers = [_api_token(entry) for entry in content.get("api_tokens", [])]
    upstreams = [_upstream(entry) for entry in content.get("upstreams", [])]
    return Catalog(
        {database.id: database for database in databases},
        {resource.id: resource for resource in resources},
        {caller.name: caller for caller in callers},
        {upstream.name: upstream for upstream in upstreams},
    )


def _database_entry(database: Database) -> DatabaseEntry:
    return {
        "id": database.id,
        "name": database.name,
        "fields": {name: str(kind) for name, kind in database.fields.items()},
        "match": list(database.match),
    }


def _database(entry: DatabaseEntry) -> Database:
    return Database(
        id=DatabaseId(entry["id"]),
        name=entry["name"],
        fields={name: FieldType(kind) for name, kind in entry["fields"].items()},
        match=tuple(entry["match"]),
    )


def _resource_entry(resource: Resource) -> ResourceEntry:
    return {
        "id": resource.id,
        "name": resource.name,
        "token_sha256": sorted(resource.tokens),
        "databases": list(resource.databases),
        "token_conflict": str(resource.token_conflict),
        "providers": None if resource.providers is None else sorted(resource.providers),
    }


def _resource(entry: ResourceEntry) -> Resource:
    return Resource(
        id=ResourceId(entry["id"]),
        name=entry["name"],
        tokens=frozenset(TokenDigest(digest) for digest in entry["token_sha256"]),
        databases=tuple(DatabaseId(database) for database in entry["databases"]),
        token_conflict=TokenConflict(entry["token_conflict"]),
        providers=None if entry["providers"] is None else frozenset(Provider(provider) for provider in entry["providers"]),
    )


def _api_token_entry(caller: ApiToken) -> ApiTokenEntry:
    return {"name": caller.name, "token_sha256": sorted(caller.tokens), "rights": sorted(map(str, caller.rights))}


def _api_token(entry: ApiTokenEntry) -> ApiToken:
    return ApiToken(
        name=entry["name"],
        tokens=frozenset(TokenDigest(digest) for digest in entry["token_sha256"]),
        rights=frozenset(Right(right) for right in entry["rights"]),
    )


def _upstream_entry(upstream: Upstream) -> UpstreamEntry:
    return {
        "name": upstream.name,
        "kind": str(upstream.kind),
        "url": upstream.url,
        "relay_links": upstream.relay_links,
        "events": sorted(map(str, upstream.events)),
    }


def _upstream(entry: UpstreamEntry) -> Upstream:
    return Upstream(
        name=entry["name"],
        kind=UpstreamKind(entry["kind"]),
        url=entry["url"],
        relay_links=entry["relay_links"],
        events=frozenset(ReportedEvent(event) for event in entry["events"]),
    )
