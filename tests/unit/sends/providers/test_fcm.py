"""Pushing through Firebase Cloud Messaging."""

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushhub.catalog.providers import Provider
from pushhub.sends.message import (
    HUB_KEYS,
    AndroidExtras,
    HubKey,
    IosExtras,
    Message,
    MessageError,
    MessagePart,
    MessageTooLargeError,
    Priority,
)
from pushhub.sends.outcomes import Outcome, RecipientOutcome
from pushhub.sends.port import MaybeSent, NotSent, ProviderReply
from pushhub.sends.providers.fcm import _BY_CODE, FcmPushes
from tests.doubles.sending import FIREBASE_TOKEN, HUB_LINK, NOW, SENDING, UID, fcm_account, not_sent, recipient, sent
from tests.unit.sends.providers.golden import JUNK, in_short, reply

ANDROID, IOS = Provider("android-firebase"), Provider("ios-firebase")
HELLO = Message(title="Sale", text="Today alone 🎁")
OURS = {"uid": UID, "launch_id": "2_8q_3Ky1u5cFDDQ", "hub_link": HUB_LINK}


def pushes(message: Message = HELLO, provider: Provider = ANDROID) -> FcmPushes:
    return FcmPushes(fcm_account(), message, SENDING, provider, lambda: "ya29.bearer")


def rendered(message: Message = HELLO, provider: Provider = ANDROID) -> dict[str, Any]:
    content = json.loads(sent(pushes(message, provider).request(recipient(FIREBASE_TOKEN, "af0123"), NOW)).body)
    assert list(content) == ["message"]
    message_: dict[str, Any] = content["message"]
    return message_


def read(answer: ProviderReply) -> RecipientOutcome:
    return pushes().outcome(answer, NOW)


def test_a_whole_request_for_android() -> None:
    request = sent(pushes().request(recipient(FIREBASE_TOKEN, "af0123"), NOW))
    assert request.url == "https://fcm.googleapis.com/v1/projects/shop-1/messages:send"
    assert request.headers == {"content-type": "application/json", "authorization": "Bearer ya29.bearer"}
    content = json.loads(request.body)["message"]
    tag = content["android"]["notification"].pop("tag")
    assert re.fullmatch(r"[A-Za-z0-9_-]{22}", tag)
    assert content == {
        "android": {"priority": "HIGH", "ttl": "2419200s", "notification": {"title": "Sale", "body": "Today alone 🎁"}},
        "data": OURS,
        "token": FIREBASE_TOKEN,
    }


def test_a_whole_message_for_ios() -> None:
    content = rendered(HELLO, IOS)
    collapse_id = content["apns"]["headers"].pop("apns-collapse-id")
    assert re.fullmatch(r"[A-Za-z0-9_-]{22}", collapse_id)
    assert content == {
        "apns": {
            "headers": {"apns-push-type": "alert", "apns-priority": "10", "apns-expiration": str(NOW + 2_419_200)},
            "payload": {"aps": {"alert": {"title": "Sale", "body": "Today alone 🎁"}}},
        },
        "data": OURS,
        "token": FIREBASE_TOKEN,
    }


def test_all_that_android_shows() -> None:
    extras = AndroidExtras("ic_sale", "#0AF9C3", "sales", "OPEN_SALE", vibrate=True, light_color="#ff0080")
    message = Message(
        *("Sale", "Today", "https://example.com/a.png"),
        link="https://example.com/s",
        data={"order": "17"},
        badge=3,
        sound="bell",
        priority=Priority.NORMAL,
        expire=60,
        collapse_key="score",
        android=extras,
        ios=IosExtras(subtitle="never shown"),
    )
    content = rendered(message)
    assert content["android"] == {
        "priority": "NORMAL",
        "ttl": "60s",
        "collapse_key": "score",
        "notification": {
            "title": "Sale",
            "body": "Today",
            "image": "https://example.com/a.png",
            "sound": "bell",
            "icon": "ic_sale",
            "color": "#0AF9C3",
            "channel_id": "sales",
            "click_action": "OPEN_SALE",
            "default_vibrate_timings": True,
            "light_settings": {
                "color": {"red": 1.0, "green": 0.0, "blue": 0.502, "alpha": 1},
                "light_on_duration": "1s",
                "light_off_duration": "1s",
            },
            "tag": "score",
            "notification_count": 3,
        },
    }
    assert content["data"] == {"order": "17", "url": "https://example.com/s", **OURS}


def test_a_hidden_message_is_data_alone() -> None:
    hidden = Message(hidden=True, data={"px.title": "Sale"}, hub_keys={HubKey.UID: "px.msg_id"})
    assert rendered(hidden) == {
        "android": {"priority": "HIGH", "ttl": "2419200s"},
        "data": {"px.title": "Sale", "px.msg_id": UID},
        "token": FIREBASE_TOKEN,
    }
    assert rendered(hidden, IOS)["apns"]["payload"] == {"aps": {"content-available": 1}}
    assert rendered(hidden, IOS)["apns"]["headers"]["apns-priority"] == "5"


