"""What does an endpoint get, and what does it give?"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

RETRY_AFTER_SECONDS: Final = 2
"""What a caller is told to wait before it repeats a request that could not be served."""


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One request; `id` is API Gateway's own, which stands in its access log too.

    `query` is the query string as it came, without the question mark; names of headers are in lower case.
    """

    id: str
    body: bytes
    query: str
    headers: Mapping[str, str]

    def header(self, name: str) -> str:
        """Return a header by its name in lower case, empty where it was not sent."""
        return self.headers.get(name, "")


@dataclass(frozen=True, slots=True)
class HttpReply:
    """An answer in this dialect: HTTP status, body, and headers; without a content type among them it is JSON."""

    status: int
    body: bytes
    headers: dict[str, str]


class RefusalTable(Enum):
    """Refusals of a whole request, in the order in which they are checked: HTTP status (also the body's `error`) and text."""

    def __init__(self, status: int, text: str) -> None:
        """Name the two parts of a row."""
        self.status = status
        self.text = text


class RefusedError(Exception):
    """The whole request is refused; `details` fill the gaps of the refusal's text."""

    def __init__(self, refusal: RefusalTable, **details: object) -> None:
        """Refuse for this reason."""
        super().__init__(refusal.text.format(**details))
        self.refusal = refusal
