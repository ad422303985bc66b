"""How does a message reach an iPhone through APNs?

Sources: "Sending notification requests to APNs", "Establishing a token-based connection to APNs" and "Handling notification
responses from APNs" in `sources.md`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from http import HTTPStatus
from typing import Final

from pushhub.catalog.providers import MAX_PUSH_TOKEN_BYTES, PushToken
from pushhub.catalog.push_tokens import APNS, compared_form
from pushhub.moments import Milliseconds, Seconds
from pushhub.sends.json_template import JsonTemplate, quoted, slot
from pushhub.sends.message import HubKey, Message, MessageError, PushRecipient, require_size
from pushhub.sends.outcomes import Outcome, RecipientOutcome
from pushhub.sends.port import ProviderReply, PushRequest, SendResult
from pushhub.sends.providers.aps import MAX_PAYLOAD_BYTES, apns_priority, aps_payload, push_type
from pushhub.sends.providers.kept_keys import is_kept_by_apns
from pushhub.sends.push_ids import header_id, push_ids
from pushhub.sends.replies import READ_HEADERS, code_word, json_object, result_outcome, status_outcome, unsent, with_wait
from pushhub.sends.signing import P256Key, bucket_start

SECONDS_AFTER_FAULT: Final = 15 * 60
"""Apple wants a request that got a 5xx to be sent again after this, not earlier."""

_PATH_STEP: Final = re.compile(rf"(?!\.{{1,2}}\Z)[A-Za-z0-9_:.-]{{1,{MAX_PUSH_TOKEN_BYTES}}}")
"""What may become a step of a path. Hex digits alone are not demanded: whether there is such a device is APNs' to say."""


_PRODUCTION: Final = "https://api.push.apple.com"
_SANDBOX: Final = "https://api.sandbox.push.apple.com"


@dataclass(frozen=True, slots=True)
class ApnsAccount:
    """How an app is known to APNs.

    Attributes:
        key: a key of the team's.
        key_id: its id.
        team_id: of the team that the app belongs to.
        topic: the app's bundle id.
        sandbox: the devices run builds of Xcode; those of stores and TestFlight are known in production alone.
        url: takes the place of Apple's own.
    """

    key: P256Key = field(repr=False)
    key_id: str
    team_id: str
    topic: str
    sandbox: bool = False
    url: str = ""

    @property
    def base_url(self) -> str:
        """Where requests go, without a slash at the end."""
        return self.url or (_SANDBOX if self.sandbox else _PRODUCTION)

    def authorization(self, now: Seconds) -> str:
        """Return the header that says whose requests they are; it is the same for all apps of the team, in one bucket of time."""
        return _authorization(self.key, self.key_id, self.team_id, bucket_start(now))


@lru_cache(maxsize=256)
def _authorization(key: P256Key, key_id: str, team_id: str, issued: Seconds) -> str:
    return "bearer " + key.jwt({"iss": team_id, "iat": issued}, {"kid": key_id})


class ApnsPushes:
    """The pushes of one message through APNs; see :mod:`pushhub.sends.providers`."""

    def __init__(self, account: ApnsAccount, message: Message, sending: str) -> None:
        """Encode what all recipients have in common.

        Raises:
            MessageError: APNs would refuse the message.
        """
        self._body = JsonTemplate(apns_content(message) | {name: slot(key) for key, name in message.hub_keys.items()})
        self._account = account
        self._message = message
        self._sending = sending
        self._collapse = None if message.collapse_key is None else header_id(message.collapse_key)
        self._url = f"{account.base_url}/3/device/"
        self._headers = {
            "content-type": "application/json",
            "apns-topic": account.topic,
            "apns-push-type": push_type(message),
            "apns-priority": apns_priority(message),
        }

    def request(self, recipient: PushRecipient, now: Seconds) -> PushRequest | RecipientOutcome:
        """Return the request for a recipient, or what came of it where its push token can be no step of a path."""
        device = compared_form(APNS, PushToken(recipient.push_token))
        if not _PATH_STEP.fullmatch(device):
            return unsent(Outcome.WRONG_TARGET, "the push token holds characters that APNs has in none")
        values = recipient.hub_values()
        values |= {HubKey.UID: quoted(recipient.uid), HubKey.LAUNCH_ID: quoted(recipient.launch_id)}
        body = self._body.filled(values)
        if len(body) > MAX_PAYLOAD_BYTES:
            return unsent(Outcome.MESSAGE_BAD, f"with the hub's keys it takes {len(body)} bytes; APNs takes {MAX_PAYLOAD_BYTES}")
        ids = push_ids(self._sending, recipient.reference)
        headers = {
            **self._headers,
            "authorization": self._account.authorization(now),
            "apns-expiration": str(expiration(self._message, now)),
            "apns-collapse-id": self._collapse or ids.collapse,
            "apns-id": ids.apns,
        }
        # Apple wants a connection of its own for each team.
        return PushRequest(self._url + device, headers, body, READ_HEADERS, connection=self._account.team_id)

    def outcome(self, result: SendResult, now: Seconds) -> RecipientOutcome:
        """Return what came of a recipient."""
        return result_outcome(result, lambda reply: _read(reply, now))


def apns_content(message: Message) -> dict[str, object]:
    """Return the payload without the hub's keys.

    Raises:
        MessageError: APNs would refuse the message.
    """
    if any(is_kept_by_apns(key) for key in (*message.payload, *message.hub_keys.values())):
        raise MessageError("data: the key aps is Apple's own")
    content: dict[str, object] = {
        "aps": aps_payload(message),
        **({"image": message.shown_image} if message.shown_image else {}),
        **message.payload,
    }
    require_size(message, len(JsonTemplate(content).filled({})), MAX_PAYLOAD_BYTES, "an APNs payload")
    return content


