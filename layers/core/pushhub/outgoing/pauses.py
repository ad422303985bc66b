"""Which upstreams are paused for a while, so that the others get their share of a worker's time?

==================================  ===============================  ===============================
the last batch found the upstream   new reports are paused for       retries are paused for
==================================  ===============================  ===============================
unreachable, after `t` seconds      6 t, from 1 to 60 s              6 t, from 1 to 60 s
slow: it took `t`, a second or more 6 t, from 1 to 60 s              t
quick                               nothing                          nothing
==================================  ===============================  ===============================

`t` is the longest time that a request of the batch took, whether it was answered, lost or broken off.

So an upstream that hangs takes at most a seventh of a worker's time; one that refuses connections, which takes no time, is tried
again soon. A slow upstream takes at most a seventh of the time for new reports, and at most half of the time for retries.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from pushhub.outgoing.calls import CallReply, NoReply

TIMES_AS_LONG: Final = 6
LEAST_SECONDS: Final = 1
MOST_SECONDS: Final = 60
SLOW_SECONDS: Final = 1
"""An upstream that answers within this time is not slow, and not paused."""


@dataclass(frozen=True, slots=True)
class _Pause:
    """Until when new reports and retries are not sent to an upstream, and why."""

    new_until: float
    retries_until: float
    reason: str


class Pauses:
    """The pauses that one worker knows of, by the upstream's name."""

    def __init__(self, elapsed: Callable[[], float]) -> None:
        """Begin without any pause; `elapsed` counts seconds."""
        self._elapsed = elapsed
        self._pauses: dict[str, _Pause] = {}

    def why_paused(self, upstream: str, *, retry: bool) -> str:
        """Return why an upstream is paused at this moment, or an empty text if a request may be sent.

        Args:
            upstream: its name.
            retry: whether the report comes out of the queue of retries.
        """
        pause = self._pauses.get(upstream)
        if pause is None:
            return ""
        until = pause.retries_until if retry else pause.new_until
        return pause.reason if self._elapsed() < until else ""

    def learn(self, answers: Iterable[tuple[str, CallReply | NoReply]]) -> None:
        """Begin and end pauses by what came of one batch: the name of the upstream and its answer, for each request.

        An upstream is unreachable if more of its requests found it so than it answered. It is slow if any request took
        :data:`SLOW_SECONDS` or more, whether it was answered, lost, or broken off. A pause ends if none took that long and at least
        one was answered. So one lost request among many is no outage, and a connection that broke off quickly changes nothing.
        """
        by_upstream = defaultdict(list)
        for upstream, answer in answers:
            by_upstream[upstream].append(answer)
        for upstream, its_answers in by_upstream.items():
            if pause := self._pause_after(its_answers):
                self._pauses[upstream] = pause
            elif any(isinstance(answer, CallReply) for answer in its_answers):
                self._pauses.pop(upstream, None)

    def _pause_after(self, answers: Sequence[CallReply | NoReply]) -> _Pause | None:
        now, longest = self._elapsed(), max(answer.seconds for answer in answers)
        until = now + min(MOST_SECONDS, max(LEAST_SECONDS, TIMES_AS_LONG * longest))
        unreachable = [answer for answer in answers if isinstance(answer, NoReply) and answer.unreachable]
        if len(unreachable) > sum(isinstance(answer, CallReply) for answer in answers):
            return _Pause(until, until, f"not tried, since a moment ago: {unreachable[0].reason}")
        if longest >= SLOW_SECONDS:
            return _Pause(until, now + longest, f"not tried, since it took {longest:.0f} s to answer a moment ago")
        return None
