"""The push services of browsers, all at once: each is known by the host of its endpoints."""

import base64
import re
from collections.abc import Callable, Mapping
from typing import Final

from pushhub.console.stand_ins.arrivals import (
    ArrivedRequest,
    AuthorizationFault,
    ReceivedPush,
    ReplyFacts,
    body_content,
    object_of,
    provider_json,
    retry_after,
    shown_push,
    uid_of,
)
from pushhub.console.stand_ins.browsers import Browsers, last_part
from pushhub.console.stand_ins.scripts import ReplyKind
from pushhub.console.stand_ins.signatures import p256_point, read_jwt
from pushhub.events.uid import parse_uid
from pushhub.moments import Milliseconds
from pushhub.sends.port import ProviderReply

_AUTHORIZATION: Final = re.compile(r"vapid\s+t=(?P<jwt>[^,\s]+)\s*,\s*k=(?P<key>[A-Za-z0-9_-]+)", re.IGNORECASE)
_LONGEST_SECONDS: Final = 86_400
"""RFC 8292, 2: what is signed ends within a day."""
_FIREFOX: Final = "Firefox"
_SDK_UID: Final = "msg_id"
"""Where push.express's service worker reads the identity of a push."""
_OWN_HOST: Final = re.compile(r"(?:127\.0\.0\.1|localhost)(?::[0-9]+)?")


class WebPushStandIn:
    """Plays every push service: what is for another host than this machine is for one of them."""

    def __init__(self, browsers: Browsers) -> None:
        """Read what is pushed to these browsers."""
        self._browsers = browsers

    def push(self, request: ArrivedRequest) -> ReceivedPush | None:
        """Return the push; its content is base64 where it is for a browser that the stand-ins do not have."""
        if request.method != "POST" or _OWN_HOST.fullmatch(request.authority):
            return None
        read = self._browsers.read(request.path, request.body)
        content = base64.b64encode(request.body).decode() if read is None else body_content(read)
        document = object_of(content)
        shown = shown_push(document.get("title"), document.get("body"), object_of(document.get("data")), document.get("url"))
        uid = uid_of(document, _SDK_UID)
        return ReceivedPush(_provider(uid), last_part(request.path), content, shown, uid)

    async def fault(self, request: ArrivedRequest, now: Milliseconds) -> AuthorizationFault | None:
        """Return what is wrong with what VAPID has signed; the key stands in the header itself."""
        found = _AUTHORIZATION.fullmatch(request.authorization)
        signed, key = (read_jwt(found["jwt"]), p256_point(found["key"])) if found else (None, None)
        if signed is None or key is None:
            return AuthorizationFault("not signed by VAPID")
        ends, seconds = signed.number("exp"), now // 1000
        faults = {
            "signature: not that of the key beside it": not signed.is_signed_by(key),
            "aud: not the origin of the endpoint": signed.claims.get("aud") != f"https://{request.authority}",
            "exp: missing, or over a day from now": ends is None or ends > seconds + _LONGEST_SECONDS,
            "sub: neither mailto nor https": not str(signed.claims.get("sub")).startswith(("mailto:", "https://")),
        }
        if text := next((text for text, holds in faults.items() if holds), ""):
            return AuthorizationFault(text)
        return AuthorizationFault("exp: past", old=True) if ends is not None and ends <= seconds else None

    def reply(self, kind: ReplyKind, facts: ReplyFacts) -> ProviderReply:
        """Return a push service's reply."""
        return _REPLIES[kind](facts)

    async def other(self, _request: ArrivedRequest, _now: Milliseconds) -> ProviderReply | None:
        """Answer nothing else."""
        return None


def _provider(uid: str | None) -> str:
    """Return the provider: two have the same requests, and the uid alone tells them apart."""
    parsed = parse_uid(uid) if uid else None
    return _FIREFOX if parsed and parsed.provider == _FIREFOX else "web-push"


def _refused(status: int, reason: str) -> Callable[[ReplyFacts], ProviderReply]:
    return lambda _: provider_json(status, {"reason": reason})


_REPLIES: Final[Mapping[ReplyKind, Callable[[ReplyFacts], ProviderReply]]] = {
    ReplyKind.ACCEPTED: lambda _: ProviderReply(201),
    ReplyKind.GONE: lambda _: ProviderReply(410),
    ReplyKind.WRONG_TARGET: lambda _: ProviderReply(403),
    ReplyKind.BAD_DEVICE: lambda _: ProviderReply(403),
    ReplyKind.MESSAGE_BAD: lambda _: ProviderReply(400),
    ReplyKind.BUSY: lambda facts: ProviderReply(429, b"", retry_after(facts)),
    ReplyKind.CREDENTIALS_OLD: _refused(403, "BadJwtToken"),
    ReplyKind.CREDENTIALS_BAD: _refused(403, "BadJwtToken"),
    ReplyKind.JUNK: lambda _: ProviderReply(200, b"<html>junk", {"content-type": "text/html"}),
}
