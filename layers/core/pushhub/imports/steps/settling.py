"""How do many rows become few calls of the store, with the same outcome as one by one, in the order of the file?

Rows are read at once and decided. Those that have nothing to do with each other are written together, in as few transactions as
their writes fit; those that have a key or a profile in common, one after the other, each decided again by what the one before has
left. Every transaction holds an entry of the journal with what came of its rows, so that a row is applied and counted together or
not at all. Where a transaction loses a race, its rows are settled one by one.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, wait
from dataclasses import dataclass, field
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
"""Writes of one transaction beside its journal entry and the check of the journal's gate."""
MAX_GROUP_BYTES: Final = 1024 * 1024
"""Bytes of the rows of one transaction: DynamoDB takes 4 MB, in which a row's texts stand up to three times."""
MAX_READ_KEYS: Final = 100
"""Keys of one read: one call of DynamoDB."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row as the audience understands it; `size` is its bytes in the file, `matched` the match field that finds its profile."""

    position: int
    size: int
    requests: tuple[DatabaseRequest | DatabaseRefused, ...]
    unsubscribe: bool
    matched: str = ""
    wanted: tuple[SnapshotQuery, ...] = field(init=False)
    keys: frozenset[Hashable] = field(init=False)

    def __post_init__(self) -> None:
        """Work out what has to be read for the row, which is also what it may meet other rows at."""
        asked = tuple(snapshot_query(request) for request in self.asked)
        object.__setattr__(self, "wanted", asked)
        object.__setattr__(
            self,
            "keys",
            frozenset(
                (part.database, key) for part in asked for kind in (part.addresses, part.keys, part.profiles) for key in kind
            ),
        )

    @property
    def asked(self) -> Iterator[DatabaseRequest]:
        """The databases that do not refuse the row before anything is read."""
        return (request for request in self.requests if isinstance(request, DatabaseRequest))


@dataclass(frozen=True, slots=True)
class _Decided:
    """A row with what was decided of it, one decision for each database that was asked.

    `profiles` are the stored ones that the decisions rest on or change.
    """

    row: Row
    decisions: tuple[Decision, ...]
    profiles: frozenset[tuple[DatabaseId, ProfileId]]

    @property
    def outcome(self) -> RowOutcome:
        decisions = iter(self.decisions)
        outcomes = [one if isinstance(one, DatabaseRefused) else next(decisions).outcome for one in self.row.requests]
        return outcome_of(outcomes, unsubscribe=self.row.unsubscribe, matched=self.row.matched)

    @property
    def doubtful(self) -> bool:
        return any(decision.reread is not None for decision in self.decisions)

    @property
    def writing(self) -> bool:
        """Whether it changes anything, or may."""
        return self.doubtful or any(decision.change for decision in self.decisions)

    @property
    def changes(self) -> tuple[tuple[DatabaseId, Change], ...]:
        pairs = zip(self.row.asked, self.decisions, strict=True)
        return tuple((request.database, decision.change) for request, decision in pairs if decision.change)

    @property
    def writes(self) -> int:
        return sum(len(change) for _, change in self.changes)


