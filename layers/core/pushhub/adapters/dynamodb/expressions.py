"""How are the expressions of one action of DynamoDB written, with placeholders in the place of names and values?"""

from collections.abc import Iterable
from typing import Any

from pushhub.adapters.dynamodb.schema import items


class Terms:
    """The names and values of one action's expressions: each gets a placeholder, since many names are reserved words.

    The placeholders are as short as can be: DynamoDB takes expressions of at most 4 KB.
    """

    def __init__(self) -> None:
        """Begin with none."""
        self._names: dict[str, str] = {}
        self._values: dict[str, object] = {}

    def name(self, *path: str) -> str:
        """Return what stands for an attribute, or for an entry of a map by the names that lead to it."""
        return ".".join(self._names.setdefault(part, f"#{len(self._names)}") for part in path)

    def value(self, value: object) -> str:
        """Return what stands for a value."""
        placeholder = f":{len(self._values)}"
        self._values[placeholder] = value
        return placeholder

    def equal(self, name: str, value: object) -> str:
        """Return the condition that an attribute has a value."""
        return self.equal_at((name,), value)

    def equal_at(self, path: tuple[str, ...], value: object) -> str:
        """Return the condition that an entry of a map has a value; `path` are the names that lead to it."""
        return f"{self.name(*path)} = {self.value(value)}"

    def missing(self, name: str) -> str:
        """Return the condition that there is no such attribute."""
        return f"attribute_not_exists({self.name(name)})"

    def exist(self, name: str, entries: Iterable[str]) -> tuple[str, ...]:
        """Return the conditions that a map has these entries."""
        return tuple(f"attribute_exists({self.name(name, entry)})" for entry in sorted(entries))

    def not_exist(self, name: str, entries: Iterable[str]) -> tuple[str, ...]:
        """Return the conditions that a map has none of these entries."""
        return tuple(f"attribute_not_exists({self.name(name, entry)})" for entry in sorted(entries))

    def at_most(self, name: str, size: int) -> str:
        """Return the condition that a map has so many entries at most."""
        return f"size({self.name(name)}) <= {self.value(size)}"

    def guarding(self, *conditions: str) -> dict[str, Any]:
        """Return the parameters that make the action conditional on all of these, and resolve the placeholders given so far."""
        return {"ConditionExpression": " AND ".join(conditions), **self.resolving()}

    def resolving(self) -> dict[str, Any]:
        """Return the parameters that say what every placeholder given so far stands for."""
        names = {"ExpressionAttributeNames": {placeholder: name for name, placeholder in self._names.items()}}
        return names | {"ExpressionAttributeValues": items.to_wire(self._values)} if self._values else names
