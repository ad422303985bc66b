"""How is a Subscribe command carried out against a store that others write to at the same time?"""

import math
import secrets
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from pushhub.audience.command import DatabaseOutcome, DatabaseRefused, Subscribe
from pushhub.audience.committing import Committing
from pushhub.audience.matching import decide
from pushhub.audience.model import ProfileId
from pushhub.audience.port import AudienceStore, Snapshot
from pushhub.audience.resolving import DatabaseRequest, resolve, snapshot_query
from pushhub.audience.snapshots import read_snapshots
from pushhub.catalog.model import DatabaseId
from pushhub.faults import LostRaceError
from pushhub.moments import Seconds, seconds_now
from pushhub.races import rerun_lost_races


def new_profile_id() -> ProfileId:
    """Return an id that no profile has: 24 random lower-case hex digits."""
    return ProfileId(secrets.token_hex(12))


@dataclass(frozen=True, slots=True)
class Subscribing:
    """The use case: one read for all databases, one commit for each that changes; after a lost race it reads and decides again.

    A second read follows where fields are set on profiles that only the first read has identified.
    Databases do not roll each other back: where one keeps losing races, those committed stay so and the caller repeats.
    """

    store: AudienceStore
    now: Callable[[], Seconds] = seconds_now
    new_id: Callable[[], ProfileId] = new_profile_id
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic

    def __call__(self, command: Subscribe, deadline: float = math.inf) -> tuple[DatabaseOutcome, ...]:
        """Carry out a command and return what came of it, database by database.

        Args:
            command: what a caller wants.
            deadline: moment of `time.monotonic()` after which no further call is made, so that there is time left to say so.

        Raises:
            LostRaceError: every try that :mod:`pushhub.races` allows lost a race.
            UnavailableError: the store did not answer in time, or refused for load; or time is up.
        """
        resolved = resolve(command)
        outcomes = self.carry_out([item for item in resolved if isinstance(item, DatabaseRequest)], deadline)
        return tuple(item if isinstance(item, DatabaseRefused) else outcomes[item.database] for item in resolved)

    def carry_out(self, requests: Sequence[DatabaseRequest], deadline: float = math.inf) -> Mapping[DatabaseId, DatabaseOutcome]:
        """Carry out requests, each of another database, and return what came of them.

        Args:
            requests: what commands ask of databases.
            deadline: see :meth:`__call__`.

        Raises:
            LostRaceError: see :meth:`__call__`.
            UnavailableError: see :meth:`__call__`.
        """
        tries = _Tries(self, requests, deadline)
        if tries.pending:
            rerun_lost_races(self.sleep)(tries.try_pending)
        return tries.outcomes


@dataclass(slots=True)
class _Pending:
    """A request without an outcome yet: which profiles to read for it too, and whether a decision has asked for a rereading."""

    request: DatabaseRequest
    profiles: frozenset[ProfileId] = frozenset()
    reread_once: bool = False


class _Tries:
    """The requests of one command: each try carries out what it can, and the next one takes what is pending."""

    def __init__(self, use_case: Subscribing, requests: Iterable[DatabaseRequest], deadline: float) -> None:
        self._use_case = use_case
        self._deadline = deadline
        self._commit = Committing(use_case.store, use_case.clock, deadline)
        self.pending = {request.database: _Pending(request) for request in requests}
        self.outcomes: dict[DatabaseId, DatabaseOutcome] = {}

    def try_pending(self) -> None:
        """Read what is pending, and decide and commit each request once.

        Raises:
            LostRaceError: requests stay pending; this is the error of the last of them.
        """
        lost: LostRaceError | None = None
        attempted = list(self.pending.values())
        for pending, snapshot in zip(attempted, self._read(attempted), strict=True):
            try:
                self._carry_out(pending, snapshot)
            except LostRaceError as race:
                lost = race
        if lost:
            raise lost

    def _read(self, attempted: Sequence[_Pending]) -> Sequence[Snapshot]:
        queries = [snapshot_query(pending.request, pending.profiles) for pending in attempted]
        requests = [pending.request for pending in attempted]
        return read_snapshots(requests, queries, lambda parts: self._use_case.store.read(parts, self._deadline))

    def _carry_out(self, pending: _Pending, snapshot: Snapshot) -> None:
        """Decide a request and commit the change.

        Raises:
            LostRaceError: a race was lost, or the decision asks for a rereading.
        """
        decision = decide(pending.request, snapshot, self._use_case.new_id(), self._use_case.now())
        # The next try, if there is one, reads the profiles that this one assumed something about.
        pending.profiles |= decision.profiles_to_read
        self._commit(pending.request.database, decision.merge)
        if decision.must_reread(reread_once=pending.reread_once):
            pending.reread_once = True
            # No race was lost. A rereading waits like one that was, and counts as one of the tries.
            raise LostRaceError("what was read has to be confirmed")
        database = pending.request.database
        self._commit(database, decision.change)
        self.outcomes[database] = decision.outcome
        del self.pending[database]
