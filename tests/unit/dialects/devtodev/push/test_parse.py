"""What each field asks for, and what a request reads that does not fit."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from pushhub.dialects.devtodev.push.errors import PushRefusal, PushRefusedError
from pushhub.dialects.devtodev.push.kinds import Either, Kind, ListOf, Object
from pushhub.dialects.devtodev.push.parse import AudienceElement, PushOrder, app_id_of, parse_push, require_fields
from pushhub.dialects.devtodev.push.request import read_push_body
from pushhub.dialects.devtodev.push.wire import BLOCKS, IDENTIFIERS, PlatformBlock
from pushhub.sends.message import (
    HUB_KEYS,
    MAX_BADGE,
    MAX_EXPIRE_SECONDS,
    AndroidExtras,
    IosExtras,
    Message,
    Priority,
    TileContent,
    TileSize,
    ToastScenario,
    WindowsExtras,
    WindowsKind,
)
from tests.doubles.apps import app_of
from tests.doubles.http import http_request

APP, WITHOUT_TRACKING = app_of(), app_of(tracking=False)
AUDIENCE = [{"userId": "u-1"}]
IOS = {"payload": {"text": "Hello"}}
ANDROID = {"payload": {"text": "Hello"}}
WIN = {"toast": {"title": "Sale", "text": "Hello"}}
UWP = {"toast": {"text": "Hello"}}
PICTURE = "https://domain.com/pic.png"
PAGE_URL = "http://www.domain.com"


def body_of(**fields: Any) -> dict[str, Any]:
    """Give a request that is whole but for what is given; None leaves a field out."""
    blocks = {} if fields.keys() & set(PlatformBlock) else {"ios": IOS}
    return {"app_id": "shop-app", "audience": AUDIENCE} | blocks | fields


def parsed(body: Mapping[str, Any], tracking: bool = True) -> PushOrder:
    """Read a body as an endpoint does."""
    fields = read_push_body(http_request(json.dumps(body).encode()))
    require_fields(fields)
    return parse_push(fields, APP if tracking else WITHOUT_TRACKING)


def refused(body: Mapping[str, Any], tracking: bool = True) -> list[str]:
    """Give the texts with which a body is refused."""
    with pytest.raises(PushRefusedError) as error:
        parsed(body, tracking)
    return [each.msg for each in error.value.errors]


def missing(*fields: str) -> list[str]:
    return [f"Field not found: {field}" for field in fields]


def bad(field: str, value: str, expected: str) -> str:
    return f"Invalid value for field {field}. Received value: {value}. Expected: {expected}"


def json_text(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


BUTTONS = [{"id": "accept", "text": "Accept", "icon": "ic_ok", "handling": "foreground", "action": {"url": PAGE_URL}}]
FULL_IOS = {
    "payload": {
        "title": "Title of the notification",
        "text": "Notification content.",
        "title-loc-key": "TITLE",
        "title-loc-args": ["a", "b"],
        "action-loc-key": "VIEW",
        "loc-key": "BODY",
        "loc-args": ["c"],
        "launch-image": "launch.png",
        "data": {"key1": "value", "key2": "15"},
        "badge": 11,
        "sound": "bingbong.aiff",
        "attachment": {"type": "image", "url": PICTURE},
        "action": {"url": PAGE_URL},
        "interactive": {"template": "dtd_accept.open_decline.dismiss", "buttons": BUTTONS},
    },
    "options": {"priority": "normal", "expire": 36_000, "collapse_key": "sale", "hidden": False},
}
FULL_ANDROID = {
    "payload": {
        "title": "Title of the notification",
        "text": "Notification content.",
        "data": {"key1": "value"},
        "small_icon": "smallicon",
        "color": "#00fF00",
        "icon": "midicon",
        "image": PICTURE,
        "sound": "bingbong",
        "badge": 3,
        "vibration": True,
        "led_color": "#ff0000",
        "action": {"deeplink": "shop://sale"},
        "interactive": {"buttons": BUTTONS},
    },
    "options": {"priority": "high", "expire": 0, "collapse_key": "я" * 32, "hidden": False},
}
FULL_TOAST = {
    "title": "a",
    "text": "b",
    "text2": "c",
    "image": PICTURE,
    "icon": PICTURE,
    "sound": "Notification.SMS",
    "data": {"my_key": "value"},
}
TOAST = Message(title="a", text="b", image=PICTURE, icon=PICTURE, sound="Notification.SMS", data={"my_key": "value"}, expire=60)
LINES = {"title": "a", "text": "b", "text2": "c", "text3": "d", "image": PICTURE}
MESSAGES: list[tuple[PlatformBlock, Mapping[str, Any], Message]] = [
    (
        PlatformBlock.IOS,
        FULL_IOS,
        Message(
            title="Title of the notification",
            text="Notification content.",
            image=PICTURE,
            link=PAGE_URL,
            data={
                "key1": "value",
                "key2": "15",
                "attachment": json_text({"type": "image", "url": PICTURE}),
                "action": json_text({"url": PAGE_URL}),
                "interactive": json_text({"template": "dtd_accept.open_decline.dismiss", "buttons": BUTTONS}),
            },
            badge=11,
            sound="bingbong.aiff",
            priority=Priority.NORMAL,
            expire=36_000,
            collapse_key="sale",
            ios=IosExtras(
                title_loc_key="TITLE",
                title_loc_args=("a", "b"),
                loc_key="BODY",
                loc_args=("c",),
                action_loc_key="VIEW",
                launch_image="launch.png",
                category="dtd_accept.open_decline.dismiss",
                mutable_content=True,
            ),
        ),
    ),
    (PlatformBlock.IOS, IOS, Message(text="Hello")),
    (PlatformBlock.IOS, {"payload": {"loc-key": "BODY"}}, Message(ios=IosExtras(loc_key="BODY"))),
    (
        PlatformBlock.IOS,
        {"payload": {"text": "Hello", "title-loc-key": "T", "title-loc-args": "a"}},
        Message(text="Hello", ios=IosExtras(title_loc_key="T", title_loc_args=("a",))),
    ),
    (
        PlatformBlock.IOS,
        {"payload": {"text": "Hello", "attachment": {"type": "video", "url": PICTURE}}},
        Message(
            text="Hello",
            data={"attachment": json_text({"type": "video", "url": PICTURE})},
            ios=IosExtras(mutable_content=True),
        ),
    ),
    (PlatformBlock.IOS, {"payload": {"data": {"a": "b"}}}, Message(data={"a": "b"}, hidden=True)),
    (
        PlatformBlock.IOS,
        {"payload": {"text": "Hello", "data": {}}, "options": {"hidden": True}},
        Message(hidden=True),
    ),
    (
        PlatformBlock.ANDROID,
        FULL_ANDROID,
        Message(
            title="Title of the notification",
            text="Notification content.",
            image=PICTURE,
            data={
                "key1": "value",
                "icon": "midicon",
                "action": json_text({"deeplink": "shop://sale"}),
                "interactive": json_text({"buttons": BUTTONS}),
            },
            badge=3,
            sound="bingbong",
            priority=Priority.HIGH,
            expire=0,
            collapse_key="я" * 32,
            android=AndroidExtras(icon="smallicon", color="#00fF00", vibrate=True, light_color="#ff0000"),
        ),
    ),
    (PlatformBlock.ANDROID, {"payload": {"title": "Sale"}}, Message(title="Sale")),
    (PlatformBlock.ANDROID, {"payload": {"badge": 0}}, Message(badge=0)),
    (PlatformBlock.ANDROID, {"payload": {"sound": "default"}}, Message(sound="default")),
    (PlatformBlock.ANDROID, {"payload": {"data": {"a": "b"}}}, Message(data={"a": "b"}, hidden=True)),
    (
        PlatformBlock.ANDROID,
        {"payload": {"text": "Hello", "action": {"share": "Look"}}},
        Message(text="Hello", data={"action": json_text({"share": "Look"})}),
    ),
    (PlatformBlock.ANDROID, {"payload": {"text": "Hello", "action": {}}}, Message(text="Hello", data={"action": "{}"})),
    (
        PlatformBlock.WIN,
        {"toast": FULL_TOAST, "options": {"expire": 60}},
        replace(TOAST, windows=WindowsExtras(legacy=True, more_texts=("c",))),
    ),
    (
        PlatformBlock.WIN,
        {"tile": {"small": {"image": "ms-appx:///a.png"}} | dict.fromkeys(("medium", "wide", "large"), LINES)},
        Message(
            windows=WindowsExtras(
                WindowsKind.TILE,
                legacy=True,
                tiles={
                    TileSize.SMALL: TileContent(image="ms-appx:///a.png"),
                    **dict.fromkeys((TileSize.MEDIUM, TileSize.WIDE, TileSize.LARGE), TileContent(("a", "b", "c", "d"), PICTURE)),
                },
            )
        ),
    ),
    (PlatformBlock.WIN, {"badge": 7}, Message(badge=7, windows=WindowsExtras(WindowsKind.BADGE, legacy=True))),
    (PlatformBlock.WIN, {"raw": "anything"}, Message(windows=WindowsExtras(WindowsKind.RAW, legacy=True, raw="anything"))),
    (
        PlatformBlock.UWP,
        {"toast": {"scenario": "incomingCall", **FULL_TOAST}, "options": {"expire": 60}},
        replace(TOAST, windows=WindowsExtras(more_texts=("c",), scenario=ToastScenario.INCOMING_CALL)),
    ),
    (
        PlatformBlock.UWP,
        {"tile": dict.fromkeys(TileSize, LINES)},
        Message(windows=WindowsExtras(WindowsKind.TILE, tiles=dict.fromkeys(TileSize, TileContent(("a", "b", "c", "d"), PICTURE)))),
    ),
    (PlatformBlock.UWP, {"badge": 0}, Message(badge=0, windows=WindowsExtras(WindowsKind.BADGE))),
    (PlatformBlock.UWP, {"badge": "alert"}, Message(windows=WindowsExtras(WindowsKind.BADGE, badge_glyph="alert"))),
    (PlatformBlock.UWP, {"badge": {"value": 5}}, Message(badge=5, windows=WindowsExtras(WindowsKind.BADGE))),
    (PlatformBlock.UWP, {"raw": {"data": {"a": "b"}}}, Message(data={"a": "b"}, windows=WindowsExtras(WindowsKind.RAW))),
    (
        PlatformBlock.UWP,
        {"raw": '{"uidx": 1}'},
        Message(windows=WindowsExtras(WindowsKind.RAW, raw='{"uidx": 1}')),
    ),
]


@pytest.mark.parametrize(("block", "content", "message"), MESSAGES, ids=lambda value: value if isinstance(value, str) else "")
def test_a_block_becomes_a_message(block: PlatformBlock, content: Mapping[str, Any], message: Message) -> None:
    assert parsed(body_of(**{block: content})).blocks == {block: message}


def names_of(kind: Kind, path: str) -> Iterator[str]:
    """Give the path of every field of a table."""
    match kind:
        case Object(fields=fields):
            for name, field in fields.items():
                yield f"{path}.{name}"
                yield from names_of(field.kind, f"{path}.{name}")
        case ListOf(kind=element):
            yield from names_of(element, f"{path}[]")
        case Either(fields=by_type):
            for field in by_type.values():
                yield from names_of(field.kind, path)


def names_in(value: object, path: str) -> Iterator[str]:
    """Give the path of every field that stands in a document."""
    if isinstance(value, dict):
        for name, each in value.items():
            yield f"{path}.{name}"
            yield from names_in(each, f"{path}.{name}")
    elif isinstance(value, list):
        for each in value:
            yield from names_in(each, f"{path}[]")


def test_every_field_of_every_block_is_shown_here() -> None:
    for block, kind in BLOCKS.items():
        shown = {name for each, content, _ in MESSAGES if each is block for name in names_in(content, block)}
        of_actions = {name for name in names_of(kind, block) if ".action." in name}
        of_values = {f"{block}.badge.value", f"{block}.raw.data"}
        assert set(names_of(kind, block)) - shown <= of_actions | of_values


def test_null_counts_as_absent_wherever_a_field_stands() -> None:
    body = body_of(
        campaign_tag=None,
        pack_id=None,
        user_token=None,
        android=None,
        audience=[{"userId": "u-1", "idfa": None}],
        ios={"payload": {"text": "Hello", "badge": None, "data": None, "action": {"url": None}}, "options": None},
    )
    order = parsed(body)
    assert order == PushOrder("", None, (AudienceElement({"userId": "u-1"}),), {PlatformBlock.IOS: order.blocks[PlatformBlock.IOS]})
    assert order.blocks[PlatformBlock.IOS] == Message(text="Hello", data={"action": "{}"})


def test_several_blocks_have_a_message_each() -> None:
    order = parsed(body_of(campaign_tag="sale", pack_id="p-1", uwp=UWP, ios=IOS, android=ANDROID, win=WIN))
    assert (order.campaign_tag, order.pack_id) == ("sale", "p-1")
    assert [*order.blocks] == [*PlatformBlock]


def test_an_app_without_tracking_has_all_keys_for_itself() -> None:
    data = dict.fromkeys(HUB_KEYS.values(), "mine")
    (message,) = parsed(body_of(ios={"payload": {"text": "Hello", "data": data}}), tracking=False).blocks.values()
    assert message == Message(text="Hello", data=data, hub_keys={})


def test_options_that_nobody_knows_are_counted_and_nothing_else_comes_of_them() -> None:
    ios = IOS | {"options": {"mutable": True, "thread": "t", "ttl": 5, "share": 0.5, "nothing": None}}
    order = parsed(body_of(ios=ios, uwp=UWP | {"options": {"hidden": True}}))
    assert (order.ignored_options, order.blocks[PlatformBlock.IOS]) == (5, Message(text="Hello"))


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, ["app_id", "audience", "ios, android, win or uwp"]),
        ({"app_id": None, "audience": None, "ios": None}, ["app_id", "audience", "ios, android, win or uwp"]),
        ({"ios": IOS}, ["app_id", "audience"]),
        ({"windows": WIN, "app_id": "a", "audience": AUDIENCE}, ["ios, android, win or uwp"]),
        (body_of(ios={}), ["ios.payload"]),
        (body_of(ios={"payload": {}}), ["ios.payload.text"]),
        (body_of(ios={"payload": {"title": "Sale", "badge": 1}}), ["ios.payload.text"]),
        (body_of(ios={"payload": {"data": {"a": "b"}}, "options": {"hidden": False}}), ["ios.payload.text"]),
        (body_of(ios={"payload": {"text": "Hello"}, "options": {"hidden": True}}), ["ios.payload.data"]),
        (body_of(ios={"payload": {"text": "Hello", "attachment": {"type": "image"}}}), ["ios.payload.attachment.url"]),
        (
            body_of(ios={"payload": {"interactive": {"buttons": [{"id": "a"}, {}]}}}, android={"payload": {}}),
            ["ios.payload.interactive.buttons[1].id", "ios.payload.text", "android.payload.text"],
        ),
        (body_of(android={}), ["android.payload"]),
        (body_of(android={"payload": {"image": PICTURE}}), ["android.payload.text"]),
        (body_of(android={"payload": {}, "options": {"hidden": True}}), ["android.payload.data"]),
        (body_of(win={}), ["win.toast, raw, tile or badge"]),
        (body_of(win={"options": {}}), ["win.toast, raw, tile or badge"]),
        (body_of(win={"toast": {}}), ["win.toast.title", "win.toast.text"]),
        (body_of(win={"tile": {"small": {}}}), ["win.tile.small.image"]),
        (body_of(uwp={"toast": {"text2": "c"}}), ["uwp.toast.text"]),
        (body_of(uwp={"tile": {}}), ["uwp.tile.small, medium, wide or large"]),
        (body_of(uwp={"tile": {"large": {}}}), ["uwp.tile.large.text"]),
        (body_of(uwp={"raw": {}}), ["uwp.raw.data"]),
        (body_of(uwp={"badge": {}}), ["uwp.badge.value"]),
    ],
)
def test_all_fields_that_are_missing_are_named_together(body: dict[str, Any], fields: list[str]) -> None:
    assert refused(body) == missing(*fields)


def test_fields_that_are_missing_are_named_before_any_that_does_not_fit() -> None:
    assert refused({"ios": 5, "more": 1, "campaign_tag": 7}) == missing("app_id", "audience")


@pytest.mark.parametrize("app_id", [5, True, ["a"], {"a": "b"}])
def test_the_id_of_an_app_is_a_text(app_id: object) -> None:
    with pytest.raises(PushRefusedError) as error:
        app_id_of({"app_id": app_id})
    assert str(error.value) == bad("app_id", json_text(app_id), "a text")
    assert app_id_of({"app_id": ""}) == ""


A_LINE = "a text that is not empty, without control characters"
AN_URL = "an http or https URL of at most 2048 characters"
ANOTHER = "another name, since this one is taken"
ON_WINDOWS = "an http, https, ms-appx or ms-appdata URL of at most 2048 characters"
GLYPHS = "activity, alarm, alert, attention, available, away, busy, error, newMessage, none, paused, playing, unavailable"


def ios(**payload: Any) -> dict[str, Any]:
    return body_of(ios={"payload": {"text": "Hello", **payload}})


def android(**payload: Any) -> dict[str, Any]:
    return body_of(android={"payload": {"text": "Hello", **payload}})


def options(**options: Any) -> dict[str, Any]:
    return body_of(ios=IOS | {"options": options})


@pytest.mark.parametrize(
    ("body", "field", "value", "expected"),
    [
        (body_of(user_token=5), "user_token", "5", "a text"),
        (body_of(campaign_tag=""), "campaign_tag", "", "a text of 1 to 255 characters"),
        (body_of(campaign_tag="я" * 256), "campaign_tag", "я" * 100 + "…", "a text of 1 to 255 characters"),
        (body_of(pack_id="a" * 129), "pack_id", "a" * 100 + "…", "a text of 1 to 128 characters"),
        (body_of(pack_id=1234), "pack_id", "1234", "a text of 1 to 128 characters"),
        (body_of(audience=[]), "audience", "[]", "an array of 1 to 1000 objects"),
        (body_of(audience={"userId": "u"}), "audience", '{"userId":"u"}', "an array of 1 to 1000 objects"),
        (body_of(audience=["u"]), "audience[0]", "u", "an object"),
        (body_of(audience=[None]), "audience[0]", "null", "an object"),
        (
            body_of(audience=[*AUDIENCE, {}]),
            "audience[1]",
            "{}",
            "at least one of token, devtodevId, userId, customUid, idfa, idfv",
        ),
        (body_of(audience=[{"userId": 5}]), "audience[0].userId", "5", "a text of 1 to 1024 bytes"),
        (body_of(audience=[{"idfa": ""}]), "audience[0].idfa", "", "a text of 1 to 1024 bytes"),
        (body_of(audience=[{"devtodevId": "5"}]), "audience[0].devtodevId", "5", f"a whole number from 0 to {2**63 - 1}"),
        (body_of(audience=[{"devtodevId": True}]), "audience[0].devtodevId", "true", f"a whole number from 0 to {2**63 - 1}"),
        (body_of(audience=[{"devtodevId": 1.0}]), "audience[0].devtodevId", "1.0", f"a whole number from 0 to {2**63 - 1}"),
        (body_of(audience=[{"token": "я" * 2049}]), "audience[0].token", "я" * 100 + "…", "a text of 1 to 4096 bytes"),
        (
            body_of(audience=[{"userId": "a", "customUid": "b"}]),
            "audience[0].customUid",
            "b",
            "the same as userId, of which it is another name",
        ),
        (body_of(ios=5), "ios", "5", "an object"),
        (body_of(ios={"payload": "Hello"}), "ios.payload", "Hello", "an object"),
        (ios(text=""), "ios.payload.text", "", "a text that is not empty"),
        (ios(title=5), "ios.payload.title", "5", "a text"),
        (ios(**{"title-loc-args": 5}), "ios.payload.title-loc-args", "5", "a text or an array of texts"),
        (ios(**{"title-loc-args": ["a", 5]}), "ios.payload.title-loc-args[1]", "5", "a text"),
        (ios(**{"loc-args": "a"}), "ios.payload.loc-args", "a", "an array"),
        (ios(**{"loc-args": [None]}), "ios.payload.loc-args[0]", "null", "a text"),
        (ios(data=["a"]), "ios.payload.data", '["a"]', "an object of texts"),
        (ios(data={"a": 5}), "ios.payload.data.a", "5", "a text"),
        (ios(data={"a": None}), "ios.payload.data.a", "null", "a text"),
        (ios(data={"a": {"b": 1.5}}), "ios.payload.data.a", '{"b":1.5}', "a text"),
        (ios(data={"": "a"}), "ios.payload.data", '{"":"a"}', "names that are not empty"),
        *((ios(data={key: "a"}), f"ios.payload.data.{key}", "a", ANOTHER) for key in (*HUB_KEYS.values(), "aps")),
        *(
            (android(data={key: "a"}), f"android.payload.data.{key}", "a", ANOTHER)
            for key in ("uid", "gcm", "message_type", "google1")
        ),
        (ios(data={"action": "a"}, action={}), "ios.payload.data.action", "a", ANOTHER),
        (ios(data={"url": "a"}, action={"url": PAGE_URL}), "ios.payload.data.url", "a", ANOTHER),
        (android(data={"icon": "a"}, icon="b"), "android.payload.data.icon", "a", ANOTHER),
        (ios(badge=-1), "ios.payload.badge", "-1", f"a whole number from 0 to {MAX_BADGE}"),
        (ios(badge=True), "ios.payload.badge", "true", f"a whole number from 0 to {MAX_BADGE}"),
        (ios(badge="11"), "ios.payload.badge", "11", f"a whole number from 0 to {MAX_BADGE}"),
        (ios(badge=11.0), "ios.payload.badge", "11.0", f"a whole number from 0 to {MAX_BADGE}"),
        (ios(attachment={"url": "file:///a"}), "ios.payload.attachment.url", "file:///a", AN_URL),
        (ios(action={"url": "javascript:alert(1)"}), "ios.payload.action.url", "javascript:alert(1)", AN_URL),
        (
            ios(action={"url": PAGE_URL, "share": "a"}),
            "ios.payload.action",
            json_text({"url": PAGE_URL, "share": "a"}),
            "only one of url, share, deeplink",
        ),
        (
            ios(interactive={"buttons": [{"id": "a", "action": {"url": "a"}}]}),
            "ios.payload.interactive.buttons[0].action.url",
            "a",
            AN_URL,
        ),
        (android(text="", title=""), "android.payload.text", "", "a text that is not empty"),
        (android(image="pic"), "android.payload.image", "pic", AN_URL),
        (android(color="red"), "android.payload.color", "red", "#RRGGBB"),
        (android(led_color=""), "android.payload.led_color", "", "#RRGGBB"),
        (android(vibration=1), "android.payload.vibration", "1", "true or false"),
        (options(expire=36_000.5), "ios.options.expire", "36000.5", f"a whole number from 0 to {MAX_EXPIRE_SECONDS}"),
        (options(expire=MAX_EXPIRE_SECONDS + 1), "ios.options.expire", "2419201", f"a whole number from 0 to {MAX_EXPIRE_SECONDS}"),
        (options(collapse_key=""), "ios.options.collapse_key", "", "a text of 1 to 64 bytes"),
        (options(collapse_key="я" * 33), "ios.options.collapse_key", "я" * 33, "a text of 1 to 64 bytes"),
        (options(hidden="true"), "ios.options.hidden", "true", "true or false"),
        (body_of(win={"toast": {"title": "", "text": "a"}}), "win.toast.title", "", A_LINE),
        (body_of(win={"toast": {"title": "\x01", "text": "a"}}), "win.toast.title", "\x01", A_LINE),
        (body_of(uwp={"toast": {"text": "a", "text2": "\uffff"}}), "uwp.toast.text2", "\uffff", A_LINE),
        (body_of(uwp={"toast": {"text": "a", "icon": PAGE_URL + "/\uffff"}}), "uwp.toast.icon", PAGE_URL + "/\uffff", AN_URL),
        (body_of(uwp=UWP | {"badge": 5}), "uwp", json_text(UWP | {"badge": 5}), "only one of toast, raw, tile, badge"),
        (body_of(uwp={"badge": -1}), "uwp.badge", "-1", f"a whole number from 0 to {MAX_BADGE}"),
        (body_of(uwp={"badge": [5]}), "uwp.badge", "[5]", f"a whole number from 0 to {MAX_BADGE}, or a glyph"),
        (body_of(uwp={"raw": ""}), "uwp.raw", "", "a text that is not empty"),
        (body_of(uwp={"raw": 5}), "uwp.raw", "5", "a text, or an object with data"),
        (body_of(uwp={"raw": ' {"uid": 1}'}), "uwp.raw", ' {"uid": 1}', "none of the keys hub_link, launch_id, uid"),
        (body_of(uwp={"raw": {"data": {"uid": "a"}}}), "uwp.raw.data.uid", "a", ANOTHER),
        (body_of(uwp={"tile": {"wide": {"image": "a.png"}}}), "uwp.tile.wide.image", "a.png", ON_WINDOWS),
    ],
)
def test_a_value_that_does_not_fit_is_named_with_what_is_expected(
    body: dict[str, Any], field: str, value: str, expected: str
) -> None:
    assert refused(body) == [bad(field, value, expected)]


@pytest.mark.parametrize(
    ("body", "field", "value", "expected"),
    [
        (options(priority="low"), "ios.options.priority", "low", "high, normal"),
        (options(priority=5), "ios.options.priority", "5", "high, normal"),
        (
            body_of(uwp={"toast": {"text": "a", "scenario": "loud"}}),
            "uwp.toast.scenario",
            "loud",
            "default, alarm, reminder, incomingCall",
        ),
        (body_of(win={"badge": "5"}), "win.badge", "5", GLYPHS),
        (body_of(win={"badge": {"value": "smile"}}), "win.badge.value", "smile", GLYPHS),
    ],
)
def test_a_value_outside_of_an_enumeration_is_named_with_all_of_it(
    body: dict[str, Any], field: str, value: str, expected: str
) -> None:
    assert refused(body) == [f"Unexpected value for field {field}. Received value: {value}. Expected values: {expected}."]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (body_of(windows=WIN), "windows"),
        (body_of(more=None), "more"),
        (body_of(audience=[{"userId": "u", "email": "e"}]), "audience[0].email"),
        (body_of(audience=[{"userId": "u", "androidId": "a"}]), "audience[0].androidId"),
        (body_of(ios=IOS | {"text": "a"}), "ios.text"),
        (ios(more=1), "ios.payload.more"),
        (ios(vibration=True), "ios.payload.vibration"),
        (android(attachment={"url": PICTURE}), "android.payload.attachment"),
        (ios(action={"more": 1}), "ios.payload.action.more"),
        (ios(interactive={"buttons": [{"id": "a"}, {"id": "b", "more": 1}]}), "ios.payload.interactive.buttons[1].more"),
        (ios(interactive={"buttons": [{"id": "a", "action": {"more": 1}}]}), "ios.payload.interactive.buttons[0].action.more"),
        (options(more={}), "ios.options.more"),
        (options(more=[]), "ios.options.more"),
        (body_of(win=WIN | {"payload": {}}), "win.payload"),
        (body_of(win={"toast": {"title": "a", "text": "b", "scenario": "alarm"}}), "win.toast.scenario"),
        (body_of(win={"tile": {"small": {"image": PICTURE, "text": "a"}}}), "win.tile.small.text"),
        (body_of(uwp={"tile": {"wide": {"text": "a", "more": 1}}}), "uwp.tile.wide.more"),
        (body_of(uwp={"raw": {"data": {}, "more": 1}}), "uwp.raw.more"),
        (ios(**{"a" * 200: 1}), "ios.payload." + "a" * 100 + "…"),
    ],
)
def test_a_field_that_nobody_knows_is_unexpected_at_every_depth(body: dict[str, Any], field: str) -> None:
    assert refused(body) == [f"Unexpected field {field}"]


def test_all_that_does_not_fit_is_said_together() -> None:
    body = body_of(more=1, pack_id="", audience=[{"email": "e"}], ios={"payload": {"text": 5}, "options": {"priority": 5}})
    assert refused(body) == [
        "Unexpected field audience[0].email",
        bad("audience[0]", '{"email":"e"}', "at least one of token, devtodevId, userId, customUid, idfa, idfv"),
        "Unexpected field more",
        bad("pack_id", "", "a text of 1 to 128 characters"),
        bad("ios.payload.text", "5", "a text"),
        "Unexpected value for field ios.options.priority. Received value: 5. Expected values: high, normal.",
    ]


def test_a_reply_lists_the_first_hundred_errors() -> None:
    listed = refused(body_of(audience=[5] * 5_000, ios={"payload": 5}))
    assert listed == [bad(f"audience[{index}]", "5", "an object") for index in range(100)]
    assert refused(body_of(ios={"payload": {"text": "a", "interactive": {"buttons": [{}] * 5_000}}})) == missing(
        *(f"ios.payload.interactive.buttons[{index}].id" for index in range(100))
    )


def test_a_thousand_elements_pass_and_one_more_does_not() -> None:
    assert len(parsed(body_of(audience=AUDIENCE * 1_000)).audience) == 1_000
    assert refused(body_of(audience=AUDIENCE * 1_001)) == [PushRefusal.AUDIENCE_TOO_LARGE.text]


def test_what_does_not_fit_comes_before_the_size_of_the_audience() -> None:
    assert refused(body_of(audience=[*AUDIENCE * 1_000, {}], more=1))[0] != PushRefusal.AUDIENCE_TOO_LARGE.text


@pytest.mark.parametrize(
    ("element", "names"),
    [
        ({"userId": "u", "token": "t", "idfa": "a"}, {"token": "t"}),
        ({"customUid": "u"}, {"userId": "u"}),
        ({"customUid": "u", "userId": "u"}, {"userId": "u"}),
        (
            {"serialId": "s", "androidId": "n", "idfv": "v", "advertisingId": "d", "idfa": "a", "userId": "u", "devtodevId": 0},
            {"devtodevId": 0, "userId": "u", "idfa": "a", "advertisingId": "d", "idfv": "v", "androidId": "n", "serialId": "s"},
        ),
    ],
)
def test_identifiers_are_tried_in_one_order_and_a_push_token_stands_alone(
    element: dict[str, Any], names: dict[str, str | int]
) -> None:
    (found,) = parsed(body_of(audience=[element], ios=IOS, android=ANDROID)).audience
    assert [*found.names.items()] == [*names.items()]


@pytest.mark.parametrize("name", IDENTIFIERS)
def test_an_identifier_is_known_where_some_block_of_the_request_knows_it(name: str) -> None:
    blocks = {PlatformBlock.IOS: IOS, PlatformBlock.ANDROID: ANDROID, PlatformBlock.WIN: WIN, PlatformBlock.UWP: UWP}
    element = {"userId": "u", name: 5 if name == "devtodevId" else "u"}
    for block, content in blocks.items():
        body = body_of(audience=[element], **{block: content})
        if block in IDENTIFIERS[name].blocks:
            assert parsed(body)
        else:
            assert refused(body) == [f"Unexpected field audience[0].{name}"]
    assert parsed(body_of(audience=[element], **blocks))
