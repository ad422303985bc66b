"""Whatever stands in whichever field: a request is read into what can be sent, or refused in the vendor's form."""

import json
from collections.abc import Callable, Iterator, Mapping
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushhub.dialects.http import RefusedError
from pushhub.dialects.pushexpress.errors import PushExpressRefusal
from pushhub.dialects.pushexpress.replies import render_error
from pushhub.dialects.pushexpress.server.account import ServerAccount
from pushhub.dialects.pushexpress.server.fields import Fields
from pushhub.dialects.pushexpress.server.messages import provider_messages, require_content_fits
from pushhub.dialects.pushexpress.server.orders import parse_binding, parse_instant, parse_onesend
from pushhub.dialects.pushexpress.server.pushes import PushContent, parse_push_content
from pushhub.dialects.pushexpress.server.query import parse_query
from pushhub.dialects.pushexpress.server.requests import read_server_body
from pushhub.moments import Seconds
from pushhub.sends.fitting import require_fit
from tests.doubles.http import http_request
from tests.doubles.push_express_account import ARCHIVED_ID, CATALOG, CRM, FOREIGN_ID, INSTANT, ONESEND, PUSH, SHOP, SHOP_ID

FUZZED_BODIES = 2_000
"""Of each call."""
ACCOUNT = ServerAccount(CRM, CATALOG)
NOW = Seconds(1_770_000_000)
QUERY: Mapping[str, Any] = {
    "app_ids_include": [SHOP_ID],
    "countries_include": ["PT", "GB"],
    "languages_include": ["pt"],
    "audiences_include": ["vip"],
    "event_include": "install",
    "external_user_id": ["u-1"],
    "page": 1,
    "per_page": 50,
}
LOCAL = {**ONESEND, "local_time": True, "timezone": None}
MAY_REFUSE = {
    PushExpressRefusal.BAD_BODY,
    PushExpressRefusal.FIELD_MISSING,
    PushExpressRefusal.UNEXPECTED_FIELD,
    PushExpressRefusal.MISPLACED_FIELD,
    PushExpressRefusal.BAD_VALUE,
    PushExpressRefusal.REPEATED,
    PushExpressRefusal.OVERLAP,
    PushExpressRefusal.NOT_BESIDE,
    PushExpressRefusal.EVENT_UNKNOWN,
    PushExpressRefusal.UNKNOWN,
    PushExpressRefusal.APPS_MISSING,
    PushExpressRefusal.NO_APPS,
    PushExpressRefusal.NOT_IN_FUTURE,
    PushExpressRefusal.MESSAGE_MISFIT,
}
"""What a request is refused for whose caller is known and may send."""


def send(content: PushContent) -> None:
    provider_messages(content)
    require_content_fits(content, [SHOP], require_fit, "push")


def read_instant(body: Mapping[str, Any]) -> None:
    order = parse_instant(body, ACCOUNT)
    assert order.applied.apps
    send(order.push)


def read_onesend(body: Mapping[str, Any]) -> None:
    assert parse_onesend(body, ACCOUNT, NOW).applied.apps


def read_push(body: Mapping[str, Any]) -> None:
    send(parse_push_content(Fields(body)))


CALLS: Mapping[str, tuple[Callable[[Mapping[str, Any]], object], Mapping[str, Any]]] = {
    "instant": (read_instant, INSTANT),
    "onesend": (read_onesend, ONESEND),
    "onesend at a local hour": (read_onesend, LOCAL),
    "push": (read_push, PUSH),
    "binding": (parse_binding, {"push_ids": [1]}),
    "query": (lambda body: parse_query(body, "limit=2", ACCOUNT), {**QUERY, "page": None, "per_page": None}),
    "query with a numbered page": (lambda body: parse_query(body, "", ACCOUNT), QUERY),
}
DELICATE = [
    "",
    " ",
    "\0",
    "\x1b[2J",
    "\uffff",
    "\u202e",
    "😀" * 40,
    "a" * 5_000,
    "{}{0}%s{path}",
    "https://example.com",
    "https://example.com/\u202e",
    "javascript:alert(1)",
    "2026-02-30",
    "2026-03-08",
    "24:00",
    "02:30",
    "+13:37",
    "-07:00",
    "pt",
    "PT",
    "pt-BR",
    "xx",
    "install",
    "reg",
    "buy",
    "vip,gold",
]
SCALARS = [None, True, False, 0, -1, 1, 7, 9, 11, SHOP_ID, ARCHIVED_ID, FOREIGN_ID, 1.0, 0.5, 2**53, 2**63, -(10**300), *DELICATE]


