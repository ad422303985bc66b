"""Pushing to browsers."""

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushhub.moments import Seconds
from pushhub.sends.message import HUB_KEYS, HubKey, Message, MessageError, MessageTooLargeError, Priority
from pushhub.sends.outcomes import Outcome, RecipientOutcome
from pushhub.sends.port import MaybeSent, NotSent, ProviderReply
from pushhub.sends.providers.web_push import _BY_REASON, _BY_STATUS, SubscriptionError, WebPushes, read_subscription
from pushhub.sends.signing import bucket_start
from tests.doubles.sending import (
    HUB_LINK,
    NOW,
    SENDING,
    UID,
    Browser,
    browser,
    from_base64url,
    not_sent,
    recipient,
    sent,
    vapid_account,
    without_padding,
)
from tests.unit.sends.providers.golden import JUNK, in_short, reply

HELLO = Message(title="Sale", text="Today alone 🎁")


def pushes(message: Message = HELLO, **changes: Any) -> WebPushes:
    return WebPushes(vapid_account(**changes), message, SENDING)


def read(answer: ProviderReply) -> RecipientOutcome:
    return pushes().outcome(answer, NOW)


def shown(message: Message) -> Any:
    request = sent(pushes(message).request(recipient(browser().subscription()), NOW))
    return json.loads(browser().decrypted(request.body))


def test_a_whole_request() -> None:
    request = sent(pushes().request(recipient(browser().subscription(), "wp0123"), NOW))
    assert request.url == browser().endpoint
    headers = dict(request.headers)
    assert re.fullmatch(r"[A-Za-z0-9_-]{22}", headers.pop("topic"))
    jwt, public_key = headers.pop("authorization").removeprefix("vapid t=").split(", k=")
    assert headers == {
        "content-type": "application/octet-stream",
        "content-encoding": "aes128gcm",
        "ttl": "2419200",
        "urgency": "high",
    }
    assert from_base64url(public_key) == vapid_account().key.public_point
    header, claims, _ = (from_base64url(part) for part in jwt.split("."))
    assert json.loads(header) == {"alg": "ES256", "typ": "JWT"}
    assert json.loads(claims) == {
        "aud": "https://updates.push.services.mozilla.com",
        "exp": bucket_start(NOW) + 12 * 3600,
        "sub": "mailto:push@example.com",
    }
    assert json.loads(browser().decrypted(request.body)) == {
        "title": "Sale",
        "body": "Today alone 🎁",
        "uid": UID,
        "launch_id": "2_8q_3Ky1u5cFDDQ",
        "hub_link": json.loads(HUB_LINK),
    }


def test_all_that_a_service_worker_reads() -> None:
    message = Message(
        *("Sale", "Today", "https://example.com/a.png", "https://example.com/i.png", "https://example.com/s"),
        data={"order": "17"},
        hub_keys={HubKey.UID: "msg_id"},
    )
    assert shown(message) == {
        "title": "Sale",
        "body": "Today",
        "image": "https://example.com/a.png",
        "icon": "https://example.com/i.png",
        "url": "https://example.com/s",
        "data": {"order": "17"},
        "msg_id": UID,
    }


def test_of_a_hidden_message_a_service_worker_reads_the_data_alone() -> None:
    message = Message("Sale", "Today", "https://example.com/a.png", data={"order": "17"}, hidden=True, hub_keys={})
    assert shown(message) == {"data": {"order": "17"}}


def test_a_callers_options_reach_the_push_service() -> None:
    message = Message(text="Hello", priority=Priority.NORMAL, expire=0, collapse_key="the score, " * 5)
    headers = [sent(pushes(message).request(recipient(browser().subscription(), ref), NOW)).headers for ref in ("wp1", "wp2")]
    assert (headers[0]["ttl"], headers[0]["urgency"]) == ("0", "normal")
    assert headers[0]["topic"] == headers[1]["topic"]
    assert re.fullmatch(r"[A-Za-z0-9_-]{22}", headers[0]["topic"])


def test_one_push_service_gets_one_signature_for_a_while_and_another_service_another() -> None:
    def signed(endpoint: str, now: int = NOW) -> str:
        subscription = browser().subscription(endpoint=endpoint)
        return sent(pushes().request(recipient(subscription), Seconds(now))).headers["authorization"]

    first = signed("https://fcm.googleapis.com/fcm/send/a")
    assert first == signed("https://FCM.googleapis.com/fcm/send/b", NOW + 59)
    assert first != signed("https://web.push.apple.com/a")
    assert first != signed("https://fcm.googleapis.com/fcm/send/a", NOW + 60)


