"""What changes in the stored catalog when a file is applied, and under which condition?

Used by the command line only. No text here holds a token or a digest.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain
from operator import itemgetter
from typing import Final

from pushhub.catalog.disagreements import disagreements
from pushhub.catalog.model import BearerTokenDigest, Catalog, CatalogEntry, DatabaseId, EntryKey, OpenedByBearerTokens
from pushhub.catalog.sections import SECTIONS
from pushhub.catalog.sections.databases.section import contradictions
from pushhub.catalog.sections.section import Section
from pushhub.catalog.whole import EntrySecret, WholeCatalog


class PlanError(Exception):
    """The file contradicts what is kept of the stored catalog; `problems` are one line each."""

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


_SIGNS: Final = {Action.ADD: "+", Action.CHANGE: "~", Action.REMOVE: "-", Action.KEEP: "="}


@dataclass(frozen=True, slots=True)
class PlannedAction:
    """What happens to one entry; `details` say what of it changes, for a person."""

    action: Action
    section: Section
    entry: CatalogEntry
    details: tuple[str, ...] = ()

    @property
    def id(self) -> EntryKey | None:
        """The entry's id; None where entries of the section go by their names."""
        id_: EntryKey | None = getattr(self.entry, "id", None)
        return id_

    @property
    def line(self) -> str:
        """The action as one line, such as `~ resource 5 shop app: token_conflict reject → move`."""
        entry = f"{_SIGNS[self.action]} {self.section.label(self.entry)}"
        return f"{entry}: {', '.join(self.details)}" if self.details else entry


@dataclass(frozen=True, slots=True)
class CatalogPlan:
    """How the stored catalog becomes `result`.

    `kept` are the entries that the file does not have and that stay. `needs_empty` holds the databases that must hold no profile
    when the plan is carried out, each with the reason.
    """

    result: WholeCatalog
    changes: tuple[PlannedAction, ...]
    kept: tuple[PlannedAction, ...]
    needs_empty: Mapping[DatabaseId, str]

    @property
    def lines(self) -> tuple[str, ...]:
        """A line for each entry that changes or is kept although the file does not have it."""
        return tuple(planned.line for planned in (*self.changes, *self.kept))


def plan_catalog(current: WholeCatalog, desired: WholeCatalog, *, prune: bool) -> CatalogPlan:
    """Plan how `current` comes to hold everything of `desired`.

    Args:
        current: what is stored.
        desired: what a file declares.
        prune: whether entries that `desired` does not have are removed. Without it all of them stay, so no resource loses a
            database in either case.

    Raises:
        PlanError: a token would open two entries, entries would disagree, or a section would have too many of them.
    """
    result = _result(current, desired, prune=prune)
    if problems := _problems(result.catalog, desired.catalog):
        raise PlanError(problems)
    actions = tuple(action for section in SECTIONS for action in _actions(section, current, desired, prune=prune))
    return CatalogPlan(
        result=result,
        changes=tuple(planned for planned in actions if planned.action is not Action.KEEP),
        kept=tuple(planned for planned in actions if planned.action is Action.KEEP),
        needs_empty=_needs_empty(current.catalog, result.catalog),
    )


def _result(current: WholeCatalog, desired: WholeCatalog, *, prune: bool) -> WholeCatalog:
    stored, declared = current.catalog, desired.catalog
    catalog = Catalog.of(
        {
            section.name: _merged({} if prune else stored.section(section.name), declared.section(section.name)).values()
            for section in SECTIONS
        },
        stored.base_url,
    )
    return WholeCatalog.of(catalog, _secrets(catalog, current, desired))


def _secrets(result: Catalog, current: WholeCatalog, desired: WholeCatalog) -> dict[str, dict[str, EntrySecret]]:
    """Return what is secret of the entries of a plan's result, by the field of the whole catalog, then by the entry's key."""
    return {
        field: {key: secret for key, secret in _merged(current.secrets(field), desired.secrets(field)).items() if key in entries}
        for field, entries in ((section.secrets.field, result.section(section.name)) for section in SECTIONS if section.secrets)
    }


def _merged[Key: (EntryKey, str), Value](kept: Mapping[Key, Value], desired: Mapping[Key, Value]) -> dict[Key, Value]:
    return dict(sorted({**kept, **desired}.items(), key=itemgetter(0)))


def _problems(result: Catalog, desired: Catalog) -> tuple[str, ...]:
    """Return what is wrong with a plan's result, each problem once."""
    problems = chain(_bearer_token_clashes(result, desired), _disagreements(result, desired), _surplus(result))
    return tuple(dict.fromkeys(problems))


def _disagreements(result: Catalog, desired: Catalog) -> Iterator[str]:
    def named(section: Section, entry: CatalogEntry) -> str:
        declared = entry.key in desired.section(section.name)
        return section.label(entry) + ("" if declared else " (not in the file and kept; --prune deletes it)")

    return (found.line(named, ": ") for found in disagreements(result))


def _bearer_token_clashes(result: Catalog, desired: Catalog) -> Iterator[str]:
    """Say which two entries share a token, once for each token; the file's own entry is named first."""
    holders = [
        (section.label(entry), entry.bearer_token_digests, key in desired.section(section.name))
        for section in SECTIONS
        for key, entry in result.section(section.name).items()
        if isinstance(entry, OpenedByBearerTokens)
    ]
    opened: dict[BearerTokenDigest, str] = {}
    for holder, digests, declared in sorted(holders, key=lambda holder: not holder[2]):
        for digest in sorted(digests):
            if (first := opened.setdefault(digest, holder)) != holder:
                kept = "" if declared else ", which is not in the file and kept (--prune deletes it)"
                yield f"{first} has a token of {holder}{kept}"


def _surplus(result: Catalog) -> Iterator[str]:
    for section in SECTIONS:
        count, bound = len(result.section(section.name)), section.max_entries
        if bound is not None and count > bound:
            yield f"with those not in the file there would be {count} {section.name}, at most {bound} (--prune deletes them)"


def _actions(section: Section, current: WholeCatalog, desired: WholeCatalog, *, prune: bool) -> Iterator[PlannedAction]:
    stored, declared = current.catalog.section(section.name), desired.catalog.section(section.name)
    for key, entry in _merged(stored, declared).items():
        if key not in declared:
            kept = ("not in the file, kept (--prune deletes it)",)
            yield PlannedAction(Action.REMOVE, section, entry) if prune else PlannedAction(Action.KEEP, section, entry, kept)
        elif key not in stored:
            yield PlannedAction(Action.ADD, section, entry)
        elif details := (*section.changes(stored[key], entry), *_secret_changes(section, str(key), current, desired)):
            yield PlannedAction(Action.CHANGE, section, entry, details)


def _secret_changes(section: Section, key: str, current: WholeCatalog, desired: WholeCatalog) -> Iterator[str]:
    if secrets := section.secrets:
        before, after = current.secrets(secrets.field).get(key), desired.secrets(secrets.field).get(key)
        if before != after:
            yield from secrets.changes(before, after)


def _needs_empty(stored: Catalog, result: Catalog) -> dict[DatabaseId, str]:
    reasons = {
        id_: ", ".join(contradictions(database, result.databases.get(id_))) for id_, database in sorted(stored.databases.items())
    }
    return {id_: why for id_, why in reasons.items() if why}
