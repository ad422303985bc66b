"""Whatever stands in whichever field: a request becomes messages that can be pushed, or is refused with a documented code."""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import islice
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushhub.catalog.model import App
from pushhub.dialects.devtodev.push.errors import MAX_LISTED_ERRORS, PushRefusal, PushRefusedError
from pushhub.dialects.devtodev.push.messages import identifiers_of, messages_of, requested_providers
from pushhub.dialects.devtodev.push.parse import app_id_of, parse_push, require_fields
from pushhub.dialects.devtodev.push.render import render_push_refusal
from pushhub.dialects.devtodev.push.request import api_token_of, read_push_body
from pushhub.dialects.devtodev.push.wire import IDENTIFIERS, PlatformBlock
from pushhub.dialects.http import RefusalTable
from pushhub.sends.fitting import require_fit
from pushhub.sends.message import HUB_KEYS, MessageTooLargeError
from tests.doubles.apps import app_of
from tests.doubles.http import http_request

FUZZED_BODIES = 20_000
APPS = (app_of(("firebase", "apns", "wns")), app_of(("firebase", "apns", "wns"), tracking=False))
MAY_REFUSE = {
    PushRefusal.BODY_EMPTY,
    PushRefusal.BAD_BODY,
    PushRefusal.API_TOKEN_MISSING,
    PushRefusal.FIELD_MISSING,
    PushRefusal.UNEXPECTED_FIELD,
    PushRefusal.UNEXPECTED_VALUE,
    PushRefusal.BAD_VALUE,
    PushRefusal.AUDIENCE_TOO_LARGE,
}
"""What a request is refused for whose caller and app nobody has looked up."""
ALONE = MAY_REFUSE - {PushRefusal.UNEXPECTED_FIELD, PushRefusal.UNEXPECTED_VALUE, PushRefusal.BAD_VALUE}
"""Refusals beside which no other stands."""

ACTIONS = {"url": "https://example.com/a", "share": "Look", "deeplink": "shop://a"}
BUTTON = {"id": "accept", "text": "Accept", "icon": "ok", "handling": "foreground", "action": {"url": "https://example.com"}}
OPTIONS = {"priority": "high", "expire": 60, "collapse_key": "sale", "hidden": False, "more": 1}
LINES = {"title": "a", "text": "b", "text2": "c", "text3": "d", "image": "https://example.com/a.png"}
WINDOWS: Mapping[str, Any] = {
    "toast": {
        "title": "a",
        "text": "b",
        "text2": "c",
        "image": "https://example.com/a.png",
        "icon": "https://example.com/b.png",
        "sound": "default",
        "data": {"a": "b"},
    },
    "raw": {"data": {"a": "b"}},
    "tile": {"small": {"image": "ms-appx:///a.png"}, **dict.fromkeys(("medium", "wide", "large"), LINES)},
    "badge": 5,
}
BLOCKS: Mapping[PlatformBlock, Mapping[str, Any]] = {
    PlatformBlock.IOS: {
        "payload": {
            "title": "Sale",
            "text": "Today",
            "title-loc-key": "T",
            "title-loc-args": ["a"],
            "action-loc-key": "A",
            "loc-key": "B",
            "loc-args": ["b"],
            "launch-image": "a.png",
            "data": {"a": "b"},
            "badge": 1,
            "sound": "default",
            "attachment": {"type": "image", "url": "https://example.com/a.png"},
            "action": {"url": "https://example.com"},
            "interactive": {"template": "dtd_accept.open", "buttons": [BUTTON]},
        },
        "options": OPTIONS,
    },
    PlatformBlock.ANDROID: {
        "payload": {
            "title": "Sale",
            "text": "Today",
            "data": {"a": "b"},
            "small_icon": "a",
            "color": "#00ff00",
            "icon": "b",
            "image": "https://example.com/a.png",
            "sound": "default",
            "badge": 1,
            "vibration": True,
            "led_color": "#ff0000",
            "action": {"deeplink": "shop://a"},
            "interactive": {"buttons": [BUTTON]},
        },
        "options": OPTIONS,
    },
    PlatformBlock.WIN: {"toast": WINDOWS["toast"], "options": {"expire": 60}},
    PlatformBlock.UWP: {"toast": {**WINDOWS["toast"], "scenario": "alarm"}, "options": {"expire": 60}},
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
    "https://example.com",
    "javascript:alert(1)",
    "ms-appx:///\uffff",
    "#12345g",
    "none",
    "{}{0}%s{field}",
    '{"uid": 1}',
    '{"a": [' * 50,
    "uid",
]
SCALARS = [None, True, False, 0, -1, 1, 1.0, 0.5, 1e400, 2**31, 2**63, -(10**300), *DELICATE]
KEYS = [
    *HUB_KEYS.values(),
    "aps",
    "from",
    "google.a",
    "url",
    "action",
    "attachment",
    "interactive",
    "icon",
    "image",
    "",
    "a.b",
    "[0]",
]


def with_elements(elements: Any) -> dict[str, Any]:
    return {"user_token": "t", "app_id": "shop-app", "campaign_tag": "sale", "pack_id": "p-1", "audience": elements}


