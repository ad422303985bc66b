"""What stands in an entry of a catalog file, valid or not, and which rules does it break?

How the values of entries agree is judged by what stands in the file, so that one problem does not hide another.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from pushhub.catalog.variables import with_variables


@dataclass(frozen=True, slots=True)
class RawEntry:
    """A mapping that stands in a section of a file, with its place, such as `resources[0]`."""

    place: str
    values: Mapping[object, object]
    environment: Mapping[str, str]

    def items(self, key: str) -> list[object]:
        """Return the list under a key, empty where none stands there."""
        value = self.values.get(key)
        return value if isinstance(value, list) else []

    def plain(self, raw: object) -> int | str | None:
        """Return a number, or a text with its variables filled in, and None for anything else."""
        return raw if isinstance(raw, int) else self.text(raw)

    def text(self, raw: object) -> str | None:
        """Return a text with its variables filled in, and None for anything else, or where they cannot be filled in.

        That they cannot is a problem of the entry itself, and told as such.
        """
        try:
            return with_variables(raw, self.environment) if isinstance(raw, str) else None
        except ValueError:
            return None

    def empty_list(self, key: str, problem: str) -> Iterator[str]:
        """Tell a problem if the list under a key is empty."""
        if self.values.get(key) == []:
            yield f"{self.place}.{key}: {problem}"

    def repeats(self, key: str, compared: Callable[[str], str] = str) -> Iterator[str]:
        """Say what stands twice in the list under a key; `compared` gives what of two texts that are the same is equal."""
        plain = (self.plain(value) for value in self.items(key))
        values = [compared(value) if isinstance(value, str) else value for value in plain]
        for index, value in enumerate(values):
            if value is not None and value in values[:index]:
                yield f"{self.place}.{key}[{index}]: {_shown(value)} stands in the list already"


def key_clashes(entries: Iterable[RawEntry], key: str) -> Iterator[str]:
    """Say which entries have the key of an earlier one."""
    places: dict[object, str] = {}
    for entry in entries:
        value = entry.plain(entry.values.get(key))
        if value is not None and (first := places.setdefault(value, entry.place)) != entry.place:
            yield f"{entry.place}.{key}: {_shown(value)} is the {key} of {first} already"


def _shown(value: int | str) -> str:
    return json.dumps(value, ensure_ascii=False)
