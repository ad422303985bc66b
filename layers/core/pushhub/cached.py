"""How fresh is what a running function keeps of things that seldom change?"""

import time
from collections.abc import Callable
from typing import Final

from pushhub.faults import UnavailableError

FRESH_SECONDS: Final = 60
"""A change is in effect after at most this."""
UNKNOWN_SECONDS: Final = 5
"""How long what was not found stays unknown; a flood of unknown names costs one read in this time."""
STALE_SECONDS: Final = 600
"""How long what is known goes on being used while it cannot be read again."""


class Cached[Content]:
    """One thing that is read as a whole, kept in the process; it takes no more memory than itself, whatever callers send."""

    def __init__(
        self,
        load: Callable[[], Content],
        clock: Callable[[], float] = time.monotonic,
        on_stale: Callable[[UnavailableError], None] = lambda _: None,
    ) -> None:
        """Read it through `load` when first needed.

        Args:
            load: reads it; may raise `UnavailableError`.
            clock: counts seconds.
            on_stale: is told why an old one goes on being used.
        """
        self._load = load
        self._clock = clock
        self._on_stale = on_stale
        self._content: Content | None = None
        self._loaded_at = 0.0
        self._fault = ""
        self._failed_at = 0.0

    def current(self) -> Content:
        """Return it as it was at most :data:`FRESH_SECONDS` ago, or :data:`STALE_SECONDS` while it cannot be read.

        Raises:
            UnavailableError: it cannot be read, and none is known that could still be used.
        """
        try:
            return self._not_older_than(FRESH_SECONDS)
        except UnavailableError as fault:
            if self._content is None or self._clock() - self._loaded_at >= STALE_SECONDS:
                raise
            self._on_stale(fault)
            return self._content

    def find[Found](self, look_up: Callable[[Content], Found | None]) -> Found | None:
        """Return what is found in it; where nothing is, it is read again if it was read over :data:`UNKNOWN_SECONDS` ago.

        Raises:
            UnavailableError: it would have to be read again and cannot be.
        """
        found = look_up(self.current())
        return found if found is not None else look_up(self._not_older_than(UNKNOWN_SECONDS))

    def _not_older_than(self, seconds: float) -> Content:
        if self._content is None or self._clock() - self._loaded_at >= seconds:
            self._content = self._loaded()
            self._loaded_at = self._clock()
        return self._content

    def _loaded(self) -> Content:
        """Read it; a fault is repeated for a while without asking again, since each asking may hang for seconds."""
        if self._fault and self._clock() - self._failed_at < UNKNOWN_SECONDS:
            # A new error each time: one that is raised again keeps the frames, and so the bodies, of all who met it.
            raise UnavailableError(self._fault)
        try:
            content = self._load()
        except UnavailableError as fault:
            self._fault, self._failed_at = str(fault), self._clock()
            raise
        self._fault = ""
        return content
