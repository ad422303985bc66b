"""What does each column of a file mean?"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pushhub.catalog.model import Catalog, Database, Resource, WayOfMatching
from pushhub.imports.files.drop import Drop, MatchBy, RowMatching
from pushhub.imports.files.shown import choices, shown, shown_of_first_line
from pushhub.imports.job import UnusableFileError

MAX_COLUMNS: Final = 100
PUSH_TOKEN_COLUMN: Final = "subscription_id"  # noqa: S105  (not a credential)
PROFILE_ID_COLUMN: Final = "id"
UNSUBSCRIBE_COLUMN: Final = "unsubscribe"
PROVIDER_COLUMN: Final = "provider"
_RESERVED: Final = frozenset({PUSH_TOKEN_COLUMN, UNSUBSCRIBE_COLUMN, PROVIDER_COLUMN})
"""Columns that are never a field, whatever a database declares."""
_WAYS: Final = {
    MatchBy.PUSH_TOKEN: WayOfMatching.PUSH_TOKEN,
    MatchBy.PROFILE_ID: WayOfMatching.PROFILE_ID,
    MatchBy.FIELD: WayOfMatching.MATCH_FIELD,
}
"""What the catalog calls each matching of rows."""


@dataclass(frozen=True, slots=True)
class RowDestination:
    """Where the rows of a file go: what its key says, the resource, and the resource's databases in their order."""

    drop: Drop
    resource: Resource
    databases: tuple[Database, ...]


@dataclass(frozen=True, slots=True)
class Columns:
    """The positions of columns in a row, from 0.

    `matched` is the column that the profile is found by, None where the profile is found by the push token. `fields` are the
    positions and names of the fields that are set.
    """

    count: int
    push_token: int
    matched: int | None
    unsubscribe: int | None
    provider: int | None
    fields: tuple[tuple[int, str], ...]


def row_destination_of(drop: Drop, catalog: Catalog) -> RowDestination:
    """Return where the rows of a dropped file go.

    Raises:
        UnusableFileError: there is no such resource, it has no databases, or it does not match in the way of the file.
    """
    resource = catalog.resources.get(drop.resource)
    if resource is None:
        raise UnusableFileError(f"there is no resource {drop.resource}; {choices(sorted(catalog.resources))}")
    if not resource.databases:
        raise UnusableFileError(f"resource {resource.id} has no databases")
    require_way_of_matching(resource, drop.matching)
    return RowDestination(drop, resource, catalog.databases_of(resource))


def require_way_of_matching(resource: Resource, matching: RowMatching) -> None:
    """Refuse a matching that the catalog does not allow the resource.

    Raises:
        UnusableFileError: it does not; the text says what it allows.
    """
    way, allowed = _WAYS[matching.by], resource.ways_of_matching
    if way not in allowed:
        raise UnusableFileError(
            f"resource {resource.id} may not match by {way}: its matching in the catalog is [{', '.join(allowed)}]; "
            "import through another resource"
        )


def find_columns(header: Sequence[str], destination: RowDestination) -> Columns:
    """Return which column of a file means what.

    Raises:
        UnusableFileError: the header cannot work.
    """
    _require_names(header)
    resource = destination.resource
    if PROVIDER_COLUMN not in header and not resource.admits(destination.drop.provider):
        raise UnusableFileError(f"resource {resource.id} does not admit the provider {destination.drop.provider}")
    matched = _matched(header, destination)
    at = {name: position for position, name in enumerate(header)}
    declared = {field for database in destination.databases for field in database.fields}
    taken = {*_RESERVED, matched}
    fields = tuple((position, name) for position, name in enumerate(header) if name not in taken)
    for _, name in fields:
        if name not in declared:
            hint = f"; the id of a profile goes with the matching {MatchBy.PROFILE_ID}" if name == PROFILE_ID_COLUMN else ""
            raise UnusableFileError(f"the column {shown(name)} is a field of no database of resource {resource.id}{hint}")
    return Columns(
        count=len(header),
        push_token=at[PUSH_TOKEN_COLUMN],
        matched=None if matched is None else at[matched],
        unsubscribe=at.get(UNSUBSCRIBE_COLUMN),
        provider=at.get(PROVIDER_COLUMN),
        fields=fields,
    )


def _require_names(header: Sequence[str]) -> None:
    if len(header) > MAX_COLUMNS:
        raise UnusableFileError(f"the header has {len(header)} columns; at most {MAX_COLUMNS} are read")
    for position, name in enumerate(header):
        if not name:
            raise UnusableFileError(f"column {position + 1} of the header has no name")
    for name, count in Counter(header).items():
        if count > 1:
            raise UnusableFileError(f"the column {shown(name)} stands in the header {count} times")
    if PUSH_TOKEN_COLUMN not in header:
        raise UnusableFileError(f"the header has no column {PUSH_TOKEN_COLUMN}")


def _matched(header: Sequence[str], destination: RowDestination) -> str | None:
    matching = destination.drop.matching
    if matching.by is MatchBy.PUSH_TOKEN:
        return None
    name = PROFILE_ID_COLUMN if matching.by is MatchBy.PROFILE_ID else matching.field
    if matching.by is MatchBy.FIELD:
        _require_match_field(name, destination.databases)
    if name not in header:
        raise UnusableFileError(
            f"the header has no column {shown(name)}, by which the profiles are to be found; found, and case counts: "
            f"{shown_of_first_line(header)}"
        )
    return name


def _require_match_field(name: str, databases: Sequence[Database]) -> None:
    if name in _RESERVED:
        raise UnusableFileError(f"the column {name} has a meaning of its own: nothing can be matched by it")
    for database in databases:
        if name not in database.match:
            raise UnusableFileError(f"{shown(name)} is no match field of database {database.id}; {choices(database.match)}")
