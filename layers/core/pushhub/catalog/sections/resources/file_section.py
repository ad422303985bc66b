"""How does a file declare a resource, and what may be wrong with it?"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Final

from pydantic import BeforeValidator, Field

from pushhub.catalog.model import DatabaseId, PushTokenConflict, Resource, ResourceId, WayOfMatching
from pushhub.catalog.sections.databases.section import DATABASES
from pushhub.catalog.sections.file_bearer_tokens import BearerToken, by_place, digests_of, problems_of_bearer_tokens
from pushhub.catalog.sections.file_entry import FileEntry, FileSection
from pushhub.catalog.sections.file_values import Id, Name, ProviderId, filled_in, known
from pushhub.catalog.sections.raw_entry import RawEntry
from pushhub.catalog.sections.resources.section import RESOURCES

MAX_DATABASES: Final = 20
"""Databases of one resource: each may cost a request one write call, and all of them have to fit its time."""


_PushTokenConflict = Annotated[
    PushTokenConflict, BeforeValidator(known(PushTokenConflict, "token_conflict")), BeforeValidator(filled_in)
]
_WayOfMatching = Annotated[WayOfMatching, BeforeValidator(known(WayOfMatching, "way of matching")), BeforeValidator(filled_in)]


class ResourceFileEntry(FileEntry):
    """A resource as a file declares it."""

    id: Id
    name: Name
    token: BearerToken | None = None
    tokens: list[BearerToken] | None = None
    databases: list[Id]
    token_conflict: _PushTokenConflict = PushTokenConflict.REJECT
    providers: list[ProviderId] | None = None
    matching: list[_WayOfMatching] = Field(default_factory=lambda: list(WayOfMatching))

    def declared(self) -> Resource:
        """Return the resource."""
        return Resource(
            id=ResourceId(self.id),
            name=self.name,
            bearer_token_digests=digests_of(self.bearer_tokens()),
            databases=tuple(DatabaseId(database) for database in self.databases),
            push_token_conflict=self.token_conflict,
            providers=None if self.providers is None else frozenset(self.providers),
            matching=frozenset(self.matching),
        )

    def bearer_tokens(self) -> Mapping[str, str]:
        """Return the resource tokens."""
        return by_place(self.token, self.tokens)


def problems(file: Mapping[str, Sequence[RawEntry]]) -> Iterator[str]:
    """Say which resources have no token, databases that are too many or not in the file, or a list that is empty or repeats."""
    declared = {id_ for database in file[DATABASES.name] if isinstance(id_ := database.values.get("id"), int)}
    for entry in file[RESOURCES.name]:
        yield from problems_of_bearer_tokens(entry)
        yield from entry.empty_list("providers", "at least one provider is required; leave the key out to allow all")
        yield from entry.empty_list("matching", "at least one way of matching is required; leave the key out to allow all")
        databases = entry.items("databases")
        if len(databases) > MAX_DATABASES:
            yield f"{entry.place}.databases: at most {MAX_DATABASES} databases"
        for index, database in enumerate(databases):
            if isinstance(database, int) and database not in declared:
                yield f"{entry.place}.databases[{index}]: the file has no database {database}"
        yield from entry.repeats("databases")
        yield from entry.repeats("matching")


FILE_SECTION: Final = FileSection(RESOURCES, ResourceFileEntry, "id", problems)
