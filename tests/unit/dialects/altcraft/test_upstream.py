"""What an upstream of this dialect is sent, and which of its answers is success."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushhub.catalog.model import ReportedEvent, Upstream, UpstreamKind
from pushhub.catalog.providers import PushToken
from pushhub.dialects.altcraft.upstream import AltcraftUpstream
from pushhub.events.command import Happening, PlainForm, RecordEvent, RelayLink
from pushhub.events.messages import Forward, Receipt, Report
from pushhub.moments import Milliseconds
from pushhub.outgoing.calls import MAX_REPLY_BYTES, Call, CallReply
from tests.wire.golden import Case

UPSTREAM = Upstream("altcraft", UpstreamKind.ALTCRAFT, "https://up.example/base", relay_links=True, events=frozenset(ReportedEvent))
PUBLISHED: str = json.loads(Case("post_events", "example-special-json").body)["uid"]
"""The uid of the vendor's example."""
TOKEN = "the upstream's own token"
API = AltcraftUpstream()
GOOD = b'{"error":0,"error_text":"Successful operation"}'


def _forward(what: RecordEvent | RelayLink) -> Forward:
    return Forward("altcraft", Report(Receipt("r"), Milliseconds(0), what), Milliseconds(0), tried=3)


def _call(what: RecordEvent | RelayLink) -> Call:
    return API.call(UPSTREAM, TOKEN, _forward(what))


def _body(what: RecordEvent) -> bytes:
    call = _call(what)
    assert call.body is not None
    return call.body


EVENT, LINK = _forward(RecordEvent(Happening.OPENED, "u")), _forward(RelayLink("f" * 16))


def test_an_event_of_the_special_form_is_posted_with_three_fields() -> None:
    assert _call(RecordEvent(Happening.OPENED, PUBLISHED)) == Call(
        "https://up.example/base/api/v1.1/pushes/post_events",
        "POST",
        {"Content-Type": "application/json"},
        f'{{"token":"{TOKEN}","events":2,"uid":"{PUBLISHED}"}}'.encode(),
    )


def test_an_event_of_the_plain_form_is_posted_with_all_six() -> None:
    assert _body(RecordEvent(Happening(3), "u", PlainForm("17", "ios-apns", PushToken("t")))) == (
        f'{{"token":"{TOKEN}","events":3,"uid":"u","launch_id":"17","provider":"ios-apns","subscription_id":"t"}}'.encode()
    )


@pytest.mark.parametrize(
    ("launch", "written"), [(17, b'"launch_id":17,'), ("17", b'"launch_id":"17",'), (10**30, b":1" + b"0" * 30)]
)
def test_a_launch_is_a_number_or_a_text_as_it_came(launch: str | int, written: bytes) -> None:
    assert written in _body(RecordEvent(Happening.OPENED, "u", PlainForm(launch, "p", PushToken("t"))))


@pytest.mark.parametrize("happening", [1, 2, 3])
def test_events_is_a_number(happening: int) -> None:
    assert f'"events":{happening},'.encode() in _body(RecordEvent(Happening(happening), "u"))


def test_what_a_link_of_ours_names_as_its_launch_is_not_sent() -> None:
    assert _body(RecordEvent(Happening.OPENED, "u", launch_of_link="17")) == _body(RecordEvent(Happening.OPENED, "u"))


@pytest.mark.parametrize("uid", ["é|ü|日本語", "\U0001f600", "a b+c%20d&e=f", "/", "<>&'", "e\u0301", "\u00e9", "\u2028"])
def test_a_uid_is_sent_byte_for_byte(uid: str) -> None:
    assert f'"uid":"{uid}"'.encode() in _body(RecordEvent(Happening.OPENED, uid))


texts = st.text(st.characters(exclude_categories=["Cs"]))


@given(texts, st.none() | st.builds(PlainForm, texts | st.integers(), texts, texts))
def test_every_text_comes_out_of_the_body_as_it_was(uid: str, plain: PlainForm | None) -> None:
    fields = json.loads(_body(RecordEvent(Happening.DELIVERED, uid, plain)))
    expected: dict[str, str | int] = {"token": TOKEN, "events": 1, "uid": uid}
    if plain:
        expected |= {"launch_id": plain.launch, "provider": plain.provider, "subscription_id": plain.push_token}
    assert fields == expected
    assert list(fields) == list(expected)


def test_empty_texts_are_fields_too() -> None:
    assert json.loads(_body(RecordEvent(Happening.OPENED, "u", PlainForm(0, "", PushToken("")))))["launch_id"] == 0