def places(value: Any, way: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Give the way to everything that stands in a document."""
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, each in members:
        yield (*way, step)
        yield from places(each, (*way, step))


def changed(document: Any, way: tuple[str | int, ...], value: Any) -> Any:
    """Give a document with another value in one place."""
    if not way:
        return value
    step, *rest = way
    made = document.copy()
    made[step] = changed(document.get(step) if isinstance(document, dict) else document[step], tuple(rest), value)
    return made


def check_refusal(refused: PushRefusedError) -> None:
    """Check that a refusal is documented, and can be read."""
    rows = {each.refusal for each in refused.errors}
    assert rows <= MAY_REFUSE
    assert len(rows) == 1 or rows.isdisjoint(ALONE)
    assert 1 <= len(refused.errors) <= MAX_LISTED_ERRORS
    reply = render_push_refusal(refused)
    assert json.loads(reply.body)["status_code"] == reply.status in {400, 401}
    assert len(reply.body) < 500_000


def refused_or_pushed(body: bytes, apps: Iterable[App] = APPS) -> RefusalTable | None:
    """Read a body as an endpoint does; give why it is refused, None where it can be pushed."""
    request = http_request(body)
    why: RefusalTable | None = None
    for app in apps:
        try:
            fields = read_push_body(request)
            assert isinstance(api_token_of(request, fields), str)
            require_fields(fields)
            assert isinstance(app_id_of(fields), str)
            order = parse_push(fields, app)
        except PushRefusedError as refused:
            check_refusal(refused)
            why = refused.refusal
            continue
        assert 1 <= len(order.audience) <= 1_000
        requested = requested_providers(order.blocks.keys(), app)
        assert all(identifiers_of(element, requested) for element in order.audience)
        messages = messages_of(order, app)
        assert messages
        for provider, message in messages.items():
            assert bool(message.hub_keys) == app.tracking
            with suppress(MessageTooLargeError):
                require_fit(provider, message)
    return why


scalars = st.sampled_from(SCALARS) | st.text(st.characters(codec="utf-8"), max_size=20)
documents = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
blocks = st.dictionaries(st.sampled_from([*PlatformBlock]), documents, max_size=4)


@given(blocks, documents, st.data())
def test_whatever_stands_anywhere_a_request_is_pushed_or_refused(
    given_blocks: dict[PlatformBlock, Any], elements: Any, data: st.DataObject
) -> None:
    body = with_elements([{"userId": "u"}]) | dict(BLOCKS)
    body = changed(body, data.draw(st.sampled_from([*places(body)])), data.draw(documents))
    refused_or_pushed(json.dumps(body).encode())
    refused_or_pushed(json.dumps(with_elements(elements) | given_blocks).encode())


def bodies(chance: Random) -> Iterator[bytes]:
    """Give bodies that were whole until something in them changed, always the same ones."""
    names = [*IDENTIFIERS]
    while True:
        chosen = chance.sample([*BLOCKS], chance.randint(1, 2))
        elements = [
            {"userId": "u"},
            {name: 5 if name == "devtodevId" else "u" for name in chance.sample(names, chance.randint(1, 2))},
        ]
        body: Any = with_elements(elements) | {block: BLOCKS[block] for block in chosen}
        if chance.random() < 0.3:
            body |= {
                chance.choice(["win", "uwp"]): {kind: WINDOWS[kind] for kind in chance.sample([*WINDOWS], chance.choice([1, 1, 2]))}
            }
        for _ in range(chance.randint(0, 3)):
            way = chance.choice([*places(body)])
            if isinstance(way[-1], str) and chance.random() < 0.3:
                way = (*way[:-1], chance.choice([*KEYS, *ACTIONS, "text", "data", "hidden", "more"]))
            scalar = chance.choice(SCALARS)
            body = changed(body, way, chance.choice([scalar, scalar, [scalar], {chance.choice(KEYS): scalar}, {}, []]))
        text = json.dumps(body, ensure_ascii=chance.random() < 0.5).encode(errors="replace")
        if chance.random() < 0.05:
            at = chance.randrange(len(text))
            text = text[:at] + bytes([chance.randrange(256)]) * chance.randint(0, 2) + text[at + 1 :]
        yield text


def test_thousands_of_fuzzed_bodies_are_pushed_or_refused() -> None:
    fuzzed = islice(bodies(Random(12)), FUZZED_BODIES)
    came = [refused_or_pushed(body, [APPS[number % 2]]) for number, body in enumerate(fuzzed)]
    # Neither half is all of it, so both ways are gone many times.
    assert FUZZED_BODIES * 0.1 < came.count(None) < FUZZED_BODIES * 0.6
    assert {*came} == {*MAY_REFUSE, None} - {PushRefusal.BODY_EMPTY, PushRefusal.AUDIENCE_TOO_LARGE}


@pytest.mark.parametrize("value", [*SCALARS, [], {}, [None], {"a": None}], ids=lambda value: repr(value)[:20])
def test_every_field_may_hold_anything(value: Any) -> None:
    for block, content in [*BLOCKS.items(), *((PlatformBlock.UWP, {kind: each}) for kind, each in WINDOWS.items())]:
        body = with_elements([{"userId": "u"}]) | {block: content}
        for way in places(body):
            refused_or_pushed(json.dumps(changed(body, way, value)).encode())
