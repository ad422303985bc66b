"""How is a database stored, and what changes of it from one catalog to the next?"""

from collections.abc import Iterator
from typing import Final, TypedDict

from pushhub.catalog.model import Database, DatabaseId, FieldType
from pushhub.catalog.sections.section import Section
from pushhub.catalog.sections.wording import from_to, listed


class StoredDatabase(TypedDict):
    """A database in its stored form."""

    id: int
    name: str
    fields: dict[str, str]
    match: list[str]


def write(database: Database) -> StoredDatabase:
    """Return the stored form of a database."""
    return {
        "id": database.id,
        "name": database.name,
        "fields": {name: str(kind) for name, kind in database.fields.items()},
        "match": list(database.match),
    }


def read(stored: StoredDatabase) -> Database:
    """Return a database from its stored form."""
    return Database(
        id=DatabaseId(stored["id"]),
        name=stored["name"],
        fields={name: FieldType(kind) for name, kind in stored["fields"].items()},
        match=tuple(stored["match"]),
    )


def changes(before: Database, after: Database) -> Iterator[str]:
    """Say what changes of a database."""
    if before.name != after.name:
        yield from_to("name", before.name, after.name)
    yield from _changes_of_fields(before, after)
    for name, kind in after.fields.items():
        if name not in before.fields:
            yield f"field {name} added ({kind})"
    if before.match != after.match:
        yield _change_of_match(before, after)


def contradictions(before: Database, after: Database | None) -> Iterator[str]:
    """Say which changes would make stored profiles or match keys wrong; `after` None removes the database.

    A new field does not, nor does another order of the match fields.
    """
    if after is None:
        yield "removed"
        return
    yield from _changes_of_fields(before, after)
    if set(before.match) != set(after.match):
        yield _change_of_match(before, after)


def _changes_of_fields(before: Database, after: Database) -> Iterator[str]:
    for name, kind in before.fields.items():
        if name not in after.fields:
            yield f"field {name} removed"
        elif after.fields[name] is not kind:
            yield from_to(f"field {name}", kind, after.fields[name])


def _change_of_match(before: Database, after: Database) -> str:
    return from_to("match", listed(before.match), listed(after.match))


DATABASES: Final = Section("databases", "database", write, read, changes)
