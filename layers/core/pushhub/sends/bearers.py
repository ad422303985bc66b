"""Which bearer does a provider take now?

One is asked for where none is kept for the account, and kept until a little before its end. After a failure no other is asked for
during :data:`SECONDS_AFTER_FAILURE`: each request may hang, and others wait for it.
"""

import time
from collections.abc import Callable
from typing import Final

from pushhub.moments import Seconds, seconds_now
from pushhub.sends.outcomes import RecipientOutcome
from pushhub.sends.port import Transport
from pushhub.sends.providers.bearer import Bearer
from pushhub.sends.providers.fcm_bearer import FcmAccount
from pushhub.sends.providers.wns_bearer import WnsAccount

BearerAccount = FcmAccount | WnsAccount
"""An account whose pushes carry a bearer."""

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
        self._held: dict[BearerAccount, Bearer] = {}
        self._failures: dict[BearerAccount, tuple[float, RecipientOutcome]] = {}

    def bearer(self, account: BearerAccount, seconds: float) -> Bearer | RecipientOutcome:
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

    def text(self, account: BearerAccount) -> str:
        """Return the text of the bearer that :meth:`bearer` has returned last."""
        return self._held[account].text

    def forget(self, account: BearerAccount) -> None:
        """Ask for another bearer the next time, since the provider has refused this one."""
        self._held.pop(account, None)

    def _fetched(self, account: BearerAccount, seconds: float) -> Bearer | RecipientOutcome:
        now = self._now()
        (result,) = self._transport.send_many([account.bearer_request(now)], seconds)
        read = account.read_bearer(result, now)
        self._held.pop(account, None)
        self._failures.pop(account, None)
        if isinstance(read, Bearer):
            _keep(self._held, account, read)
        else:
            _keep(self._failures, account, (self._clock(), read))
        return read


def _keep[Kept](kept: dict[BearerAccount, Kept], account: BearerAccount, value: Kept) -> None:
    kept[account] = value
    if len(kept) > MAX_BEARERS:
        del kept[next(iter(kept))]
