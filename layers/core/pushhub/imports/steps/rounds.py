"""Which rows of a window may be settled together, and which have to wait for each other?

Pure. :mod:`pushhub.imports.steps.settling` says what the rounds are for.
"""

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Final

from pushhub.audience.changes import MAX_WRITES, Change
from pushhub.audience.command import DatabaseRefused
from pushhub.audience.matching import Decision
from pushhub.audience.model import ProfileId
from pushhub.audience.port import SnapshotQuery
from pushhub.audience.rereading import RereadReason
from pushhub.audience.resolving import DatabaseRequest, snapshot_query
from pushhub.catalog.model import DatabaseId
from pushhub.imports.files.reasons import outcome_of
from pushhub.imports.job import RowOutcome

MAX_GROUP_WRITES: Final = MAX_WRITES - 2
"""Writes of a group: those of a transaction, without its journal entry and the check of the journal's gate."""
MAX_GROUP_BYTES: Final = 1024 * 1024
"""Bound of the rows of a group, whose characters count as a byte each.

DynamoDB takes 4 MB in a transaction, which holds the texts of a row up to three times.
"""


@dataclass(frozen=True, slots=True)
class ResolvedRow:
    """A row, resolved: what it asks of each database, and what has to be read to decide it.

    `size` is its length in characters, `match_field` the match field that finds its profile, if one does. `resolved` has an entry
    for each database; `requests` are those of them that no database has refused, and `queries` what is read for each request.
    `keys` are all keys and profiles of the queries: where rows have one in common, they are related.
    """

    position: int
    size: int
    unsubscribe: bool
    match_field: str
    resolved: tuple[DatabaseRequest | DatabaseRefused, ...]
    requests: tuple[DatabaseRequest, ...]
    queries: tuple[SnapshotQuery, ...]
    keys: frozenset[Hashable]


def resolved_row(
    position: int, size: int, resolved: tuple[DatabaseRequest | DatabaseRefused, ...], *, unsubscribe: bool, match_field: str = ""
) -> ResolvedRow:
    """Return a row with what has to be read to decide it."""
    requests = tuple(request for request in resolved if isinstance(request, DatabaseRequest))
    queries = tuple(map(snapshot_query, requests))
    keys = frozenset(
        (query.database, key) for query in queries for part in (query.addresses, query.keys, query.profiles) for key in part
    )
    return ResolvedRow(position, size, unsubscribe, match_field, resolved, requests, queries, keys)


@dataclass(frozen=True, slots=True)
class DecidedRow:
    """A row with a decision for each of its requests; `profiles` are those that the decisions rest on or change.

    `reread_once` says that these are decisions by a second reading, which earlier ones asked for.
    """

    row: ResolvedRow
    decisions: tuple[Decision, ...]
    profiles: frozenset[tuple[DatabaseId, ProfileId]]
    reread_once: bool = False

    @property
    def outcome(self) -> RowOutcome:
        """What the row comes to, if its changes are written."""
        decisions = iter(self.decisions)
        outcomes = [part if isinstance(part, DatabaseRefused) else next(decisions).outcome for part in self.row.resolved]
        return outcome_of(outcomes, unsubscribe=self.row.unsubscribe, match_field=self.row.match_field)

    @property
    def uncertain(self) -> bool:
        """Whether a decision rests on what no guard checks, so that the row has to be read and decided again."""
        return any(decision.must_reread(reread_once=self.reread_once) for decision in self.decisions)

    @property
    def may_have_missed(self) -> bool:
        """Whether it is uncertain only because a subscription may have been missed, which a second reading settles."""
        reasons = {decision.reread.reason for decision in self.decisions if decision.reread}
        return reasons == {RereadReason.SUBSCRIPTION_MAY_BE_MISSED}

    @property
    def may_write(self) -> bool:
        """Whether it changes something, or may once it is read again."""
        return self.uncertain or any(decision.change for decision in self.decisions)

    @property
    def needs_settling_alone(self) -> bool:
        """Whether it cannot be settled in a group."""
        return self.uncertain or self.writes > MAX_GROUP_WRITES

    @property
    def changes(self) -> tuple[tuple[DatabaseId, Change], ...]:
        """What has to be written, database by database."""
        pairs = zip(self.row.requests, self.decisions, strict=True)
        return tuple((request.database, decision.change) for request, decision in pairs if decision.change)

    @property
    def writes(self) -> int:
        """How many writes its changes have together."""
        return sum(len(change) for _, change in self.changes)


def related_rows(decided_rows: Iterable[DecidedRow]) -> list[list[ResolvedRow]]:
    """Return the series of related rows, each in the order of the file (union-find over positions, keys and profiles)."""
    parents: dict[Hashable, Hashable] = {}

    def root(key: Hashable) -> Hashable:
        while (parent := parents.setdefault(key, key)) is not key:
            parents[key] = parents[parent]
            key = parent
        return key

    rows = []
    for decided in decided_rows:
        position: Hashable = decided.row.position
        for key in (*decided.row.keys, *decided.profiles):
            parents[root(key)] = root(position)
        rows.append((decided.row, position))
    series: dict[Hashable, list[ResolvedRow]] = {}
    for row, position in rows:
        series.setdefault(root(position), []).append(row)
    return list(series.values())


def first_round(decided_rows: Sequence[DecidedRow], series: Sequence[Sequence[ResolvedRow]]) -> list[DecidedRow]:
    """Return of each series the rows before the first that may write; where there are none, that first row."""
    by_position = {decided.row.position: decided for decided in decided_rows}
    in_round: list[DecidedRow] = []
    for rows in series:
        related = [by_position[row.position] for row in rows]
        in_round += list(takewhile(lambda decided: not decided.may_write, related)) or related[:1]
    return in_round


def disjoint(in_round: Iterable[DecidedRow]) -> list[DecidedRow]:
    """Return the rows of a round without those that touch what an earlier row of it writes, or write what an earlier one touches.

    Rows of different series may touch the same profile in a later round, since other callers write meanwhile: a match key that was
    free may belong to a profile of another series now.
    """
    read: set[Hashable] = set()
    written: set[Hashable] = set()
    disjoint: list[DecidedRow] = []
    for decided in in_round:
        if written.isdisjoint(decided.profiles) and not (decided.may_write and not read.isdisjoint(decided.profiles)):
            disjoint.append(decided)
            (written if decided.may_write else read).update(decided.profiles)
    return disjoint


def groups_of(decided_rows: Iterable[DecidedRow]) -> Iterator[list[DecidedRow]]:
    """Give rows in groups that fit a transaction."""
    group: list[DecidedRow] = []
    writes = size = 0
    for decided in decided_rows:
        if group and (writes + decided.writes > MAX_GROUP_WRITES or size + decided.row.size > MAX_GROUP_BYTES):
            yield group
            group, writes, size = [], 0, 0
        group.append(decided)
        writes, size = writes + decided.writes, size + decided.row.size
    if group:
        yield group
