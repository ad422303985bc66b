"""What notifications and lifecycle calls report."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushhub.dialects.http import RefusedError
from pushhub.dialects.pushexpress.errors import PushExpressRefusal
from pushhub.dialects.pushexpress.sdk.happenings import parse_lifecycle, parse_notification
from pushhub.events.command import Happening, RecordEvent
from tests.doubles.http import http_request
from tests.doubles.push_express import INSTALLS, OTHER_INSTALLS, uid_of

UID = uid_of()


@pytest.mark.parametrize(("event", "happening"), [("delivered", Happening.DELIVERED), ("clicked", Happening.OPENED)])
def test_a_push_of_ours_was_delivered_or_opened(event: str, happening: Happening) -> None:
    assert parse_notification({"msg_id": UID, "event": event}, INSTALLS.id) == RecordEvent(happening, UID)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"msg_id": UID},
        {"event": "delivered"},
        {"msg_id": "", "event": "delivered"},
        {"msg_id": UID, "event": "dismissed"},
        {"msg_id": UID, "event": "Unknown"},
        {"msg_id": UID, "event": ["clicked"]},
        {"msg_id": [UID], "event": "clicked"},
        {"msg_id": f"{UID} ", "event": "clicked"},
        {"msg_id": uid_of(OTHER_INSTALLS), "event": "clicked"},
        {"msg_id": "0:1500415314455276%31bd1c9631bd1c96", "event": "delivered"},
        {"msg_id": 42, "event": "delivered"},
    ],
)
def test_anything_else_reports_nothing(fields: Mapping[str, Any]) -> None:
    assert parse_notification(fields, INSTALLS.id) is None


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", ""),
        (b" \r\n", ""),
        (b"{}", ""),
        (b'{"event":"onscreen"}', "onscreen"),
        (b'{"event":"reg"}', "reg"),
        (b'{"event":null}', ""),
        (b'{"event":["reg"]}', ""),
    ],
)
def test_a_lifecycle_call_reports_a_code_or_nothing(body: bytes, code: str) -> None:
    assert parse_lifecycle(http_request(body)) == code


@pytest.mark.parametrize(("body", "refusal"), [(b"[]", "BAD_BODY"), (b"reg", "BAD_BODY"), (b"{" * 16_385, "BODY_TOO_LARGE")])
def test_a_lifecycle_body_that_is_no_object_is_refused(body: bytes, refusal: str) -> None:
    with pytest.raises(RefusedError) as refused:
        parse_lifecycle(http_request(body))
    assert refused.value.refusal is PushExpressRefusal[refusal]


@given(
    st.dictionaries(
        st.sampled_from(["msg_id", "event"]), st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.text())
    )
)
def test_whatever_is_reported_it_is_nothing_or_a_push_of_the_database(fields: dict[str, Any]) -> None:
    assert parse_notification(fields, INSTALLS.id) is None
