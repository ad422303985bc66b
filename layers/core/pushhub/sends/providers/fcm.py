"""How does a message reach an app through Firebase Cloud Messaging?

Sources: "Message" (`projects.messages`), "ErrorCode" and "FCM error codes" in `sources.md`.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Final

from pushhub.catalog.providers import Provider
from pushhub.moments import Seconds
from pushhub.sends.json_template import JsonTemplate, quoted, slot
from pushhub.sends.message import AndroidExtras, Message, MessageError, Priority, PushRecipient, require_size
from pushhub.sends.outcomes import Outcome, RecipientOutcome
from pushhub.sends.port import ProviderReply, PushRequest, SendResult
from pushhub.sends.providers.apns import expiration
from pushhub.sends.providers.aps import MAX_PAYLOAD_BYTES, apns_priority, aps_payload, push_type
from pushhub.sends.providers.fcm_bearer import FcmAccount
from pushhub.sends.providers.kept_keys import is_kept_by_fcm
from pushhub.sends.push_ids import header_id, push_ids
from pushhub.sends.replies import READ_HEADERS, code_word, json_object, result_outcome, status_outcome, unsent, with_wait

ON_IOS: Final = Provider("ios-firebase")
SECONDS_AFTER_QUOTA: Final = 60
"""FCM refills the quota of a project once a minute ("Scale your FCM sends")."""

_PUSH_TOKEN, _COLLAPSE, _EXPIRATION = "push_token", "collapse", "expiration"


class FcmPushes:
    """The pushes of one message through FCM; see :mod:`pushhub.sends.providers`."""

    def __init__(self, account: FcmAccount, message: Message, sending: str, provider: Provider, bearer: Callable[[], str]) -> None:
        """Encode what all recipients have in common.

        Args:
            account: the app's.
            message: what is pushed.
            sending: tells the pushes of one sending from those of others.
            provider: `android-firebase` or `ios-firebase`.
            bearer: returns the bearer of the account; see :mod:`pushhub.sends.providers.fcm_bearer`.

        Raises:
            MessageError: FCM would refuse the message.
        """
        content = fcm_content(message, provider)
        data = message.payload | {name: slot(key) for key, name in message.hub_keys.items()}
        body = {"message": {**content, **({"data": data} if data else {}), "token": slot(_PUSH_TOKEN)}}
        self._body = JsonTemplate(body)
        self._collapse = None if message.collapse_key is None else header_id(message.collapse_key)
        self._bearer = bearer
        self._message = message
        self._sending = sending
        self._url = f"{account.base_url}/v1/projects/{account.project}/messages:send"

    def request(self, recipient: PushRecipient, now: Seconds) -> PushRequest | RecipientOutcome:
        """Return the request for a recipient, or what came of it where the hub's keys are too large."""
        hub_values = {key: quoted(value) for key, value in recipient.hub_values().items()}
        size = sum(len(hub_values[key].encode()) + len(name) for key, name in self._message.hub_keys.items())
        if size > self._message.reserved_bytes:
            return unsent(
                Outcome.MESSAGE_BAD, f"the hub's keys take {size} bytes; {self._message.reserved_bytes} are kept for them"
            )
        values = {
            **hub_values,
            _COLLAPSE: quoted(self._collapse or push_ids(self._sending, recipient.reference).collapse),
            _EXPIRATION: f'"{expiration(self._message, now)}"',
            _PUSH_TOKEN: quoted(recipient.push_token),
        }
        headers = {"content-type": "application/json", "authorization": f"Bearer {self._bearer()}"}
        return PushRequest(self._url, headers, self._body.filled(values), READ_HEADERS)

    def outcome(self, result: SendResult, now: Seconds) -> RecipientOutcome:
        """Return what came of a recipient."""
        return result_outcome(result, lambda reply: _read(reply, now))


def fcm_content(message: Message, provider: Provider) -> dict[str, object]:
    """Return what stands in `message` for a provider, without the hub's keys and the push token.

    Raises:
        MessageError: FCM would refuse the message.
    """
    if any(is_kept_by_fcm(key) for key in (*message.payload, *message.hub_keys.values())):
        raise MessageError("data: FCM keeps the keys from, gcm and message_type, and those that begin with google, for itself")
    platform = _apns if provider == ON_IOS else _android
    content = {**platform(message), **({"data": message.payload} if message.payload else {})}
    size = len(JsonTemplate(content).filled({_COLLAPSE: "", _EXPIRATION: ""}))
    require_size(message, size, MAX_PAYLOAD_BYTES, "an FCM message")
    return content


def _android(message: Message) -> dict[str, object]:
    """Return `android`. It has no `collapse_key` but the caller's: FCM keeps four of them for a device and drops the rest."""
    block: dict[str, object] = {"priority": _PRIORITIES[message.priority], "ttl": f"{message.expire}s"}
    if message.collapse_key is not None:
        block["collapse_key"] = message.collapse_key
    if not message.hidden:
        block["notification"] = _notification(message)
    return {"android": block}


def _notification(message: Message) -> dict[str, object]:
    extras = message.android
    keys = {
        "title": message.title,
        "body": message.text,
        "image": message.image,
        "sound": message.sound,
        "icon": extras.icon,
        "color": extras.color,
        "channel_id": extras.channel,
        "click_action": extras.click_action,
        "default_vibrate_timings": extras.vibrate,
        "light_settings": _light(extras),
        "tag": slot(_COLLAPSE),
    }
    badge = {} if message.badge is None else {"notification_count": message.badge}
    return {key: value for key, value in keys.items() if value} | badge


