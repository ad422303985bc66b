"""How is a resource stored, and what changes of it from one catalog to the next?"""

from collections.abc import Iterator
from typing import Final, NotRequired, TypedDict

from pushhub.catalog.model import BearerTokenDigest, DatabaseId, PushTokenConflict, Resource, ResourceId, WayOfMatching
from pushhub.catalog.providers import Provider
from pushhub.catalog.sections.section import Section
from pushhub.catalog.sections.wording import bearer_token_changes, from_to, listed


class StoredResource(TypedDict):
    """A resource in its stored form; `providers` None admits every provider, and without `matching` it matches in every way.

    A release that does not know `matching` passes over it, and so admits every way.
    """

    id: int
    name: str
    token_sha256: list[str]
    databases: list[int]
    token_conflict: str
    providers: list[str] | None
    matching: NotRequired[list[str]]


def write(resource: Resource) -> StoredResource:
    """Return the stored form of a resource."""
    stored: StoredResource = {
        "id": resource.id,
        "name": resource.name,
        "token_sha256": sorted(resource.bearer_token_digests),
        "databases": list(resource.databases),
        "token_conflict": str(resource.push_token_conflict),
        "providers": None if resource.providers is None else sorted(resource.providers),
    }
    if resource.matching != frozenset(WayOfMatching):
        stored["matching"] = [str(way) for way in resource.ways_of_matching]
    return stored


def read(stored: StoredResource) -> Resource:
    """Return a resource from its stored form."""
    return Resource(
        id=ResourceId(stored["id"]),
        name=stored["name"],
        bearer_token_digests=frozenset(BearerTokenDigest(digest) for digest in stored["token_sha256"]),
        databases=tuple(DatabaseId(database) for database in stored["databases"]),
        push_token_conflict=PushTokenConflict(stored["token_conflict"]),
        providers=None if stored["providers"] is None else frozenset(Provider(provider) for provider in stored["providers"]),
        matching=frozenset(map(WayOfMatching, stored.get("matching", WayOfMatching))),
    )


def changes(before: Resource, after: Resource) -> Iterator[str]:
    """Say what changes of a resource."""
    if before.name != after.name:
        yield from_to("name", before.name, after.name)
    if before.databases != after.databases:
        yield from_to("databases", listed(before.databases), listed(after.databases))
    if before.push_token_conflict is not after.push_token_conflict:
        yield from_to("token_conflict", before.push_token_conflict, after.push_token_conflict)
    if before.providers != after.providers:
        yield from_to("providers", _providers(before), _providers(after))
    if before.matching != after.matching:
        yield from_to("matching", _matching(before), _matching(after))
    yield from bearer_token_changes(before, after)


def _providers(resource: Resource) -> str:
    return "all" if resource.providers is None else listed(sorted(resource.providers))


def _matching(resource: Resource) -> str:
    return "all" if resource.matching == frozenset(WayOfMatching) else listed(resource.ways_of_matching)


RESOURCES: Final = Section("resources", "resource", write, read, changes)
