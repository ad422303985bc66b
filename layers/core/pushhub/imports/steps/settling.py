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

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, wait
from dataclasses import dataclass, replace
from itertools import islice
from queue import SimpleQueue
from typing import TYPE_CHECKING, Final

from pushhub.audience.matching import decide
from pushhub.audience.model import ProfileId
from pushhub.audience.port import AudienceStore, Snapshot, SnapshotQuery
from pushhub.audience.resolving import snapshot_query
from pushhub.audience.snapshots import read_snapshots
from pushhub.faults import LostRaceError
from pushhub.imports.job import RowOutcome
from pushhub.imports.port import OpenJournal
from pushhub.imports.steps.rounds import MAX_GROUP_WRITES, DecidedRow, ResolvedRow, disjoint, first_round, groups_of, related_rows
from pushhub.moments import Seconds
from pushhub.races import rerun_lost_races

if TYPE_CHECKING:
    from pushhub.catalog.model import DatabaseId

MAX_READ_KEYS: Final = 100
"""Keys of one read: one call of DynamoDB."""


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
        series = related_rows(decided)
        in_round = first_round(decided, series)
        while in_round:
            outcomes |= self._settle_round(disjoint(in_round))
            if self.out_of_time():
                break
            series = [rest for rows in series if (rest := [row for row in rows if row.position not in outcomes])]
            in_round = self._read_and_decide(sorted((rows[0] for rows in series), key=lambda row: row.position))
        return outcomes

    def _settle_round(self, in_round: Sequence[DecidedRow]) -> dict[int, RowOutcome]:
        """Settle rows of which none touches what another writes."""
        alone = [decided for decided in in_round if decided.needs_settling_alone]
        others = [decided for decided in in_round if not decided.needs_settling_alone]
        groups = groups_of(decided for decided in others if decided.changes)
        outcomes = self._in_lanes([*groups, *([decided] for decided in alone)])
        unchanged = {decided.row.position: decided.outcome for decided in others if not decided.changes}
        if unchanged:
            # Stored before a later row changes what these rows were decided by.
            self.journal.append(0, unchanged)
        return outcomes | unchanged

    def _read_and_decide(self, rows: Sequence[ResolvedRow]) -> list[DecidedRow]:
        """Decide rows by what is stored; those that may have missed a subscription are read a second time, all together.

        A list of dead devices may consist of such rows. Alone, each would wait like one that has lost a race.
        """
        decided = self._decide_once(rows)
        missed = [one.row for one in decided if one.may_have_missed]
        reread = {one.row.position: replace(one, reread_once=True) for one in self._decide_once(missed)}
        return [reread.get(one.row.position, one) for one in decided]

    def _decide_once(self, rows: Sequence[ResolvedRow]) -> list[DecidedRow]:
        requests = [request for row in rows for request in row.requests]
        snapshots = iter(read_snapshots(requests, [query for row in rows for query in row.queries], self._read))
        now = self.now()
        return [self.decide_row(row, list(islice(snapshots, len(row.queries))), now) for row in rows]

    def decide_row(self, row: ResolvedRow, snapshots: Sequence[Snapshot], now: Seconds) -> DecidedRow:
        """Decide a row by the snapshots that were read for its requests."""
        pairs = list(zip(row.requests, snapshots, strict=True))
        decisions = tuple(decide(request, snapshot, self.new_id(), now) for request, snapshot in pairs)
        profiles = (
            (request.database, profile)
            for (request, snapshot), decision in zip(pairs, decisions, strict=True)
            for profile in (*_known_profiles(snapshot), *decision.profiles_to_read)
        )
        return DecidedRow(row, decisions, frozenset(profiles))

    def _read(self, queries: Sequence[SnapshotQuery]) -> list[Snapshot]:
        """Read by as few calls as possible, several at one time."""
        return [snapshot for answer in self.pool.map(self.store.read, _calls(queries)) for snapshot in answer]

    def _in_lanes(self, groups: Sequence[Sequence[DecidedRow]]) -> dict[int, RowOutcome]:
        """Settle groups, each by one thread in a lane of the journal; return once no thread works any more, even after an error."""
        free_lanes: SimpleQueue[int] = SimpleQueue()
        for lane in range(self.journal.lanes):
            free_lanes.put(lane)

        def settle(group: Sequence[DecidedRow]) -> Mapping[int, RowOutcome]:
            lane = free_lanes.get()
            try:
                return self._settle_group(group, lane)
            finally:
                free_lanes.put(lane)

        running: list[Future[Mapping[int, RowOutcome]]] = [self.pool.submit(settle, group) for group in groups]
        wait(running)
        return {position: outcome for future in running for position, outcome in future.result().items()}

    def _settle_group(self, group: Sequence[DecidedRow], lane: int) -> Mapping[int, RowOutcome]:
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
            self._merge(decided)
            self._require_no_rereading(decided)
            self._append(decided)
        except LostRaceError:
            self._remember_profiles_to_read(decided)
            raise
        return decided.outcome

    def _merge(self, decided: DecidedRow) -> None:
        for request, decision in zip(decided.row.requests, decided.decisions, strict=True):
            if decision.merge:
                self._settling.journal.append(self._lane, {}, [(request.database, decision.merge)])

    def _require_no_rereading(self, decided: DecidedRow) -> None:
        if any(decision.must_reread(reread_once=self._reread_once) for decision in decided.decisions):
            self._reread_once = True
            # No race was lost. A rereading waits like one that was, and counts as one of the tries.
            raise LostRaceError("what was read has to be confirmed")

    def _append(self, decided: DecidedRow) -> None:
        """Write the row in one transaction, or, where it does not fit, database by database with its outcome in the last.

        A run that is killed in between leaves the row unsettled. The next run settles it, and finds those databases changed.
        """
        journal, changes = self._settling.journal, decided.changes
        if decided.writes > MAX_GROUP_WRITES:
            for change in changes[:-1]:
                journal.append(self._lane, {}, [change])
            changes = changes[-1:]
        journal.append(self._lane, {decided.row.position: decided.outcome}, changes)

    def _remember_profiles_to_read(self, decided: DecidedRow) -> None:
        for request, decision in zip(decided.row.requests, decided.decisions, strict=True):
            known = self._profiles_to_read.get(request.database, frozenset())
            self._profiles_to_read[request.database] = known | decision.profiles_to_read


def _known_profiles(snapshot: Snapshot) -> Iterator[ProfileId]:
    yield from (stored.profile for stored in snapshot.subscriptions.values())
    yield from snapshot.key_holders.values()
    yield from snapshot.profiles


def _calls(queries: Iterable[SnapshotQuery]) -> Iterator[list[SnapshotQuery]]:
    """Give queries in calls of at most :data:`MAX_READ_KEYS` keys."""
    call: list[SnapshotQuery] = []
    keys = 0
    for query in queries:
        if call and keys + query.item_count > MAX_READ_KEYS:
            yield call
            call, keys = [], 0
        call.append(query)
        keys += query.item_count
    if call:
        yield call
