"""What do the provider blocks of an app have in common in a catalog file?"""

import re
from abc import abstractmethod
from collections.abc import Callable
from typing import Annotated, Final

from pydantic import AfterValidator, PrivateAttr, ValidationInfo

from pushhub.catalog.sections.apps.section import STAND_IN
from pushhub.catalog.sections.file_entry import FileMapping
from pushhub.catalog.sections.file_values import Text, context_of, filled_in
from pushhub.outgoing.addresses import normal_url

MAX_CREDENTIALS_BYTES: Final = 65_536
"""Bound of a file with credentials: they have to fit the secret of apps."""

Url = Annotated[Text, AfterValidator(normal_url)]


class FileBlock(FileMapping):
    """A provider block as a file declares it."""

    url: Url | None = None
    """Where requests go in the place of the provider's own address."""
    _stand_in: bool = PrivateAttr(default=False)

    @property
    def stand_in(self) -> bool:
        """Whether the file has the word for a stand-in in the place of the block."""
        return self._stand_in

    def settings(self) -> dict[str, str]:
        """Return what is not secret."""
        return self.own_settings() | ({"url": self.url} if self.url else {})

    @abstractmethod
    def own_settings(self) -> dict[str, str]:
        """Return what is not secret of what this kind of block has for itself."""

    @abstractmethod
    def credentials(self) -> dict[str, str]:
        """Return what is secret, and all that has to change together with it."""

    @classmethod
    @abstractmethod
    def made_up(cls) -> "FileBlock":
        """Return a block with throw-away keys."""


def or_stand_in(kind: type[FileBlock]) -> Callable[[object, ValidationInfo], object]:
    """Return a validator that takes the word for a stand-in in the place of a block of this kind."""

    def block(raw: object, info: ValidationInfo) -> object:
        if not isinstance(raw, str):
            return raw
        if filled_in(raw, info) != STAND_IN:
            raise ValueError(f"a mapping is expected, or the word {STAND_IN}")
        made = kind.made_up()
        made._stand_in = True  # noqa: SLF001  (no key of a file)
        return made

    return block


def one_of[Value](first: Value | None, second: Value | None, names: str) -> Value:
    """Return the one of two that is given.

    Raises:
        ValueError: it is not exactly one; `names` says what they are called.
    """
    given = [value for value in (first, second) if value is not None]
    if len(given) != 1:
        raise ValueError(f"either {names} is required, not both")
    return given[0]


def parsed_by(parse: Callable[[str], object]) -> Callable[[object, ValidationInfo], object]:
    """Return a validator that parses a text."""
    return lambda raw, info: parse(_text(raw, info))


def read_and_parsed_by(parse: Callable[[str], object]) -> Callable[[object, ValidationInfo], object]:
    """Return a validator that parses the content of a file, which is named as it is seen from the catalog file."""
    return lambda raw, info: parse(_content(_text(raw, info), info))


def _text(raw: object, info: ValidationInfo) -> str:
    match filled_in(raw, info):
        case str(text):
            return text
        case None:
            raise ValueError("a text is expected")
        case _:
            raise ValueError("a text is expected; put it in quotes")


def _content(name: str, info: ValidationInfo) -> str:
    try:
        with (context_of(info).folder / name).open("rb") as file:
            content = file.read(MAX_CREDENTIALS_BYTES + 1)
    except OSError as error:
        raise ValueError(f"the file cannot be read: {error.strerror or type(error).__name__}") from None
    except ValueError:
        raise ValueError("no name of a file") from None
    if len(content) > MAX_CREDENTIALS_BYTES:
        raise ValueError(f"the file is over {MAX_CREDENTIALS_BYTES} bytes")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"the file is not UTF-8 at byte {error.start}") from None


def text_like(form: str, expected: str) -> AfterValidator:
    """Return a validator of texts that have a form, given as a regular expression."""
    pattern = re.compile(form)

    def check(text: str) -> str:
        if not pattern.fullmatch(text):
            raise ValueError(f"{expected} is expected")
        return text

    return AfterValidator(check)
