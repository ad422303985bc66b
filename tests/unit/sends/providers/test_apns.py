"""Pushing through APNs."""

import json
import re
import uuid
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushhub.moments import Milliseconds, Seconds
from pushhub.sends.message import HUB_KEYS, HubKey, IosExtras, Message, MessageError, MessageTooLargeError, Priority
from pushhub.sends.outcomes import Outcome, RecipientOutcome
from pushhub.sends.port import MaybeSent, NotSent, ProviderReply
from pushhub.sends.providers.apns import _BY_REASON, ApnsPushes
from pushhub.sends.signing import bucket_start
from tests.doubles.sending import HEX, HUB_LINK, NOW, SENDING, UID, apns_account, from_base64url, not_sent, recipient, sent
from tests.unit.sends.providers.golden import JUNK, in_short, reply

HELLO = Message(title="Sale", text="Today alone 🎁")


def pushes(message: Message = HELLO, **changes: Any) -> ApnsPushes:
    return ApnsPushes(apns_account(**changes), message, SENDING)


def read(answer: ProviderReply) -> RecipientOutcome:
    return pushes().outcome(answer, NOW)


def test_a_whole_request() -> None:
    request = sent(pushes().request(recipient(), NOW))
    assert request.url == f"https://api.push.apple.com/3/device/{HEX}"
    authorization = request.headers["authorization"]
    ids = {name: request.headers[name] for name in ("apns-id", "apns-collapse-id")}
    assert request.headers == ids | {
        "authorization": authorization,
        "content-type": "application/json",
        "apns-topic": "com.example.shop",
        "apns-push-type": "alert",
        "apns-priority": "10",
        "apns-expiration": str(NOW + 2_419_200),
    }
    assert str(uuid.UUID(ids["apns-id"])) == ids["apns-id"]
    assert re.fullmatch(r"[A-Za-z0-9_-]{22}", ids["apns-collapse-id"])
    assert json.loads(request.body) == {
        "aps": {"alert": {"title": "Sale", "body": "Today alone 🎁"}},
        "uid": UID,
        "launch_id": "2_8q_3Ky1u5cFDDQ",
        "hub_link": json.loads(HUB_LINK),
    }
    assert request.reply_headers == {"retry-after", "date"}
    assert request.connection == "DEF1234567"


def test_apps_of_one_team_share_a_connection_and_those_of_two_do_not() -> None:
    def connection(**changes: Any) -> str:
        return sent(pushes(**changes).request(recipient(), NOW)).connection

    assert connection(topic="com.example.bank") == connection()
    assert connection(team_id="XYZ1234567") != connection()


def test_what_is_signed_names_the_team_and_the_key_and_not_the_topic() -> None:
    authorization = sent(pushes().request(recipient(), NOW)).headers["authorization"]
    header, claims, _ = authorization.removeprefix("bearer ").split(".")
    assert json.loads(from_base64url(header)) == {"alg": "ES256", "kid": "ABC1234567"}
    assert json.loads(from_base64url(claims)) == {"iss": "DEF1234567", "iat": bucket_start(NOW)}
    assert authorization == sent(pushes(topic="com.example.bank").request(recipient(), Seconds(NOW + 59))).headers["authorization"]


@pytest.mark.parametrize(
    ("sandbox", "url", "expected"),
    [
        (False, "", "https://api.push.apple.com/3/device/"),
        (True, "", "https://api.sandbox.push.apple.com/3/device/"),
        (True, "http://127.0.0.1:8443", "http://127.0.0.1:8443/3/device/"),
    ],
)
def test_each_environment_has_a_host_unless_the_app_names_another(sandbox: bool, url: str, expected: str) -> None:
    assert sent(pushes(sandbox=sandbox, url=url).request(recipient(), NOW)).url == expected + HEX


