"""What changes in the stored catalog when a file is applied, and under which condition?

Pure, and used by the command line only. Nothing here shows a token or a digest.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Final

from pushhub.catalog.model import ApiToken, Catalog, Database, DatabaseId, Resource, ResourceId, TokenDigest, Upstream
from pushhub.catalog.whole import MAX_UPSTREAMS, WholeCatalog


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


class Section(StrEnum):
    """A section of the catalog, by what one entry of it is."""

    DATABASE = "database"
    RESOURCE = "resource"
    API_TOKEN = "api token"  # noqa: S105  (what a person reads)
    UPSTREAM = "upstream"


_SIGNS: Final = {Action.ADD: "+", Action.CHANGE: "~", Action.REMOVE: "-", Action.KEEP: "="}


@dataclass(frozen=True, slots=True)
class Step:
    """What happens to one entry; `details` say what of it changes, for a person. Kinds that go by their names have no `id`."""

    action: Action
    kind: Section
    id: int | None
    name: str
    details: tuple[str, ...] = ()

    @property
    def line(self) -> str:
        """The step as one line, such as `~ resource 5 shop app: token_conflict reject → move`."""
        id_ = "" if self.id is None else f"{self.id} "
        entry = f"{_SIGNS[self.action]} {self.kind} {id_}{self.name}"
        return f"{entry}: {', '.join(self.details)}" if self.details else entry


@dataclass(frozen=True, slots=True)
class CatalogPlan:
    """How the stored catalog becomes `result`.

    `kept` are the entries that the file does not have and that stay. `needs_empty` holds the databases that must hold no profile
    when the plan is carried out, each with the reason.
    """

    result: WholeCatalog
    changes: tuple[Step, ...]
    kept: tuple[Step, ...]
    needs_empty: Mapping[DatabaseId, str]

    @property
    def lines(self) -> tuple[str, ...]:
        """What happens, one line for each entry that changes or is kept although the file does not have it."""
        return tuple(step.line for step in (*self.changes, *self.kept))


def plan(current: WholeCatalog, desired: WholeCatalog, *, prune: bool) -> CatalogPlan:
    """Plan how `current` comes to hold everything of `desired`.

    Args:
        current: what is stored.
        desired: what a file declares.
        prune: whether entries that `desired` does not have are removed. Without it all of them stay, so no resource loses a
            database in either case.

    Raises:
        PlanError: a token would open two doors, or there would be too many upstreams.
    """
    result = _result(current, desired, prune=prune)
    if problems := (*_token_clashes(result.catalog, desired.catalog), *_surplus(result.catalog)):
        raise PlanError(tuple(dict.fromkeys(problems)))
    before, after = current.catalog, desired.catalog
    upstream_changes = partial(_upstream_changes, current.upstream_tokens, desired.upstream_tokens)
    steps = (
        *_steps(Section.DATABASE, before.databases, after.databases, _database_changes, prune=prune),
        *_steps(Section.RESOURCE, before.resources, after.resources, _resource_changes, prune=prune),
        *_steps(Section.API_TOKEN, before.api_tokens, after.api_tokens, _api_token_changes, prune=prune),
        *_steps(Section.UPSTREAM, before.upstreams, after.upstreams, upstream_changes, prune=prune),
    )
    databases = result.catalog.databases
    reasons = ((id_, tuple(_reasons(database, databases.get(id_)))) for id_, database in sorted(before.databases.items()))
    return CatalogPlan(
        result=result,
        changes=tuple(step for step in steps if step.action is not Action.KEEP),
        kept=tuple(step for step in steps if step.action is Action.KEEP),
        needs_empty={id_: ", ".join(why) for id_, why in reasons if why},
    )


def _result(current: WholeCatalog, desired: WholeCatalog, *, prune: bool) -> WholeCatalog:
    kept, declared = Catalog({}, {}) if prune else current.catalog, desired.catalog
    catalog = Catalog(
        _merged(kept.databases, declared.databases),
        _merged(kept.resources, declared.resources),
        _merged(kept.api_tokens, declared.api_tokens),
        _merged(kept.upstreams, declared.upstreams),
    )
    tokens = _merged(current.upstream_tokens, desired.upstream_tokens)
    return WholeCatalog(catalog, {name: token for name, token in tokens.items() if name in catalog.upstreams})


def _merged[Key: (DatabaseId, ResourceId, str), Entry](kept: Mapping[Key, Entry], desired: Mapping[Key, Entry]) -> dict[Key, Entry]:
    return dict(sorted({**kept, **desired}.items(), key=lambda item: item[0]))


def _token_clashes(result: Catalog, desired: Catalog) -> Iterator[str]:
    """Say which two entries share a token, once for each token; what the file has comes first."""
    holders = [
        *((f"resource {id_} {each.name}", each.tokens, id_ in desired.resources) for id_, each in result.resources.items()),
        *((f"api token {name}", each.tokens, name in desired.api_tokens) for name, each in result.api_tokens.items()),
    ]
    opened: dict[TokenDigest, str] = {}
    for holder, tokens, declared in sorted(holders, key=lambda holder: not holder[2]):
        for token in sorted(tokens):
            if (first := opened.setdefault(token, holder)) != holder:
                kept = "" if declared else ", which is not in the file and kept (--prune deletes it)"
                yield f"{first} has a token of {holder}{kept}"


def _surplus(result: Catalog) -> Iterator[str]:
    if (count := len(result.upstreams)) > MAX_UPSTREAMS:
        yield f"with those not in the file there would be {count} upstreams, at most {MAX_UPSTREAMS} (--prune deletes them)"


def _steps[Key: (DatabaseId, ResourceId, str), Entry: (Database, Resource, ApiToken, Upstream)](
    kind: Section,
    current: Mapping[Key, Entry],
    desired: Mapping[Key, Entry],
    changes: Callable[[Entry, Entry], Iterator[str]],
    *,
    prune: bool,
) -> Iterator[Step]:
    for key in sorted(current.keys() | desired.keys()):
        before, after = current.get(key), desired.get(key)
        id_ = key if isinstance(key, int) else None
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
    yield from _token_changes(before, after)


def _api_token_changes(before: ApiToken, after: ApiToken) -> Iterator[str]:
    if before.rights != after.rights:
        yield _from_to("rights", _list(sorted(before.rights)), _list(sorted(after.rights)))
    yield from _token_changes(before, after)


def _token_changes[Entry: (Resource, ApiToken)](before: Entry, after: Entry) -> Iterator[str]:
    if before.tokens != after.tokens:
        yield f"tokens changed ({len(after.tokens - before.tokens)} added, {len(before.tokens - after.tokens)} removed)"


def _upstream_changes(
    stored_tokens: Mapping[str, str], declared_tokens: Mapping[str, str], before: Upstream, after: Upstream
) -> Iterator[str]:
    if before.kind is not after.kind:
        yield _from_to("kind", before.kind, after.kind)
    if before.url != after.url:
        yield _from_to("url", before.url, after.url)
    if before.relay_links is not after.relay_links:
        yield "relay_links false → true" if after.relay_links else "relay_links true → false"
    if before.events != after.events:
        yield _from_to("events", _list(sorted(before.events)), _list(sorted(after.events)))
    if stored_tokens.get(after.name) != declared_tokens.get(after.name):
        yield "token changed"


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


def _list(words: Iterable[object]) -> str:
    return f"[{', '.join(map(str, words))}]"


def _providers(resource: Resource) -> str:
    return "all" if resource.providers is None else _list(sorted(resource.providers))
