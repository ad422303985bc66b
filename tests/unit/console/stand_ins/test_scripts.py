"""What a push token asks the stand-ins to do, row by row."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushhub.console.stand_ins.scripts import ACCEPTED, SCRIPTS, script_of

GOLDEN = {
    "abc": "accepted, accepted",
    "%subscriptionid%": "accepted, accepted",
    "": "accepted, accepted",
    "gone": "accepted, accepted",
    "Gone-1": "accepted, accepted",
    "a-gone-1": "accepted, accepted",
    "retry-x": "accepted, accepted",
    "retry-5": "accepted, accepted",
    "slow-x-1": "accepted, accepted",
    "slow-1234567-x": "accepted, accepted",
    "gone-": "gone, gone",
    "gone-abc": "gone, gone",
    "gone-5-abc": "gone, gone",
    "gonebefore-90-abc": "gone, gone, 90 s",
    "wrong-1": "wrong_target, wrong_target",
    "baddevice-1": "bad_device, wrong_target",
    "badmessage-1": "message_bad, message_bad",
    "retry-7-abc": "busy, retry, 7 s, once",
    "busy-abc": "busy, retry, 5 s",
    "busy-9-abc": "busy, retry, 9 s",
    "auth-1": "credentials_old, credentials_bad, once",
    "noauth-1": "credentials_bad, credentials_bad",
    "slow-2-abc": "accepted, accepted, 2 s, late",
    "silent-1": "accepted, unknown, never",
    "drop-1": "accepted, unknown, drop",
    "goaway-1": "accepted, accepted, goodbye",
    "reset-1": "accepted, unknown, reset",
    "junk-1": "junk, unknown",
}


def in_short(push_token: str) -> str:
    script = script_of(push_token)
    parts = [
        script.reply,
        script.verdict,
        f"{script.seconds} s" if script.seconds else "",
        "once" if script.once else "",
        "late" if script.late else "",
        "" if script.manner == "answer" else script.manner,
    ]
    return ", ".join(filter(None, parts))


@pytest.mark.parametrize(("push_token", "expected"), GOLDEN.items())
def test_a_push_token_asks_for_what_the_table_says(push_token: str, expected: str) -> None:
    assert in_short(push_token) == expected


@pytest.mark.parametrize("form", SCRIPTS)
def test_every_row_is_reached(form: str) -> None:
    script = script_of(form.replace("N", "3") + "device")
    assert (script.reply, script.verdict, script.manner) == (SCRIPTS[form].reply, SCRIPTS[form].verdict, SCRIPTS[form].manner)
    assert any(each.startswith(form.replace("N", "")[:4]) for each in GOLDEN)


@given(st.text())
def test_any_text_asks_for_something(push_token: str) -> None:
    script = script_of(push_token)
    if not push_token.startswith(tuple(form.split("-")[0] + "-" for form in SCRIPTS)):
        assert script == ACCEPTED
