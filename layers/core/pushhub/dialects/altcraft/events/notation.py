"""In which notations are events reported and answered?

A module of its own: the endpoint of links needs the notation of its replies, and does not load the parser of XML for that.
"""

from enum import StrEnum


class Notation(StrEnum):
    """How a body is written; the values are those of `format` in a query string."""

    JSON = "json"
    XML = "xml"