def places_in(value: Any) -> Iterator[tuple[Any, Any]]:
    """Give each container within a value, with each key of it."""
    if isinstance(value, dict | list):
        for key, member in value.items() if isinstance(value, dict) else enumerate(value):
            yield value, key
            yield from places_in(member)


def spoilt(body: Mapping[str, Any], random: Random) -> dict[str, Any]:
    """Give a copy of a body with a few changes anywhere."""
    copy: dict[str, Any] = json.loads(json.dumps(body))
    for _ in range(random.choice((1, 1, 1, 2, 3, 5))):
        container, key = random.choice([*places_in(copy)])
        change = random.random()
        if change < 0.55:
            container[key] = random.choice((*SCALARS, [], {}, [random.choice(SCALARS)], {"a": 1}, random.choice(DELICATE) * 2))
        elif change < 0.7:
            del container[key]
            if not copy:
                break
        elif change < 0.85 and isinstance(container, list):
            container.append(random.choice((container[0], *SCALARS)))
        elif isinstance(container, dict):
            container[random.choice(DELICATE)] = random.choice(SCALARS)
    return copy


def refusal_of(name: str, body: bytes) -> RefusedError | None:
    """Read a body; give why it is refused, if it is."""
    try:
        CALLS[name][0](read_server_body(http_request(body)))
    except RefusedError as refused:
        return refused
    return None


def try_to_read(name: str, body: bytes) -> PushExpressRefusal | None:
    """Read a body, and check what is answered where it is refused."""
    refused = refusal_of(name, body)
    if refused is None:
        return None
    reply = render_error(refused, "r-1")
    document = json.loads(reply.body)
    assert isinstance(refused.refusal, PushExpressRefusal)
    assert refused.refusal in MAY_REFUSE
    assert reply.status in (400, 404)
    assert document.keys() == {"error", "req_id"}
    assert document["req_id"] == "r-1"
    assert document["error"].startswith(("validation error: ", "not found: "))
    assert len(document["error"]) < 1_000
    return refused.refusal


@pytest.mark.parametrize("name", CALLS)
def test_the_body_that_is_spoilt_fits_before(name: str) -> None:
    assert try_to_read(name, json.dumps(CALLS[name][1]).encode()) is None


@pytest.mark.parametrize("name", CALLS)
def test_a_spoilt_body_is_read_or_refused_and_nothing_else(name: str) -> None:
    random = Random(name)
    outcomes = {try_to_read(name, json.dumps(spoilt(CALLS[name][1], random)).encode()) for _ in range(FUZZED_BODIES)}
    assert {PushExpressRefusal.UNEXPECTED_FIELD, PushExpressRefusal.BAD_VALUE} <= outcomes


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(DELICATE),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text() | st.sampled_from(sorted(ONESEND)), inner, max_size=4),
    max_leaves=12,
)


@given(st.sampled_from(sorted(CALLS)), st.data())
def test_a_field_may_hold_any_json(name: str, data: st.DataObject) -> None:
    body = {**CALLS[name][1], data.draw(st.sampled_from(sorted(CALLS[name][1]))): data.draw(JSON_VALUES)}
    try_to_read(name, json.dumps(body).encode())


@given(st.sampled_from(sorted(CALLS)), st.binary(max_size=200))
def test_a_body_may_hold_any_bytes(name: str, body: bytes) -> None:
    try_to_read(name, body)
