"""Which fields of a profile do filters of push.express read?

The database of an app of push.express has to declare them, so that profiles can be filtered whichever way they arrived.
"""

import unicodedata
from collections.abc import Mapping
from typing import Final

from pushhub.catalog.model import FieldType
from pushhub.text import trimmed

COUNTRY: Final = "country"
"""ISO 3166-1 alpha-2 code, as the app gave it."""
LANGUAGE: Final = "language"
"""BCP 47 tag, as the app gave it, such as `en-US`."""
AUDIENCES: Final = "audiences"
"""The audiences that the app puts the device into, with commas between them."""
EXT_ID: Final = "ext_id"
"""What the app's own server calls the person."""
TZ_SEC: Final = "tz_sec"
"""Seconds that the device's local time is ahead of UTC; it may be negative."""

FILTER_FIELDS: Final[Mapping[str, FieldType]] = {
    COUNTRY: FieldType.TEXT,
    LANGUAGE: FieldType.TEXT,
    AUDIENCES: FieldType.TEXT,
    EXT_ID: FieldType.TEXT,
    TZ_SEC: FieldType.INTEGER,
}
"""Each of them, with the type that the database declares it with."""

INSTALL: Final = "install"
"""Code of the event that every device has; no catalog declares it."""
MAX_AUDIENCE_CHARACTERS: Final = 255
"""Of one audience, by which a filter or a group names it."""


def compared_audience(text: str) -> str:
    """Return an audience as it is compared: composed (NFC), as fields are, without blanks and invisible characters around it."""
    return trimmed(unicodedata.normalize("NFC", text))
