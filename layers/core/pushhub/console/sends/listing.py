"""How are sendings found that are due now, or were some days ago at most?

A sending stands in the store under the day on which it was made, which may be weeks before it is due.
"""

from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol

from pushhub.console.reading import read_each
from pushhub.console.sends.content import MAX_AHEAD_DAYS
from pushhub.moments import SECONDS_PER_DAY, Seconds
from pushhub.sends.sending import Sending
from pushhub.sends.store import SendingStore


class ListedSendings(SendingStore, Protocol):
    """A store that lists some of a day, so that memory does not hold all of them."""

    def listed(self, day: str, fits: Callable[[Sending], bool] = lambda _: True, most: int | None = None) -> Sequence[Sending]:
        """Return the sendings whose ids were made on a UTC day, `yyyymmdd`, newest first; their messages may be left out.

        Args:
            day: on which they were made.
            fits: says of each whether it is to be returned.
            most: how many at most, those that are due last; None for all.

        Raises:
            UnavailableError: the store did not answer in time, or refused for load.
        """


def newest(
    store: ListedSendings, days: int, now: Seconds, fits: Callable[[Sending], bool], limit: int | None = None
) -> list[Sending]:
    """Return those sendings of some that fit that are due last, the last one first; their messages may be left out.

    Args:
        store: has them.
        days: how far to look back from now for due times, the present day included.
        now: the present moment.
        fits: says of each whether it is to be returned.
        limit: most sendings; None for all.

    Raises:
        UnavailableError: the store did not answer in time, or refused for load.
    """
    today = datetime.fromtimestamp(now, UTC).date()
    earliest = _beginning(today - timedelta(days=days - 1))
    made_on = [today - timedelta(days=back) for back in range(days + MAX_AHEAD_DAYS)]

    def read(day: date) -> Sequence[Sending]:
        return store.listed(f"{day:%Y%m%d}", lambda each: each.due >= earliest and fits(each), limit)

    found: list[Sending] = []
    # A day takes sixteen calls, one after the other.
    with closing(read_each(read, made_on, "reading days")) as sendings_of_days:
        for day, sendings in zip(made_on, sendings_of_days, strict=False):
            found = _latest(found, sendings, limit)
            # What was made earlier is due before this day's sendings may be at the latest.
            if limit is not None and len(found) >= limit and found[-1].due >= _beginning(day) + MAX_AHEAD_DAYS * SECONDS_PER_DAY:
                break
    return found


def _latest(found: list[Sending], more: Sequence[Sending], limit: int | None) -> list[Sending]:
    """Return those that are due last, the last one first."""
    return sorted((*found, *more), key=_due_and_id, reverse=True)[:limit]


def _due_and_id(sending: Sending) -> tuple[Seconds, int]:
    return sending.due, sending.id


def _beginning(day: date) -> int:
    return int(datetime.combine(day, time(), UTC).timestamp())