@dataclass(frozen=True, slots=True)
class Settling:
    """Settles rows of one chunk; `pool` has at least as many threads as the journal has lanes."""

    store: AudienceStore
    journal: OpenJournal
    pool: Executor
    now: Callable[[], Seconds]
    new_id: Callable[[], ProfileId]
    sleep: Callable[[float], None]
    late: Callable[[], bool] = lambda: False

    def __call__(self, rows: Sequence[Row]) -> Mapping[int, RowOutcome]:
        """Settle rows in their order and return what came of each, by position. What it returns is in the journal.

        Rows that have to wait for each other may take long: once it is `late`, those that are left stay unsettled.

        Raises:
            LostRaceError: a row lost every race that :mod:`pushhub.races` allows.
            TakenOverError: another run has opened the journal.
            UnavailableError: the store did not answer in time, or refused for load.
        """
        outcomes: dict[int, RowOutcome] = {}
        decided = self._decide(rows)
        series = _related(decided)
        step = _first_step(decided, series)
        while step:
            outcomes |= self._write(_apart(step))
            if self.late():
                break
            series = [left for rows in series if (left := [row for row in rows if row.position not in outcomes])]
            step = self._decide(sorted((rows[0] for rows in series), key=lambda row: row.position))
        return outcomes

    def _write(self, decided: Sequence[_Decided]) -> dict[int, RowOutcome]:
        """Settle rows that do not get in each other's way."""
        alone = [one for one in decided if one.doubtful or one.writes > MAX_GROUP_WRITES]
        certain = [one for one in decided if not (one.doubtful or one.writes > MAX_GROUP_WRITES)]
        outcomes = self._in_lanes([*_groups(one for one in certain if one.changes), *([one] for one in alone)])
        unchanged = {one.row.position: one.outcome for one in certain if not one.changes}
        if unchanged:
            # On record before a later row changes what they were decided by.
            self.journal.append(0, unchanged)
        return outcomes | unchanged

    def _decide(self, rows: Sequence[Row]) -> list[_Decided]:
        requests = [request for row in rows for request in row.asked]
        found = iter(read_snapshots(requests, [part for row in rows for part in row.wanted], self._read))
        now = self.now()
        return [self.decide(row, list(islice(found, len(row.wanted))), now) for row in rows]

    def decide(self, row: Row, snapshots: Sequence[Snapshot], now: Seconds) -> _Decided:
        """Decide a row by what was read for it."""
        pairs = list(zip(row.asked, snapshots, strict=True))
        decisions = tuple(decide(request, snapshot, self.new_id(), now) for request, snapshot in pairs)
        profiles = (
            (request.database, profile)
            for (request, snapshot), decision in zip(pairs, decisions, strict=True)
            for profile in (*_known_profiles(snapshot), *decision.profiles_to_read)
        )
        return _Decided(row, decisions, frozenset(profiles))

    def _read(self, wanted: Sequence[SnapshotQuery]) -> list[Snapshot]:
        """Read by as few calls as can be, several at one time."""
        return [snapshot for answer in self.pool.map(self.store.read, _by_keys(wanted)) for snapshot in answer]

    def _in_lanes(self, groups: Sequence[Sequence[_Decided]]) -> dict[int, RowOutcome]:
        """Settle groups, each by one thread in a lane of the journal; return only when none is under way any more."""
        free: SimpleQueue[int] = SimpleQueue()
        for lane in range(self.journal.lanes):
            free.put(lane)

        def settle(group: Sequence[_Decided]) -> Mapping[int, RowOutcome]:
            lane = free.get()
            try:
                return self._settle_group(group, lane)
            finally:
                free.put(lane)

        running: list[Future[Mapping[int, RowOutcome]]] = [self.pool.submit(settle, group) for group in groups]
        wait(running)
        return {position: outcome for future in running for position, outcome in future.result().items()}

    def _settle_group(self, group: Sequence[_Decided], lane: int) -> Mapping[int, RowOutcome]:
        if len(group) > 1 or not (group[0].doubtful or group[0].writes > MAX_GROUP_WRITES):
            outcomes = {one.row.position: one.outcome for one in group}
            try:
                self.journal.append(lane, outcomes, [change for one in group for change in one.changes])
            except LostRaceError:
                pass
            else:
                return outcomes
        return {one.row.position: self._settle_alone(one.row, lane) for one in group}

    def _settle_alone(self, row: Row, lane: int) -> RowOutcome:
        return rerun_lost_races(self.sleep)(_Alone(self, row, lane).settle)


