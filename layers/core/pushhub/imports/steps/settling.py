"""How are many rows settled by few calls of the store, as if each were settled after the row before it?

All rows are read by few calls, and decided. Rows are related where they have a key or a profile in common, directly or through
other rows. Related rows are a series, in which each row is decided by what the row before has left. So rows are settled in rounds.
The first round settles the rows at the beginning of each series that change nothing, or else its first row. Each further round
reads and decides the first remaining row of each series, and settles it:

| rows of a round | how they are settled |
|---|---|
| change nothing | all by one entry of the journal |
| change something | in groups that fit a transaction, each with its entry, in the lanes of the journal |
| are uncertain, or do not fit a transaction | alone: each is read and decided again, and written by itself |

A group that loses a race is settled alone too, row by row. A row and its outcome are written together or not at all. A row that
does not fit a transaction is the exception: it is written database by database, and its outcome with the last of them.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, wait
from dataclasses import dataclass
from itertools import islice, takewhile
from queue import SimpleQueue
from typing import Final

from pushhub.audience.changes import MAX_WRITES, Change
from pushhub.audience.command import DatabaseRefused
from pushhub.audience.matching import Decision, decide
from pushhub.audience.model import ProfileId
from pushhub.audience.port import AudienceStore, Snapshot, SnapshotQuery
from pushhub.audience.resolving import DatabaseRequest, snapshot_query
from pushhub.audience.snapshots import read_snapshots
from pushhub.catalog.model import DatabaseId
from pushhub.faults import LostRaceError
from pushhub.imports.files.reasons import outcome_of
from pushhub.imports.job import RowOutcome
from pushhub.imports.port import OpenJournal
from pushhub.moments import Seconds
from pushhub.races import rerun_lost_races

MAX_GROUP_WRITES: Final = MAX_WRITES - 2
"""Writes of a group: those of a transaction, without its journal entry and the check of the journal's gate."""
MAX_GROUP_BYTES: Final = 1024 * 1024
"""Bound of the rows of a group, whose characters count as a byte each.

DynamoDB takes 4 MB in a transaction, which holds the texts of a row up to three times.
"""
MAX_READ_KEYS: Final = 100
"""Keys of one read: one call of DynamoDB."""


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
class _DecidedRow:
    """A row with a decision for each of its requests; `profiles` are those that the decisions rest on or change."""

    row: ResolvedRow
    decisions: tuple[Decision, ...]
    profiles: frozenset[tuple[DatabaseId, ProfileId]]

    @property
    def outcome(self) -> RowOutcome:
        decisions = iter(self.decisions)
        outcomes = [part if isinstance(part, DatabaseRefused) else next(decisions).outcome for part in self.row.resolved]
        return outcome_of(outcomes, unsubscribe=self.row.unsubscribe, match_field=self.row.match_field)

    @property
    def uncertain(self) -> bool:
        """Whether a decision rests on what no guard checks, so that the row has to be read and decided again."""
        return any(decision.reread is not None for decision in self.decisions)

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
        pairs = zip(self.row.requests, self.decisions, strict=True)
        return tuple((request.database, decision.change) for request, decision in pairs if decision.change)

    @property
    def writes(self) -> int:
        return sum(len(change) for _, change in self.changes)


