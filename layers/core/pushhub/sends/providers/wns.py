"""How does a message reach Windows through the Windows Push Notification Services?

Source: "Push notification service request and response headers" in `sources.md`.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Final

from pushhub.moments import Seconds
from pushhub.outgoing.push_endpoints import PushEndpointError, windows_channel
from pushhub.sends.json_template import quoted
from pushhub.sends.message import MAX_EXPIRE_SECONDS, HubKey, Message, PushRecipient, WindowsKind
from pushhub.sends.outcomes import Outcome, RecipientOutcome
from pushhub.sends.port import ProviderReply, PushRequest, SendResult
from pushhub.sends.providers.wns_bearer import WnsAccount
from pushhub.sends.providers.wns_payload import MAX_WNS_BYTES, wns_payload
from pushhub.sends.push_ids import push_digest, windows_tag
from pushhub.sends.replies import READ_HEADERS, result_outcome, status_outcome, unsent, with_wait

CONNECTIONS: Final = 6
"""WNS speaks HTTP 1.1 alone, so one connection carries one push at a time; more names of connections than 8 are not remembered."""

_STATUS: Final = "x-wns-status"
_OLD_STATUS: Final = "x-wns-notificationstatus"
_ERROR: Final = "x-wns-error-description"
_READ: Final = READ_HEADERS | {_STATUS, _OLD_STATUS, _ERROR}
_CONTENT_TYPES: Final[Mapping[WindowsKind, str]] = {
    WindowsKind.TOAST: "text/xml",
    WindowsKind.TILE: "text/xml",
    WindowsKind.BADGE: "text/xml",
    WindowsKind.RAW: "application/octet-stream",
}
_TAGGED: Final = frozenset({WindowsKind.TOAST, WindowsKind.TILE})
"""Kinds of which a later push with the same tag takes the place of the first; of badges and raw ones there is one anyway."""


class WnsPushes:
    """The pushes of one message through WNS; see :mod:`pushhub.sends.providers`."""

    def __init__(self, account: WnsAccount, message: Message, sending: str, bearer: Callable[[], str]) -> None:
        """Encode what all recipients have in common.

        Args:
            account: the app's.
            message: what is pushed.
            sending: tells the pushes of one sending from those of others.
            bearer: returns the bearer of the account; see :mod:`pushhub.sends.providers.bearer`.

        Raises:
            MessageError: WNS would refuse the message.
        """
        payload = wns_payload(message)
        self._body = payload.body
        self._account = account
        self._bearer = bearer
        self._sending = sending
        self._is_tagged = payload.kind in _TAGGED
        key = message.collapse_key
        self._tag = None if key is None else windows_tag(hashlib.sha256(key.encode()).digest())
        self._headers = {
            "content-type": _CONTENT_TYPES[payload.kind],
            "x-wns-type": f"wns/{payload.kind}",
            "x-wns-requestforstatus": "true",
            **_ttl(message),
        }

    def request(self, recipient: PushRecipient, now: Seconds) -> PushRequest | RecipientOutcome:  # noqa: ARG002  (as of all providers)
        """Return the request for a recipient, or what came of it where its push token is no channel."""
        try:
            channel = windows_channel(recipient.push_token)
        except PushEndpointError as error:
            return unsent(Outcome.WRONG_TARGET, f"the push token is no channel of Windows: {error}")
        values = recipient.hub_values()
        values |= {HubKey.UID: quoted(recipient.uid), HubKey.LAUNCH_ID: quoted(recipient.launch_id)}
        body = self._body.filled(values)
        if len(body) > MAX_WNS_BYTES:
            return unsent(Outcome.MESSAGE_BAD, f"with the hub's keys it takes {len(body)} bytes; WNS takes {MAX_WNS_BYTES}")
        digest = push_digest(self._sending, recipient.reference)
        headers = {**self._headers, "authorization": f"Bearer {self._bearer()}"}
        if self._is_tagged:
            headers["x-wns-tag"] = self._tag or windows_tag(digest)
        connection = f"wns {digest[0] % CONNECTIONS}"
        if not self._account.url:
            return PushRequest(channel.url, headers, body, _READ, connection)
        return PushRequest(self._account.url + channel.target, {**headers, "host": channel.host}, body, _READ, connection)

    def outcome(self, result: SendResult, now: Seconds) -> RecipientOutcome:
        """Return what came of a recipient."""
        return result_outcome(result, lambda reply: _read(reply, now))


def _ttl(message: Message) -> dict[str, str]:
    """Return `X-WNS-TTL`.

    Without it, WNS keeps a push until it is delivered, which is what a message with the longest time gets, as every message without
    a time of its own has it. No value is known for a single try, so the shortest time stands for that.
    """
    return {} if message.expire == MAX_EXPIRE_SECONDS else {"x-wns-ttl": str(max(1, message.expire))}


def _read(reply: ProviderReply, now: Seconds) -> RecipientOutcome:
    if reply.status == HTTPStatus.OK:
        word = (reply.headers.get(_STATUS) or reply.headers.get(_OLD_STATUS) or "").strip().lower()
        known = _BY_WORD.get(word)
        return _NOT_WNSS if known is None else with_wait(replace(known, code=word), reply, now)
    if reply.status == HTTPStatus.GONE and _is_blocked(reply):
        return _DOMAIN_BLOCKED
    return status_outcome(reply, now, _BY_STATUS)


def _is_blocked(reply: ProviderReply) -> bool:
    """Say whether a 410 speaks of the sender's domain and not of the channel: then the channel is as good as before."""
    return _BLOCKED in reply.headers.get(_ERROR, "").lower() or _BLOCKED.encode() in reply.body.lower()


