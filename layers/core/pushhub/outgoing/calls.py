"""What is sent over HTTP, what is answered, and when may it be sent again?"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Final, Literal, Protocol

from pushhub.moments import Milliseconds

SECONDS_TO_ANSWER: Final = 10
"""From the look-up of the address to the last byte of the answer."""
MAX_REPLY_BYTES: Final = 64 * 1024
"""Of a body, after it was decoded; the rest of a longer one is not read."""
RETRY_AFTER: Final = "retry-after"
DATE: Final = "date"
CONTENT_TYPE: Final = "content-type"


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP request.

    Credentials may stand in each part but the method, so its `repr` shows none of them. `headers` are sent in their order;
    `reply_headers` are the names, in lower case, of those headers of the answer that the caller reads.
    """

    url: str = field(repr=False)
    method: Literal["GET", "POST"] = "GET"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)
    reply_headers: frozenset[str] = frozenset({RETRY_AFTER, DATE, CONTENT_TYPE})


@dataclass(frozen=True, slots=True)
class CallReply:
    """An HTTP answer, and how many seconds it took.

    `body` is decoded, and has the first :data:`MAX_REPLY_BYTES` alone. `headers` are those of :attr:`Call.reply_headers` that the
    answer has, by their names in lower case; of a header that comes twice, the last one.
    """

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    seconds: float = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class NoReply:
    """There was no answer: why, and how many seconds it took to find that out.

    `unreachable` says that the next request would fail like this one: there was no connection, or no answer in time.
    """

    reason: str
    unreachable: bool
    seconds: float = field(default=0, compare=False)


class Exchange(Protocol):
    """Sends requests, all at once."""

    def __call__(self, calls: Sequence[Call]) -> Sequence[CallReply | NoReply]:
        """Return what came of each within :data:`SECONDS_TO_ANSWER`, in the order of the calls; it raises nothing."""


def seconds_to_wait(headers: Mapping[str, str], now: Milliseconds) -> int | None:
    """Return how many seconds the headers of an answer ask the caller to wait before the next request, None where they do not say.

    The header `Retry-After` has seconds or a date (RFC 9110, 10.2.3); a date that is past gives 0. It is measured from the date of
    the answer itself, since a clock that is wrong is wrong in both; from `now` where the answer has none.
    """
    text = headers.get(RETRY_AFTER, "").strip()
    if text.isascii() and text.isdigit():
        # Nine digits are 31 years; Python refuses to read some thousands of them.
        return int(text[:9])
    until, answered = _timestamp(text), _timestamp(headers.get(DATE, ""))
    if until is None:
        return None
    return max(0, math.ceil(until - (now / 1000 if answered is None else answered)))


def _timestamp(text: str) -> float | None:
    """Return the seconds since 1970 of a date of HTTP, None where it is none."""
    try:
        date = parsedate_to_datetime(text)
        if date.tzinfo is None:
            # One of HTTP's forms of a date names no zone, and means UTC.
            date = date.replace(tzinfo=UTC)
        return date.timestamp()
    except (ValueError, OverflowError):
        return None