def expiration(message: Message, now: Seconds) -> int:
    """Return `apns-expiration`: a moment, not a duration; 0 has APNs try once."""
    return now + message.expire if message.expire else 0


def _read(reply: ProviderReply, now: Seconds) -> RecipientOutcome:
    if reply.status == HTTPStatus.OK:
        return _ACCEPTED if not reply.body.strip() else _NOT_APPLES
    document = json_object(reply.body)
    code = code_word(document.get("reason"))
    known = _BY_REASON.get(code)
    if known is None:
        outcome = status_outcome(reply, now, _BY_STATUS)
        outcome = replace(outcome, code=code or outcome.code)
    else:
        outcome = with_wait(replace(known, code=code), reply, now)
    if outcome.outcome == Outcome.GONE:
        return replace(outcome, gone_since=_milliseconds(document.get("timestamp")))
    # Apple's quarter of an hour counts even where a reply asks for less.
    return replace(outcome, after=SECONDS_AFTER_FAULT) if reply.status in _FAULTS else outcome


def _milliseconds(value: object) -> Milliseconds | None:
    return Milliseconds(value) if type(value) is int and value > 0 else None


_FAULTS: Final = range(500, 600)
_ACCEPTED: Final = RecipientOutcome(Outcome.ACCEPTED, code="200")
_NOT_APPLES: Final = RecipientOutcome(Outcome.UNKNOWN, code="200", reason="a 200 of APNs has no body; it may have been sent")
_GONE: Final = RecipientOutcome(Outcome.GONE, reason="the app is not on this device any more, or takes no pushes")
_FAULT: Final = RecipientOutcome(Outcome.RETRY, reason="APNs cannot take it now")


def _message_bad(reason: str) -> RecipientOutcome:
    return RecipientOutcome(Outcome.MESSAGE_BAD, reason=reason)


def _wrong_target(reason: str) -> RecipientOutcome:
    return RecipientOutcome(Outcome.WRONG_TARGET, reason=reason)


def _credentials_bad(reason: str, *, renewable: bool = False) -> RecipientOutcome:
    return RecipientOutcome(Outcome.CREDENTIALS_BAD, reason=reason, renewable=renewable)


_BY_REASON: Final[Mapping[str, RecipientOutcome]] = {
    "BadCollapseId": _message_bad("the collapse id is too long"),
    "BadDeviceToken": _wrong_target("no device of this environment has this push token; perhaps it is of the other environment"),
    "BadExpirationDate": _message_bad("the time to keep the push is none that APNs takes"),
    "BadMessageId": _message_bad("the id of the push is none that APNs takes"),
    "BadPriority": _message_bad("the priority is none that APNs takes"),
    "BadTopic": _message_bad("the app's topic is none that APNs knows"),
    "DeviceTokenNotForTopic": _wrong_target("the push token is of another app than the topic"),
    "DuplicateHeaders": _message_bad("a header stands twice in the request"),
    "IdleTimeout": _FAULT,
    "InvalidPushType": _message_bad("the push type is none that APNs takes"),
    "MissingDeviceToken": _wrong_target("the push token is empty"),
    "MissingTopic": _message_bad("the app's topic is missing"),
    "PayloadEmpty": _message_bad("the push is empty"),
    "TopicDisallowed": _credentials_bad("the team may not push to the app's topic"),
    "BadCertificate": _credentials_bad("the certificate is bad"),
    "BadCertificateEnvironment": _credentials_bad("the certificate is of the other environment"),
    "BadEnvironmentKeyIdInToken": _credentials_bad("the key is of the other environment"),
    "ExpiredProviderToken": _credentials_bad("what was signed is too old", renewable=True),
    "Forbidden": _credentials_bad("the key may not do this"),
    "InvalidProviderToken": _credentials_bad("the key, its id and the team do not belong together"),
    "MissingProviderToken": _credentials_bad("the request is not signed"),
    "UnrelatedKeyIdInToken": _credentials_bad("the key is not of the topic's team"),
    "BadPath": _wrong_target("the push token makes no path that APNs knows"),
    "MethodNotAllowed": _message_bad("the request is no POST"),
    "ExpiredToken": _GONE,
    "Unregistered": _GONE,
    "PayloadTooLarge": _message_bad("the push is too large"),
    "TooManyProviderTokenUpdates": RecipientOutcome(
        Outcome.RETRY, reason="what signs the team's requests changes too often", throttled=True
    ),
    # It speaks of this device alone, so others need not wait.
    "TooManyRequests": RecipientOutcome(Outcome.RETRY, reason="this device got too many pushes just now"),
    "InternalServerError": _FAULT,
    "ServiceUnavailable": _FAULT,
    "Shutdown": _FAULT,
}
"""Every reason of "Handling notification responses from APNs"."""
_BY_STATUS: Final[Mapping[int, RecipientOutcome]] = {
    HTTPStatus.FORBIDDEN: _credentials_bad("APNs refuses the credentials"),
    HTTPStatus.NOT_FOUND: _wrong_target("the push token makes no path that APNs knows"),
    HTTPStatus.GONE: _GONE,
    **dict.fromkeys(_FAULTS, _FAULT),
}
"""What a status means where the reason is a new one, or none."""
