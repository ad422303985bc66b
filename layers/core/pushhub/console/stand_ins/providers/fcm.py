"""Firebase Cloud Messaging, and Google's authorization server."""

import re
import secrets
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import parse_qs

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
from pushhub.console.stand_ins.bearers import GivenBearers
from pushhub.console.stand_ins.scripts import ReplyKind
from pushhub.console.stand_ins.signatures import KeyRing, KeysUnknownError, read_jwt
from pushhub.moments import Milliseconds
from pushhub.sends.port import ProviderReply

BEARER_PATH: Final = "/token"
_PATH: Final = re.compile(r"/v1/projects/[^/]+/messages:send")
_SCOPE: Final = "https://www.googleapis.com/auth/firebase.messaging"
_GOOGLES: Final = "https://oauth2.googleapis.com/token"
_SECONDS: Final = 3_600
"""How long a bearer lives, and how long a signed claim may."""
_SKEW_SECONDS: Final = 300
_FCM_ERROR: Final = "type.googleapis.com/google.firebase.fcm.v1.FcmError"
_BAD_REQUEST: Final = "type.googleapis.com/google.rpc.BadRequest"


class FcmStandIn:
    """Plays FCM. A bearer is good if this stand-in has given it to a service account that has signed for it."""

    def __init__(self, keys: KeyRing) -> None:
        """Know service accounts by a ring of keys."""
        self._keys = keys
        self._bearers = GivenBearers("ya29.", _SECONDS)

    def push(self, request: ArrivedRequest) -> ReceivedPush | None:
        """Return the push; its provider is read off the block that the message has."""
        if request.method != "POST" or not _PATH.fullmatch(request.path):
            return None
        content = body_content(request.body)
        message = object_of(object_of(content).get("message"))
        data = object_of(message.get("data"))
        apns = object_of(object_of(message.get("apns")).get("payload"))
        alert = object_of(object_of(apns.get("aps")).get("alert"))
        notification = object_of(object_of(message.get("android")).get("notification")) or object_of(message.get("notification"))
        return ReceivedPush(
            "ios-firebase" if "apns" in message else "android-firebase",
            nonempty(message.get("token")) or "",
            content,
            shown_push(
                notification.get("title") or alert.get("title"),
                notification.get("body") or alert.get("body"),
                data,
                data.get("url"),
            ),
            uid_of(data),
        )

    async def fault(self, request: ArrivedRequest, now: Milliseconds) -> AuthorizationFault | None:
        """Return what is wrong with the bearer."""
        return self._bearers.fault(request, now)

    def reply(self, kind: ReplyKind, facts: ReplyFacts) -> ProviderReply:
        """Return FCM's reply."""
        return _REPLIES[kind](facts)

    async def other(self, request: ArrivedRequest, now: Milliseconds) -> ProviderReply | None:
        """Give a bearer to who has signed for it."""
        if (request.method, request.path) != ("POST", BEARER_PATH):
            return None
        form = parse_qs(request.body.decode(errors="replace"))
        problem = await self._why_refused(form.get("assertion", [""])[0], request.authority, now)
        if problem:
            return provider_json(400, {"error": "invalid_grant", "error_description": problem})
        return self._bearers.give(now)

    async def _why_refused(self, assertion: str, authority: str, now: Milliseconds) -> str:
        signed = read_jwt(assertion)
        if signed is None:
            return "no assertion"
        issued, ends, seconds = signed.number("iat"), signed.number("exp"), now // 1000
        owner = nonempty(signed.claims.get("iss")) or ""
        try:
            is_signed = await self._keys.has_signed("firebase", owner, signed)
        except KeysUnknownError as error:
            return str(error)
        problems = {
            "signature: no service account of an app has signed this": not is_signed,
            "aud: not this server": signed.claims.get("aud") not in (f"http://{authority}{BEARER_PATH}", _GOOGLES),
            "scope: not that of messaging": _SCOPE not in str(signed.claims.get("scope", "")).split(),
            "iat: missing, or in the future": issued is None or issued > seconds + _SKEW_SECONDS,
            "exp: missing, past, or over an hour after iat": ends is None or ends <= seconds or ends - (issued or 0) > _SECONDS,
        }
        return next((text for text, holds in problems.items() if holds), "")


def _error(status: int, word: str, *details: Mapping[str, object]) -> ProviderReply:
    error = {"code": status, "message": f"told to say {word}", "status": word}
    return provider_json(status, {"error": {**error, "details": list(details)} if details else error})


def _fcm_error(code: str) -> Mapping[str, object]:
    return {"@type": _FCM_ERROR, "errorCode": code}


def _busy(facts: ReplyFacts) -> ProviderReply:
    plain = _error(429, "RESOURCE_EXHAUSTED", _fcm_error("QUOTA_EXCEEDED"))
    return ProviderReply(plain.status, plain.body, {**plain.headers, **retry_after(facts)})


_REFUSED_FIELD: Final = {
    "@type": _BAD_REQUEST,
    "fieldViolations": [{"field": "message.data", "description": "told to refuse it"}],
}
_REPLIES: Final[Mapping[ReplyKind, Callable[[ReplyFacts], ProviderReply]]] = {
    ReplyKind.ACCEPTED: lambda _: provider_json(200, {"name": f"projects/stand-in/messages/0:{secrets.token_hex(12)}"}),
    ReplyKind.GONE: lambda _: _error(404, "NOT_FOUND", _fcm_error("UNREGISTERED")),
    ReplyKind.WRONG_TARGET: lambda _: _error(403, "PERMISSION_DENIED", _fcm_error("SENDER_ID_MISMATCH")),
    ReplyKind.BAD_DEVICE: lambda _: _error(400, "INVALID_ARGUMENT", _fcm_error("INVALID_ARGUMENT")),
    ReplyKind.MESSAGE_BAD: lambda _: _error(400, "INVALID_ARGUMENT", _REFUSED_FIELD),
    ReplyKind.BUSY: _busy,
    ReplyKind.CREDENTIALS_OLD: lambda _: _error(401, "UNAUTHENTICATED"),
    ReplyKind.CREDENTIALS_BAD: lambda _: _error(401, "UNAUTHENTICATED"),
    ReplyKind.JUNK: lambda _: ProviderReply(200, b"<html>junk", {"content-type": "text/html"}),
}
