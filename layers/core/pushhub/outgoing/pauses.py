"""Which upstreams are left alone for a while, so that the others get their share of a worker's time?

One that could not be reached is left alone for six times as long as finding that out took: one that hangs takes at most a seventh
of the time, and one that refuses connections, which is found out at once, is asked again soon. One that answers slowly is not sent
new reports for six times as long as it took, either: they go to the retries, untried. Of the time for retries it gets half.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from pushhub.outgoing.calls import CallReply, NoReply

TIMES_AS_LONG: Final = 6
LEAST_SECONDS: Final = 1
MOST_SECONDS: Final = 60
SLOW_SECONDS: Final = 1
"""An upstream that answers sooner shares the workers with the others as it comes."""


@dataclass(frozen=True, slots=True)
class Pauses:
    """What one worker knows; `elapsed` counts seconds."""

    elapsed: Callable[[], float]
    _known: dict[str, "_Pause"] = field(default_factory=dict, init=False)

    def reason(self, upstream: str, *, again: bool) -> str:
        """Return why a report is not sent to an upstream just now, or nothing if it may be.

        Args:
            upstream: its name.
            again: whether the report was put off before.
        """
        pause = self._known.get(upstream)
        return pause.reason if pause and self.elapsed() < (pause.until_again if again else pause.until) else ""

    def learn(self, answers: Iterable[tuple[str, CallReply | NoReply]]) -> None:
        """Take in what came of one batch: the name of the upstream and its answer, for each request.

        An upstream that left more requests without an answer than it answered counts as one that cannot be reached; a lost one
        among many does not, but the time that was waited for it counts.
        """
        by_upstream = defaultdict(list)
        for upstream, answer in answers:
            by_upstream[upstream].append(answer)
        for upstream, of_one in by_upstream.items():
            if pause := self._pause(of_one):
                self._known[upstream] = pause
            elif any(isinstance(answer, CallReply) for answer in of_one):
                self._known.pop(upstream, None)

    def _pause(self, answers: list[CallReply | NoReply]) -> "_Pause | None":
        longest = max(answer.seconds for answer in answers)
        until = self.elapsed() + min(MOST_SECONDS, max(LEAST_SECONDS, TIMES_AS_LONG * longest))
        unreachable = [answer for answer in answers if isinstance(answer, NoReply) and answer.unreachable]
        if len(unreachable) > sum(isinstance(answer, CallReply) for answer in answers):
            return _Pause(until, until, f"not tried, since a moment ago: {unreachable[0].reason}")
        if longest >= SLOW_SECONDS:
            return _Pause(until, self.elapsed() + longest, f"not tried, since it took {longest:.0f} s to answer a moment ago")
        return None


@dataclass(frozen=True, slots=True)
class _Pause:
    until: float
    until_again: float
    reason: str
