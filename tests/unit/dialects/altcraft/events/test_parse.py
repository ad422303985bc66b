"""Which of several things that are wrong with a report its caller reads of."""

from typing import Any

import pytest

from pushhub.dialects.altcraft.events.errors import EventRefusal
from pushhub.dialects.altcraft.events.parse import parse_event
from pushhub.dialects.http import RefusedError
from pushhub.events.command import Happening, RecordEvent

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
