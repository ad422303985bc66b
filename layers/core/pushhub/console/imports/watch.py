"""How does a command wait until imports have ended?"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from pushhub.console.bars import described_bar
from pushhub.console.failure import ConsoleError
from pushhub.console.imports.progress import Pace, Standing, moment_of, progress_text
from pushhub.console.polling import looks
from pushhub.imports.job import JobId, UnknownJobError
from pushhub.imports.port import JobReader

START_SECONDS: Final = 1800
"""How long a dropped file may go unnoticed: twice the time between two sweeps."""


@dataclass(frozen=True, slots=True)
class Watch:
    """Looks at jobs until they have ended."""

    jobs: JobReader
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    def follow(self, ids: Sequence[JobId]) -> Iterator[Mapping[JobId, Standing | None]]:
        """Give the standings of jobs, again and again until all have ended; None stands for a job that is not started yet.

        Raises:
            ConsoleError: the hub does not start one.
            UnavailableError: the table has been out of reach for too long.
        """
        began = self.clock()
        standings: dict[JobId, Standing | None] = dict.fromkeys(ids)
        # A look costs one read of a job and one of the progress of its chunks.
        look = partial(self._standings, standings)
        for seen in looks(look, self.clock, self.sleep):
            standings |= seen or {}
            yield standings
            if all(_ended(standing) for standing in standings.values()):
                return
            if None in standings.values() and self.clock() - began > START_SECONDS:
                missing = next(id_ for id_, standing in standings.items() if standing is None)
                raise ConsoleError(
                    f"the hub has not begun job {missing} for {START_SECONDS // 60} minutes: see the log of imports_start"
                )

    def until_ended(self, ids: Sequence[JobId]) -> list[Standing]:
        """Show a progress bar until jobs have ended, and return how they did.

        Raises:
            ConsoleError: as for `follow`.
            UnavailableError: as for `follow`.
        """
        pace = Pace()
        standings: Mapping[JobId, Standing | None] = {}
        with described_bar("importing" if len(ids) == 1 else f"importing {len(ids)} files") as show:
            for standings in self.follow(ids):
                moment = moment_of(self.clock(), standings.values())
                pace.add(moment)
                show(moment.done, moment.size, progress_text(moment, pace))
        return [standing for standing in standings.values() if standing]

    def _standings(self, known: Mapping[JobId, Standing | None]) -> dict[JobId, Standing | None]:
        """Look at those that had not ended."""
        return {id_: self._look(id_) for id_, standing in known.items() if not _ended(standing)}

    def _look(self, id_: JobId) -> Standing | None:
        try:
            # The job first: where it has ended, the progress that is read after it is complete.
            job = self.jobs.load(id_)
        except UnknownJobError:
            return None
        return Standing(job, self.jobs.progress(id_))


def _ended(standing: Standing | None) -> bool:
    return standing is not None and standing.job.status.final
