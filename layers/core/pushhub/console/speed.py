"""How fast does something that a command watches grow, and how long is a time, for a person?

Pure.
"""

import math
from collections import deque
from typing import Final

WINDOW_SECONDS: Final = 30
"""Speed is measured over so many seconds, so that it follows changes."""
_MINUTE: Final = 60
_HOUR: Final = 3600


class Speed:
    """How fast a number grows, over the last :data:`WINDOW_SECONDS`."""

    def __init__(self) -> None:
        """Begin without a number."""
        self._seen: deque[tuple[float, float]] = deque()

    def add(self, at: float, number: float) -> None:
        """Add the number as it is at a later moment of any clock in seconds, and drop those that are out of the window."""
        self._seen.append((at, number))
        while at - self._seen[0][0] > WINDOW_SECONDS and len(self._seen) > 2:  # noqa: PLR2004  (a speed needs two)
            self._seen.popleft()

    @property
    def per_second(self) -> float:
        """By how much it grows in a second; 0 before it was seen twice."""
        if not self._seen:
            return 0
        (began, first), (ended, last) = self._seen[0], self._seen[-1]
        return (last - first) / (ended - began) if ended > began else 0


def duration(seconds: float) -> str:
    """Return a time as minutes and seconds, with hours where there are any."""
    whole = math.ceil(seconds)
    hours, rest = divmod(whole, _HOUR)
    minutes, left = divmod(rest, _MINUTE)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"
