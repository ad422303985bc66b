"""Which bearer does FCM take now?

One is asked for where none is kept for the account, and kept until a little before its end. After a failure no other is asked for
during :data:`SECONDS_AFTER_FAILURE`: each request may hang, and others wait for it.
"""

import time
from collections.abc import Callable
from typing import Final

from pushhub.moments import Seconds, seconds_now
from pushhub.sends.outcomes import RecipientOutcome
from pushhub.sends.port import Transport
from pushhub.sends.providers.fcm_bearer import FcmAccount, FcmBearer, bearer_request, read_bearer

SECONDS_AFTER_FAILURE: Final = 5
MAX_BEARERS: Final = 256
"""Accounts whose bearers are kept; beyond it, that of the account whose bearer was asked for longest ago is forgotten."""


class Bearers:
    """Keeps the bearers of accounts."""

    def __init__(
        self, transport: Transport, now: Callable[[], Seconds] = seconds_now, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Ask for bearers through a transport; `now` is the time of day, `clock` counts seconds."""
        self._transport = transport
        self._now = now
        self._clock = clock
        self._held: dict[FcmAccount, FcmBearer] = {}
        self._failures: dict[FcmAccount, tuple[float, RecipientOutcome]] = {}

    def bearer(self, account: FcmAccount, seconds: float) -> FcmBearer | RecipientOutcome:
        """Return the bearer of an account, or what comes of the recipients that wait for it.

        Args:
            account: whose.
            seconds: within which the request for a new one is over.
        """
        held = self._held.get(account)
        if held and self._now() < held.until:
            return held
        failed_at, failure = self._failures.get(account, (0.0, None))
        if failure and self._clock() - failed_at < SECONDS_AFTER_FAILURE:
            return failure
        return self._fetched(account, seconds)

    def text(self, account: FcmAccount) -> str:
        """Return the text of the bearer that :meth:`bearer` has returned last."""
        return self._held[account].text

    def forget(self, account: FcmAccount) -> None:
        """Ask for another bearer the next time, since FCM has refused this one."""
        self._held.pop(account, None)

    def _fetched(self, account: FcmAccount, seconds: float) -> FcmBearer | RecipientOutcome:
        now = self._now()
        (result,) = self._transport.send_many([bearer_request(account, now)], seconds)
        read = read_bearer(result, now)
        self._held.pop(account, None)
        self._failures.pop(account, None)
        if isinstance(read, FcmBearer):
            _keep(self._held, account, read)
        else:
            _keep(self._failures, account, (self._clock(), read))
        return read


def _keep[Kept](kept: dict[FcmAccount, Kept], account: FcmAccount, value: Kept) -> None:
    kept[account] = value
    if len(kept) > MAX_BEARERS:
        del kept[next(iter(kept))]
