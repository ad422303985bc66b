"""In which notations are events reported and answered?"""

from enum import StrEnum


class Format(StrEnum):
    """Notation of a body."""

    JSON = "json"
    XML = "xml"
