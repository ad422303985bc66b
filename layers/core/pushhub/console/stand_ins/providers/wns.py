"""The Windows Push Notification Services, and Microsoft's authorization server."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final
from urllib.parse import parse_qs
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from pushhub.console.stand_ins.arrivals import (
    ArrivedRequest,
    AuthorizationFault,
    ReceivedPush,
    ReplyFacts,
    ShownPush,
    body_content,
    object_of,
    provider_json,
    retry_after,
    shown_push,
    uid_of,
)
from pushhub.console.stand_ins.bearers import GivenBearers
from pushhub.console.stand_ins.browsers import last_part
from pushhub.console.stand_ins.scripts import ReplyKind
from pushhub.console.stand_ins.signatures import KeyRing, KeysUnknownError
from pushhub.events.uid import parse_uid
from pushhub.moments import Milliseconds
from pushhub.sends.port import ProviderReply

_BEARER_PATH: Final = "/accesstoken.srf"
_HOST: Final = re.compile(r"[a-z0-9.-]+\.notify\.windows\.com")
_TYPE: Final = "x-wns-type"
_SCOPE: Final = "notify.windows.com"
_SECONDS: Final = 86_400
_WINDOWS, _UWP = "windows-wns", "uwp-wns"


class WnsStandIn:
    """Plays WNS. A bearer is good if this stand-in has given it for the package SID and the secret of an app."""

    def __init__(self, keys: KeyRing) -> None:
        """Know apps by a ring of keys."""
        self._keys = keys
        self._bearers = GivenBearers("EgAcAQ", _SECONDS)

    def push(self, request: ArrivedRequest) -> ReceivedPush | None:
        """Return the push. The same hosts take pushes for browsers, which say no type of WNS."""
        if request.method != "POST" or _TYPE not in request.headers or not _HOST.fullmatch(request.authority):
            return None
        shown, data = _read(request.body)
        uid = uid_of(data)
        content = body_content(request.body)
        return ReceivedPush(_provider(uid), last_part(request.path), content, shown, uid)

    async def fault(self, request: ArrivedRequest, now: Milliseconds) -> AuthorizationFault | None:
        """Return what is wrong with the bearer."""
        return self._bearers.fault(request, now)

    def reply(self, kind: ReplyKind, facts: ReplyFacts) -> ProviderReply:
        """Return WNS' reply."""
        return _REPLIES[kind](facts)

    async def other(self, request: ArrivedRequest, now: Milliseconds) -> ProviderReply | None:
        """Give a bearer for the package SID and the secret of an app."""
        if (request.method, request.path) != ("POST", _BEARER_PATH):
            return None
        form = {name: values[0] for name, values in parse_qs(request.body.decode(errors="replace")).items()}
        if form.get("grant_type") != "client_credentials" or form.get("scope") != _SCOPE:
            return _refused("invalid_request", "grant_type or scope: not those of WNS")
        try:
            is_known = await self._keys.has_secret("wns", form.get("client_id", ""), form.get("client_secret", ""))
        except KeysUnknownError as error:
            return _refused("invalid_client", str(error))
        return self._bearers.give(now) if is_known else _refused("invalid_client", "no app has this package SID and secret")


def _refused(error: str, description: str) -> ProviderReply:
    return provider_json(400, {"error": error, "error_description": description})


def _provider(uid: str | None) -> str:
    """Return the provider: two have the same requests, and the uid alone tells them apart."""
    parsed = parse_uid(uid) if uid else None
    return _WINDOWS if parsed and parsed.provider == _WINDOWS else _UWP


def _read(body: bytes) -> tuple[ShownPush, Mapping[str, object]]:
    """Return what Windows shows of a body, and what the app gets with it."""
    try:
        root = fromstring(body, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        return _raw(body)
    shown = _SHOWN.get(root.tag)
    return shown(root) if shown else _raw(body)


def _raw(body: bytes) -> tuple[ShownPush, Mapping[str, object]]:
    content = body_content(body)
    data = object_of(content)
    return shown_push(None, None if data else f"raw: {content}", data, data.get("url")), data


def _toast(root: Element) -> tuple[ShownPush, Mapping[str, object]]:
    lines = [*_texts(root)]
    data = object_of(body_content(root.get("launch", "").encode(errors="replace")))
    return shown_push(next(iter(lines), None), "\n".join(lines[1:]), data, data.get("url")), data


def _tile(root: Element) -> tuple[ShownPush, Mapping[str, object]]:
    sizes = (f"{binding.get('template')}: {' · '.join(_texts(binding))}" for binding in root.iter("binding"))
    return shown_push(None, "\n".join(sizes), {}, None), {}


def _badge(root: Element) -> tuple[ShownPush, Mapping[str, object]]:
    return shown_push(None, f"badge: {root.get('value')}", {}, None), {}


def _texts(element: Element) -> Iterator[str]:
    return (text.text or "" for text in element.iter("text"))


_SHOWN: Final[Mapping[str, Callable[[Element], tuple[ShownPush, Mapping[str, object]]]]] = {
    "toast": _toast,
    "tile": _tile,
    "badge": _badge,
}


def _says(status: int, **headers: str) -> ProviderReply:
    return ProviderReply(status, b"", {name.replace("_", "-"): value for name, value in headers.items()})


_REPLIES: Final[Mapping[ReplyKind, Callable[[ReplyFacts], ProviderReply]]] = {
    ReplyKind.ACCEPTED: lambda _: _says(200, x_wns_status="received", x_wns_deviceconnectionstatus="connected"),
    ReplyKind.GONE: lambda _: _says(410, x_wns_error_description="the channel has expired"),
    ReplyKind.WRONG_TARGET: lambda _: _says(403, x_wns_error_description="the channel is another app's"),
    ReplyKind.BAD_DEVICE: lambda _: _says(403, x_wns_error_description="the channel is another app's"),
    ReplyKind.MESSAGE_BAD: lambda _: _says(400, x_wns_error_description="told to refuse it"),
    ReplyKind.BUSY: lambda facts: ProviderReply(406, b"", retry_after(facts)),
    ReplyKind.CREDENTIALS_OLD: lambda _: _says(401),
    ReplyKind.CREDENTIALS_BAD: lambda _: _says(401),
    ReplyKind.JUNK: lambda _: ProviderReply(200, b"<html>junk", {"content-type": "text/html"}),
}