class _Alone:
    """One row on its own: read again and decided again after each lost race, and once where a decision is doubtful."""

    def __init__(self, settling: Settling, row: Row, lane: int) -> None:
        self._settling = settling
        self._row = row
        self._lane = lane
        self._confirmed = False
        self._reread: dict[DatabaseId, frozenset[ProfileId]] = {}

    def settle(self) -> RowOutcome:
        """Try once.

        Raises:
            LostRaceError: it has to be tried again.
        """
        settling, row = self._settling, self._row
        requests = list(row.asked)
        asked = [snapshot_query(request, self._reread.get(request.database, frozenset())) for request in requests]
        snapshots = read_snapshots(requests, asked, settling.store.read)
        decided = settling.decide(row, snapshots, settling.now())
        try:
            self._confirm(decided)
            self._append(decided)
        except LostRaceError:
            self._reread_what(decided)
            raise
        return decided.outcome

    def _confirm(self, decided: _Decided) -> None:
        if any(decision.must_reread(confirmed=self._confirmed) for decision in decided.decisions):
            self._confirmed = True
            raise LostRaceError("what was read has to be confirmed")

    def _append(self, decided: _Decided) -> None:
        """Write the row in one transaction, or database by database where it does not fit; the journal entry goes with the last."""
        journal, changes = self._settling.journal, decided.changes
        if decided.writes > MAX_GROUP_WRITES:
            for change in changes[:-1]:
                journal.append(self._lane, {}, [change])
            changes = changes[-1:]
        journal.append(self._lane, {decided.row.position: decided.outcome}, changes)

    def _reread_what(self, decided: _Decided) -> None:
        for request, decision in zip(decided.row.asked, decided.decisions, strict=True):
            self._reread[request.database] = self._reread.get(request.database, frozenset()) | decision.profiles_to_read


def _related(decided: Iterable[_Decided]) -> list[list[Row]]:
    """Put rows together that have a key or a stored profile in common, directly or through others; each series in order."""
    leaders: dict[Hashable, Hashable] = {}

    def leader(key: Hashable) -> Hashable:
        while (above := leaders.setdefault(key, key)) is not key:
            leaders[key] = leaders[above]
            key = above
        return key

    series: dict[Hashable, list[Row]] = {}
    of_rows = []
    for one in decided:
        own: Hashable = one.row.position
        for key in (*one.row.keys, *one.profiles):
            leaders[leader(key)] = leader(own)
        of_rows.append((one.row, own))
    for row, own in of_rows:
        series.setdefault(leader(own), []).append(row)
    return list(series.values())


def _first_step(decided: Sequence[_Decided], series: Sequence[Sequence[Row]]) -> list[_Decided]:
    """Return what may be settled by one reading of all rows: of each series the rows before the first that writes, or that one."""
    of_row = {one.row.position: one for one in decided}
    step: list[_Decided] = []
    for rows in series:
        related = [of_row[row.position] for row in rows]
        step += list(takewhile(lambda one: not one.writing, related)) or related[:1]
    return step


def _apart(decided: Iterable[_Decided]) -> list[_Decided]:
    """Leave out what meets another at a profile: others may have brought together what was apart when all was read.

    Rows that write nothing do not get in each other's way.
    """
    read: set[Hashable] = set()
    written: set[Hashable] = set()
    apart: list[_Decided] = []
    for one in decided:
        if written.isdisjoint(one.profiles) and not (one.writing and not read.isdisjoint(one.profiles)):
            apart.append(one)
            (written if one.writing else read).update(one.profiles)
    return apart


def _known_profiles(snapshot: Snapshot) -> Iterator[ProfileId]:
    yield from (stored.profile for stored in snapshot.subscriptions.values())
    yield from snapshot.key_holders.values()
    yield from snapshot.profiles


def _groups(decided: Iterable[_Decided]) -> Iterator[list[_Decided]]:
    """Put rows together that fit one transaction."""
    group: list[_Decided] = []
    writes = size = 0
    for one in decided:
        if group and (writes + one.writes > MAX_GROUP_WRITES or size + one.row.size > MAX_GROUP_BYTES):
            yield group
            group, writes, size = [], 0, 0
        group.append(one)
        writes, size = writes + one.writes, size + one.row.size
    if group:
        yield group


def _by_keys(parts: Iterable[SnapshotQuery]) -> Iterator[list[SnapshotQuery]]:
    """Put together what fits one read."""
    call: list[SnapshotQuery] = []
    keys = 0
    for part in parts:
        count = len(part.addresses) + len(part.keys) + len(part.profiles)
        if call and keys + count > MAX_READ_KEYS:
            yield call
            call, keys = [], 0
        call.append(part)
        keys += count
    if call:
        yield call
