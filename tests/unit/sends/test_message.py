"""What fits a message, and what does not."""

from typing import Any

import pytest

from pushhub.sends.message import (
    HUB_KEYS,
    RESERVED_BYTES,
    AndroidExtras,
    HubKey,
    IosExtras,
    Message,
    MessageError,
    TileContent,
    TileSize,
    WindowsExtras,
    WindowsKind,
)

SHORTEST = {"text": "Hello"}


def tile(**fields: Any) -> WindowsExtras:
    return WindowsExtras(WindowsKind.TILE, tiles={TileSize.WIDE: TileContent(**fields)})


@pytest.mark.parametrize(
    "fields",
    [
        {"title": "Sale"},
        {"text": "Today"},
        {"sound": "default"},
        {"badge": 0},
        {"badge": 2**31 - 1},
        {"ios": IosExtras(loc_key="SALE")},
        {"hidden": True},
        {"hidden": True, "data": {"order": "17"}},
        SHORTEST | {"link": "https://example.com/" + "a" * 2028},
        SHORTEST | {"image": "http://example.com/a.png"},
        SHORTEST | {"expire": 0},
        SHORTEST | {"expire": 2_419_200},
        SHORTEST | {"collapse_key": "я" * 32},
        SHORTEST | {"data": {"uid": "mine"}, "hub_keys": {}},
        SHORTEST | {"data": {"url": "mine"}},
        SHORTEST | {"android": AndroidExtras(color="#0aF9c3", light_color="#ffffff")},
        {"windows": WindowsExtras(WindowsKind.RAW)},
        {"windows": WindowsExtras(WindowsKind.RAW, raw="<a>")},
        {"windows": WindowsExtras(WindowsKind.BADGE, badge_glyph="newMessage")},
        {"windows": WindowsExtras(WindowsKind.BADGE), "badge": 0},
        {"windows": tile(texts=("Sale",), template="TileWideText01")},
        {"windows": tile(image="ms-appx:///Assets/a b.png")},
        SHORTEST | {"title": "Sale", "windows": WindowsExtras(more_texts=("Now",))},
    ],
)
def test_what_can_be_pushed_is_a_message(fields: dict[str, Any]) -> None:
    assert Message(**fields)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({}, "message"),
        ({"data": {"order": "17"}}, "message"),
        ({"title": "\ud800"}, "message"),
        (SHORTEST | {"data": {"a": "\udfff"}}, "message"),
        (SHORTEST | {"data": {"\ud800uid\udfff": "a"}}, "message"),
        (SHORTEST | {"collapse_key": "\ud800"}, "message"),
        (SHORTEST | {"hub_keys": {HubKey.UID: "\ud800"}}, "message"),
        (SHORTEST | {"ios": IosExtras(loc_args=("\ud800",))}, "message"),
        (SHORTEST | {"android": AndroidExtras(channel="\ud800")}, "message"),
        (SHORTEST | {"image": "\ud800"}, "image"),
        (SHORTEST | {"image": "ftp://example.com/a.png"}, "image"),
        (SHORTEST | {"icon": "ic_sale"}, "icon"),
        (SHORTEST | {"link": "javascript:alert(1)"}, "link"),
        (SHORTEST | {"link": "https://example.com/a b"}, "link"),
        (SHORTEST | {"link": "https://example.com/" + "a" * 2029}, "link"),
        (SHORTEST | {"data": {"": "a"}}, "data"),
        (SHORTEST | {"data": {"uid": "a"}}, "data"),
        (SHORTEST | {"data": {"launch_id": "a"}}, "data"),
        (SHORTEST | {"data": {"hub_link": "a"}}, "data"),
        (SHORTEST | {"data": {"px.msg_id": "a"}, "hub_keys": {HubKey.UID: "px.msg_id"}}, "data"),
        (SHORTEST | {"data": {"url": "a"}, "link": "https://example.com"}, "data"),
        ({"badge": -1}, "badge"),
        ({"badge": 2**31}, "badge"),
        (SHORTEST | {"expire": -1}, "expire"),
        (SHORTEST | {"expire": 2_419_201}, "expire"),
        (SHORTEST | {"collapse_key": ""}, "collapse_key"),
        (SHORTEST | {"collapse_key": "я" * 32 + "a"}, "collapse_key"),
        (SHORTEST | {"android": AndroidExtras(color="red")}, "android.color"),
        (SHORTEST | {"android": AndroidExtras(light_color="#0aF9c30")}, "android.light_color"),
        (SHORTEST | {"windows": WindowsExtras(raw="\ud800")}, "message"),
        (SHORTEST | {"windows": tile(texts=("\ud800",))}, "message"),
        (SHORTEST | {"title": "Sale", "windows": WindowsExtras(more_texts=("Now", "Here"))}, "windows.more_texts"),
        ({"windows": WindowsExtras(WindowsKind.TILE)}, "windows.tiles"),
        ({"windows": tile()}, "windows.tiles"),
        ({"windows": tile(image="file:///a.png")}, "windows.tiles"),
        ({"windows": tile(texts=("Sale",), template='"')}, "windows.tiles"),
        ({"windows": WindowsExtras(WindowsKind.BADGE)}, "badge"),
        ({"windows": WindowsExtras(WindowsKind.BADGE, badge_glyph="star")}, "windows.badge_glyph"),
    ],
)
def test_what_does_not_fit_is_refused_by_the_name_of_its_field(fields: dict[str, Any], field: str) -> None:
    with pytest.raises(MessageError, match=rf"^{field}: "):
        Message(**fields)


def test_room_is_kept_for_the_keys_of_the_hub_alone() -> None:
    assert Message(title="Sale").hub_keys == HUB_KEYS
    assert Message(title="Sale").reserved_bytes == RESERVED_BYTES
    assert Message(title="Sale", hub_keys={}).reserved_bytes == 0


def test_a_link_stands_beside_the_data() -> None:
    assert Message(title="Sale", data={"order": "17"}, link="https://example.com").payload == {
        "order": "17",
        "url": "https://example.com",
    }
