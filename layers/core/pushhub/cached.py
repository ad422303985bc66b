"""How fresh is what a running function keeps of things that seldom change?"""

import time
from collections.abc import Callable
from typing import Final

from pushhub.faults import UnavailableError
from pushhub.moments import EPOCH, Milliseconds, milliseconds_now

FRESH_SECONDS: Final = 60
"""A change of the content is in effect after at most this."""
UNKNOWN_SECONDS: Final = 5
"""For how long what was not found counts as unknown; a flood of unknown names costs one read in this time."""
STALE_SECONDS: Final = 600
"""For how long old content is used while it cannot be read again."""


class Cached[Content]:
    """Content that is read as a whole and kept in the process.

    ====================  ==========================================  ================================================
    age of the content    `current`                                   `find` of what is not in it
    ====================  ==========================================  ================================================
    under 5 s             returns it                                  returns None
    5 to 60 s             returns it                                  reads again; a fault is raised
    60 to 600 s           reads again; on a fault, returns the old    reads again; a fault is raised
    600 s and more        reads again; a fault is raised              reads again; a fault is raised
    ====================  ==========================================  ================================================

    After a fault, nothing is read for 5 s. What callers ask for is not kept, so they cannot fill the memory.
    """

    def __init__(
        self,
        load: Callable[[], Content],
        clock: Callable[[], float] = time.monotonic,
        on_stale: Callable[[UnavailableError], None] = lambda _: None,
        now: Callable[[], Milliseconds] = milliseconds_now,
    ) -> None:
        """Keep nothing yet; the content is read when it is first needed.

        Args:
            load: reads the content; may raise `UnavailableError`.
            clock: counts seconds.
            on_stale: called with the fault each time that old content is returned because of one.
            now: the time of day, which moments of others are compared with.
        """
        self._load = load
        self._clock = clock
        self._on_stale = on_stale
        self._now = now
        self._content: Content | None = None
        self._loaded_at = 0.0
        self._read_from = EPOCH
        self._fault = ""
        self._failed_at = 0.0

    def current(self) -> Content:
        """Return the content as it was at most :data:`FRESH_SECONDS` ago, or :data:`STALE_SECONDS` while it cannot be read.

        Raises:
            UnavailableError: it cannot be read, and was last read too long ago or never.
        """
        try:
            return self._not_older_than(FRESH_SECONDS)
        except UnavailableError as fault:
            if self._content is None or self._clock() - self._loaded_at >= STALE_SECONDS:
                raise
            self._on_stale(fault)
            return self._content

    def find[Found](self, look_up: Callable[[Content], Found | None]) -> Found | None:
        """Return what `look_up` finds. If it finds nothing, read again what is over :data:`UNKNOWN_SECONDS` old, and look again.

        Raises:
            UnavailableError: the content has to be read again and cannot be.
        """
        found = look_up(self.current())
        return found if found is not None else look_up(self._not_older_than(UNKNOWN_SECONDS))

    @property
    def read_from(self) -> Milliseconds:
        """The moment when the last reading of the content began."""
        return self._read_from

    def forget_before(self, moment: Milliseconds) -> None:
        """Forget the content if its reading began before a moment: whatever is returned next has all that was stored by then."""
        if self._read_from < moment:
            self._content = None

    def _not_older_than(self, seconds: float) -> Content:
        if self._content is None or self._clock() - self._loaded_at >= seconds:
            read_from = self._now()
            self._content, self._read_from = self._loaded(), read_from
            self._loaded_at = self._clock()
        return self._content

    def _loaded(self) -> Content:
        """Read the content. For a while after a fault, raise it again without reading: each read may hang for seconds."""
        if self._fault and self._clock() - self._failed_at < UNKNOWN_SECONDS:
            # A new error each time: an error that is raised again keeps the frames of every raise, and so the callers' bodies.
            raise UnavailableError(self._fault)
        try:
            content = self._load()
        except UnavailableError as fault:
            self._fault, self._failed_at = str(fault), self._clock()
            raise
        self._fault = ""
        return content
