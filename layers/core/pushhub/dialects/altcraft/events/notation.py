"""In which notations are events reported and answered?

A module of its own, so that the endpoint of links, which only answers, does not load the parser of XML.
"""

from enum import StrEnum


class Format(StrEnum):
    """Notation of a body."""

    JSON = "json"
    XML = "xml"