def test_an_image_reaches_ios_by_an_option_of_fcm() -> None:
    content = rendered(Message(text="Hello", image="https://example.com/a.png"), IOS)["apns"]
    assert content["fcm_options"] == {"image": "https://example.com/a.png"}
    assert content["payload"]["aps"]["mutable-content"] == 1


def test_without_tracking_and_data_there_is_no_data() -> None:
    assert "data" not in rendered(Message(text="Hello", hub_keys={}))


def test_all_data_is_text() -> None:
    """A value that is none gets a 400 from FCM."""
    content = rendered(Message(text="Hello", data={"count": "1", "list": "[1,2]"}))
    assert all(isinstance(value, str) for value in content["data"].values())
    assert json.loads(content["data"]["hub_link"]) == json.loads(HUB_LINK)


@given(st.text() | st.text('/.%"\\\0\n{}'))
def test_no_push_token_leaves_its_place(push_token: str) -> None:
    request = sent(pushes().request(recipient(push_token), NOW))
    assert request.url == "https://fcm.googleapis.com/v1/projects/shop-1/messages:send"
    content = json.loads(request.body)["message"]
    assert (content["token"], set(content)) == (push_token, {"android", "data", "token"})


@pytest.mark.parametrize("key", ["from", "gcm", "message_type", "google", "google.sent_time", "googleish", "gcm.notification.e"])
def test_keys_that_fcm_keeps_for_itself_are_refused(key: str) -> None:
    with pytest.raises(MessageError, match=r"^data: FCM keeps"):
        pushes(Message(text="Hello", data={key: "a"}))
    with pytest.raises(MessageError, match=r"^data: FCM keeps"):
        pushes(Message(text="Hello", hub_keys={HubKey.UID: key}))
    with pytest.raises(MessageError, match=r"^data: FCM keeps"):
        pushes(Message(text="Hello", app_keys={MessagePart.TEXT: key}))


@pytest.mark.parametrize("key", ["fromage", "gcms", "message_types", "a.google", "collapse_key"])
def test_keys_that_only_look_like_those_are_not(key: str) -> None:
    assert rendered(Message(text="Hello", data={key: "a"}))["data"][key] == "a"


def filled_to(size: int, provider: Provider, hub_keys: Mapping[HubKey, str]) -> Message:
    frame = {
        ANDROID: b'{"android":{"priority":"HIGH","ttl":"2419200s","notification":{"body":"","tag":}}}',
        IOS: b'{"apns":{"headers":{"apns-push-type":"alert","apns-priority":"10","apns-expiration":,"apns-collapse-id":},'
        b'"payload":{"aps":{"alert":{"body":""}}}}}',
    }
    emoji, rest = divmod(size - len(frame[provider]), 4)
    return Message(text="🎁" * emoji + "a" * rest, hub_keys=hub_keys)


@pytest.mark.parametrize("provider", [ANDROID, IOS])
@pytest.mark.parametrize(("hub_keys", "most"), [({}, 4096), (HUB_KEYS, 3072)])
def test_a_message_may_be_as_large_as_fcm_allows_and_not_a_byte_larger(
    hub_keys: Mapping[HubKey, str], most: int, provider: Provider
) -> None:
    assert sent(pushes(filled_to(most, provider, hub_keys), provider).request(recipient(FIREBASE_TOKEN), NOW))
    with pytest.raises(MessageTooLargeError, match=rf"takes {most + 1} bytes of an FCM message; at most {most} fit"):
        pushes(filled_to(most + 1, provider, hub_keys), provider)


def test_keys_of_ours_that_are_too_large_are_not_sent() -> None:
    outcome = not_sent(pushes().request(recipient(FIREBASE_TOKEN, hub_link=json.dumps({"ack": "a" * 1000})), NOW))
    assert outcome.outcome == Outcome.MESSAGE_BAD
    assert re.fullmatch(r"not sent: the hub's keys take 11\d\d bytes; 1024 are kept for them", outcome.reason)


FCM_ERROR = "type.googleapis.com/google.firebase.fcm.v1.FcmError"


def error(status: int, name: str, *details: dict[str, Any], headers: dict[str, str] | None = None) -> ProviderReply:
    document = {"error": {"code": status, "message": f"about {FIREBASE_TOKEN}", "status": name, "details": list(details)}}
    return reply(status, document, headers)


def coded(code: str) -> dict[str, Any]:
    return {"@type": FCM_ERROR, "errorCode": code}


def refused(*fields: str) -> dict[str, Any]:
    violations = [{"field": field, "description": f"Invalid value at '{field}'"} for field in fields]
    return {"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": violations}


