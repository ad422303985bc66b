"""Of which kinds are the fields of a request, and what is wrong with one?

A kind reads a value of JSON. Null counts as absent everywhere but in an array and in `data`. A boolean is no number, and neither a
fraction nor `1.0` is a whole one. What does not fit is noted in a :class:`Reading`, so that all of it is found at one time.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import Any, Final, Protocol

from pushhub.dialects.devtodev.push.errors import MAX_LISTED_ERRORS, PushError, PushRefusal, cut_text, push_error
from pushhub.text import is_unicode

MAX_SHOWN_CHARACTERS: Final = 100
"""Of a received value, and of a name of the caller's in a path."""
_COMPACT: Final[Mapping[str, Any]] = {"ensure_ascii": False, "separators": (",", ":"), "default": float}
ANOTHER_NAME: Final = "another name, since this one is taken"


def shown_value(value: object) -> str:
    """Return a received value as an error shows it: a text as it is, anything else as JSON; only the beginning of a long one."""
    return cut_text(str(value) if isinstance(value, str | Decimal) else json.dumps(value, **_COMPACT), MAX_SHOWN_CHARACTERS)


def bad_value(path: str, value: object, expected: str) -> PushError:
    """Return the error of a value that is not what is expected."""
    return push_error(PushRefusal.BAD_VALUE, field=path, value=shown_value(value), expected=expected)


def member_path(parent: str, name: str) -> str:
    """Return the path of a member of an object; the top has the empty path."""
    name = cut_text(name, MAX_SHOWN_CHARACTERS)
    return f"{parent}.{name}" if parent else name


@dataclass(slots=True)
class Reading:
    """What is known of a request, or of a block of it, once it is read.

    Attributes:
        taken: keys of `data` that the hub writes itself.
        errors: what does not fit, as far as a reply lists it.
        misfits: how many values do not fit.
        ignored_options: how many options were ignored, since nobody knows them.
        parts: values by the part of a message that they are for; a new block begins with none.
    """

    taken: frozenset[str] = frozenset()
    errors: list[PushError] = field(default_factory=list)
    misfits: int = 0
    ignored_options: int = 0
    parts: dict[str, Any] = field(default_factory=dict)

    @property
    def is_full(self) -> bool:
        """Whether a reply lists no more errors; then nothing else needs to be read."""
        return len(self.errors) == MAX_LISTED_ERRORS

    def refuse(self, path: str, value: object, expected: str) -> None:
        """Note that a value is not what is expected."""
        self.note(lambda: bad_value(path, value, expected))

    def note(self, error: Callable[[], PushError]) -> None:
        """Note that something does not fit; the error is made only if a reply would list it."""
        self.misfits += 1
        if not self.is_full:
            self.errors.append(error())


def _nothing(*_: object) -> Iterator[str]:
    return iter(())


class Kind(Protocol):
    """A kind of field."""

    def read(self, value: object, path: str, reading: Reading) -> object:
        """Return a value that is not null as a message wants it; None where it does not fit."""


@dataclass(frozen=True, slots=True)
class Field:
    """A field of an object.

    Attributes:
        kind: of its values.
        part: the part of a message that its value is for, such as `ios.category`; `data.…` becomes a text of the data, and empty is
            none of its own.
        required: whether it may not be absent.
    """

    kind: Kind
    part: str = ""
    required: bool = False

    def read(self, value: object, path: str, reading: Reading) -> object:
        """Return the value, and keep it for the part of the message."""
        read = self.kind.read(value, path, reading)
        if self.part and read is not None:
            reading.parts[self.part] = read
        return read


@dataclass(frozen=True, slots=True)
class PlainText:
    """A text that `fits`; `expected` says which does. `made` is what a message takes of it."""

    expected: str = "a text"
    fits: Callable[[str], bool] = is_unicode
    made: Callable[[str], object] = str

    def read(self, value: object, path: str, reading: Reading) -> object:
        """See :class:`Kind`."""
        if isinstance(value, str) and self.fits(value):
            return self.made(value)
        reading.refuse(path, value, self.expected)
        return None


