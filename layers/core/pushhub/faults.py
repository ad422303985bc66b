"""What may go wrong with a store although nobody made a mistake?"""


class LostRaceError(Exception):
    """A guard of a write did not hold, or others were writing its items. Nothing was written: read and decide again."""


class UnavailableError(Exception):
    """A store did not answer, or refused for load. A write may or may not have happened: ask the caller to repeat the request."""
