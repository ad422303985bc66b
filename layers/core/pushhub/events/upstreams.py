"""What is sent to an upstream, and what does its answer mean?

========================  =================================  ==================================
answer                    an event                           a link that is not ours
========================  =================================  ==================================
none                      retry                              retry
2xx of success (*)        accepted                           accepted
other 2xx                 retry                              retry
400, 413, 422             rejected                           discarded
408, 425, 429             retry                              retry
other 4xx                 retry                              discarded
all others                retry                              retry
========================  =================================  ==================================

(*) Which 2xx are success is judged by the API of the upstream, in :meth:`UpstreamApi.accepted`: for Altcraft, see
:mod:`pushhub.dialects.altcraft.upstream`. All else is judged here, alike for every kind of upstream.

An event is not rejected for 401, 403 or 404: these speak of the upstream token and the URL, which an operator may still correct.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol, assert_never

from pushhub.catalog.model import Upstream, UpstreamKind
from pushhub.events.command import RecordEvent, RelayLink
from pushhub.events.messages import Forward
from pushhub.moments import Milliseconds
from pushhub.outgoing.calls import Call, CallReply, NoReply, seconds_to_wait
from pushhub.outgoing.excerpts import description


class UpstreamApi(Protocol):
    """The API that a kind of upstream speaks."""

    def call(self, upstream: Upstream, upstream_token: str, forward: Forward) -> Call:
        """Return the request that hands a report on; a link needs no upstream token."""

    def accepted(self, forward: Forward, reply: CallReply) -> bool:
        """Say whether a 2xx answer is one of success: the upstream has taken the report."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The upstream has the report."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """The upstream will never take the report: somebody has to look at it."""

    reason: str


@dataclass(frozen=True, slots=True)
class Discarded:
    """The upstream refused the link. Anyone may have made it up, so it is not kept for somebody to look at."""

    reason: str


@dataclass(frozen=True, slots=True)
class Retry:
    """The report is to be sent again; `after` is how many seconds the upstream asked for, None where it did not say."""

    reason: str
    after: int | None = None


Verdict = Accepted | Rejected | Discarded | Retry
"""What an upstream's answer means for a report."""

Apis = Mapping[UpstreamKind, UpstreamApi]
"""The API of each kind of upstream."""

_SUCCESSFUL: Final = range(200, 300)
_FAULT_OF_THE_CALLER: Final = range(400, 500)
_REJECTING: Final = frozenset({400, 413, 422})
_ASKING_FOR_LATER: Final = frozenset({408, 425, 429})
"""The 4xx that speak of the moment and not of the request."""


def verdict(api: UpstreamApi, forward: Forward, reply: CallReply | NoReply, now: Milliseconds, upstream_token: str) -> Verdict:
    """Return what an answer means for a report; no reason holds the upstream token, or what the report says of a person."""
    match reply:
        case NoReply(reason):
            return Retry(reason)
        case CallReply(status) if status in _SUCCESSFUL:
            if api.accepted(forward, reply):
                return Accepted()
            came = description(reply, (upstream_token, *_confidential(forward.report.content)))
            return Retry(f"HTTP {status} without the answer of success, but {came}")
        case CallReply(status):
            reason = f"HTTP {status}"
            return _final(forward.report.content, status, reason) or Retry(reason, seconds_to_wait(reply.headers, now))
        case _:
            assert_never(reply)


def _final(content: RecordEvent | RelayLink, status: int, reason: str) -> Rejected | Discarded | None:
    """Return what a status that is no success means where it is the last word, None where it is not."""
    match content:
        case RecordEvent():
            return Rejected(reason) if status in _REJECTING else None
        case RelayLink():
            return Discarded(reason) if status in _FAULT_OF_THE_CALLER and status not in _ASKING_FOR_LATER else None
        case _:
            assert_never(content)


def _confidential(content: RecordEvent | RelayLink) -> tuple[str, ...]:
    """Return what a report holds that no log may: whom it is about."""
    match content:
        case RelayLink(opaque):
            return (opaque,)
        case RecordEvent(uid=uid, plain=plain):
            return (uid, plain.push_token) if plain else (uid,)
        case _:
            assert_never(content)
