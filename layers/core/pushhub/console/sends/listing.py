"""How are sendings found that were made lately, or that are due lately?

A sending stands in the store under the day on which it was made, which may be weeks before it is due.
"""

from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol

from pushhub.console.reading import read_each
from pushhub.console.sends.content import MAX_AHEAD_DAYS
from pushhub.moments import Seconds
from pushhub.sends.sending import Sending
from pushhub.sends.store import SendingStore


class ListedSendings(SendingStore, Protocol):
    """A store that lists some of a day, so that memory does not hold all of them."""

    def listed(self, day: str, fits: Callable[[Sending], bool] = lambda _: True, most: int | None = None) -> Sequence[Sending]:
        """Return the sendings whose ids were made on a UTC day, `yyyymmdd`, newest first; their messages may be left out.

        Args:
            day: on which they were made.
            fits: says of each whether it is to be returned.
            most: how many at most, the newest; None for all.

        Raises:
            UnavailableError: the store did not answer in time, or refused for load.
        """


def newest(store: ListedSendings, days: int, now: Seconds, fits: Callable[[Sending], bool], limit: int) -> list[Sending]:
    """Return those of :func:`due_lately` that were made last, the last one first.

    Args:
        store: has them.
        days: as for :func:`due_lately`, and so is `now`.
        now: the present moment.
        fits: says of each whether it is to be returned.
        limit: most sendings; days that are not needed are not read.

    Raises:
        UnavailableError: the store did not answer in time, or refused for load.
    """
    found: list[Sending] = []
    with closing(_by_days(store, days, now, fits, limit)) as of_days:
        for of_day in of_days:
            found += of_day
            if len(found) >= limit:
                break
    return found[:limit]


def due_lately(store: ListedSendings, days: int, now: Seconds, fits: Callable[[Sending], bool]) -> list[Sending]:
    """Return those sendings of some that fit that are due, or were within some days, the one that was made last first.

    Their messages may be left out.

    Args:
        store: has them.
        days: how far to look back from now, the present day included.
        now: the present moment.
        fits: says of each whether it is to be returned.

    Raises:
        UnavailableError: the store did not answer in time, or refused for load.
    """
    return [each for of_day in _by_days(store, days, now, fits, None) for each in of_day]


def _by_days(
    store: ListedSendings, days: int, now: Seconds, fits: Callable[[Sending], bool], most: int | None
) -> Generator[Sequence[Sending]]:
    """Give those of :func:`due_lately` by the days on which they were made, the last day first."""
    today = datetime.fromtimestamp(now, UTC).date()
    earliest = datetime.combine(today - timedelta(days=days - 1), time(), UTC).timestamp()
    made_on = [today - timedelta(days=back) for back in range(days + MAX_AHEAD_DAYS)]

    def read(day: date) -> Sequence[Sending]:
        return store.listed(f"{day:%Y%m%d}", lambda each: each.due >= earliest and fits(each), most)

    # A day takes sixteen calls, one after the other.
    return read_each(read, made_on, "reading days")
