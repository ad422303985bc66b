"""What changes in the stored catalog when a file is applied, and under which condition?

Pure, and used by the command line only. Nothing here shows a token or a digest.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from pushhub.catalog.model import Catalog, Database, DatabaseId, Resource, ResourceId, TokenDigest


class PlanError(Exception):
    """The file does not go together with what is kept of the stored catalog; `problems` are one line each."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        """Keep the problems."""
        super().__init__("\n".join(problems))
        self.problems = problems


class Action(StrEnum):
    """What happens to an entry of the catalog."""

    ADD = "add"
    CHANGE = "change"
    REMOVE = "remove"
    KEEP = "keep"


class Kind(StrEnum):
    """A section of the catalog, by what one entry of it is."""

    DATABASE = "database"
    RESOURCE = "resource"


_SIGNS: Final = {Action.ADD: "+", Action.CHANGE: "~", Action.REMOVE: "-", Action.KEEP: "="}


@dataclass(frozen=True, slots=True)
class Step:
    """What happens to one entry; `details` say what of it changes, for a person."""

    action: Action
    kind: Kind
    id: int
    name: str
    details: tuple[str, ...] = ()

    @property
    def line(self) -> str:
        """The step as one line, such as `~ resource 5 shop app: token_conflict reject → move`."""
        entry = f"{_SIGNS[self.action]} {self.kind} {self.id} {self.name}"
        return f"{entry}: {', '.join(self.details)}" if self.details else entry


@dataclass(frozen=True, slots=True)
class Plan:
    """How the stored catalog becomes `result`.

    `kept` are the entries that the file does not have and that stay. `needs_empty` holds the databases that must hold no profile
    when the plan is carried out, each with the reason.
    """

    result: Catalog
    changes: tuple[Step, ...]
    kept: tuple[Step, ...]
    needs_empty: Mapping[DatabaseId, str]

    @property
    def lines(self) -> tuple[str, ...]:
        """What happens, one line for each entry that changes or is kept although the file does not have it."""
        return tuple(step.line for step in (*self.changes, *self.kept))


def plan(current: Catalog, desired: Catalog, *, prune: bool) -> Plan:
    """Plan how `current` comes to hold everything of `desired`.

    Args:
        current: the stored catalog.
        desired: what a file declares.
        prune: whether entries that `desired` does not have are removed. Without it all of them stay, so no resource loses a
            database in either case.

    Raises:
        PlanError: a token would open two resources.
    """
    result = desired if prune else Catalog({**current.databases, **desired.databases}, {**current.resources, **desired.resources})
    _require_unique_tokens(result, desired)
    steps = (
        *_steps(Kind.DATABASE, current.databases, desired.databases, _database_changes, prune=prune),
        *_steps(Kind.RESOURCE, current.resources, desired.resources, _resource_changes, prune=prune),
    )
    reasons = ((id_, tuple(_reasons(database, result.databases.get(id_)))) for id_, database in sorted(current.databases.items()))
    return Plan(
        result=Catalog(dict(sorted(result.databases.items())), dict(sorted(result.resources.items()))),
        changes=tuple(step for step in steps if step.action is not Action.KEEP),
        kept=tuple(step for step in steps if step.action is Action.KEEP),
        needs_empty={id_: ", ".join(why) for id_, why in reasons if why},
    )


def _require_unique_tokens(result: Catalog, desired: Catalog) -> None:
    opened: dict[TokenDigest, Resource] = {}
    clashes: list[str] = []
    for resource in sorted(result.resources.values(), key=lambda resource: (resource.id not in desired.resources, resource.id)):
        for token in sorted(resource.tokens):
            first = opened.setdefault(token, resource)
            if first is not resource:
                kept = "" if resource.id in desired.resources else ", which is not in the file and kept (--prune deletes it)"
                clashes.append(f"{_named(first)} has a token of {_named(resource)}{kept}")
    if clashes:
        raise PlanError(tuple(dict.fromkeys(clashes)))


def _named(resource: Resource) -> str:
    return f"resource {resource.id} {resource.name}"


def _steps[Id: (DatabaseId, ResourceId), Entry: (Database, Resource)](
    kind: Kind,
    current: Mapping[Id, Entry],
    desired: Mapping[Id, Entry],
    changes: Callable[[Entry, Entry], Iterator[str]],
    *,
    prune: bool,
) -> Iterator[Step]:
    for id_ in sorted(current.keys() | desired.keys()):
        before, after = current.get(id_), desired.get(id_)
        if after is None and before is not None:
            kept = ("not in the file, kept (--prune deletes it)",)
            yield Step(Action.REMOVE, kind, id_, before.name) if prune else Step(Action.KEEP, kind, id_, before.name, kept)
        elif after is not None and before is None:
            yield Step(Action.ADD, kind, id_, after.name)
        elif after is not None and before is not None and (details := tuple(changes(before, after))):
            yield Step(Action.CHANGE, kind, id_, after.name, details)


def _database_changes(before: Database, after: Database) -> Iterator[str]:
    if before.name != after.name:
        yield _from_to("name", before.name, after.name)
    yield from _field_changes(before, after)
    for name, kind in after.fields.items():
        if name not in before.fields:
            yield f"field {name} added ({kind})"
    if before.match != after.match:
        yield _from_to("match", _list(before.match), _list(after.match))


def _field_changes(before: Database, after: Database) -> Iterator[str]:
    for name, kind in before.fields.items():
        if name not in after.fields:
            yield f"field {name} removed"
        elif after.fields[name] is not kind:
            yield _from_to(f"field {name}", kind, after.fields[name])


def _resource_changes(before: Resource, after: Resource) -> Iterator[str]:
    if before.name != after.name:
        yield _from_to("name", before.name, after.name)
    if before.databases != after.databases:
        yield _from_to("databases", _list(before.databases), _list(after.databases))
    if before.token_conflict is not after.token_conflict:
        yield _from_to("token_conflict", before.token_conflict, after.token_conflict)
    if before.providers != after.providers:
        yield _from_to("providers", _providers(before), _providers(after))
    if before.tokens != after.tokens:
        yield f"tokens changed ({len(after.tokens - before.tokens)} added, {len(before.tokens - after.tokens)} removed)"


def _reasons(before: Database, after: Database | None) -> Iterator[str]:
    """Say what stored profiles and their match keys would contradict; the order of match fields means nothing to them."""
    if after is None:
        yield "removed"
        return
    yield from _field_changes(before, after)
    if set(before.match) != set(after.match):
        yield _from_to("match", _list(before.match), _list(after.match))


def _from_to(what: str, before: str, after: str) -> str:
    return f"{what} {before} → {after}"


def _list(words: tuple[object, ...]) -> str:
    return f"[{', '.join(map(str, words))}]"


def _providers(resource: Resource) -> str:
    return "all" if resource.providers is None else _list(tuple(sorted(resource.providers)))
