"""Whatever strangers send, a call is answered in the form of the dialect, and never with a fault of the hub's own."""

import json
import random
from collections import Counter
from typing import Any

from pushhub.dialects.http import Answer, HttpRequest
from pushhub.dialects.pushexpress.sdk.routes import SDK_ROUTES
from tests.doubles.push_express import OTHER_SDK_ID, SDK_ID, SdkHub, said, uid_of

CALLS = 10_000
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "", "post")
FIELDS = (
    *("ic_token", "ext_id", "transport_type", "transport_token", "platform_type", "lang", "country", "county", "tz_sec", "tags"),
    *("msg_id", "event", "agent_name", "id", "app_id", ""),
)
SPELLINGS = (
    "",
    " ",
    "\0",
    "null",
    "a" * 5_000,
    "é" * 2_000,
    "\ufeff",
    "\u202e",
    "1e400",
    "-0",
    "{}",
    "[]",
    "'",
    "\\",
    "%00",
    "../..",
    "\r\n",
)
WORDS = (
    *("fcm", "fcm.data", "apns", "webpush", "onesignal", "huawei", "ios", "android", "browser"),
    *("delivered", "clicked", "dep", "reg"),
)
TOKENS = ("d1:token", "0a" * 32, '{"endpoint":"https://fcm.googleapis.com/1"}', '{"endpoint":1}', '{"keys":[]}')
TEXTS = (*SPELLINGS, *WORDS, *TOKENS, "an-installation")
NUMBERS = (0, -1, 1, 64_800, 64_801, -64_801, 2**63, 10**400, 0.5, 1e308, True, False, None)
RAW = (
    b"",
    b" ",
    b"\xff\xfe{\0}\0",
    b"\xef\xbb\xbf{}",
    b"[" * 5_000,
    b'{"a":' * 5_000,
    b"{}{}",
    b'{"tz_sec":NaN}',
    b"\x1f\x8b",
    b'"',
)
HEADERS: tuple[dict[str, str], ...] = ({}, {"content-encoding": "gzip"}, {"content-encoding": "br"}, {"content-type": "text/plain"})


class Stranger:
    """Makes up calls, more or less like those of a client."""

    def __init__(self, seed: int, ids: tuple[str, ...]) -> None:
        self.random = random.Random(seed)
        self.ids = ids

    def call(self) -> HttpRequest:
        choose = self.random.choice
        method, path = choose(SDK_ROUTES).split(" ")
        path = path.replace("{app_id}", self._altered(choose((SDK_ID, SDK_ID, OTHER_SDK_ID, "16183", "é"))))
        path = path.replace("{ic_id}", self._altered(choose((*self.ids, "1"))))
        if self.random.random() < 0.1:
            method, path = choose(METHODS), self._altered(path)
        return HttpRequest("r-1", self._body(), choose(("", "origin=droid", "%")), choose(HEADERS), method, path)

    def _altered(self, text: str) -> str:
        if self.random.random() < 0.9 or not text:
            return text
        at = self.random.randrange(len(text))
        return text[:at] + self.random.choice(("", "0", "/", "%2f", "\n", "ß")) + text[at + self.random.randrange(2) :]

    def _body(self) -> bytes:
        if self.random.random() < 0.15:
            return self.random.choice(RAW)
        fields = {name: self._value(2) for name in self.random.sample(FIELDS, self.random.randrange(6))}
        usual = {"ic_token": "an-installation", "transport_type": "fcm"} if self.random.random() < 0.6 else {}
        body = json.dumps({**usual, **fields}).encode()
        return body[: self.random.randrange(len(body))] if self.random.random() < 0.05 else body

    def _value(self, depth: int) -> Any:
        choose = self.random.choice
        match self.random.randrange(6 if depth else 4):
            case 0 | 1:
                return choose(TEXTS)
            case 2:
                return choose(NUMBERS)
            case 3:
                return choose((uid_of(), "offer1,offer2"))
            case 4:
                return [self._value(depth - 1) for _ in range(self.random.randrange(4))]
            case _:
                return {choose((*FIELDS, "audiences")): self._value(depth - 1) for _ in range(self.random.randrange(4))}


def assert_answered(answer: Answer) -> None:
    reply = answer.reply
    assert reply.status in {200, 400, 404, 405}
    assert answer.fault is None
    if reply.status == 200:
        assert answer.refusal is None
    else:
        assert said(answer).keys() == {"error", "req_id"}
        assert answer.refusal
        assert answer.refusal.status == reply.status
        assert len(reply.body) < 300


def test_strangers_are_answered_in_the_form_of_the_dialect() -> None:
    hub = SdkHub()
    stranger = Stranger(1, (hub.register(), hub.register("t", "user-7"), SdkHub(stack="other").register()))
    statuses: Counter[int] = Counter()
    for _ in range(CALLS):
        # Nobody is told to wait: the clock moves on, so floods end.
        hub.elapsed += 1
        request = stranger.call()
        answer = (hub.device_events if "/events/" in request.path else hub.instances)(request)
        assert_answered(answer)
        statuses[answer.reply.status] += 1
    assert min(statuses[status] for status in (200, 400, 404, 405)) > CALLS / 100


def test_whatever_strangers_send_a_profile_has_fields_of_filters_alone() -> None:
    hub = SdkHub()
    stranger = Stranger(2, (hub.register(), hub.register("t", "user-7")))
    for _ in range(CALLS // 10):
        request = stranger.call()
        hub.now = type(hub.now)(hub.now + 60)
        (hub.device_events if "/events/" in request.path else hub.instances)(request)
    profiles = hub.audience.content(40).profiles.values()
    assert len(profiles) > 5
    assert {name for profile in profiles for name in profile.fields} <= {"country", "language", "audiences", "ext_id", "tz_sec"}
    assert {code for profile in profiles for code in profile.happened} <= {"reg", "dep"}
    assert all(len(profile.live) <= 1 for profile in profiles)
