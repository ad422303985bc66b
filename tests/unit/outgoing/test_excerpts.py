"""What is told of an answer: enough to know it by, and nothing confidential."""

import base64
import html
import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushhub.outgoing.calls import CONTENT_TYPE, MAX_REPLY_BYTES, CallReply
from pushhub.outgoing.excerpts import SHOWN_CHARACTERS, description, reply_text

TOKEN = "the'upstream&token<7"


def _description(body: bytes, *confidential: str, content_type: str = "text/html") -> str:
    return description(CallReply(200, body, {CONTENT_TYPE: content_type}), confidential)


@pytest.mark.parametrize(
    ("reply", "text"),
    [
        (CallReply(200), "no content type, 0 bytes"),
        (CallReply(200, b"", {CONTENT_TYPE: ""}), "no content type, 0 bytes"),
        (CallReply(200, b"\xef\xbb\xbf\r\n", {CONTENT_TYPE: "text/plain"}), "text/plain, 5 bytes"),
        (
            CallReply(200, b"<!doctype html>\n<title>Log in</title>", {CONTENT_TYPE: "text/html; charset=utf-8"}),
            "text/html, 37 bytes: <!doctype html>\\n<title>Log in</title>",
        ),
        (CallReply(200, b'{"error":1,"error_text":"x"}'), 'no content type, 28 bytes: {"error":1,"error_text":"x"}'),
        (CallReply(200, b" " * MAX_REPLY_BYTES), "no content type, 65536 bytes or more"),
        (CallReply(200, "<p>Успех".encode("utf-16")), "no content type, 18 bytes: <p>Успех"),
        (CallReply(200, b"\x1b[31m\x00\xff"), "no content type, 7 bytes: \\x1b[31m\\x00\ufffd"),
        (CallReply(200, "a\u202eb".encode()), "no content type, 5 bytes: a\\u202eb"),
    ],
)
def test_it_is_its_type_its_size_and_its_beginning_on_one_line(reply: CallReply, text: str) -> None:
    assert description(reply, ()) == text


def test_a_long_answer_is_cut_and_so_is_a_long_type() -> None:
    shown = _description(b"ab " * 100, content_type="a/" + "b c" * 100)
    kind, _, rest = shown.partition(", ")
    assert rest == "300 bytes: " + ("ab " * 100)[:SHOWN_CHARACTERS] + "…"
    assert len(kind) == 41


ECHOES = {
    "as it is": TOKEN,
    "in upper case": TOKEN.upper(),
    "in JSON": json.dumps(TOKEN),
    "in HTML": html.escape(TOKEN),
    "in a URL": quote(TOKEN),
    "in base64": base64.b64encode(TOKEN.encode()).decode(),
    "its beginning": TOKEN[:12],
    "its end": TOKEN[8:],
    "twice": 2 * TOKEN,
    "in a query": f"?token={TOKEN}&a=b",
}


@pytest.mark.parametrize("echo", ECHOES)
def test_a_token_is_not_shown_however_it_is_quoted(echo: str) -> None:
    shown = _description(f"<p>No {ECHOES[echo]} here".encode(), TOKEN)
    assert "…" in shown
    for start in range(len(TOKEN) - 5):
        assert TOKEN[start : start + 6].lower() not in shown.lower()


@pytest.mark.parametrize(
    "token_of_somebody",
    [
        "3LXP2FRcRxJ-7b14db88ec937f14",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc",
        "abcdefghijklmnqrstuvwxyz",
        "4477009001230",
        "joe@example.com",
        "d2f1:APA91bHun4",
        "a" * 900,
    ],
)
def test_what_looks_like_a_token_or_an_address_is_not_shown_whosever_it_is(token_of_somebody: str) -> None:
    assert _description(f"Hello {token_of_somebody} bye".encode()).endswith(": Hello … bye")
    assert token_of_somebody not in _description(b"x", content_type=f"text/{token_of_somebody}")


def test_a_token_at_the_end_of_what_is_shown_is_not_shown_in_part() -> None:
    for before in range(60, 90):
        shown = _description(b"x" * 5 + b" " * before + TOKEN.encode(), TOKEN)
        assert TOKEN[:4] not in shown


@given(st.text(max_size=200), st.text(min_size=6, max_size=40), st.text(max_size=200))
def test_whatever_an_answer_quotes_nothing_confidential_is_shown_and_it_stays_one_line(
    before: str, confidential: str, after: str
) -> None:
    body = (before + confidential + after).encode(errors="replace")
    shown = description(CallReply(200, body), (confidential,))
    beginning = shown.partition("bytes: ")[2]
    assert confidential.lower() not in beginning.lower() or not confidential.strip()
    assert shown.isprintable()
    assert len(beginning) <= SHOWN_CHARACTERS + 1


@given(st.binary(max_size=100))
def test_any_bytes_are_text(body: bytes) -> None:
    assert not reply_text(CallReply(200, body)).startswith(("\ufeff", " ", "\n"))
