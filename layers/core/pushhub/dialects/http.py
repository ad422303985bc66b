"""What does an endpoint of a dialect take, and what does it return?

An endpoint is a function from a request to an :class:`Answer`: the reply, and what an operator wants to know of it. It knows
nothing of AWS; `edge/http.py` decodes the request, shows the answer to the operator, and encodes the reply.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Final, NamedTuple

REPEAT_SOON: Final = {"retry-after": "2"}
"""The header of a 503: seconds that a caller waits before it repeats the request."""


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One request; `id` is API Gateway's own, which stands in its access log too.

    `body` is as it came: it may be packed. `query` is the query string as it came, without the question mark; names of headers are
    in lower case. `path` is decoded, as API Gateway hands it on.
    """

    id: str
    body: bytes = b""
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    method: str = "POST"
    path: str = ""

    def header(self, name: str) -> str:
        """Return a header by its name in lower case, empty where it was not sent."""
        return self.headers.get(name, "")


@dataclass(frozen=True, slots=True)
class HttpReply:
    """What a caller gets: HTTP status, body in UTF-8, and headers; without a content type among them it is JSON."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


class RefusalRow(NamedTuple):
    """One row of a :class:`RefusalTable`: HTTP status, and text with a gap in braces for each detail."""

    status: int
    text: str


class RefusalTable(Enum):
    """Refusals of a whole request, in the order in which they are checked: HTTP status (also the body's `error`) and text.

    Each dialect has a table of its own; what all of them refuse alike stands in `refusals.py`. `code` is the word that an operator
    finds in the metrics. It stays the same for ever: a row whose name in the code changes keeps its old name as its code.
    """

    def __init__(self, status: int, text: str, code: str = "") -> None:
        """Name the parts of a row."""
        self.status = status
        self.text = text
        self.code = code or self.name


class RefusedError(Exception):
    """The whole request is refused; `details` fill the gaps of the refusal's text."""

    def __init__(self, refusal: RefusalTable, **details: object) -> None:
        """Refuse for this reason."""
        super().__init__(refusal.text.format(**details))
        self.refusal = refusal


class Caller(NamedTuple):
    """Who sent a request, as the operator knows it: the name of the metadata that says so, and its value."""

    label: str
    value: str | int


class Fault(NamedTuple):
    """Why a request could not be served although nothing is wrong with it: what an operator reads, and the error behind it."""

    message: str
    cause: str

    @classmethod
    def of(cls, error: Exception, message: str) -> "Fault":
        """Return the fault that an error was."""
        return cls(message, f"{type(error).__name__}: {error}")


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply, and what an operator wants to know of how it came about; nothing in it is secret but the reply's body.

    `caller` is None until its token is known. `counts` are the metrics that this request adds to, besides those of every request.
    """

    reply: HttpReply
    caller: Caller | None = None
    refusal: RefusalTable | None = None
    fault: Fault | None = None
    counts: Mapping[str, int] = field(default_factory=dict)


Endpoint = Callable[[HttpRequest], Answer]
"""Answers one request, and raises nothing that a caller may bring about."""
