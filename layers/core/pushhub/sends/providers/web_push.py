"""How does a message reach a browser through its push service?

Sources: RFC 8030, RFC 8291, RFC 8292, "Push Service HTTP API" of Mozilla, and "Sending web push notifications in web apps and
browsers" of Apple, in `sources.md`.
"""

import base64
import binascii
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from http import HTTPStatus
from typing import Final

from pushhub.moments import Seconds
from pushhub.outgoing.push_endpoints import PushEndpoint, PushEndpointError, push_endpoint
from pushhub.sends.encryption import BrowserKeyError, BrowserKeys, encrypted
from pushhub.sends.json_template import JsonTemplate, quoted, slot
from pushhub.sends.message import HubKey, Message, MessageError, PushRecipient, require_size
from pushhub.sends.outcomes import Outcome, RecipientOutcome
from pushhub.sends.port import ProviderReply, PushRequest, SendResult
from pushhub.sends.push_ids import push_ids, short_id
from pushhub.sends.replies import READ_HEADERS, code_word, json_object, result_outcome, status_outcome, unsent
from pushhub.sends.signing import P256Key, base64url, bucket_start

MAX_CONTENT_BYTES: Final = 2_700
"""Before encryption: Mozilla's bridges to phones take 2,744 ("Push Service HTTP API")."""
_JWT_SECONDS: Final = 12 * 60 * 60
"""RFC 8292, 2, allows 24 hours from when it is looked at."""
_BASE64URL: Final = re.compile(r"[A-Za-z0-9_-]+={0,2}")


class SubscriptionError(ValueError):
    """A push token is no PushSubscription that can be sent to; the error quotes nothing of it."""


@dataclass(frozen=True, slots=True)
class BrowserSubscription:
    """What a browser has given an app, so that it can be sent to."""

    endpoint: PushEndpoint
    keys: BrowserKeys


@dataclass(frozen=True, slots=True)
class VapidAccount:
    """How an app is known to push services.

    `subject` is a `mailto:` or https URL by which its owner can be reached. `url` takes the place of every endpoint's origin, which
    then stands in the header `host`. `more_hosts` are hosts of endpoints beside those of the known services.
    """

    key: P256Key = field(repr=False)
    subject: str
    url: str = ""
    more_hosts: frozenset[str] = frozenset()

    def authorization(self, origin: str, now: Seconds) -> str:
        """Return the header that tells the push service of this origin whose requests they are."""
        return _authorization(self.key, self.subject, origin, bucket_start(now))


@lru_cache(maxsize=256)
def _authorization(key: P256Key, subject: str, origin: str, start: Seconds) -> str:
    jwt = key.jwt({"aud": origin, "exp": start + _JWT_SECONDS, "sub": subject}, {"typ": "JWT"})
    return f"vapid t={jwt}, k={base64url(key.public_point)}"


def read_subscription(push_token: str, more_hosts: Collection[str] = ()) -> BrowserSubscription:
    """Read a PushSubscription as a browser writes it in JSON.

    Raises:
        SubscriptionError: it is none, its endpoint is not of a known push service, or its keys are not of their form.
    """
    document = json_object(push_token.encode(errors="replace"))
    endpoint, keys = document.get("endpoint"), document.get("keys")
    if not isinstance(endpoint, str) or not isinstance(keys, dict):
        raise SubscriptionError("it is no PushSubscription with an endpoint and keys")
    try:
        found = push_endpoint(endpoint, more_hosts)
        return BrowserSubscription(found, BrowserKeys(_decoded(keys.get("p256dh")), _decoded(keys.get("auth"))))
    except PushEndpointError as error:
        raise SubscriptionError(f"its endpoint is no endpoint of a push service: {error}") from None
    except BrowserKeyError as error:
        raise SubscriptionError(f"its keys are none of a browser: {error}") from None


def _decoded(text: object) -> bytes:
    """Return what a key is in bytes; nothing where it is not base64url, with padding or without."""
    if not isinstance(text, str) or not _BASE64URL.fullmatch(text):
        return b""
    try:
        return base64.urlsafe_b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4))
    except binascii.Error:
        return b""


