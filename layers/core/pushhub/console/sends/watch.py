"""How does a command wait until a sending has ended?"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from pushhub.console.bars import described_bar
from pushhub.console.failure import ConsoleError
from pushhub.console.polling import looks
from pushhub.console.sends.report import progress_of
from pushhub.console.sends.standing import SendingStanding, standing_of, stored_sending
from pushhub.console.speed import Speed, duration
from pushhub.moments import Seconds, seconds_now
from pushhub.sends.sending import SendingId
from pushhub.sends.store import SendingStore

UNBEGUN_SECONDS: Final = 600
"""How long a sending that is due may go unnoticed: the hub looks for such every minute."""
_BAR: Final = 10_000
"""Parts of a bar. How many recipients there will be nobody knows, but how much of the lanes is done."""


@dataclass(frozen=True, slots=True)
class SendingWatch:
    """Looks at a sending until it has ended."""

    sendings: SendingStore
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    now: Callable[[], Seconds] = seconds_now

    def follow(self, id_: SendingId) -> Iterator[SendingStanding]:
        """Give the standing of a sending that is due, again and again until it has ended.

        Raises:
            ConsoleError: there is no such sending, or the hub does not begin it.
            UnavailableError: the table has been out of reach for too long.
        """
        began = self.clock()
        begun = False
        # A look costs one read of the sending and one of the lanes of each part.
        for standing in looks(lambda: self._standing(id_), self.clock, self.sleep):
            if standing is None:
                continue
            yield standing
            if standing.sending.status.ended:
                return
            begun = begun or standing.in_lanes
            if not begun and self.clock() - began > UNBEGUN_SECONDS:
                raise ConsoleError(
                    f"the hub has not begun sending {id_} for {UNBEGUN_SECONDS // 60} minutes: see the log of sends_lane"
                )

    def _standing(self, id_: SendingId) -> SendingStanding:
        return standing_of(self.sendings, stored_sending(self.sendings, id_), self.now())

    def until_ended(self, id_: SendingId) -> SendingStanding:
        """Show a progress bar until a sending has ended, and return how it did.

        Raises:
            ConsoleError: as for `follow`.
            UnavailableError: as for `follow`.
        """
        pace = SendingPace()
        with described_bar("sending") as show:
            for standing in self.follow(id_):
                pace.add(self.clock(), standing)
                show(int(_BAR * standing.share), _BAR if standing.share else 0, pace.text(standing))
        return standing


class SendingPace:
    """How fast a sending goes, over the last seconds."""

    def __init__(self) -> None:
        """Begin without a standing."""
        self._pushes, self._share = Speed(), Speed()

    def add(self, at: float, standing: SendingStanding) -> None:
        """Add a later standing."""
        self._pushes.add(at, standing.counts.total)
        self._share.add(at, standing.share)

    def text(self, standing: SendingStanding) -> str:
        """Return what stands beside a bar: pushes, speed and time left."""
        if not standing.in_lanes and not standing.sending.status.ended:
            return "waiting for the hub to begin"
        parts = [progress_of(standing), f"{self._pushes.per_second:,.0f}/s"]
        if standing.share < 1 and self._share.per_second > 0:
            parts.append(f"{duration((1 - standing.share) / self._share.per_second)} left")
        return ", ".join(parts)