@pytest.mark.parametrize(
    ("message", "type_", "priority", "aps"),
    [
        (Message(text="Hello"), "alert", "10", {"alert": {"body": "Hello"}}),
        (Message(text="Hello", priority=Priority.NORMAL), "alert", "5", {"alert": {"body": "Hello"}}),
        (Message(badge=0), "alert", "10", {"badge": 0}),
        (Message(sound="default"), "alert", "10", {"sound": "default"}),
        (Message(hidden=True, data={"order": "17"}), "background", "5", {"content-available": 1}),
        (
            Message(hidden=True, text="Hello", image="https://example.com/a", badge=3, priority=Priority.HIGH),
            "background",
            "5",
            {"content-available": 1},
        ),
    ],
)
def test_what_shows_nothing_is_a_background_push_and_all_else_an_alert(
    message: Message, type_: str, priority: str, aps: object
) -> None:
    request = sent(pushes(message).request(recipient(), NOW))
    assert (request.headers["apns-push-type"], request.headers["apns-priority"]) == (type_, priority)
    assert json.loads(request.body)["aps"] == aps
    assert "image" not in json.loads(request.body)


def test_all_that_ios_shows() -> None:
    ios = IosExtras(
        subtitle="Shoes",
        title_loc_key="SALE",
        title_loc_args=("20", "%"),
        loc_key="TODAY",
        loc_args=("now",),
        action_loc_key="OPEN",
        launch_image="sale.png",
        category="SALE",
        thread_id="shop",
        content_available=True,
    )
    message = Message(
        "Sale",
        "Today",
        "https://example.com/a.png",
        link="https://example.com/s",
        data={"order": "17"},
        badge=3,
        sound="bell",
        ios=ios,
    )
    content = json.loads(sent(pushes(message).request(recipient(), NOW)).body)
    assert content["aps"] == {
        "alert": {
            "title": "Sale",
            "subtitle": "Shoes",
            "body": "Today",
            "title-loc-key": "SALE",
            "title-loc-args": ["20", "%"],
            "loc-key": "TODAY",
            "loc-args": ["now"],
            "action-loc-key": "OPEN",
            "launch-image": "sale.png",
        },
        "badge": 3,
        "sound": "bell",
        "category": "SALE",
        "thread-id": "shop",
        "mutable-content": 1,
        "content-available": 1,
    }
    assert {key: content[key] for key in ("image", "url", "order")} == {
        "image": "https://example.com/a.png",
        "url": "https://example.com/s",
        "order": "17",
    }


def test_other_keys_can_carry_what_is_ours() -> None:
    message = Message("Sale", "Today", data={"px.title": "Sale"}, hub_keys={HubKey.UID: "px.msg_id"})
    content = json.loads(sent(pushes(message).request(recipient(), NOW)).body)
    assert content == {"aps": {"alert": {"title": "Sale", "body": "Today"}}, "px.title": "Sale", "px.msg_id": UID}


def test_without_tracking_nothing_of_ours_is_in_it() -> None:
    assert json.loads(sent(pushes(Message(text="Hello", hub_keys={})).request(recipient(), NOW)).body) == {
        "aps": {"alert": {"body": "Hello"}}
    }


@pytest.mark.parametrize(("expire", "expected"), [(0, "0"), (1, str(NOW + 1)), (36_000, str(NOW + 36_000))])
def test_apns_is_told_a_moment_and_not_a_duration(expire: int, expected: str) -> None:
    assert sent(pushes(Message(text="Hello", expire=expire)).request(recipient(), NOW)).headers["apns-expiration"] == expected


def test_a_push_that_is_sent_again_has_the_ids_of_before_and_that_of_another_recipient_others() -> None:
    first, again = (sent(pushes().request(recipient(), Seconds(now))).headers for now in (NOW, NOW + 900))
    other = sent(pushes().request(recipient(reference="ia9876543210"), NOW)).headers
    for name in ("apns-id", "apns-collapse-id"):
        assert first[name] == again[name] != other[name]


@pytest.mark.parametrize(("collapse_key", "expected"), [("score", "score"), ("a" * 64, "a" * 64), ("a\r\nb", r"[A-Za-z0-9_-]{22}")])
def test_a_callers_collapse_key_takes_the_place_of_ours(collapse_key: str, expected: str) -> None:
    headers = sent(pushes(Message(text="Hello", collapse_key=collapse_key)).request(recipient(), NOW)).headers
    assert re.fullmatch(expected, headers["apns-collapse-id"])


def test_every_spelling_of_a_device_has_one_path() -> None:
    groups = " ".join(re.findall(".{8}", HEX))
    urls = {sent(pushes().request(recipient(spelling), NOW)).url for spelling in (HEX, HEX.upper(), f"<{groups}>")}
    assert urls == {f"https://api.push.apple.com/3/device/{HEX}"}


