"""What is sent over HTTP, what may be answered, and when may it be sent again?"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Final, Protocol

from pushhub.moments import Milliseconds

SECONDS_TO_ANSWER: Final = 10
"""From the look-up of the address to the last byte of the answer."""
MAX_REPLY_BYTES: Final = 64 * 1024
"""Of a longer answer the rest is not read, and what was read is not looked at."""


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP request; without a body it is a GET, with one a POST. A token stands in a body, a link in the URL of a GET."""

    url: str = field(repr=False)
    body: bytes | None = field(default=None, repr=False)
    content_type: str = ""


@dataclass(frozen=True, slots=True)
class CallReply:
    """An HTTP answer, and how many seconds it took.

    `retry_after` is the header of that name; `body` is empty where it was too long.
    """

    status: int
    body: bytes = b""
    retry_after: str = ""
    seconds: float = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class NoReply:
    """There was no answer, and why, and how many seconds it took to find that out.

    `unreachable` says that others would fare no better now: no connection, or time was up.
    """

    reason: str
    unreachable: bool
    seconds: float = field(default=0, compare=False)


class Exchange(Protocol):
    """Sends requests, all at once."""

    def __call__(self, calls: Sequence[Call]) -> Sequence[CallReply | NoReply]:
        """Return what came of each within :data:`SECONDS_TO_ANSWER`; it raises nothing."""


def seconds_asked_for(retry_after: str, now: Milliseconds) -> int | None:
    """Return what a header `Retry-After` asks for (RFC 9110, 10.2.3: seconds, or a date), None where it asks for nothing."""
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        return int(text[:9])
    try:
        date = parsedate_to_datetime(text)
        if date.tzinfo is None:
            # One of the forms that HTTP has for dates names no zone, and means UTC.
            date = date.replace(tzinfo=UTC)
        return max(0, math.ceil(date.timestamp() - now / 1000))
    except (ValueError, OverflowError):
        return None
