"""Which upstreams are left alone for a while, because they could not be reached a moment ago?

For six times as long as finding that out took: so one that hangs takes at most a seventh of a worker's time from the others, and
one that refuses connections, which is found out at once, is asked again soon.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from pushhub.events.upstreams import NoReply, Reply

TIMES_AS_LONG: Final = 6
LEAST_SECONDS: Final = 1
MOST_SECONDS: Final = 60


@dataclass(frozen=True, slots=True)
class Outages:
    """What one worker knows of outages; `elapsed` counts seconds."""

    elapsed: Callable[[], float]
    _known: dict[str, "_Outage"] = field(default_factory=dict, init=False)

    def reason(self, upstream: str) -> str:
        """Return why an upstream is left alone just now, or nothing if it is not."""
        outage = self._known.get(upstream)
        return outage.reason if outage and self.elapsed() < outage.until else ""

    def learn(self, answers: Iterable[tuple[str, Reply | NoReply]]) -> None:
        """Take in what the upstreams of one batch answered, by the upstream's name.

        One that left more requests without an answer than it answered is left alone; a lost one among many is no outage.
        """
        by_upstream = defaultdict(list)
        for upstream, answer in answers:
            by_upstream[upstream].append(answer)
        for upstream, of_one in by_upstream.items():
            unreachable = [answer for answer in of_one if isinstance(answer, NoReply) and answer.unreachable]
            replies = sum(isinstance(answer, Reply) for answer in of_one)
            if len(unreachable) > replies:
                self._known[upstream] = self._outage(max(unreachable, key=lambda answer: answer.seconds))
            elif replies:
                self._known.pop(upstream, None)

    def _outage(self, longest: NoReply) -> "_Outage":
        seconds = min(MOST_SECONDS, max(LEAST_SECONDS, TIMES_AS_LONG * longest.seconds))
        return _Outage(self.elapsed() + seconds, f"not tried, since a moment ago: {longest.reason}")


@dataclass(frozen=True, slots=True)
class _Outage:
    until: float
    reason: str
