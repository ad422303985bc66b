"""What is wrong with an entry of a catalog file, in words, and where does it stand?"""

from collections.abc import Sequence
from typing import Final, get_args

from pydantic import ValidationError

from pushhub.catalog.sections.file_entry import FileEntry, FileMapping
from pushhub.catalog.sections.file_values import MAX_ID, with_commas
from pushhub.validation import Misfit, misfits, path_of

_AN_ID: Final = f"an integer from 1 to {MAX_ID} is expected"
_EXPECTED: Final = {
    "missing": "required",
    "invalid_key": "a key has to be text; put it in quotes",
    "int_type": _AN_ID,
    "greater_than_equal": _AN_ID,
    "less_than_equal": _AN_ID,
    "string_type": "a text is expected",
    "bool_type": "true or false is expected",
    "list_type": "a list is expected",
    "dict_type": "a mapping is expected",
    "model_type": "a mapping is expected",
}
"""What pydantic's kinds of errors mean here."""


def problems_of(error: ValidationError, location: Sequence[int | str], entry: type[FileEntry]) -> list[str]:
    """Return what is wrong with the entry at a location, each problem with its place."""
    return [with_place((*location, *misfit.location), _in_words(misfit, entry)) for misfit in misfits(error)]


def with_place(location: Sequence[int | str], problem: str) -> str:
    """Return a problem with its place; that of the file itself has none."""
    path = path_of(location)
    return f"{path}: {problem}" if path else problem


def _in_words(misfit: Misfit, entry: type[FileEntry]) -> str:
    match misfit.kind:
        case "value_error":
            return str(misfit.context["error"])
        case "extra_forbidden":
            return f"unknown key; the keys are {with_commas(_mapping_at(misfit.location[:-1], entry).model_fields)}"
        case "string_type" if not misfit.null:
            return "a text is expected; put it in quotes"
        case known if known in _EXPECTED:
            return _EXPECTED[known]
        case other:
            return f"not valid ({other})"


def _mapping_at(location: Sequence[int | str], entry: type[FileMapping]) -> type[FileMapping]:
    """Return the mapping of a file that stands at a location in an entry."""
    mapping = entry
    for part in location:
        annotation = mapping.model_fields[str(part)].annotation
        (mapping,) = (kind for kind in get_args(annotation) if isinstance(kind, type) and issubclass(kind, FileMapping))
    return mapping
