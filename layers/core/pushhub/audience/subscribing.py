"""How is a Subscribe command carried out against a store that others write to at the same time?"""

import math
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from pushhub.audience.command import DatabaseOutcome, DatabaseRefused, Subscribe
from pushhub.audience.matching import Decision, decide
from pushhub.audience.model import ProfileId
from pushhub.audience.port import AudienceStore, Snapshot
from pushhub.audience.resolving import DatabaseRequest, resolve, snapshot_query
from pushhub.audience.snapshots import read_snapshots
from pushhub.catalog.model import DatabaseId
from pushhub.faults import LostRaceError, UnavailableError
from pushhub.moments import Seconds, seconds_now
from pushhub.races import rerun_lost_races


def new_profile_id() -> ProfileId:
    """Return an id that no profile has: 24 random lower-case hex digits."""
    return ProfileId(secrets.token_hex(12))


@dataclass(frozen=True, slots=True)
class Subscribing:
    """The use case: one read for all databases, one commit for each that changes; lost races are read and decided again.

    Where fields are set on profiles that only that read has named, a second one asks for these.
    Databases do not roll each other back: where one keeps losing, those committed stay so and the caller repeats.
    """

    store: AudienceStore
    now: Callable[[], Seconds] = seconds_now
    new_id: Callable[[], ProfileId] = new_profile_id
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic

    def __call__(self, command: Subscribe, latest: float = math.inf) -> tuple[DatabaseOutcome, ...]:
        """Carry out a command and return what came of it, database by database.

        Args:
            command: what is asked for.
            latest: moment of `time.monotonic()` after which no further call is made, so that there is time left to say so.

        Raises:
            LostRaceError: every try that :mod:`pushhub.races` allows lost a race.
            UnavailableError: the store did not answer in time, or refused for load; or time is up.
        """
        resolved = resolve(command)
        outcomes: dict[DatabaseId, DatabaseOutcome] = {
            item.database: item for item in resolved if isinstance(item, DatabaseRefused)
        }
        pending = {item.database: _Pending(item) for item in resolved if isinstance(item, DatabaseRequest)}
        if pending:
            rerun_lost_races(self.sleep)(self._try_once, pending, outcomes, latest)
        return tuple(outcomes[item.database] for item in resolved)

    def _try_once(self, pending: "dict[DatabaseId, _Pending]", outcomes: dict[DatabaseId, DatabaseOutcome], latest: float) -> None:
        """Settle what is pending as far as possible; what lost a race stays pending and is raised at the end."""
        attempts = list(pending.values())
        snapshots = self._read(attempts, latest)
        lost: LostRaceError | None = None
        for attempt, snapshot in zip(attempts, snapshots, strict=True):
            database = attempt.request.database
            decision = decide(attempt.request, snapshot, self.new_id(), self.now())
            if decision.has_to_be_repeated(confirmed=attempt.confirmed):
                lost = LostRaceError("what was read has to be confirmed")
                pending[database] = replace(attempt, confirmed=True, reread=attempt.reread | decision.assumed)
                continue
            try:
                self._commit(database, decision, latest)
            except LostRaceError as race:
                lost = race
                pending[database] = replace(attempt, reread=attempt.reread | decision.assumed)
            else:
                outcomes[database] = decision.outcome
                del pending[database]
        if lost:
            raise lost

    def _read(self, attempts: "Sequence[_Pending]", latest: float) -> Sequence[Snapshot]:
        asked = [snapshot_query(attempt.request, attempt.reread) for attempt in attempts]
        return read_snapshots([attempt.request for attempt in attempts], asked, lambda parts: self.store.read(parts, latest))

    def _commit(self, database: DatabaseId, decision: Decision, latest: float) -> None:
        if decision.change:
            if self.clock() > latest:
                raise UnavailableError("others were slow, and time was up before the commit")
            self.store.commit(database, decision.change)


@dataclass(frozen=True, slots=True)
class _Pending:
    """A request that is not settled yet: what else to read for it, and whether a doubtful reading was repeated already."""

    request: DatabaseRequest
    reread: frozenset[ProfileId] = frozenset()
    confirmed: bool = False
