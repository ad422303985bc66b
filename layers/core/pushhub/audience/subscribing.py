"""How is a Subscribe command carried out against a store that others write to at the same time?"""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

from pushhub.audience.matching import Decision, decide
from pushhub.audience.model import ProfileId, Seconds
from pushhub.audience.port import AudienceStore
from pushhub.audience.races import rerun_lost_races
from pushhub.audience.request import DatabaseRequest, resolve, wanted
from pushhub.audience.subscribe import DatabaseOutcome, DatabaseRefused, Subscribe
from pushhub.catalog.model import DatabaseId
from pushhub.faults import LostRaceError


def new_profile_id() -> ProfileId:
    """Return an id that no profile has: 24 random lower-case hex digits."""
    return ProfileId(secrets.token_hex(12))


def utc_now() -> Seconds:
    """Return the present moment."""
    return Seconds(int(time.time()))


@dataclass(frozen=True, slots=True)
class Subscribing:
    """The use case: one read for all databases, one commit for each that changes; lost races are read and decided again.

    Databases do not roll each other back: where one keeps losing, those committed stay so and the caller repeats.
    """

    store: AudienceStore
    now: Callable[[], Seconds] = utc_now
    new_id: Callable[[], ProfileId] = new_profile_id
    sleep: Callable[[float], None] = time.sleep

    def __call__(self, command: Subscribe) -> tuple[DatabaseOutcome, ...]:
        """Carry out a command and return what came of it, database by database.

        Raises:
            LostRaceError: every try that :mod:`pushhub.audience.races` allows lost a race.
            UnavailableError: the store did not answer in time, or refused for load.
        """
        resolved = resolve(command)
        outcomes: dict[DatabaseId, DatabaseOutcome] = {
            item.database: item for item in resolved if isinstance(item, DatabaseRefused)
        }
        pending = {item.database: _Pending(item) for item in resolved if isinstance(item, DatabaseRequest)}
        if pending:
            rerun_lost_races(self.sleep)(self._try_once, pending, outcomes)
        return tuple(outcomes[item.database] for item in resolved)

    def _try_once(self, pending: "dict[DatabaseId, _Pending]", outcomes: dict[DatabaseId, DatabaseOutcome]) -> None:
        """Settle what is pending as far as possible; what lost a race stays pending and is raised at the end."""
        attempts = list(pending.values())
        snapshots = self.store.read([wanted(attempt.request, attempt.reread) for attempt in attempts])
        lost: LostRaceError | None = None
        for attempt, snapshot in zip(attempts, snapshots, strict=True):
            database = attempt.request.database
            decision = decide(attempt.request, snapshot, self.new_id(), self.now())
            try:
                self._commit(database, decision)
            except LostRaceError as race:
                lost = race
                pending[database] = _Pending(attempt.request, attempt.reread | decision.assumed)
            else:
                outcomes[database] = decision.outcome
                del pending[database]
        if lost:
            raise lost

    def _commit(self, database: DatabaseId, decision: Decision) -> None:
        if decision.change:
            self.store.commit(database, decision.change)


@dataclass(frozen=True, slots=True)
class _Pending:
    request: DatabaseRequest
    reread: frozenset[ProfileId] = frozenset()
