"""How is an update of one item put together, attribute by attribute?"""

from collections.abc import Mapping
from typing import Any

from pushhub.adapters.dynamodb.expressions import Terms
from pushhub.adapters.dynamodb.schema import items
from pushhub.adapters.dynamodb.schema.items import Item


class Update:
    """Changes of the attributes of one item, and what has to be true of it before."""

    def __init__(self, key: Item) -> None:
        """Begin with no change of the item that has a key."""
        self._key = key
        self._guards: list[str] = []
        self._clauses: dict[str, list[str]] = {"SET": [], "ADD": [], "REMOVE": []}
        self.terms = Terms()

    def guard(self, *conditions: str) -> "Update":
        """Require these conditions, written in `terms`."""
        self._guards += conditions
        return self

    def require(self, **values: object) -> "Update":
        """Require that attributes have these values."""
        return self.guard(*(self.terms.equal(name, value) for name, value in values.items()))

    def assign(self, values: Mapping[str, object]) -> "Update":
        """Give attributes these values."""
        self._clauses["SET"] += [self.terms.equal(name, value) for name, value in values.items()]
        return self

    def assign_missing(self, values: Mapping[str, object]) -> "Update":
        """Give those attributes these values that the item has not."""
        for name, value in values.items():
            self._clauses["SET"].append(
                f"{self.terms.name(name)} = if_not_exists({self.terms.name(name)}, {self.terms.value(value)})"
            )
        return self

    def append(self, name: str, values: list[Any]) -> "Update":
        """Put values behind those of a list, which may be missing."""
        known = f"if_not_exists({self.terms.name(name)}, {self.terms.value([])})"
        self._clauses["SET"].append(f"{self.terms.name(name)} = list_append({known}, {self.terms.value(values)})")
        return self

    def add(self, values: Mapping[str, int | set[str]]) -> "Update":
        """Add to numbers and sets, which may be missing."""
        self._clauses["ADD"] += [f"{self.terms.name(name)} {self.terms.value(value)}" for name, value in values.items() if value]
        return self

    def remove(self, *names: str) -> "Update":
        """Take attributes away."""
        self._clauses["REMOVE"] += map(self.terms.name, names)
        return self

    def parameters(self, table: str) -> dict[str, Any]:
        """Return the parameters of the call, or of the action of a transaction."""
        guarding = self.terms.guarding(*self._guards) if self._guards else self.terms.resolving()
        return {
            "TableName": table,
            "Key": items.to_wire(self._key),
            "UpdateExpression": " ".join(f"{verb} {', '.join(terms)}" for verb, terms in self._clauses.items() if terms),
            **guarding,
        }