@pytest.mark.parametrize("word", ["gone-1", "retry-3-abc", "a.b", "...", "a:b", "A_b", "a" * 4096])
def test_what_is_harmless_in_a_path_is_sent_for_apns_to_judge(word: str) -> None:
    assert sent(pushes().request(recipient(word), NOW)).url == f"https://api.push.apple.com/3/device/{word}"


NO_STEP_OF_A_PATH = (
    *(
        "",
        ".",
        "..",
        "/",
        "/../",
        "a/../../b",
        f"../3/device/{HEX}",
        "%2e%2e",
        "a%00",
        "a\0b",
        "\0",
        "a?b",
        "a#b",
        "x y",
        "x\n",
        "\r\nx: y",
    ),
    *("я", "\U0001f381", "a@b", "a\\b", "a" * 4097, f"{HEX}/", f"{HEX}\0", "\ud800"),
)


@pytest.mark.parametrize("push_token", NO_STEP_OF_A_PATH)
def test_what_could_be_another_path_is_not_sent(push_token: str) -> None:
    outcome = not_sent(pushes().request(recipient(push_token), NOW))
    assert outcome == RecipientOutcome(
        Outcome.WRONG_TARGET, reason="not sent: the push token holds characters that APNs has in none"
    )


@given(st.text() | st.text("0aF<> ./%?#:-_\0\n\\"))
def test_no_push_token_leads_to_another_host_or_path(push_token: str) -> None:
    rendered = pushes().request(recipient(push_token), NOW)
    if not isinstance(rendered, RecipientOutcome):
        device = rendered.url.removeprefix("https://api.push.apple.com/3/device/")
        assert device != rendered.url
        assert re.fullmatch(r"[A-Za-z0-9_:.-]+", device)
        assert device not in {".", ".."}


def filled_to(size: int, hub_keys: Mapping[HubKey, str] = HUB_KEYS, **fields: Any) -> Message:
    """Give a message whose payload without the hub's keys has so many bytes, most of them emoji."""
    frame = len(b'{"aps":{"alert":{"body":""}}}')
    emoji, rest = divmod(size - frame, 4)
    return Message(text="🎁" * emoji + "a" * rest, hub_keys=hub_keys, **fields)


@pytest.mark.parametrize(("hub_keys", "most"), [({}, 4096), (HUB_KEYS, 3072)])
def test_a_message_may_be_as_large_as_apns_allows_and_not_a_byte_larger(hub_keys: Mapping[HubKey, str], most: int) -> None:
    body = sent(pushes(filled_to(most, hub_keys)).request(recipient(), NOW)).body
    assert len(body) == 4096 if hub_keys == {} else len(body) <= 4096
    with pytest.raises(MessageTooLargeError, match=rf"takes {most + 1} bytes of an APNs payload; at most {most} fit"):
        pushes(filled_to(most + 1, hub_keys))


def test_keys_of_ours_that_are_too_large_are_not_sent() -> None:
    outcome = not_sent(pushes(filled_to(3072)).request(recipient(hub_link=json.dumps({"ack": "a" * 1000})), NOW))
    assert outcome.outcome == Outcome.MESSAGE_BAD
    assert re.fullmatch(r"not sent: with the hub's keys it takes 42\d\d bytes; APNs takes 4096", outcome.reason)


def test_the_key_of_apple_is_nobody_elses() -> None:
    with pytest.raises(MessageError, match=r"^data: "):
        pushes(Message(text="Hello", data={"aps": "mine"}))
    with pytest.raises(MessageError, match=r"^data: "):
        pushes(Message(text="Hello", hub_keys={HubKey.UID: "aps"}))


