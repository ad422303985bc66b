"""Under which keys are files dropped, and why may they not be dropped there?"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from pushhub.audience.command import Mode
from pushhub.catalog.model import Catalog, Database, Resource, ResourceId
from pushhub.catalog.providers import PROVIDER_CODES, Provider, known_provider
from pushhub.console.failure import ConsoleError
from pushhub.console.terminal import on_one_line
from pushhub.imports.files.columns import RowDestination, require_way_of_matching
from pushhub.imports.files.drop import EXTENSIONS, MatchBy, RowMatching, matching_of, read_key, read_overrides, write_key
from pushhub.imports.files.shown import choices
from pushhub.imports.job import UnusableFileError
from pushhub.imports.keys import MATCH_FIELD
from pushhub.text import is_unicode


@dataclass(frozen=True, slots=True)
class Destination:
    """Where the rows of files go."""

    resource: Resource
    databases: tuple[Database, ...]
    provider: Provider
    matching: RowMatching

    def key(self, file: Path) -> str:
        """Return the key that a file is dropped under.

        Raises:
            ConsoleError: its name, or the match field's, cannot stand in a key.
        """
        try:
            return write_key(self.resource.id, self.provider, self.matching, file.name)
        except UnusableFileError as unusable:
            raise ConsoleError(f"{shown_file(file)}: {unusable}") from None

    def target(self, file: Path) -> RowDestination:
        """Return where the rows of a file go.

        Raises:
            ConsoleError: as for `key`.
        """
        return RowDestination(read_key(self.key(file)), self.resource, self.databases)


def destination_of(catalog: Catalog, resource: int, provider: str, match: str) -> Destination:
    """Return where the rows of files go, if the hub would take them.

    Args:
        catalog: the hub's.
        resource: a resource's id.
        provider: a provider's id.
        match: `token`, `profile_id` or a match field; `custom-` may stand before a field, as in a key.

    Raises:
        ConsoleError: the catalog does not allow it; the text says what it does allow.
    """
    door = catalog.resources.get(ResourceId(resource))
    if door is None:
        raise ConsoleError(f"there is no resource {resource}; {choices(sorted(catalog.resources))}")
    databases = catalog.databases_of(door)
    if not databases:
        raise ConsoleError(f"resource {resource} has no databases, so nothing can be imported through it")
    known, matching = _provider(door, provider), _matching(door, databases, match)
    try:
        require_way_of_matching(door, matching)
    except UnusableFileError as unusable:
        raise ConsoleError(str(unusable)) from None
    return Destination(door, databases, known, matching)


def settings_of(mode: Mode, delimiter: str | None, encoding: str | None, *, quoted: bool) -> dict[str, str]:
    """Return the metadata of a dropped object: all that the hub is not to recognise by itself.

    Raises:
        click.UsageError: the hub would refuse a value.
    """
    # Metadata are headers of HTTP, which lose a tab.
    word = "tab" if delimiter == "\t" else delimiter
    given = {"mode": str(mode), "delimiter": word, "encoding": encoding, "quoted": "true" if quoted else None}
    settings = {name: value for name, value in given.items() if value is not None}
    try:
        read_overrides(settings)
    except UnusableFileError as unusable:
        raise click.UsageError(f"--{str(unusable).removeprefix("the object's metadata say ")}") from None
    return settings


def require_droppable(files: Sequence[Path]) -> None:
    """Check every file before any is uploaded.

    Raises:
        ConsoleError: one cannot be read or has a wrong name, or two have the same name.
    """
    for file in files:
        if not file.name.lower().endswith(EXTENSIONS):
            raise ConsoleError(f"{shown_file(file)}: the name of a file to import ends in {', '.join(EXTENSIONS)}")
        if not is_unicode(file.name):
            raise ConsoleError(f"{shown_file(file)}: the file's name is not valid Unicode; rename it")
        _require_readable(file)
    twice = [name for name, count in Counter(file.name for file in files).items() if count > 1]
    if twice:
        raise ConsoleError(f"two files are called {on_one_line(twice[0])}; import them one after the other, or rename one")


def shown_file(file: Path) -> str:
    """Return a file as messages name it."""
    return on_one_line(str(file))


def _require_readable(file: Path) -> None:
    try:
        if not file.is_file():
            raise ConsoleError(f"{shown_file(file)}: {'not a regular file' if file.exists() else 'no such file'}")
        with file.open("rb"):
            pass
    except OSError as error:
        raise ConsoleError(f"{shown_file(file)}: {error.strerror or type(error).__name__}") from None


def _provider(door: Resource, text: str) -> Provider:
    provider = known_provider(text)
    if provider is None:
        raise ConsoleError(f"unknown provider {on_one_line(text)}; {choices(PROVIDER_CODES)}")
    if not door.admits(provider):
        raise ConsoleError(f"resource {door.id} does not admit the provider {provider}; {choices(sorted(door.providers or ()))}")
    return provider


def _matching(door: Resource, databases: tuple[Database, ...], match: str) -> RowMatching:
    if match in {MatchBy.PUSH_TOKEN, MatchBy.PROFILE_ID}:
        return matching_of(match)
    shared = [name for name in databases[0].match if all(name in database.match for database in databases)]
    for field in (match, match.removeprefix(MATCH_FIELD)):
        if field in shared:
            return RowMatching(MatchBy.FIELD, field)
    lacking = ", ".join(f"{database.id} {database.name}" for database in databases if match not in database.match)
    listed = choices([MatchBy.PUSH_TOKEN, MatchBy.PROFILE_ID, *shared])
    raise ConsoleError(f"{on_one_line(match)} is no match field of database {lacking}, which resource {door.id} has; {listed}")
