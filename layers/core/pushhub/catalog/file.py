"""What does a catalog file declare, and what is wrong with it?

Only the command line reads files; nothing that a function imports may import this.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from pushhub.catalog.disagreements import disagreements
from pushhub.catalog.model import Catalog, CatalogEntry
from pushhub.catalog.sections import SECTIONS
from pushhub.catalog.sections.file_entry import FileEntry, FileSection
from pushhub.catalog.sections.file_errors import problems_of, with_place
from pushhub.catalog.sections.file_sections import FILE_SECTIONS
from pushhub.catalog.sections.file_values import FileContext, with_commas
from pushhub.catalog.sections.raw_entry import RawEntry, key_clashes
from pushhub.catalog.whole import EntrySecret, WholeCatalog
from pushhub.catalog.yaml_text import YamlTextError, read_yaml
from pushhub.validation import path_of

MAX_FILE_BYTES: Final = 2**20
"""Bound of a catalog file; what it declares is bounded more tightly, by the size of its document."""


class CatalogFileError(Exception):
    """A catalog file cannot be used; `problems` are all that is wrong, one line each, and hold no token."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        """Keep the problems; each line begins with the file."""
        super().__init__("\n".join(problems))
        self.problems = problems


def read_catalog_file(path: Path, environment: Mapping[str, str]) -> WholeCatalog:
    """Return what a catalog file declares.

    Args:
        path: the file; messages name it as it is given here.
        environment: what `${NAME}` in a text of the file stands for.

    Raises:
        CatalogFileError: it cannot be read, or is not a valid catalog file.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise CatalogFileError((f"{path}: {error.strerror or type(error).__name__}",)) from None
    if len(content) > MAX_FILE_BYTES:
        raise CatalogFileError((f"{path}: over {MAX_FILE_BYTES} bytes",))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CatalogFileError((f"{path}: not UTF-8 at byte {error.start}",)) from None
    return parse_catalog(text, str(path), environment, path.parent)


def parse_catalog(text: str, source: str, environment: Mapping[str, str], folder: Path = Path()) -> WholeCatalog:
    """Return what the text of a catalog file declares; `source` is what messages call the file.

    Files that it names are looked for in the folder.

    Raises:
        CatalogFileError: it is not valid; it says everything that is wrong.
    """
    try:
        content = read_yaml(text)
    except YamlTextError as error:
        raise CatalogFileError((f"{source}: {error}",)) from None
    if content is None:
        raise CatalogFileError((f"{source}: empty",))
    if not isinstance(content, dict):
        raise CatalogFileError((f"{source}: a mapping is expected; its keys are {_section_names()}",))
    reading = _Reading(FileContext(environment, folder))
    catalog = reading.catalog(content)
    if reading.problems:
        raise CatalogFileError(tuple(f"{source}: {problem}" for problem in reading.problems))
    return catalog


def _section_names() -> str:
    return with_commas(section.name for section in SECTIONS)


@dataclass(slots=True)
class _Reading:
    """Reads one file and gathers its problems.

    First come those of each entry by itself, then those of entries that do not go together in the file. What
    :func:`~pushhub.catalog.disagreements.disagreements` finds is told of files that have no other problem: it needs all entries.
    """

    context: FileContext
    problems: list[str] = field(default_factory=list)

    def catalog(self, content: dict[object, object]) -> WholeCatalog:
        """Return the catalog, without what is not valid."""
        self.problems += _unknown_sections(content)
        raw = {each.section.name: list(self._raw_section(content, each)) for each in FILE_SECTIONS}
        valid = {each.section.name: dict(self._valid(each, raw[each.section.name])) for each in FILE_SECTIONS}
        self._compare(raw)
        self.problems += _shared_bearer_tokens(valid.values())
        declared = {name: {place: entry.declared() for place, entry in entries.items()} for name, entries in valid.items()}
        catalog = Catalog.of({name: entries.values() for name, entries in declared.items()})
        if not self.problems:
            self.problems += _disagreements(catalog, declared)
        return WholeCatalog.of(catalog, _secrets(valid))

    def _raw_section(self, content: dict[object, object], kind: FileSection) -> Iterator[object]:
        name = kind.section.name
        section = content.get(name, [])
        if isinstance(section, list):
            for raw in section:
                yield {kind.key: raw} if kind.text_is_key and isinstance(raw, str) else raw
        else:
            self.problems.append(f"{name}: a list is expected")

    def _valid(self, kind: FileSection, section: Sequence[object]) -> Iterator[tuple[str, FileEntry]]:
        """Give the valid entries of a section with their places."""
        for index, raw in enumerate(section):
            location = (kind.section.name, index)
            try:
                yield path_of(location), kind.entry.model_validate(raw, context=self.context)
            except ValidationError as error:
                self.problems += problems_of(error, location, kind.entry)

    def _compare(self, raw: Mapping[str, Sequence[object]]) -> None:
        """Gather the problems of entries that disagree, within a section and across them."""
        mappings = {name: list(self._mappings(name, section)) for name, section in raw.items()}
        for kind in FILE_SECTIONS:
            name, bound = kind.section.name, kind.section.max_entries
            if bound is not None and len(raw[name]) > bound:
                self.problems.append(f"{name}: at most {bound} {name}")
            self.problems += key_clashes(mappings[name], kind.key)
            self.problems += kind.problems(mappings)

    def _mappings(self, name: str, section: Sequence[object]) -> Iterator[RawEntry]:
        for index, raw in enumerate(section):
            if isinstance(raw, dict):
                yield RawEntry(path_of((name, index)), raw, self.context.environment)


def _unknown_sections(content: Iterable[object]) -> Iterator[str]:
    names = {section.name for section in SECTIONS}
    return (with_place([str(key)], f"unknown key; the keys are {_section_names()}") for key in content if key not in names)


def _shared_bearer_tokens(sections: Iterable[Mapping[str, FileEntry]]) -> Iterator[str]:
    """Say which tokens stand twice. A token opens one entry, so that an app's token never speaks for a server."""
    places: dict[str, str] = {}
    for place, entry in chain.from_iterable(section.items() for section in sections):
        for within, bearer_token in entry.bearer_tokens().items():
            first = places.setdefault(bearer_token, f"{place}.{within}")
            if first != f"{place}.{within}":
                yield f"{place}.{within}: the same token as {first}"


def _disagreements(catalog: Catalog, declared: Mapping[str, Mapping[str, CatalogEntry]]) -> Iterator[str]:
    places = {(name, entry.key): place for name, entries in declared.items() for place, entry in entries.items()}
    return (found.line(lambda section, entry: places[section.name, entry.key], ".") for found in disagreements(catalog))


def _secrets(valid: Mapping[str, Mapping[str, FileEntry]]) -> dict[str, dict[str, EntrySecret]]:
    """Return what is secret of the entries, by the field of the whole catalog that has it, then by the entry's key."""
    return {
        section.secrets.field: {str(entry.declared().key): entry.secret() for entry in valid[section.name].values()}
        for section in SECTIONS
        if section.secrets
    }
