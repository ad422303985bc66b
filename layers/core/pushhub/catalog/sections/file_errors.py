"""What is wrong with an entry of a catalog file, in words, and where does it stand?"""

import re
from collections.abc import Sequence
from typing import Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from pushhub.catalog.sections.file_entry import FileEntry
from pushhub.catalog.sections.file_values import MAX_ID, choices

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
_PLAIN_KEY: Final = re.compile(r"[\w-]{1,64}")
_KEY_ITSELF: Final = "[key]"
"""What pydantic adds to the location of a mapping's key."""


def problems_of(error: ValidationError, location: Sequence[int | str], entry: type[FileEntry]) -> list[str]:
    """Return what is wrong with the entry at a location, each problem with its place."""
    details = error.errors(include_url=False)
    return [with_place((*location, *detail["loc"]), _in_words(detail, entry)) for detail in details]


def with_place(location: Sequence[int | str], problem: str) -> str:
    """Return a problem with its place; that of the file itself has none."""
    path = path_of(location)
    return f"{path}: {problem}" if path else problem


def path_of(location: Sequence[int | str]) -> str:
    """Spell out a location, such as `databases[0].fields['a#b']`."""
    return "".join(map(_step, (part for part in location if part != _KEY_ITSELF))).removeprefix(".")


def _step(part: int | str) -> str:
    if isinstance(part, int):
        return f"[{part}]"
    return f".{part}" if _PLAIN_KEY.fullmatch(part) else f"[{part!r}]"


def _in_words(detail: ErrorDetails, entry: type[FileEntry]) -> str:
    match detail["type"]:
        case "value_error":
            return str(detail["ctx"]["error"])
        case "extra_forbidden":
            return f"unknown key; the keys are {choices(entry.model_fields)}"
        case "string_type" if detail["input"] is not None:
            return "a text is expected; put it in quotes"
        case known if known in _EXPECTED:
            return _EXPECTED[known]
        case other:
            return f"not valid ({other})"