@dataclass(frozen=True, slots=True)
class SettleRows:
    """Settles rows of one chunk; `pool` has at least as many threads as the journal has lanes."""

    store: AudienceStore
    journal: OpenJournal
    pool: Executor
    now: Callable[[], Seconds]
    new_id: Callable[[], ProfileId]
    sleep: Callable[[float], None]
    out_of_time: Callable[[], bool] = lambda: False

    def __call__(self, rows: Sequence[ResolvedRow]) -> Mapping[int, RowOutcome]:
        """Settle rows in their order; return the outcome of each, by position. Every outcome that it returns is in the journal.

        A long series takes many rounds. No round is begun once the run is out of time; the rows that remain are not settled.

        Raises:
            LostRaceError: a row lost every race that :mod:`pushhub.races` allows, or the items of the entry for rows that change
                nothing were busy.
            TakenOverError: a later run has opened the journal.
            UnavailableError: the store did not answer in time, or refused for load.
        """
        outcomes: dict[int, RowOutcome] = {}
        decided = self._read_and_decide(rows)
        series = _related(decided)
        in_round = _first_round(decided, series)
        while in_round:
            outcomes |= self._settle_round(_disjoint(in_round))
            if self.out_of_time():
                break
            series = [rest for rows in series if (rest := [row for row in rows if row.position not in outcomes])]
            in_round = self._read_and_decide(sorted((rows[0] for rows in series), key=lambda row: row.position))
        return outcomes

    def _settle_round(self, in_round: Sequence[_DecidedRow]) -> dict[int, RowOutcome]:
        """Settle rows of which none touches what another writes."""
        alone = [decided for decided in in_round if decided.needs_settling_alone]
        others = [decided for decided in in_round if not decided.needs_settling_alone]
        groups = _groups(decided for decided in others if decided.changes)
        outcomes = self._in_lanes([*groups, *([decided] for decided in alone)])
        unchanged = {decided.row.position: decided.outcome for decided in others if not decided.changes}
        if unchanged:
            # Stored before a later row changes what these rows were decided by.
            self.journal.append(0, unchanged)
        return outcomes | unchanged

    def _read_and_decide(self, rows: Sequence[ResolvedRow]) -> list[_DecidedRow]:
        requests = [request for row in rows for request in row.requests]
        snapshots = iter(read_snapshots(requests, [query for row in rows for query in row.queries], self._read))
        now = self.now()
        return [self.decide_row(row, list(islice(snapshots, len(row.queries))), now) for row in rows]

    def decide_row(self, row: ResolvedRow, snapshots: Sequence[Snapshot], now: Seconds) -> _DecidedRow:
        """Decide a row by the snapshots that were read for its requests."""
        pairs = list(zip(row.requests, snapshots, strict=True))
        decisions = tuple(decide(request, snapshot, self.new_id(), now) for request, snapshot in pairs)
        profiles = (
            (request.database, profile)
            for (request, snapshot), decision in zip(pairs, decisions, strict=True)
            for profile in (*_known_profiles(snapshot), *decision.profiles_to_read)
        )
        return _DecidedRow(row, decisions, frozenset(profiles))

    def _read(self, queries: Sequence[SnapshotQuery]) -> list[Snapshot]:
        """Read by as few calls as possible, several at one time."""
        return [snapshot for answer in self.pool.map(self.store.read, _calls(queries)) for snapshot in answer]

    def _in_lanes(self, groups: Sequence[Sequence[_DecidedRow]]) -> dict[int, RowOutcome]:
        """Settle groups, each by one thread in a lane of the journal; return once no thread works any more, even after an error."""
        free_lanes: SimpleQueue[int] = SimpleQueue()
        for lane in range(self.journal.lanes):
            free_lanes.put(lane)

        def settle(group: Sequence[_DecidedRow]) -> Mapping[int, RowOutcome]:
            lane = free_lanes.get()
            try:
                return self._settle_group(group, lane)
            finally:
                free_lanes.put(lane)

        running: list[Future[Mapping[int, RowOutcome]]] = [self.pool.submit(settle, group) for group in groups]
        wait(running)
        return {position: outcome for future in running for position, outcome in future.result().items()}

    def _settle_group(self, group: Sequence[_DecidedRow], lane: int) -> Mapping[int, RowOutcome]:
        if len(group) > 1 or not group[0].needs_settling_alone:
            outcomes = {decided.row.position: decided.outcome for decided in group}
            try:
                self.journal.append(lane, outcomes, [change for decided in group for change in decided.changes])
            except LostRaceError:
                pass
            else:
                return outcomes
        return {decided.row.position: self._settle_alone(decided.row, lane) for decided in group}

    def _settle_alone(self, row: ResolvedRow, lane: int) -> RowOutcome:
        return rerun_lost_races(self.sleep)(_SingleRow(self, row, lane).settle)