class Flag:
    """True or false."""

    def read(self, value: object, path: str, reading: Reading) -> bool | None:
        """See :class:`Kind`."""
        if isinstance(value, bool):
            return value
        reading.refuse(path, value, "true or false")
        return None


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number within bounds."""

    least: int
    most: int

    def read(self, value: object, path: str, reading: Reading) -> int | None:
        """See :class:`Kind`."""
        if isinstance(value, int) and not isinstance(value, bool) and self.least <= value <= self.most:
            return value
        reading.refuse(path, value, f"a whole number from {self.least} to {self.most}")
        return None


@dataclass(frozen=True, slots=True)
class OneOf:
    """One of several texts; whatever else stands there, the error lists them. `made` is what a message takes of it."""

    values: tuple[str, ...]
    made: Callable[[str], object] = str

    def read(self, value: object, path: str, reading: Reading) -> object:
        """See :class:`Kind`."""
        if isinstance(value, str) and value in self.values:
            return self.made(value)
        expected = ", ".join(self.values)
        reading.note(lambda: push_error(PushRefusal.UNEXPECTED_VALUE, field=path, value=shown_value(value), expected=expected))
        return None


@dataclass(frozen=True, slots=True)
class ListOf:
    """An array whose elements are of one kind."""

    kind: Kind

    def read(self, value: object, path: str, reading: Reading) -> tuple[object, ...] | None:
        """See :class:`Kind`."""
        if not isinstance(value, list):
            reading.refuse(path, value, "an array")
            return None
        return tuple(self.kind.read(each, f"{path}[{index}]", reading) for index, each in enumerate(value) if not reading.is_full)


@dataclass(frozen=True, slots=True)
class Data:
    """An object of texts, which the app gets as they are.

    Its names are the caller's, but for those that the hub takes and those that a provider keeps for itself: `is_kept`.
    """

    is_kept: Callable[[str], bool]

    def read(self, value: object, path: str, reading: Reading) -> Mapping[str, str] | None:
        """See :class:`Kind`."""
        if not isinstance(value, dict):
            reading.refuse(path, value, "an object of texts")
            return None
        for key, text in value.items():
            if key in reading.taken or self.is_kept(key):
                reading.refuse(member_path(path, key), text, ANOTHER_NAME)
            elif not key:
                reading.refuse(path, value, "names that are not empty")
            elif not isinstance(text, str):
                reading.refuse(member_path(path, key), text, "a text")
        return value


@dataclass(frozen=True, slots=True)
class Object:
    """An object with these fields and no others.

    Attributes:
        fields: by their names.
        lacking: yields names of fields that are required because of what else is there, or is not.
        rivals: names of which one excludes every other.
        made: what a message takes of the values that are there, by name.
        open: whether members that nobody knows are ignored, if they hold a text, a number or a boolean.
    """

    fields: Mapping[str, Field]
    lacking: Callable[[Mapping[str, Any]], Iterator[str]] = _nothing
    rivals: tuple[str, ...] = ()
    made: Callable[[Mapping[str, Any]], object] = dict
    open: bool = False

    def read(self, value: object, path: str, reading: Reading) -> object:
        """See :class:`Kind`."""
        if isinstance(value, dict):
            return self.made(self.members(value, path, reading))
        reading.refuse(path, value, "an object")
        return None

    def members(self, value: Mapping[str, object], path: str, reading: Reading) -> dict[str, Any]:
        """Return the members of an object that are there and fit."""
        if sum(value.get(name) is not None for name in self.rivals) > 1:
            reading.refuse(path, value, f"only one of {', '.join(self.rivals)}")
        found: dict[str, Any] = {}
        for name, member in value.items():
            if known := self.fields.get(name):
                read = None if member is None else known.read(member, member_path(path, name), reading)
                if read is not None:
                    found[name] = read
            elif self.open and not isinstance(member, dict | list):
                reading.ignored_options += member is not None
            else:
                reading.note(partial(push_error, PushRefusal.UNEXPECTED_FIELD, field=member_path(path, name)))
        return found


@dataclass(frozen=True, slots=True)
class Either:
    """A value of one of several JSON types, each of which is a field of its own."""

    fields: Mapping[type, Field]
    expected: str

    def read(self, value: object, path: str, reading: Reading) -> object:
        """See :class:`Kind`."""
        if known := self.fields.get(type(value)):
            return known.read(value, path, reading)
        reading.refuse(path, value, self.expected)
        return None


def missing_fields(kind: Kind, value: object, path: str) -> Iterator[str]:
    """Yield the paths of required fields that are not there, within a value that is."""
    match kind, value:
        case Object(fields=fields), dict():
            for name, member in fields.items():
                if value.get(name) is not None:
                    yield from missing_fields(member.kind, value[name], member_path(path, name))
                elif member.required:
                    yield member_path(path, name)
            yield from (member_path(path, name) for name in kind.lacking(value))
        case ListOf(kind=element), list():
            for index, each in enumerate(value):
                yield from missing_fields(element, each, f"{path}[{index}]")
        case Either(fields=by_type), _ if type(value) in by_type:
            yield from missing_fields(by_type[type(value)].kind, value, path)
