"""What is pushed, and to whom, as it is stored."""

import json
from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushhub.adapters.dynamodb.schema.sending_content import content_of, content_text
from pushhub.catalog.providers import PROVIDER_CODES
from pushhub.sends.filters import Choice, Filters
from pushhub.sends.message import (
    HUB_KEYS,
    MAX_BADGE,
    MAX_EXPIRE_SECONDS,
    AndroidExtras,
    HubKey,
    InterruptionLevel,
    IosExtras,
    Message,
    MessagePart,
    Priority,
    TileBranding,
    TileContent,
    TileImagePlacement,
    TileSize,
    ToastScenario,
    Translation,
    WindowsExtras,
    WindowsKind,
)
from pushhub.sends.sending import (
    ANY_PROVIDER,
    Everyone,
    Filtered,
    Named,
    NamedField,
    NamedProfile,
    NamedPushToken,
    Selection,
)

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
colors = st.sampled_from(["", "#00ff00", "#ABCDEF"])
urls = st.sampled_from(["", "https://shop.example.com/ü?a=1#b", "http://x"])
args = st.lists(texts, max_size=3).map(tuple)
android = st.builds(AndroidExtras, texts, colors, texts, texts, st.booleans(), colors)
ios = st.builds(
    IosExtras,
    **dict.fromkeys(("subtitle", "title_loc_key", "loc_key", "action_loc_key", "launch_image", "category", "thread_id"), texts),
    **dict.fromkeys(("title_loc_args", "loc_args"), args),
    **dict.fromkeys(("mutable_content", "content_available"), st.booleans()),
    interruption_level=st.none() | st.sampled_from(InterruptionLevel),
)
tiles = st.builds(TileContent, args, urls, st.sampled_from(TileImagePlacement), st.sampled_from(["", "TileSquareText01"]))
windows = st.builds(
    WindowsExtras,
    kind=st.sampled_from([WindowsKind.TOAST, WindowsKind.RAW]),
    scenario=st.sampled_from(ToastScenario),
    tiles=st.dictionaries(st.sampled_from(TileSize), tiles, max_size=2),
    branding=st.none() | st.sampled_from(TileBranding),
    display_name=texts,
    **dict.fromkeys(("legacy", "long", "loop"), st.booleans()),
)
messages = st.builds(
    Message,
    title=texts,
    text=texts,
    image=urls,
    icon=urls,
    link=urls,
    data=st.dictionaries(texts.filter(bool).map("k{}".format), texts, max_size=3),
    hidden=st.just(True),
    badge=st.none() | st.integers(0, MAX_BADGE),
    sound=texts,
    priority=st.sampled_from(Priority),
    expire=st.integers(0, MAX_EXPIRE_SECONDS),
    collapse_key=st.none() | texts.filter(bool),
    hub_keys=st.sampled_from([HUB_KEYS, {}, {HubKey.UID: "px.msg_id"}]),
    app_keys=st.sampled_from([{}, {part: f"px.{part}" for part in MessagePart}]),
    android=android,
    ios=ios,
    windows=windows,
)
values = st.frozensets(texts, max_size=3)
choices = st.builds(Choice, st.none() | values, values)
filters = st.builds(Filters, choices, choices, choices, choices)
translations = st.dictionaries(st.sampled_from(["pt", "ru", "de"]), st.builds(Translation, texts, texts, urls, urls, urls))
selections = (
    st.just(Everyone())
    | filters.map(Filtered)
    | st.lists(
        st.builds(NamedProfile, texts)
        | st.builds(NamedField, texts, texts | st.integers())
        | st.builds(NamedPushToken, st.sampled_from(list(PROVIDER_CODES)), texts),
        max_size=4,
    )
    .map(tuple)
    .map(Named)
)

EVERY_FIELD = Message(
    title="a",
    text="b",
    image="https://x/i",
    icon="https://x/c",
    link="https://x/l",
    data={"k": "v"},
    hidden=True,
    badge=0,
    sound="default",
    priority=Priority.NORMAL,
    expire=0,
    collapse_key="c",
    hub_keys={},
    app_keys={MessagePart.TITLE: "px.title"},
    android=AndroidExtras("a", "#000000", "b", "c", vibrate=True, light_color="#000001"),
    ios=IosExtras(
        "a",
        "b",
        ("c",),
        "d",
        ("e",),
        "f",
        "g",
        "h",
        "i",
        mutable_content=True,
        content_available=True,
        interruption_level=InterruptionLevel.ACTIVE,
    ),
    windows=WindowsExtras(
        WindowsKind.TILE,
        legacy=True,
        more_texts=("a",),
        scenario=ToastScenario.ALARM,
        long=True,
        loop=True,
        tiles={TileSize.WIDE: TileContent(("a",), "ms-appx:///a", TileImagePlacement.PEEK, "b")},
        branding=TileBranding.NONE,
        display_name="c",
        badge_glyph="busy",
        raw="d",
    ),
)
"""None of its fields has its default."""


@given(selections, st.dictionaries(st.sampled_from([ANY_PROVIDER, *PROVIDER_CODES]), messages, max_size=2), translations)
def test_what_is_stored_is_read_back_as_it_was(
    selection: Selection, pushed: dict[str, Message], translated: dict[str, Translation]
) -> None:
    text = content_text(selection, pushed, translated)
    assert content_of(text) == (selection, pushed, translated)
    text.encode()


def test_filters_that_choose_everybody_take_no_room() -> None:
    assert json.loads(content_text(Filtered(Filters()), {})) == {"selection": {"filters": {}}, "messages": {}}
    only = Filters(countries=Choice(frozenset({"RU", "DE"})), events=Choice(exclude=frozenset({"dep"})))
    assert json.loads(content_text(Filtered(only), {}))["selection"] == {
        "filters": {"countries": {"include": ["DE", "RU"]}, "events": {"exclude": ["dep"]}}
    }


def test_every_field_is_stored_and_read_back() -> None:
    text = content_text(Everyone(), {ANY_PROVIDER: EVERY_FIELD})
    entry = json.loads(text)["messages"][ANY_PROVIDER]
    assert entry.keys() == {field.name for field in fields(Message)}
    assert entry["android"].keys() == {field.name for field in fields(AndroidExtras)}
    assert entry["ios"].keys() == {field.name for field in fields(IosExtras)}
    assert entry["windows"].keys() == {field.name for field in fields(WindowsExtras)}
    assert entry["windows"]["tiles"]["wide"].keys() == {field.name for field in fields(TileContent)}
    (read,) = content_of(text)[1].values()
    assert read == EVERY_FIELD
    tile = TileSize.WIDE
    for thing, kept in (
        (read, EVERY_FIELD),
        (read.ios, EVERY_FIELD.ios),
        (read.windows, EVERY_FIELD.windows),
        (read.windows.tiles[tile], EVERY_FIELD.windows.tiles[tile]),
    ):
        for field in fields(thing):
            assert type(getattr(thing, field.name)) is type(getattr(kept, field.name)), field.name


@pytest.mark.parametrize("message", [Message(title="a"), Message(text="b", badge=0)])
def test_a_field_with_its_default_takes_no_room(message: Message) -> None:
    entry = json.loads(content_text(Everyone(), {ANY_PROVIDER: message}))["messages"][ANY_PROVIDER]
    assert entry.keys() == ({"title"} if message.title else {"text", "badge"})
