"""What is sent to an upstream, what may come of it, and what follows from that?"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from pushhub.catalog.model import Upstream, UpstreamKind
from pushhub.events.command import RelayLink
from pushhub.events.messages import Forward
from pushhub.moments import Milliseconds
from pushhub.outgoing.calls import Call, CallReply, NoReply, seconds_asked_for


class UpstreamApi(Protocol):
    """The API that a kind of upstream speaks."""

    def call(self, upstream: Upstream, token: str, forward: Forward) -> Call:
        """Return the request that hands a report on; a link needs no token."""

    def accepted(self, forward: Forward, reply: CallReply) -> bool:
        """Say whether a 2xx answer means that the upstream has taken it."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The upstream has it."""


@dataclass(frozen=True, slots=True)
class Rejected:
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


Verdict = Accepted | Rejected | Dropped | Retry

_SUCCESSFUL: Final = range(200, 300)
_FAULT_OF_THE_CALLER: Final = range(400, 500)
_REFUSING: Final = frozenset({400, 413, 422})
_ASKING_FOR_LATER: Final = frozenset({408, 425, 429})
"""The 4xx that speak of the moment and not of the request."""


def verdict(api: UpstreamApi, forward: Forward, reply: CallReply | NoReply, now: Milliseconds) -> Verdict:
    """Return what an answer means for a report."""
    if isinstance(reply, NoReply):
        return Retry(reply.reason)
    status, reason = reply.status, f"HTTP {reply.status}"
    if status in _SUCCESSFUL:
        return Accepted() if api.accepted(forward, reply) else Retry(f"{reason} without the answer of success")
    if isinstance(forward.report.content, RelayLink):
        if status in _FAULT_OF_THE_CALLER and status not in _ASKING_FOR_LATER:
            return Dropped(reason)
    elif status in _REFUSING:
        return Rejected(reason)
    return Retry(reason, seconds_asked_for(reply.retry_after, now))


Apis = Mapping[UpstreamKind, UpstreamApi]
"""The API of each kind of upstream."""
