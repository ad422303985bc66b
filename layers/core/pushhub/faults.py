"""What may go wrong with a store although everyone did right?"""


class LostRaceError(Exception):
    """A guard of a write did not hold, or its items were busy. Nothing was written: read and decide again."""


class UnavailableError(Exception):
    """A store did not answer, or refused for load. A write may or may not have happened: ask the caller to repeat."""
