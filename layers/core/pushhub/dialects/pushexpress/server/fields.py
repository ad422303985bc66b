"""What does a field of a request hold?

Null counts as absent everywhere ("One-time sending in future", whose example has it). Whatever does not fit is refused with the
path of the field; the first misfit alone is named.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from pushhub.dialects.http import RefusedError
from pushhub.dialects.pushexpress.errors import PushExpressRefusal

MAX_LIST_ELEMENTS: Final = 10_000
"""Elements of one list."""
MAX_API_ID: Final = 2**53 - 1
"""The largest integer that every reader of JSON holds exactly."""
_MAX_SHOWN: Final = 100
"""Characters that a path shows of a name that the caller chose."""


class Element[Value](NamedTuple):
    """What an element of a list has to be.

    Attributes:
        expected: says so.
        read: returns it as it is compared, None where it does not fit.
        example: a list of such elements, in JSON.
    """

    expected: str
    read: Callable[[object], Value | None]
    example: str


def read_id(value: object) -> int | None:
    """Return an id; None where a value is none."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= MAX_API_ID else None


IDS: Final = Element(f"an integer from 1 to {MAX_API_ID}", read_id, "[1, 2]")


def bad_field(path: str, expected: str) -> RefusedError:
    """Return the refusal of a field that is not what is expected."""
    return RefusedError(PushExpressRefusal.BAD_VALUE, path=path, expected=expected)


def id_in_path(text: str, path: str, thing: str) -> int:
    """Return the id that stands in a path of the API, where `path` is the name of its parameter.

    Raises:
        RefusedError: it is no positive integer, so there is no such thing.
    """
    if text.isascii() and text.isdecimal() and len(text) <= len(str(MAX_API_ID)) and 1 <= int(text) <= MAX_API_ID:
        return int(text)
    raise RefusedError(PushExpressRefusal.UNKNOWN, path=path, what=thing)


@dataclass(frozen=True, slots=True)
class Fields:
    """An object of the body.

    Attributes:
        members: by their names.
        path: where the object stands; empty for the body itself.
    """

    members: Mapping[str, Any]
    path: str = ""

    @classmethod
    def of(cls, value: object, path: str, expected: str = "an object") -> "Fields":
        """Return the object that a value is.

        Raises:
            RefusedError: it is none, so not what is `expected`.
        """
        if not isinstance(value, dict):
            raise bad_field(path, expected)
        return cls(value, path)

    def path_of(self, name: str) -> str:
        """Return where a member stands."""
        name = name if len(name) <= _MAX_SHOWN else name[:_MAX_SHOWN] + "…"
        return f"{self.path}.{name}" if self.path else name

    def require_known(self, known: Collection[str], places: Mapping[str, str] = MappingProxyType({})) -> None:
        """Refuse members that a call does not have: a misspelt filter would choose everybody.

        Args:
            known: names of those that it has.
            places: where those stand in this call that stand here in another, by their names.

        Raises:
            RefusedError: there is one.
        """
        for name in self.members:
            if name not in known:
                if name in places:
                    raise RefusedError(PushExpressRefusal.MISPLACED_FIELD, path=self.path_of(name), place=places[name])
                raise RefusedError(PushExpressRefusal.UNEXPECTED_FIELD, path=self.path_of(name))

    def get(self, name: str) -> object:
        """Return a member as it came; None where it is absent."""
        return self.members.get(name)

    def required(self, name: str) -> object:
        """Return a member as it came.

        Raises:
            RefusedError: it is absent.
        """
        value = self.members.get(name)
        if value is None:
            raise RefusedError(PushExpressRefusal.FIELD_MISSING, path=self.path_of(name))
        return value

    def object(self, name: str, expected: str = "an object") -> "Fields":
        """Return a required object; a refusal says what is `expected`.

        Raises:
            RefusedError: it is absent, or no object.
        """
        return Fields.of(self.required(name), self.path_of(name), expected)

    def flag(self, name: str) -> bool:
        """Return a boolean, False where it is absent.

        Raises:
            RefusedError: it is none.
        """
        value = self.get(name)
        if value is not None and not isinstance(value, bool):
            raise bad_field(self.path_of(name), "true or false")
        return value is True

    def text(self, name: str, most: int) -> str:
        """Return a required text of 1 to `most` characters.

        Raises:
            RefusedError: it is absent, or none.
        """
        value = self.required(name)
        if not isinstance(value, str) or not 1 <= len(value) <= most:
            raise bad_field(self.path_of(name), f"a text of 1 to {most} characters")
        return value

    def listed[Value](self, name: str, element: Element[Value]) -> Mapping[Value, str]:
        """Return where each element of an optional list stands, in the order of the list; each is there once.

        Raises:
            RefusedError: it is no list, has more than :data:`MAX_LIST_ELEMENTS` elements, one that does not fit, or one twice.
        """
        values = self.get(name)
        if values is None:
            return {}
        path = self.path_of(name)
        if not isinstance(values, list):
            raise bad_field(path, f"a list, such as {element.example}")
        if len(values) > MAX_LIST_ELEMENTS:
            raise bad_field(path, f"a list of at most {MAX_LIST_ELEMENTS} elements")
        places: dict[Value, str] = {}
        for index, value in enumerate(values):
            place = f"{path}[{index}]"
            read = element.read(value)
            if read is None:
                raise bad_field(place, element.expected)
            if read in places:
                raise RefusedError(PushExpressRefusal.REPEATED, path=place, first=places[read])
            places[read] = place
        return places


def require_disjoint[Value](include: Mapping[Value, str], exclude: Mapping[Value, str]) -> None:
    """Refuse what is both included and excluded ("One-time sending in future", part 3).

    Args:
        include: where each value stands.
        exclude: the same of the values that are left out.

    Raises:
        RefusedError: a value stands in both.
    """
    for value, place in exclude.items():
        if value in include:
            raise RefusedError(PushExpressRefusal.OVERLAP, path=place, other=include[value])
