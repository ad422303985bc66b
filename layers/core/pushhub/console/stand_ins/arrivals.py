"""What comes to a stand-in, and what has every provider's to do with it?"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from pushhub.console.stand_ins.scripts import ReplyKind
from pushhub.moments import Milliseconds
from pushhub.sends.port import ProviderReply

_JSON: Final[Mapping[str, str]] = {"content-type": "application/json; charset=UTF-8"}


@dataclass(frozen=True, slots=True)
class ArrivedRequest:
    """A request that has come whole; `authority` is whom it is for, and the names of `headers` are in lower case."""

    method: str
    authority: str
    path: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def authorization(self) -> str:
        """The header that proves whose it is."""
        return self.headers.get("authorization", "")


@dataclass(frozen=True, slots=True)
class ShownPush:
    """What a device shows of a push, and what its app gets; None and empty where there is none."""

    title: str | None = None
    text: str | None = None
    data: Mapping[str, object] = field(default_factory=dict)
    link: str | None = None


@dataclass(frozen=True, slots=True)
class ReceivedPush:
    """A push as a device gets it; `content` is the body as it can be read."""

    provider: str
    push_token: str
    content: object
    shown: ShownPush
    uid: str | None


@dataclass(frozen=True, slots=True)
class AuthorizationFault:
    """What is wrong with a request's authorization, in words that hold nothing of it; `old`: it was good once."""

    text: str
    old: bool = False


@dataclass(frozen=True, slots=True)
class ReplyFacts:
    """What a reply may depend on: the present moment, and the seconds that the push token names."""

    now: Milliseconds
    seconds: int


class PlayedProvider(Protocol):
    """A provider as a stand-in plays it."""

    def push(self, request: ArrivedRequest, /) -> ReceivedPush | None:
        """Return the push that a request is; None where it is no push of this provider."""

    async def fault(self, request: ArrivedRequest, now: Milliseconds, /) -> AuthorizationFault | None:
        """Return what is wrong with a push's authorization."""

    def reply(self, kind: ReplyKind, facts: ReplyFacts, /) -> ProviderReply:
        """Return how this provider says something."""

    async def other(self, request: ArrivedRequest, now: Milliseconds, /) -> ProviderReply | None:
        """Answer a request that is no push, such as one for a bearer; None where it is none of this provider's."""


def provider_json(status: int, document: object, headers: Mapping[str, str] | None = None) -> ProviderReply:
    """Return a reply with a document as JSON."""
    return ProviderReply(status, json.dumps(document, separators=(",", ":")).encode(), {**_JSON, **(headers or {})})


def retry_after(facts: ReplyFacts) -> Mapping[str, str]:
    """Return the header that asks to wait."""
    return {"retry-after": str(facts.seconds)}


def object_of(value: object) -> Mapping[str, object]:
    """Return what is an object of JSON as it is, anything else as an empty one."""
    return value if isinstance(value, dict) else {}


def nonempty(value: object) -> str | None:
    """Return a text that is not empty."""
    return value if isinstance(value, str) and value else None


def body_content(body: bytes) -> object:
    """Return a body as JSON has it, else as text."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return body.decode(errors="backslashreplace")


_UID: Final = "uid"
_SDK_TITLE, _SDK_TEXT, _SDK_LINK, _SDK_UID = "px.title", "px.body", "px.link", "px.msg_id"
"""Where an app with an SDK of push.express reads what it draws."""
_NOT_CALLERS: Final = frozenset(
    {_UID, "launch_id", "hub_link", "url", _SDK_TITLE, _SDK_TEXT, _SDK_LINK, _SDK_UID, "px.image", "px.icon"}
)
"""Keys beside the caller's data: those of the hub, and parts of the message itself."""


def shown_push(title: object, text: object, data: Mapping[str, object], url: object) -> ShownPush:
    """Return what is shown of a push; `data` may hold the hub's keys too, and what the app draws itself."""
    callers = {key: value for key, value in data.items() if key not in _NOT_CALLERS}
    return ShownPush(
        nonempty(title) or nonempty(data.get(_SDK_TITLE)),
        nonempty(text) or nonempty(data.get(_SDK_TEXT)),
        callers,
        nonempty(url) or nonempty(data.get(_SDK_LINK)),
    )


def uid_of(data: Mapping[str, object], sdk_key: str = _SDK_UID) -> str | None:
    """Return the identity of a push; `sdk_key` is where an SDK of push.express reads it."""
    return nonempty(data.get(_UID)) or nonempty(data.get(sdk_key))
