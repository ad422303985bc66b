"""Which values may stand in the entries of a catalog file?"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final, cast

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo

from pushhub.catalog.providers import PROVIDER_CODES, Provider, known_provider
from pushhub.catalog.variables import with_variables

MAX_ID: Final = 2**31 - 1

_KEY: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_NOT_ON_ONE_LINE: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Unicode categories of what breaks or steers lines, and of what is no character at all."""


@dataclass(frozen=True, slots=True)
class FileContext:
    """What an entry refers to besides itself: variables of the environment, and files beside the catalog file."""

    environment: Mapping[str, str]
    folder: Path


def context_of(info: ValidationInfo) -> FileContext:
    """Return the context of a validation."""
    return cast("FileContext", info.context)


def filled_in(raw: object, info: ValidationInfo) -> object:
    """Fill in the variables of a text."""
    return with_variables(raw, context_of(info).environment) if isinstance(raw, str) else raw


def with_commas(words: Iterable[str]) -> str:
    """Return words as a message lists them."""
    return ", ".join(words)


def known[Word: StrEnum](words: type[Word], name: str) -> Callable[[object], Word]:
    """Return a validator that takes one of an enumeration's words; `name` is what one of them is called."""

    def word(raw: object) -> Word:
        try:
            return words(str(raw))
        except ValueError:
            raise ValueError(f'unknown {name} "{raw}"; one of {with_commas(words)}') from None

    return word


def _one_line(name: str) -> str:
    if not name.strip() or any(unicodedata.category(character) in _NOT_ON_ONE_LINE for character in name):
        raise ValueError("a text of one line that is not empty is expected")
    return name


def _key(name: str) -> str:
    if not _KEY.fullmatch(name):
        raise ValueError("a name here is 1 to 64 characters of A-Z a-z 0-9 _ -, the first one a letter or digit")
    return name


def _provider(text: str) -> Provider:
    provider = known_provider(text)
    if provider is None:
        raise ValueError(f'unknown provider "{text}"; one of {with_commas(PROVIDER_CODES)}')
    return provider


# Of several validators that run before, the one written last runs first: each sees its text filled in.
Id = Annotated[int, Field(ge=1, le=MAX_ID)]
Text = Annotated[str, BeforeValidator(filled_in)]
Name = Annotated[Text, AfterValidator(_one_line)]
NameAsKey = Annotated[Text, AfterValidator(_key)]
"""The name of an entry that goes by it."""
ProviderId = Annotated[Provider, AfterValidator(_provider), BeforeValidator(filled_in)]