def test_an_app_may_send_every_push_to_an_address_of_its_own() -> None:
    request = sent(
        pushes(url="http://127.0.0.1:9100").request(
            recipient(browser().subscription(endpoint="https://web.push.apple.com/QA?b=c")), NOW
        )
    )
    assert request.url == "http://127.0.0.1:9100/QA?b=c"
    assert request.headers["host"] == "web.push.apple.com"
    claims = request.headers["authorization"].removeprefix("vapid t=").split(".")[1]
    assert json.loads(from_base64url(claims))["aud"] == "https://web.push.apple.com"


def test_an_app_may_know_more_push_services() -> None:
    subscription = browser().subscription(endpoint="https://push.example.org/a")
    assert not_sent(pushes().request(recipient(subscription), NOW)).outcome == Outcome.WRONG_TARGET
    assert (
        sent(pushes(more_hosts=frozenset({"push.example.org"})).request(recipient(subscription), NOW)).url
        == "https://push.example.org/a"
    )


def without(name: str) -> str:
    document = json.loads(browser().subscription())
    del document["keys"][name]
    return json.dumps(document)


def with_keys(**keys: object) -> str:
    return browser().subscription(keys=json.loads(browser().subscription())["keys"] | keys)


NO_SUBSCRIPTIONS = {
    "the vendor's example": "%subscriptionid%",
    "nothing": "",
    "a list": "[]",
    "a number": "7",
    "nested": "[" * 100_000,
    "half of a pair": "\ud800",
    "no endpoint": json.dumps({"keys": {"p256dh": "a", "auth": "b"}}),
    "no keys": json.dumps({"endpoint": browser().endpoint}),
    "keys that are a list": browser().subscription(keys=[]),
    "no p256dh": without("p256dh"),
    "no auth": without("auth"),
    "a number for auth": with_keys(auth=7),
    "a short auth": with_keys(auth="AAAA"),
    "no base64url": with_keys(auth="!" * 22),
    "base64url of an impossible size": with_keys(auth="A" * 21),
    "a point that is off the curve": with_keys(p256dh=without_padding(b"\x04" + b"\x01" * 64)),
    "a compressed point": with_keys(p256dh=without_padding(b"\x02" + browser().point[1:33])),
    "http": browser().subscription(endpoint="http://fcm.googleapis.com/a"),
    "another host": browser().subscription(endpoint="https://example.com/a"),
    "a private address": browser().subscription(endpoint="https://169.254.169.254/latest"),
    "a port": browser().subscription(endpoint="https://fcm.googleapis.com:8443/a"),
    "a user": browser().subscription(endpoint="https://fcm.googleapis.com@example.com/a"),
}


@pytest.mark.parametrize("name", NO_SUBSCRIPTIONS)
def test_what_is_no_subscription_is_not_sent_to(name: str) -> None:
    outcome = not_sent(pushes().request(recipient(NO_SUBSCRIPTIONS[name]), NOW))
    assert outcome.outcome == Outcome.WRONG_TARGET
    assert outcome.reason.startswith("not sent: its " if "its" in outcome.reason else "not sent: ")
    assert "example.com" not in outcome.reason


def test_keys_may_be_padded() -> None:
    padded = with_keys(p256dh=without_padding(browser().point) + "=", auth=without_padding(browser().auth) + "==")
    assert read_subscription(padded) == read_subscription(browser().subscription())


@given(st.text() | st.text("fcm.googleapis.com:@/?#%\\[]0"), st.text("a/.%2e?@:#\\"))
def test_no_endpoint_leads_to_another_host(beginning: str, end: str) -> None:
    for endpoint in (
        f"https://{beginning}{end}",
        f"https://fcm.googleapis.com{beginning}{end}",
        f"https://{beginning}.push.apple.com/{end}",
    ):
        try:
            url = read_subscription(browser().subscription(endpoint=endpoint)).endpoint.url
        except SubscriptionError:
            continue
        parts = urlsplit(url)
        assert parts.scheme == "https"
        assert parts.netloc == parts.hostname
        assert parts.hostname == "fcm.googleapis.com" or parts.hostname.endswith(
            (".push.apple.com", ".mozilla.com", ".windows.com")
        )
        assert not {"..", "."} & set(parts.path.replace("%2e", ".").split("/"))


@given(st.text() | st.binary().map(repr))
def test_any_push_token_is_read_or_refused(push_token: str) -> None:
    assert not_sent(pushes().request(recipient(push_token), NOW)).outcome == Outcome.WRONG_TARGET


def filled_to(size: int, hub_keys: Mapping[HubKey, str]) -> Message:
    emoji, rest = divmod(size - len(b'{"body":""}'), 4)
    return Message(text="🎁" * emoji + "a" * rest, hub_keys=hub_keys)


