"""Which profiles does `--filters` choose, and how are filters shown?

They are written as in the `filters` of push.express' API, without those that choose apps: `--app` says that. So the dialect reads
them, and what `sendings show` prints of them can be given to `--filters` again.

Pure.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import click

from pushhub.catalog.filter_fields import AUDIENCES, COUNTRY, FILTER_FIELDS, LANGUAGE
from pushhub.catalog.model import App, Catalog, Database
from pushhub.console.failure import ConsoleError
from pushhub.dialects.http import RefusedError
from pushhub.dialects.pushexpress.errors import RefusalKind
from pushhub.dialects.pushexpress.server.fields import Fields
from pushhub.dialects.pushexpress.server.filters import APP_FIELDS, PROFILE_FIELDS, parse_profile_filters
from pushhub.sends.filters import ANY, Choice, Filters

OPTION: Final = "--filters"

_EVENT: Final = "event"
_FIELDS_READ: Final[Mapping[str, str]] = {"countries": COUNTRY, "languages": LANGUAGE, "audiences": AUDIENCES}
"""In which field of a profile what each filter compares stands; events stand in none."""
_SHOWN: Final = 10
"""Things of one list that a person is shown."""


@dataclass(frozen=True, slots=True)
class WrittenFilters:
    """Filters as a person has written them; what they may name, the catalog says."""

    members: Mapping[str, object]


def read_filters(text: str) -> WrittenFilters:
    """Return what `--filters` holds.

    Raises:
        click.UsageError: it is no JSON object, or it is empty.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise click.UsageError(f'{OPTION}: a JSON object is expected, such as \'{{"countries_include": ["PT"]}}\'')
    if not document:
        raise click.UsageError(f"{OPTION}: the object is empty; --all is for everybody")
    return WrittenFilters(document)


def parse_written(written: WrittenFilters, catalog: Catalog, app: App) -> Filters:
    """Return which profiles of an app's database are chosen.

    Raises:
        ConsoleError: a filter does not fit, is unknown, or names or reads what the catalog does not have; the text names it.
    """
    fields = Fields(written.members, OPTION)
    for name in written.members:
        if name in APP_FIELDS:
            raise ConsoleError(f"{fields.path_of(name)}: --app says for which app it is; leave this out")
    try:
        fields.require_known(PROFILE_FIELDS)
        filters = parse_profile_filters(fields, catalog)
    except RefusedError as refused:
        raise ConsoleError(
            str(refused).removeprefix(f"{RefusalKind.VALIDATION}: ").removeprefix(f"{RefusalKind.NOT_FOUND}: ")
        ) from None
    _require_declared(filters, catalog.databases[app.database])
    return filters


def _require_declared(filters: Filters, database: Database) -> None:
    """Refuse filters of fields that a database does not declare: they would choose nobody, or leave out nobody."""
    for name, choice in _choices(filters):
        field = _FIELDS_READ.get(name)
        if choice != ANY and field and database.fields.get(field) is not FILTER_FIELDS[field]:
            raise ConsoleError(
                f"{OPTION}: {name} stand in the field {field}; database {database.id} does not declare it as {FILTER_FIELDS[field]}"
            )


def filters_entry(filters: Filters) -> dict[str, list[str]]:
    """Return filters as JSON has them, each list sorted; those that choose everybody are left out."""
    return {name: sorted(values) for name, values in _lists(filters)}


def filter_texts(filters: Filters) -> Iterator[tuple[str, str]]:
    """Give what a person reads of filters: the name of each list, and its first values."""
    for name, values in filters_entry(filters).items():
        yield name, first_of(values)


def first_of(things: Sequence[str], most: int = _SHOWN) -> str:
    """Return the first of some things in one text, and how many more there are."""
    more = f" and {len(things) - most:,} more" if len(things) > most else ""
    return ", ".join(things[:most]) + more


def _choices(filters: Filters) -> tuple[tuple[str, Choice], ...]:
    return (
        ("countries", filters.countries),
        ("languages", filters.languages),
        ("audiences", filters.audiences),
        (_EVENT, filters.events),
    )


def _lists(filters: Filters) -> Iterator[tuple[str, frozenset[str]]]:
    for name, choice in _choices(filters):
        if choice.include is not None:
            yield f"{name}_include", choice.include
        if choice.exclude:
            yield f"{name}_exclude", choice.exclude
