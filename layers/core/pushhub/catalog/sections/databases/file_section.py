"""How does a file declare a database, and what may be wrong with it?"""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Annotated, Final

from pydantic import AfterValidator, BeforeValidator, Field

from pushhub.catalog.model import Database, DatabaseId, FieldType
from pushhub.catalog.sections.databases.section import DATABASES
from pushhub.catalog.sections.file_entry import FileEntry, FileSection
from pushhub.catalog.sections.file_values import Id, Name, Text, filled_in, known
from pushhub.catalog.sections.raw_entry import RawEntry
from pushhub.text import holds_invisible

MAX_MATCH_FIELDS: Final = 8
"""Match fields of one database: a change of them all, each two writes, has to fit one transaction along with 40 subscriptions."""
MAX_FIELDS: Final = 256
"""Fields of one database: a profile that has them all, each of 1024 bytes, has to fit an item of 400 KB with its references."""

_FIELD_NAME: Final = re.compile(r"[\w-]{1,64}")
"""Letters of any script, digits, `_`, `-`: above all no `#`, which separates the parts of stored keys."""


def _field_name(name: str) -> str:
    # Some fillers of Hangul are letters that nobody sees.
    if not _FIELD_NAME.fullmatch(name) or holds_invisible(name):
        raise ValueError("a field's name is 1 to 64 letters, digits, _ and -")
    return name


_FieldName = Annotated[str, AfterValidator(_field_name)]
_FieldType = Annotated[FieldType, BeforeValidator(known(FieldType, "type")), BeforeValidator(filled_in)]


class DatabaseFileEntry(FileEntry):
    """A database as a file declares it."""

    id: Id
    name: Name
    fields: dict[_FieldName, _FieldType] = Field(default_factory=dict)
    match: list[Text] = Field(default_factory=list)

    def declared(self) -> Database:
        """Return the database."""
        return Database(DatabaseId(self.id), self.name, self.fields, tuple(self.match))


def problems(file: Mapping[str, Sequence[RawEntry]]) -> Iterator[str]:
    """Say which databases have too many fields or match fields, and which match fields are undeclared, bools or repeated."""
    return chain.from_iterable(map(_problems_of_fields, file[DATABASES.name]))


def _problems_of_fields(entry: RawEntry) -> Iterator[str]:
    fields = entry.values.get("fields", {})
    if not isinstance(fields, dict):
        return
    if len(fields) > MAX_FIELDS:
        yield f"{entry.place}.fields: at most {MAX_FIELDS} fields"
    names = [entry.text(raw) for raw in entry.items("match")]
    if len(names) > MAX_MATCH_FIELDS:
        yield f"{entry.place}.match: at most {MAX_MATCH_FIELDS} match fields"
    for index, name in enumerate(names):
        place = f"{entry.place}.match[{index}]"
        if name is None:
            continue
        if name not in fields:
            yield f'{place}: "{name}" is not one of the fields'
        elif entry.text(fields[name]) == FieldType.BOOL:
            yield f"{place}: {name} is a bool, by which nobody can be found"
    yield from entry.repeats("match")


FILE_SECTION: Final = FileSection(DATABASES, DatabaseFileEntry, "id", problems)