class WebPushes:
    """The pushes of one message to browsers; see :mod:`pushhub.sends.providers`."""

    def __init__(self, account: VapidAccount, message: Message, sending: str) -> None:
        """Encode what all recipients have in common.

        Raises:
            MessageError: the message is too large, or the hub's keys are those of the message.
        """
        self._content = JsonTemplate(web_push_content(message) | {name: slot(key) for key, name in message.hub_keys.items()})
        self._account = account
        self._sending = sending
        self._topic = None if message.collapse_key is None else short_id(message.collapse_key)
        self._headers = {
            "content-type": "application/octet-stream",
            "content-encoding": "aes128gcm",
            "ttl": str(message.expire),
            "urgency": message.priority.value,
        }

    def request(self, recipient: PushRecipient, now: Seconds) -> PushRequest | RecipientOutcome:
        """Return the request for a recipient, or what came of it where its subscription cannot be sent to."""
        values = recipient.hub_values()
        values |= {HubKey.UID: quoted(recipient.uid), HubKey.LAUNCH_ID: quoted(recipient.launch_id)}
        content = self._content.filled(values)
        if len(content) > MAX_CONTENT_BYTES:
            return unsent(Outcome.MESSAGE_BAD, f"with the hub's keys it takes {len(content)} bytes of {MAX_CONTENT_BYTES}")
        try:
            subscription = read_subscription(recipient.push_token, self._account.more_hosts)
            body = encrypted(content, subscription.keys)
        except (SubscriptionError, BrowserKeyError) as error:
            return unsent(Outcome.WRONG_TARGET, str(error))
        endpoint = subscription.endpoint
        headers = {
            **self._headers,
            "authorization": self._account.authorization(endpoint.origin, now),
            "topic": self._topic or push_ids(self._sending, recipient.reference).collapse,
        }
        if not self._account.url:
            return PushRequest(endpoint.url, headers, body, READ_HEADERS)
        return PushRequest(self._account.url + endpoint.target, {**headers, "host": endpoint.host}, body, READ_HEADERS)

    def outcome(self, result: SendResult, now: Seconds) -> RecipientOutcome:
        """Return what came of a recipient."""
        return result_outcome(result, lambda reply: _read(reply, now))


def web_push_content(message: Message) -> dict[str, object]:
    """Return what the app's service worker reads, without the hub's keys.

    Raises:
        MessageError: the message is too large, or the hub's keys are those of the message.
    """
    shown = {"title": message.title, "body": message.text, "icon": message.icon, "image": message.image}
    keys: dict[str, object] = {**({} if message.hidden else shown), "url": message.link, "data": dict(message.data)}
    content = {key: value for key, value in keys.items() if value}
    if not content.keys().isdisjoint(message.hub_keys.values()):
        raise MessageError("hub_keys: a key is one of the message itself")
    require_size(message, len(JsonTemplate(content).filled({})), MAX_CONTENT_BYTES, "a web push")
    return content


def _read(reply: ProviderReply, now: Seconds) -> RecipientOutcome:
    code = code_word(json_object(reply.body).get("reason")) if reply.status in _REFUSALS else ""
    if known := _BY_REASON.get(code):
        return replace(known, code=code)
    outcome = status_outcome(reply, now, _BY_STATUS)
    return replace(outcome, code=code or outcome.code)


_REFUSALS: Final = range(400, 500)
_ACCEPTED: Final = RecipientOutcome(Outcome.ACCEPTED)
_GONE: Final = RecipientOutcome(Outcome.GONE, reason="the browser has ended the subscription")
_MOVED: Final = RecipientOutcome(Outcome.WRONG_TARGET, reason="the endpoint has moved; redirects are not followed")
_VAPID_REFUSED: Final = RecipientOutcome(Outcome.CREDENTIALS_BAD, reason="the push service refuses the VAPID key, or its subject")
_BY_REASON: Final[Mapping[str, RecipientOutcome]] = {
    "BadJwtToken": _VAPID_REFUSED,
    "ExpiredJwtToken": _VAPID_REFUSED,
    "BadAuthorizationHeader": _VAPID_REFUSED,
    "VapidPkHashMismatch": RecipientOutcome(Outcome.WRONG_TARGET, reason="the subscription was made for another VAPID key"),
}
"""What Apple says beside the status. All services but Apple's leave it at the status."""
_BY_STATUS: Final[Mapping[int, RecipientOutcome]] = {
    HTTPStatus.CREATED: _ACCEPTED,
    HTTPStatus.ACCEPTED: _ACCEPTED,
    **dict.fromkeys(range(300, 400), _MOVED),
    HTTPStatus.UNAUTHORIZED: _VAPID_REFUSED,
    # What is signed is right, but the subscription is not this key's (RFC 8292, 4.2).
    HTTPStatus.FORBIDDEN: RecipientOutcome(Outcome.WRONG_TARGET, reason="the subscription was made for another VAPID key"),
    HTTPStatus.NOT_FOUND: _GONE,
    HTTPStatus.GONE: _GONE,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: RecipientOutcome(Outcome.MESSAGE_BAD, reason="the push is too large"),
}
