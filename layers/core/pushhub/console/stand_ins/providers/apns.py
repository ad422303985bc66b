"""Apple's push service, with tokens of teams."""

import re
import uuid
from collections.abc import Callable, Mapping
from typing import Final

from pushhub.console.stand_ins.arrivals import (
    ArrivedRequest,
    AuthorizationFault,
    ReceivedPush,
    ReplyFacts,
    body_content,
    nonempty,
    object_of,
    provider_json,
    retry_after,
    shown_push,
    uid_of,
)
from pushhub.console.stand_ins.scripts import ReplyKind
from pushhub.console.stand_ins.signatures import KeyRing, KeysUnknownError, read_jwt
from pushhub.moments import Milliseconds
from pushhub.sends.port import ProviderReply

_PATH: Final = re.compile(r"/3/device/(?P<device>[^/?#]+)")
_SCHEME: Final = "bearer "
_SECONDS: Final = 3_600
"""Apple takes what was signed within the last hour."""
_SKEW_SECONDS: Final = 300
_NOT_DATA: Final = frozenset({"aps", "image"})


class ApnsStandIn:
    """Plays APNs."""

    def __init__(self, keys: KeyRing) -> None:
        """Know teams by a ring of keys."""
        self._keys = keys

    def push(self, request: ArrivedRequest) -> ReceivedPush | None:
        """Return the push."""
        found = _PATH.fullmatch(request.path) if request.method == "POST" else None
        if found is None:
            return None
        content = body_content(request.body)
        payload = object_of(content)
        alert = object_of(payload.get("aps")).get("alert")
        title, text = (None, alert) if isinstance(alert, str) else (object_of(alert).get("title"), object_of(alert).get("body"))
        data = {key: value for key, value in payload.items() if key not in _NOT_DATA}
        return ReceivedPush(
            "ios-apns", found["device"], content, shown_push(title, text, data, payload.get("url")), uid_of(payload)
        )

    async def fault(self, request: ArrivedRequest, now: Milliseconds) -> AuthorizationFault | None:
        """Return what is wrong with the team's token."""
        scheme, jwt = request.authorization[: len(_SCHEME)], request.authorization[len(_SCHEME) :]
        signed = read_jwt(jwt) if scheme.lower() == _SCHEME else None
        if signed is None:
            return AuthorizationFault("not signed by a team")
        issued, seconds = signed.number("iat"), now // 1000
        if issued is None or issued > seconds + _SKEW_SECONDS:
            return AuthorizationFault("iat: missing, or in the future")
        if issued <= seconds - _SECONDS:
            return AuthorizationFault("iat: over an hour ago", old=True)
        try:
            is_signed = await self._keys.has_signed("apns", nonempty(signed.claims.get("iss")) or "", signed)
        except KeysUnknownError as error:
            return AuthorizationFault(str(error))
        return None if is_signed else AuthorizationFault("signature: no team of an app has signed this under that key id")

    def reply(self, kind: ReplyKind, facts: ReplyFacts) -> ProviderReply:
        """Return APNs' reply."""
        return _REPLIES[kind](facts)

    async def other(self, _request: ArrivedRequest, _now: Milliseconds) -> ProviderReply | None:
        """Answer nothing else."""
        return None


def _refused(status: int, reason: str) -> Callable[[ReplyFacts], ProviderReply]:
    return lambda _: provider_json(status, {"reason": reason})


_REPLIES: Final[Mapping[ReplyKind, Callable[[ReplyFacts], ProviderReply]]] = {
    ReplyKind.ACCEPTED: lambda _: ProviderReply(200, b"", {"apns-unique-id": str(uuid.uuid4())}),
    ReplyKind.GONE: lambda facts: provider_json(410, {"reason": "Unregistered", "timestamp": facts.now - 1000 * facts.seconds}),
    ReplyKind.WRONG_TARGET: _refused(400, "DeviceTokenNotForTopic"),
    ReplyKind.BAD_DEVICE: _refused(400, "BadDeviceToken"),
    ReplyKind.MESSAGE_BAD: _refused(400, "BadTopic"),
    ReplyKind.BUSY: lambda facts: provider_json(429, {"reason": "TooManyRequests"}, retry_after(facts)),
    ReplyKind.CREDENTIALS_OLD: _refused(403, "ExpiredProviderToken"),
    ReplyKind.CREDENTIALS_BAD: _refused(403, "InvalidProviderToken"),
    ReplyKind.JUNK: lambda _: ProviderReply(200, b"<html>junk", {"content-type": "text/html"}),
}