def _light(extras: AndroidExtras) -> dict[str, object]:
    """Return the light as FCM wants it, on for a second and off for another; nothing where there is none."""
    if not extras.light_color:
        return {}
    parts = bytes.fromhex(extras.light_color.removeprefix("#"))
    color = {name: round(part / 255, 3) for name, part in zip(("red", "green", "blue"), parts, strict=True)}
    return {"color": {**color, "alpha": 1}, "light_on_duration": "1s", "light_off_duration": "1s"}


def _apns(message: Message) -> dict[str, object]:
    """Return `apns`: what FCM is to tell APNs."""
    headers = {
        "apns-push-type": push_type(message),
        "apns-priority": apns_priority(message),
        "apns-expiration": slot(_EXPIRATION),
        "apns-collapse-id": slot(_COLLAPSE),
    }
    image = {"fcm_options": {"image": message.shown_image}} if message.shown_image else {}
    return {"apns": {"headers": headers, "payload": {"aps": aps_payload(message)}, **image}}


def _read(reply: ProviderReply, now: Seconds) -> RecipientOutcome:
    """Read a reply by the type of its details: a bad message and a bad push token have the same status."""
    document = json_object(reply.body)
    if reply.status == HTTPStatus.OK:
        name = document.get("name")
        return _ACCEPTED if isinstance(name, str) and _NAME.fullmatch(name) else _NOT_FCMS
    error = document.get("error")
    error = error if isinstance(error, dict) else {}
    details = error.get("details")
    details = [each for each in details if isinstance(each, dict)] if isinstance(details, list) else []
    code = next((code_word(each.get("errorCode")) for each in details if each.get("@type") == _FCM_ERROR), "")
    if code == _INVALID_ARGUMENT and (fields := _refused_fields(details)):
        return RecipientOutcome(Outcome.MESSAGE_BAD, code, f"FCM refuses {', '.join(fields)}")
    if known := _BY_CODE.get(code):
        return with_wait(replace(known, code=code), reply, now)
    outcome = status_outcome(reply, now, _BY_STATUS)
    if (fields := _refused_fields(details)) and outcome.outcome == Outcome.MESSAGE_BAD:
        outcome = replace(outcome, reason=f"FCM refuses {', '.join(fields)}")
    return replace(outcome, code=code or code_word(error.get("status")) or outcome.code)


def _refused_fields(details: list[dict[str, object]]) -> list[str]:
    """Return the fields of the message that FCM names as wrong, but for the push token's."""
    violations = [each.get("fieldViolations") for each in details if each.get("@type") == _BAD_REQUEST]
    named = [
        violation.get("field") for each in violations if isinstance(each, list) for violation in each if isinstance(violation, dict)
    ]
    return [name for name in named if isinstance(name, str) and _FIELD.fullmatch(name) and name != _TARGET_FIELD][:_MOST_FIELDS]


_PRIORITIES: Final = {Priority.HIGH: "HIGH", Priority.NORMAL: "NORMAL"}
_FCM_ERROR: Final = "type.googleapis.com/google.firebase.fcm.v1.FcmError"
_BAD_REQUEST: Final = "type.googleapis.com/google.rpc.BadRequest"
_INVALID_ARGUMENT: Final = "INVALID_ARGUMENT"
_NAME: Final = re.compile(r"projects/[^/\s]+/messages/\S+")
_FIELD: Final = re.compile(r"[a-z_]+(?:\.[a-z_]+|\[[0-9]+\])*")
_TARGET_FIELD: Final = "message.token"
_MOST_FIELDS: Final = 3
_ACCEPTED: Final = RecipientOutcome(Outcome.ACCEPTED, code="200")
_NOT_FCMS: Final = RecipientOutcome(
    Outcome.UNKNOWN, code="200", reason="a 200 of FCM names the push; this one does not, so it may have been sent"
)
_QUOTA: Final = RecipientOutcome(Outcome.RETRY, reason="the project's quota is used up", after=SECONDS_AFTER_QUOTA, throttled=True)
_FAULT: Final = RecipientOutcome(Outcome.RETRY, reason="FCM cannot take it now")
_BEARER_REFUSED: Final = RecipientOutcome(Outcome.CREDENTIALS_BAD, reason="FCM refuses the bearer", renewable=True)
_BY_CODE: Final[Mapping[str, RecipientOutcome]] = {
    "UNREGISTERED": RecipientOutcome(Outcome.GONE, reason="the app is not on this device any more"),
    _INVALID_ARGUMENT: RecipientOutcome(
        Outcome.WRONG_TARGET, reason="FCM refuses the push token, or perhaps the message", gone_if_message_good=True
    ),
    "SENDER_ID_MISMATCH": RecipientOutcome(Outcome.WRONG_TARGET, reason="the push token is of another Firebase project"),
    "QUOTA_EXCEEDED": _QUOTA,
    "UNAVAILABLE": _FAULT,
    "INTERNAL": _FAULT,
    "THIRD_PARTY_AUTH_ERROR": RecipientOutcome(
        Outcome.CREDENTIALS_BAD, reason="the Firebase project has no valid APNs key or web push key"
    ),
}
"""Every code of "ErrorCode" but UNSPECIFIED_ERROR, which says nothing: then the status has to."""
_BY_STATUS: Final[Mapping[int, RecipientOutcome]] = {
    HTTPStatus.UNAUTHORIZED: _BEARER_REFUSED,
    HTTPStatus.FORBIDDEN: RecipientOutcome(Outcome.CREDENTIALS_BAD, reason="the service account may not send for the project"),
    # FCM says UNREGISTERED of a device; without that, it is the project that is not found.
    HTTPStatus.NOT_FOUND: RecipientOutcome(Outcome.CREDENTIALS_BAD, reason="FCM does not know the project"),
    HTTPStatus.TOO_MANY_REQUESTS: _QUOTA,
}
"""What a status means where no FcmError says more."""
