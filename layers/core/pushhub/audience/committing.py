"""How is a change committed while there is time left to say what came of it?"""

from collections.abc import Callable
from dataclasses import dataclass

from pushhub.audience.changes import Change
from pushhub.audience.port import AudienceStore
from pushhub.catalog.model import DatabaseId
from pushhub.faults import UnavailableError


@dataclass(frozen=True, slots=True)
class Committing:
    """Commits until a deadline, which is a moment of `clock`."""

    store: AudienceStore
    clock: Callable[[], float]
    deadline: float

    def __call__(self, database: DatabaseId, change: Change | None) -> None:
        """Commit a change; None is nothing to commit.

        Raises:
            LostRaceError: a guard did not hold.
            UnavailableError: the store did not answer in time, or refused for load; or time is up.
        """
        if change is None:
            return
        if self.clock() > self.deadline:
            raise UnavailableError("others were slow, and time was up before the commit")
        self.store.commit(database, change)
