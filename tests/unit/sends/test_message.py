"""What fits a message, and what does not."""

from dataclasses import fields
from typing import Any

import pytest

from pushhub.audience.model import ProfileId
from pushhub.catalog.secrets import LinkKeyId, Secrets
from pushhub.events.links import mint_links
from pushhub.events.uid import Launch, Recipient, mint_uid
from pushhub.sends.json_template import compact_json, quoted
from pushhub.sends.message import (
    HUB_KEYS,
    RESERVED_BYTES,
    AndroidExtras,
    HubKey,
    IosExtras,
    Message,
    MessageError,
    MessagePart,
    PushRecipient,
    TileContent,
    TileSize,
    Translation,
    WindowsExtras,
    WindowsKind,
)

SHORTEST = {"text": "Hello"}
APP_KEYS = {MessagePart.TITLE: "px.title", MessagePart.TEXT: "px.body", MessagePart.IMAGE: "px.image", MessagePart.LINK: "px.link"}


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
        SHORTEST | {"link": "https://example.com", "data": {"url": "a"}, "app_keys": APP_KEYS},
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
        (SHORTEST | {"data": {"px.body": "a"}, "app_keys": APP_KEYS}, "data"),
        (SHORTEST | {"app_keys": {MessagePart.TITLE: "\ud800"}}, "message"),
        (SHORTEST | {"app_keys": {MessagePart.TITLE: ""}}, "app_keys"),
        (SHORTEST | {"app_keys": {MessagePart.TITLE: "uid"}}, "app_keys"),
        (SHORTEST | {"app_keys": {MessagePart.TITLE: "a", MessagePart.TEXT: "a"}}, "app_keys"),
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
    assert Message(title="Sale").reserved_bytes == 1024 == sum(RESERVED_BYTES.values())
    assert Message(title="Sale", hub_keys={HubKey.UID: "px.msg_id"}).reserved_bytes == RESERVED_BYTES[HubKey.UID]
    assert Message(title="Sale", hub_keys={}).reserved_bytes == 0


def test_each_key_of_the_hub_fits_the_room_that_is_kept_for_it() -> None:
    launch = Launch(2**63 - 1, 2**63 - 1, 2**63 - 1)
    person = Recipient(2**31 - 1, ProfileId("f" * 24), "ffffffff", "android-firebase")
    uid = mint_uid(launch, 2**62, person)
    links = mint_links("https://" + "h" * 120, "s" * 128, Secrets({LinkKeyId(1): "k" * 32}, {}), uid)
    values = PushRecipient("", "", uid, launch.text, compact_json({"ack": links.ack, "open": links.open})).hub_values()
    for key, name in {**HUB_KEYS, HubKey.UID: "px.msg_id"}.items():
        assert len(f',"{name}":{quoted(values[key])}') <= RESERVED_BYTES[key]


def test_a_link_stands_beside_the_data() -> None:
    assert Message(title="Sale", data={"order": "17"}, link="https://example.com").payload == {
        "order": "17",
        "url": "https://example.com",
    }


def test_parts_that_the_app_reads_stand_beside_the_data_under_their_keys_and_empty_ones_are_left_out() -> None:
    message = Message("Sale", "Today", link="https://example.com", data={"order": "17"}, app_keys=APP_KEYS)
    assert message.payload == {"order": "17", "px.title": "Sale", "px.body": "Today", "px.link": "https://example.com"}


def test_a_translation_takes_the_place_of_all_that_differs_by_language_and_of_nothing_else() -> None:
    message = Message("Sale", "Today", "https://a.example/1.png", "https://a.example/2.png", "https://a.example", expire=60)
    assert message.translated(Translation("Распродажа", "Сегодня")) == Message("Распродажа", "Сегодня", expire=60)
    assert message.translated(Translation(*(getattr(message, part) for part in MessagePart))) == message


def test_a_translation_has_a_field_for_each_part_of_a_message_that_differs_by_language() -> None:
    assert [each.name for each in fields(Translation)] == [part.value for part in MessagePart]


def test_a_translation_that_does_not_fit_is_refused_by_the_name_of_its_field() -> None:
    with pytest.raises(MessageError, match=r"^link: "):
        Message("Sale").translated(Translation("Sale", link="shop"))