_BLOCKED: Final = "domain blocked"
_NOT_WNSS: Final = RecipientOutcome(
    Outcome.UNKNOWN, code="200", reason="a 200 of WNS says what became of the push; this one does not, so it may have been sent"
)
_DOMAIN_BLOCKED: Final = RecipientOutcome(
    Outcome.CREDENTIALS_BAD, code="410", reason="WNS has blocked the sender's domain for abuse"
)
_GONE: Final = RecipientOutcome(Outcome.GONE, reason="the channel has expired, or is none that WNS knows")
_MOVED: Final = RecipientOutcome(Outcome.WRONG_TARGET, reason="the channel has moved; redirects are not followed")
_BY_WORD: Final[Mapping[str, RecipientOutcome]] = {
    "received": RecipientOutcome(Outcome.ACCEPTED),
    # The channel is alive: the person may let the app show pushes again, or the device come back.
    "dropped": RecipientOutcome(
        Outcome.WRONG_TARGET, reason="WNS has dropped it: the device takes no such pushes now, or is offline and it is not kept"
    ),
    # It speaks of this channel alone, so others need not wait.
    "channelthrottled": RecipientOutcome(Outcome.RETRY, reason="this channel got too many pushes just now, so WNS has dropped it"),
}
"""What a 200 means by the header `X-WNS-Status`."""
_BY_STATUS: Final[Mapping[int, RecipientOutcome]] = {
    **dict.fromkeys(range(300, 400), _MOVED),
    HTTPStatus.OK: _NOT_WNSS,
    HTTPStatus.BAD_REQUEST: RecipientOutcome(Outcome.MESSAGE_BAD, reason="WNS refuses the headers or the content"),
    HTTPStatus.UNAUTHORIZED: RecipientOutcome(Outcome.CREDENTIALS_BAD, reason="WNS refuses the bearer", renewable=True),
    HTTPStatus.FORBIDDEN: RecipientOutcome(Outcome.WRONG_TARGET, reason="the channel is of another app than the package SID"),
    HTTPStatus.NOT_FOUND: _GONE,
    HTTPStatus.METHOD_NOT_ALLOWED: RecipientOutcome(Outcome.MESSAGE_BAD, reason="the request is no POST"),
    HTTPStatus.NOT_ACCEPTABLE: RecipientOutcome(Outcome.RETRY, reason="WNS asks for fewer pushes", throttled=True),
    HTTPStatus.GONE: _GONE,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: RecipientOutcome(Outcome.MESSAGE_BAD, reason="the push is too large"),
}
