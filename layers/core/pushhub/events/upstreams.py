"""What is sent to an upstream, what may come of it, and what follows from that?"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Final, Protocol

from pushhub.catalog.model import Upstream, UpstreamKind
from pushhub.events.messages import Forward, Milliseconds
from pushhub.events.record import RelayLink

SECONDS_TO_ANSWER: Final = 10
"""From the look-up of the address to the last byte of the answer."""
MAX_REPLY_BYTES: Final = 64 * 1024
"""Of a longer answer the rest is not read, and what was read is not looked at."""


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP request; without a body it is a GET, with one a POST. A token stands in a body, a link in the URL of a GET."""

    url: str = field(repr=False)
    body: bytes | None = field(default=None, repr=False)
    content_type: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer, and how many seconds it took.

    `retry_after` is the header of that name; `body` is empty where it was too long.
    """

    status: int
    body: bytes = b""
    retry_after: str = ""
    seconds: float = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class NoReply:
    """There was no answer, and why, and how many seconds it took to find that out.

    `unreachable` says that others would fare no better now: no connection, or time was up.
    """

    reason: str
    unreachable: bool
    seconds: float = field(default=0, compare=False)


class Exchange(Protocol):
    """Sends requests, all at once."""

    def __call__(self, calls: Sequence[Call]) -> Sequence[Reply | NoReply]:
        """Return what came of each within :data:`SECONDS_TO_ANSWER`; it raises nothing."""


class UpstreamApi(Protocol):
    """The API that a kind of upstream speaks."""

    def call(self, upstream: Upstream, token: str, forward: Forward) -> Call:
        """Return the request that hands a report on; a link needs no token."""

    def accepted(self, forward: Forward, reply: Reply) -> bool:
        """Say whether a 2xx answer means that the upstream has taken it."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The upstream has it."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The upstream will never take it: somebody has to look at it."""

    reason: str


@dataclass(frozen=True, slots=True)
class Dropped:
    """A link that was nobody's: what anyone may have made up is not kept for somebody to look at."""

    reason: str


@dataclass(frozen=True, slots=True)
class Retry:
    """Try again; `after` is how many seconds the upstream asked for, None where it did not say."""

    reason: str
    after: int | None = None


Verdict = Accepted | Refused | Dropped | Retry

_SUCCESSFUL: Final = range(200, 300)
_FAULT_OF_THE_CALLER: Final = range(400, 500)
_REFUSING: Final = frozenset({400, 413, 422})
_ASKING_FOR_LATER: Final = frozenset({408, 425, 429})
"""The 4xx that speak of the moment and not of the request."""


def verdict(api: UpstreamApi, forward: Forward, reply: Reply | NoReply, now: Milliseconds) -> Verdict:
    """Return what an answer means for a report."""
    if isinstance(reply, NoReply):
        return Retry(reply.reason)
    status, reason = reply.status, f"HTTP {reply.status}"
    if status in _SUCCESSFUL:
        return Accepted() if api.accepted(forward, reply) else Retry(f"{reason} without the answer of success")
    if isinstance(forward.report.what, RelayLink):
        if status in _FAULT_OF_THE_CALLER and status not in _ASKING_FOR_LATER:
            return Dropped(reason)
    elif status in _REFUSING:
        return Refused(reason)
    return Retry(reason, seconds_asked_for(reply.retry_after, now))


def seconds_asked_for(retry_after: str, now: Milliseconds) -> int | None:
    """Return what a header `Retry-After` asks for (RFC 9110, 10.2.3: seconds, or a date), None where it asks for nothing."""
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        return int(text[:9])
    try:
        date = parsedate_to_datetime(text)
        if date.tzinfo is None:
            # One of the forms that HTTP has for dates names no zone, and means UTC.
            date = date.replace(tzinfo=UTC)
        return max(0, math.ceil(date.timestamp() - now / 1000))
    except (ValueError, OverflowError):
        return None


Apis = Mapping[UpstreamKind, UpstreamApi]
"""The API of each kind of upstream."""
