"""Which fields does a request of the Push API have, of which kind is each, and which part of a message is it for?

Rows of tables that are published are those of "Push API" and the pages of its four blocks in `sources.md`; `decisions.md` says which could
not be read and are the hub's own.
"""

from enum import StrEnum
from typing import Final

PUSH_TOKEN: Final = "token"


class PlatformBlock(StrEnum):
    """A part of a request that holds the push for one platform."""

    IOS = "ios"
    ANDROID = "android"
    WIN = "win"
    UWP = "uwp"
