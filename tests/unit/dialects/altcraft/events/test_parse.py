"""Which of several things that are wrong with a report its caller reads of."""

from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushhub.dialects.altcraft.events.errors import EventRefusal
from pushhub.dialects.altcraft.events.parse import parse_event, read_api_token
from pushhub.dialects.http import RefusedError
from pushhub.events.command import Happening, RecordEvent
from tests.doubles.http import http_request

GOOD: dict[str, Any] = {"events": 1, "uid": "u", "launch_id": 1, "provider": "p", "subscription_id": "t"}
WRONG: list[tuple[str, object, EventRefusal]] = [
    ("events", None, EventRefusal.FIELD_MISSING),
    ("events", 4, EventRefusal.BAD_EVENTS),
    ("uid", 5, EventRefusal.WRONG_TYPE),
    ("uid", "u" * 4097, EventRefusal.TOO_LONG),
    ("uid", "a\tb", EventRefusal.CONTROL_CHARACTER),
    ("uid", "", EventRefusal.FIELD_MISSING),
    ("launch_id", True, EventRefusal.WRONG_TYPE),
    ("launch_id", 10**256, EventRefusal.TOO_LONG),
    ("launch_id", "a\tb", EventRefusal.CONTROL_CHARACTER),
    ("provider", 5, EventRefusal.WRONG_TYPE),
    ("provider", "p" * 65, EventRefusal.TOO_LONG),
    ("subscription_id", [], EventRefusal.WRONG_TYPE),
    ("subscription_id", "é" * 2049, EventRefusal.TOO_LONG),
    ("provider", "", EventRefusal.PLAIN_INCOMPLETE),
]
"""A field, a value that is wrong in it, and how it is refused; fields in the order in which they are checked."""
FIELDS = list(GOOD)


def refusal_of(fields: dict[str, Any]) -> tuple[EventRefusal, str]:
    with pytest.raises(RefusedError) as raised:
        parse_event(fields)
    assert isinstance(raised.value.refusal, EventRefusal)
    return raised.value.refusal, str(raised.value)


@pytest.mark.parametrize(("field", "value", "refusal"), WRONG)
def test_a_field_that_is_wrong_is_refused_by_its_name(field: str, value: object, refusal: EventRefusal) -> None:
    found, text = refusal_of(GOOD | {field: value})
    assert found is refusal
    assert text.startswith(field)


@pytest.mark.parametrize(("field", "value", "refusal"), WRONG)
@pytest.mark.parametrize(("later", "another", "_refusal"), WRONG)
def test_of_two_fields_that_are_wrong_the_first_counts_whether_its_type_or_its_content_is(
    field: str, value: object, refusal: EventRefusal, later: str, another: object, _refusal: EventRefusal
) -> None:
    if FIELDS.index(field) < FIELDS.index(later) and refusal is not EventRefusal.PLAIN_INCOMPLETE:
        assert refusal_of({later: another} | GOOD | {field: value, later: another})[0] is refusal


def test_a_report_of_the_special_form_has_no_plain_fields() -> None:
    absent = {"launch_id": None, "provider": "", "subscription_id": None}
    assert parse_event(GOOD | absent) == RecordEvent(Happening.DELIVERED, "u")


printable = st.text([chr(code) for code in range(0x21, 0x7F)], min_size=8, max_size=256)


@given(printable, printable, printable)
def test_the_api_token_of_the_body_wins_over_the_headers_and_that_over_the_urls(body: str, header: str, url: str) -> None:
    everywhere = http_request(query=f"token={quote(url)}", authorization=f"Bearer {header}")
    assert read_api_token(everywhere, {"token": body}) == body
    assert read_api_token(everywhere, {}) == header
    assert read_api_token(http_request(query=f"format=xml&token={quote(url)}"), {}) == url


@pytest.mark.parametrize("written", ["a+b/c=d~", "a%2Bb%2Fc%3Dd%7E", "a+b%2fc=d~"])
def test_a_plus_in_the_url_is_no_blank_since_no_api_token_has_one(written: str) -> None:
    assert read_api_token(http_request(query=f"token={written}"), {}) == "a+b/c=d~"


@pytest.mark.parametrize(
    "query", ["", "token", "token=", "token=&token", "Token=abcdefgh", "resource_token=abcdefgh", "x=token=abcdefgh"]
)
def test_a_query_string_without_a_token_has_none(query: str) -> None:
    with pytest.raises(RefusedError) as raised:
        read_api_token(http_request(query=query), {})
    assert raised.value.refusal is EventRefusal.API_TOKEN_MISSING