ROWS = [
    (error(404, "NOT_FOUND", coded("UNREGISTERED")), "gone", "UNREGISTERED"),
    (error(400, "INVALID_ARGUMENT", coded("INVALID_ARGUMENT")), "wrong_target gone_if_message_good", "INVALID_ARGUMENT"),
    (
        error(400, "INVALID_ARGUMENT", coded("INVALID_ARGUMENT"), refused("message.token")),
        "wrong_target gone_if_message_good",
        "INVALID_ARGUMENT",
    ),
    (error(400, "INVALID_ARGUMENT", refused("message.data[0].value")), "message_bad", "INVALID_ARGUMENT"),
    (error(400, "INVALID_ARGUMENT", coded("INVALID_ARGUMENT"), refused("message.android.ttl")), "message_bad", "INVALID_ARGUMENT"),
    (error(400, "INVALID_ARGUMENT"), "message_bad", "INVALID_ARGUMENT"),
    (error(403, "PERMISSION_DENIED", coded("SENDER_ID_MISMATCH")), "wrong_target", "SENDER_ID_MISMATCH"),
    (error(429, "RESOURCE_EXHAUSTED", coded("QUOTA_EXCEEDED")), "retry after 60 throttled", "QUOTA_EXCEEDED"),
    (
        error(429, "RESOURCE_EXHAUSTED", coded("QUOTA_EXCEEDED"), headers={"retry-after": "17"}),
        "retry after 17 throttled",
        "QUOTA_EXCEEDED",
    ),
    (error(429, "RESOURCE_EXHAUSTED"), "retry after 60 throttled", "RESOURCE_EXHAUSTED"),
    (error(503, "UNAVAILABLE", coded("UNAVAILABLE")), "retry", "UNAVAILABLE"),
    (error(503, "UNAVAILABLE", coded("UNAVAILABLE"), headers={"retry-after": "5"}), "retry after 5", "UNAVAILABLE"),
    (error(503, "UNAVAILABLE"), "retry", "UNAVAILABLE"),
    (error(500, "INTERNAL", coded("INTERNAL")), "retry", "INTERNAL"),
    (error(500, "INTERNAL"), "retry", "INTERNAL"),
    (error(401, "UNAUTHENTICATED", coded("THIRD_PARTY_AUTH_ERROR")), "credentials_bad", "THIRD_PARTY_AUTH_ERROR"),
    (error(401, "UNAUTHENTICATED"), "credentials_bad renewable", "UNAUTHENTICATED"),
    (error(403, "PERMISSION_DENIED"), "credentials_bad", "PERMISSION_DENIED"),
    (error(404, "NOT_FOUND"), "credentials_bad", "NOT_FOUND"),
    (error(400, "INVALID_ARGUMENT", coded("UNSPECIFIED_ERROR")), "message_bad", "UNSPECIFIED_ERROR"),
    (error(500, "UNKNOWN", coded("UNSPECIFIED_ERROR")), "retry", "UNSPECIFIED_ERROR"),
    (error(400, "FAILED_PRECONDITION", coded("UNHEARD_OF")), "message_bad", "UNHEARD_OF"),
    (error(413, "OUT_OF_RANGE"), "message_bad", "OUT_OF_RANGE"),
    (error(502, "UNAVAILABLE"), "unknown", "UNAVAILABLE"),
    (error(504, "DEADLINE_EXCEEDED"), "unknown", "DEADLINE_EXCEEDED"),
    (reply(502, b"<html>"), "unknown", "502"),
    (reply(302), "retry", "302"),
    (reply(204), "unknown", "204"),
    (reply(200, {"name": "projects/shop-1/messages/0:1500415314455276%31bd1c9631bd1c96"}), "accepted", "200"),
    (reply(200, {"name": "projects/shop-1"}), "unknown", "200"),
]


def test_every_code_that_is_known_stands_in_this_table() -> None:
    assert set(_BY_CODE) <= {code for _, _, code in ROWS}


@pytest.mark.parametrize(("answer", "expected", "code"), ROWS, ids=[f"{row[0].status} {row[2]} {row[1]}" for row in ROWS])
def test_each_error_has_its_outcome(answer: ProviderReply, expected: str, code: str) -> None:
    outcome = read(answer)
    assert (in_short(outcome), outcome.code) == (expected, code)
    assert FIREBASE_TOKEN not in outcome.reason


def test_the_fields_that_fcm_refuses_are_named() -> None:
    answer = error(400, "INVALID_ARGUMENT", refused("message.data[0].value", "message.token", "x y", *["message.android.ttl"] * 5))
    assert read(answer).reason == "FCM refuses message.data[0].value, message.android.ttl, message.android.ttl"


@pytest.mark.parametrize("body", JUNK)
def test_a_200_that_names_no_push_may_have_been_sent(body: bytes) -> None:
    assert read(reply(200, body)).outcome == Outcome.UNKNOWN


@pytest.mark.parametrize("status", [100, 204, 302, 400, 401, 403, 404, 410, 413, 429, 500, 503, 599, 700])
@pytest.mark.parametrize("body", JUNK)
def test_junk_retires_nobody(status: int, body: bytes) -> None:
    outcome = read(reply(status, body))
    assert outcome.outcome not in {Outcome.GONE, Outcome.ACCEPTED}
    assert not outcome.gone_if_message_good


def test_no_answer_is_a_retry_or_unknown() -> None:
    assert pushes().outcome(NotSent("no connection"), NOW) == RecipientOutcome(Outcome.RETRY, reason="no connection")
    assert pushes().outcome(MaybeSent("no answer"), NOW) == RecipientOutcome(Outcome.UNKNOWN, reason="no answer")
