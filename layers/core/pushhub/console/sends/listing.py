"""How are sendings found that are some days old at most?"""

from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta

from pushhub.console.reading import read_each
from pushhub.moments import Seconds
from pushhub.sends.sending import Sending
from pushhub.sends.store import SendingStore


def newest(
    store: SendingStore, days: int, now: Seconds, fits: Callable[[Sending], bool], limit: int | None = None
) -> list[Sending]:
    """Return the newest sendings of some that fit, the newest first.

    Args:
        store: has them.
        days: how far to look back, the present day included.
        now: the present moment.
        fits: says of each whether it is to be returned.
        limit: most sendings; None for all.

    Raises:
        UnavailableError: the store did not answer in time, or refused for load.
    """
    found: list[Sending] = []
    # A day takes sixteen calls, one after the other.
    with closing(read_each(store.listed, _days_back(days, now), "reading days")) as sendings_of_days:
        for sendings in sendings_of_days:
            found += filter(fits, sendings)
            if limit is not None and len(found) >= limit:
                break
    return found[:limit]


def _days_back(days: int, now: Seconds) -> list[str]:
    today = datetime.fromtimestamp(now, UTC).date()
    return [f"{today - timedelta(days=back):%Y%m%d}" for back in range(days)]