REASONS = {
    (400, "BadCollapseId"): "message_bad",
    (400, "BadDeviceToken"): "wrong_target",
    (400, "BadExpirationDate"): "message_bad",
    (400, "BadMessageId"): "message_bad",
    (400, "BadPriority"): "message_bad",
    (400, "BadTopic"): "message_bad",
    (400, "DeviceTokenNotForTopic"): "wrong_target",
    (400, "DuplicateHeaders"): "message_bad",
    (400, "IdleTimeout"): "retry",
    (400, "InvalidPushType"): "message_bad",
    (400, "MissingDeviceToken"): "wrong_target",
    (400, "MissingTopic"): "message_bad",
    (400, "PayloadEmpty"): "message_bad",
    (400, "TopicDisallowed"): "credentials_bad",
    (403, "BadCertificate"): "credentials_bad",
    (403, "BadCertificateEnvironment"): "credentials_bad",
    (403, "BadEnvironmentKeyIdInToken"): "credentials_bad",
    (403, "ExpiredProviderToken"): "credentials_bad renewable",
    (403, "Forbidden"): "credentials_bad",
    (403, "InvalidProviderToken"): "credentials_bad",
    (403, "MissingProviderToken"): "credentials_bad",
    (403, "UnrelatedKeyIdInToken"): "credentials_bad",
    (404, "BadPath"): "wrong_target",
    (405, "MethodNotAllowed"): "message_bad",
    (410, "ExpiredToken"): "gone",
    (410, "Unregistered"): "gone",
    (413, "PayloadTooLarge"): "message_bad",
    (429, "TooManyProviderTokenUpdates"): "retry throttled",
    (429, "TooManyRequests"): "retry",
    (500, "InternalServerError"): "retry after 900",
    (503, "ServiceUnavailable"): "retry after 900",
    (503, "Shutdown"): "retry after 900",
    # None of Apple's table: the status has to do.
    (400, "Unheard"): "message_bad",
    (403, "Unheard"): "credentials_bad",
    (404, "Unheard"): "wrong_target",
    (410, "Unheard"): "gone",
    (429, "Unheard"): "retry throttled",
    (500, "Unheard"): "retry after 900",
    (502, "Unheard"): "retry after 900",
    (504, "Unheard"): "retry after 900",
    (301, "Unheard"): "retry",
    (204, "Unheard"): "unknown",
}


def test_every_reason_that_is_known_stands_in_this_table() -> None:
    assert set(_BY_REASON) == {reason for _, reason in REASONS} - {"Unheard"}


@pytest.mark.parametrize(("status", "reason"), REASONS)
def test_each_reason_has_its_outcome(status: int, reason: str) -> None:
    outcome = read(reply(status, {"reason": reason}))
    assert in_short(outcome) == REASONS[status, reason]
    assert outcome.code == reason
    assert outcome.reason


def test_a_200_without_a_body_is_accepted() -> None:
    assert read(reply(200)) == RecipientOutcome(Outcome.ACCEPTED, "200")


@pytest.mark.parametrize("body", [junk for junk in JUNK if junk])
def test_a_200_with_a_body_is_none_of_apns(body: bytes) -> None:
    assert read(reply(200, body)).outcome == Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("timestamp", "since"),
    [(1_799_999_999_123, 1_799_999_999_123), (None, None), ("1", None), (True, None), (-1, None), (1.5, None)],
)
def test_a_dead_push_token_is_dead_since_a_moment_in_milliseconds(timestamp: object, since: int | None) -> None:
    outcome = read(reply(410, {"reason": "Unregistered", "timestamp": timestamp}))
    assert (outcome.outcome, outcome.gone_since) == (Outcome.GONE, since and Milliseconds(since))


@pytest.mark.parametrize(
    ("asked", "after"), [("7", 7), ("0", 0), ("900", 900), ("901", 900), ("9" * 5000, 900), ("soon", None), ("", None)]
)
def test_a_wait_that_apns_asks_for_counts_up_to_a_quarter_of_an_hour(asked: str, after: int | None) -> None:
    assert read(reply(429, {"reason": "TooManyRequests"}, {"retry-after": asked})).after == after
    assert read(reply(503, {"reason": "Shutdown"}, {"retry-after": asked})).after == 900


@pytest.mark.parametrize("status", [100, 204, 302, 400, 403, 404, 405, 410, 413, 418, 429, 500, 503, 599, 700])
@pytest.mark.parametrize("body", JUNK)
def test_junk_is_read_by_its_status_and_retires_nobody_by_chance(status: int, body: bytes) -> None:
    outcome = read(reply(status, body))
    assert (outcome.outcome == Outcome.GONE) == (status == 410)
    assert outcome.outcome != Outcome.ACCEPTED
    assert outcome.code in {str(status), "BadDeviceToken"}


def test_no_answer_is_a_retry_or_unknown() -> None:
    assert pushes().outcome(NotSent("no connection"), NOW) == RecipientOutcome(Outcome.RETRY, reason="no connection")
    assert pushes().outcome(MaybeSent("no answer"), NOW) == RecipientOutcome(Outcome.UNKNOWN, reason="no answer")