class _SingleRow:
    """One row that is settled alone.

    It is read and decided again after each lost race, and where :meth:`Decision.must_reread` says so. In both cases the profiles
    that the decisions assumed something about are read too. Each reading is one of `read_snapshots`, which may read twice itself.
    """

    def __init__(self, settling: SettleRows, row: ResolvedRow, lane: int) -> None:
        self._settling = settling
        self._row = row
        self._lane = lane
        self._reread_once = False
        """Whether a decision has asked for a rereading."""
        self._profiles_to_read: dict[DatabaseId, frozenset[ProfileId]] = {}

    def settle(self) -> RowOutcome:
        """Try once.

        Raises:
            LostRaceError: a race was lost, or a decision asks for a rereading.
        """
        settling, row = self._settling, self._row
        queries = [snapshot_query(request, self._profiles_to_read.get(request.database, frozenset())) for request in row.requests]
        snapshots = read_snapshots(row.requests, queries, settling.store.read)
        decided = settling.decide_row(row, snapshots, settling.now())
        try:
            self._require_no_rereading(decided)
            self._append(decided)
        except LostRaceError:
            self._remember_profiles_to_read(decided)
            raise
        return decided.outcome

    def _require_no_rereading(self, decided: _DecidedRow) -> None:
        if any(decision.must_reread(reread_once=self._reread_once) for decision in decided.decisions):
            self._reread_once = True
            # No race was lost. A rereading waits like one that was, and counts as one of the tries.
            raise LostRaceError("what was read has to be confirmed")

    def _append(self, decided: _DecidedRow) -> None:
        """Write the row in one transaction, or, where it does not fit, database by database with its outcome in the last.

        A run that is killed in between leaves the row unsettled. The next run settles it, and finds those databases changed.
        """
        journal, changes = self._settling.journal, decided.changes
        if decided.writes > MAX_GROUP_WRITES:
            for change in changes[:-1]:
                journal.append(self._lane, {}, [change])
            changes = changes[-1:]
        journal.append(self._lane, {decided.row.position: decided.outcome}, changes)

    def _remember_profiles_to_read(self, decided: _DecidedRow) -> None:
        for request, decision in zip(decided.row.requests, decided.decisions, strict=True):
            known = self._profiles_to_read.get(request.database, frozenset())
            self._profiles_to_read[request.database] = known | decision.profiles_to_read


def _related(decided_rows: Iterable[_DecidedRow]) -> list[list[ResolvedRow]]:
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


def _first_round(decided_rows: Sequence[_DecidedRow], series: Sequence[Sequence[ResolvedRow]]) -> list[_DecidedRow]:
    """Return of each series the rows before the first that may write; where there are none, that first row."""
    by_position = {decided.row.position: decided for decided in decided_rows}
    in_round: list[_DecidedRow] = []
    for rows in series:
        related = [by_position[row.position] for row in rows]
        in_round += list(takewhile(lambda decided: not decided.may_write, related)) or related[:1]
    return in_round


def _disjoint(in_round: Iterable[_DecidedRow]) -> list[_DecidedRow]:
    """Return the rows of a round without those that touch what an earlier row of it writes, or write what an earlier one touches.

    Rows of different series may touch the same profile in a later round, since other callers write meanwhile: a match key that was
    free may belong to a profile of another series now.
    """
    read: set[Hashable] = set()
    written: set[Hashable] = set()
    disjoint: list[_DecidedRow] = []
    for decided in in_round:
        if written.isdisjoint(decided.profiles) and not (decided.may_write and not read.isdisjoint(decided.profiles)):
            disjoint.append(decided)
            (written if decided.may_write else read).update(decided.profiles)
    return disjoint


def _known_profiles(snapshot: Snapshot) -> Iterator[ProfileId]:
    yield from (stored.profile for stored in snapshot.subscriptions.values())
    yield from snapshot.key_holders.values()
    yield from snapshot.profiles


def _groups(decided_rows: Iterable[_DecidedRow]) -> Iterator[list[_DecidedRow]]:
    """Give rows in groups that fit a transaction."""
    group: list[_DecidedRow] = []
    writes = size = 0
    for decided in decided_rows:
        if group and (writes + decided.writes > MAX_GROUP_WRITES or size + decided.row.size > MAX_GROUP_BYTES):
            yield group
            group, writes, size = [], 0, 0
        group.append(decided)
        writes, size = writes + decided.writes, size + decided.row.size
    if group:
        yield group


def _calls(queries: Iterable[SnapshotQuery]) -> Iterator[list[SnapshotQuery]]:
    """Give queries in calls of at most :data:`MAX_READ_KEYS` keys."""
    call: list[SnapshotQuery] = []
    keys = 0
    for query in queries:
        count = len(query.addresses) + len(query.keys) + len(query.profiles)
        if call and keys + count > MAX_READ_KEYS:
            yield call
            call, keys = [], 0
        call.append(query)
        keys += count
    if call:
        yield call