@pytest.mark.parametrize(("hub_keys", "most"), [({}, 2700), (HUB_KEYS, 1676)])
def test_a_message_may_be_as_large_as_bridges_allow_and_not_a_byte_larger(hub_keys: Mapping[HubKey, str], most: int) -> None:
    body = sent(pushes(filled_to(most, hub_keys)).request(recipient(browser().subscription()), NOW)).body
    assert len(browser().decrypted(body)) <= 2700
    with pytest.raises(MessageTooLargeError, match=rf"takes {most + 1} bytes of a web push; at most {most} fit"):
        pushes(filled_to(most + 1, hub_keys))


def test_keys_of_ours_that_are_too_large_are_not_sent() -> None:
    with_long_link = recipient(browser().subscription(), hub_link=json.dumps({"ack": "a" * 1000}))
    assert not_sent(pushes(filled_to(1676, HUB_KEYS)).request(with_long_link, NOW)).outcome == Outcome.MESSAGE_BAD


def test_keys_of_ours_are_none_of_the_messages() -> None:
    with pytest.raises(MessageError, match=r"^hub_keys: "):
        pushes(Message(text="Hello", hub_keys={HubKey.UID: "body"}))


ROWS = [
    (reply(201), "accepted", "201"),
    (reply(202), "accepted", "202"),
    (reply(200), "unknown", "200"),
    (reply(200, b"junk"), "unknown", "200"),
    (reply(204), "unknown", "204"),
    (reply(301, None, {"location": "https://example.com"}), "wrong_target", "301"),
    (reply(307), "wrong_target", "307"),
    (reply(400, {"code": 400, "errno": 110, "error": "Bad Request"}), "message_bad", "400"),
    (reply(401, {"code": 401, "errno": 109, "error": "Unauthorized"}), "credentials_bad", "401"),
    (reply(403, b"the VAPID credentials do not correspond to those of the subscription"), "wrong_target", "403"),
    (reply(403, {"reason": "BadJwtToken"}), "credentials_bad", "BadJwtToken"),
    (reply(403, {"reason": "ExpiredJwtToken"}), "credentials_bad", "ExpiredJwtToken"),
    (reply(400, {"reason": "BadAuthorizationHeader"}), "credentials_bad", "BadAuthorizationHeader"),
    (reply(400, {"reason": "VapidPkHashMismatch"}), "wrong_target", "VapidPkHashMismatch"),
    (reply(400, {"reason": "BadWebPushTopic"}), "message_bad", "BadWebPushTopic"),
    (reply(404, {"code": 404, "errno": 102}), "gone", "404"),
    (reply(410, {"code": 410, "errno": 103}), "gone", "410"),
    (reply(413, {"code": 413, "errno": 104}), "message_bad", "413"),
    (reply(408), "retry", "408"),
    (reply(429), "retry throttled", "429"),
    (reply(429, None, {"retry-after": "60"}), "retry after 60 throttled", "429"),
    (reply(429, None, {"retry-after": "3600"}), "retry after 900 throttled", "429"),
    (reply(429, None, {"retry-after": "Fri, 15 Jan 2027 08:00:30 GMT"}), "retry after 30 throttled", "429"),
    (reply(500, {"code": 500, "errno": 999}), "retry", "500"),
    (reply(502), "unknown", "502"),
    (reply(503, None, {"retry-after": "5"}), "retry after 5", "503"),
    (reply(504), "unknown", "504"),
]


def test_every_reason_and_status_that_is_known_stands_in_this_table() -> None:
    assert set(_BY_REASON) <= {code for _, _, code in ROWS}
    assert {status for status in _BY_STATUS if status not in range(300, 400)} <= {answer.status for answer, _, _ in ROWS}


@pytest.mark.parametrize(("answer", "expected", "code"), ROWS, ids=[f"{row[0].status} {row[2]} {row[1]}" for row in ROWS])
def test_each_answer_has_its_outcome(answer: ProviderReply, expected: str, code: str) -> None:
    outcome = read(answer)
    assert (in_short(outcome), outcome.code) == (expected, code)


@pytest.mark.parametrize("status", [100, 200, 204, 302, 400, 401, 403, 413, 429, 500, 503, 700])
@pytest.mark.parametrize("body", JUNK)
def test_junk_retires_nobody(status: int, body: bytes) -> None:
    assert read(reply(status, body)).outcome not in {Outcome.GONE, Outcome.ACCEPTED}


def test_no_answer_is_a_retry_or_unknown() -> None:
    assert pushes().outcome(NotSent("no connection"), NOW) == RecipientOutcome(Outcome.RETRY, reason="no connection")
    assert pushes().outcome(MaybeSent("no answer"), NOW) == RecipientOutcome(Outcome.UNKNOWN, reason="no answer")


def test_nothing_of_a_subscription_is_shown() -> None:
    request = sent(pushes().request(recipient(browser().subscription()), NOW))
    texts = repr((request, recipient(browser().subscription()), read_subscription(browser().subscription()), vapid_account()))
    assert "gAAAAABk" not in texts
    assert "vapid t=" not in texts
    assert without_padding(Browser(browser().key).point) not in texts