@given(st.from_regex(r"[0-9A-Za-z_-]{16,64}", fullmatch=True))
def test_a_link_is_asked_for_as_it_came_and_without_a_token(opaque: str) -> None:
    call = _call(RelayLink(opaque))
    assert call == Call(f"https://up.example/base/api/v1.1/pushes/crypto_post_events?/{opaque}", headers={"x-pushhub-relayed": "1"})
    assert call.body is None


@pytest.mark.parametrize(
    "body",
    [
        GOOD,
        b'{"error":0}',
        b' {"error" : 0 } ',
        b'{"error":-0}',
        b'{"error_text":"x","error":0,"data":[]}',
        '{"é":1,"error":0}'.encode(),
        b"\xef\xbb\xbf" + GOOD,
        b"\xef\xbb\xbf\xef\xbb\xbf\r\n\xef\xbb\xbf " + GOOD,
        b"\r\n\r\n\t " + GOOD,
        GOOD + b"\n<!-- 0.01 s -->",
        GOOD + b"\x00\x00",
        GOOD + b"\n" + GOOD,
        GOOD + b'{"error":1}',
        GOOD + b"<br />\n<b>Warning</b>: \xff",
        b'{"error":0}}',
        b'{"error":0,"x":"\xff"}',
        b'{"error":0,"error_text":"two\nlines"}',
        b'{"error":0,"took":NaN}',
        '{"error":0,"error_text":"Успешно"}'.encode("cp1251"),
        GOOD.decode().encode("utf-16"),
        b"\xfe\xff" + GOOD.decode().encode("utf-16-be"),
        GOOD + b" " * (MAX_REPLY_BYTES - len(GOOD)),
    ],
    ids=lambda body: repr(body[:20]),
)
def test_an_event_is_accepted_by_200_with_error_zero(body: bytes) -> None:
    assert API.accepted(EVENT, CallReply(200, body))
    for status in range(201, 300):
        assert not API.accepted(EVENT, CallReply(status, body))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"{}",
        b"[]",
        b"[0]",
        b"0",
        b"null",
        b'"error"',
        b'{"error":1}',
        b'{"error":200}',
        b'{"error":-1}',
        b'{"error":false}',
        b'{"error":null}',
        b'{"error":"0"}',
        b'{"error":""}',
        b'{"error":0.0}',
        b'{"error":0e0}',
        b'{"error":[]}',
        b'{"error":[0]}',
        b'{"error":{}}',
        b'{"error":0',
        b'{"error":NaN}',
        b'{"error":1}{"error":0}',
        b'{"error":1}\n{"error":0}',
        b"callback(" + GOOD + b");",
        b")]}'\n" + GOOD,
        b"while(1);" + GOOD,
        b"<br />\n<b>Warning</b>\n" + GOOD,
        b"\x00" + GOOD,
        b"[" + GOOD + b"]",
        json.dumps(GOOD.decode()).encode(),
        b'{"error":0,"x":"' + b" " * (MAX_REPLY_BYTES - 16),
        b'{"Error":0}',
        b'{"data":{"error":0}}',
        b'{"error":1e400}',
        b'{"error":1e99999999999999999999}',
        b'{"error":' + b"0" * 5000 + b"}",
        b'{"error":' + b"9" * 5000 + b"}",
        b'{"error":0,"x":' + b"[" * 50_000 + b"]" * 50_000 + b"}",
        b'{"error":' + b"[" * 100_000,
        b"<!doctype html><p>0",
        b'<?xml version="1.0"?><xml><error>0</error></xml>',
        b"\x00",
        b"\xef\xbb\xbf",
        b"\xff\xfe",
        b"\xff",
        b" " * MAX_REPLY_BYTES,
    ],
    ids=lambda body: repr(body[:20]),
)
def test_an_event_is_not_accepted_by_any_other_body(body: bytes) -> None:
    assert not API.accepted(EVENT, CallReply(200, body))


@given(st.binary(max_size=60))
def test_a_body_of_any_bytes_is_judged(body: bytes) -> None:
    assert API.accepted(EVENT, CallReply(200, body)) is False


@pytest.mark.parametrize("body", [b"", GOOD, b'{"error":1}', b"\xff", b"<html>"])
@pytest.mark.parametrize("status", [200, 202, 204, 299])
def test_a_link_is_accepted_by_any_2xx(status: int, body: bytes) -> None:
    assert API.accepted(LINK, CallReply(status, body))
