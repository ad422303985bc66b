"""Which fields does a request of the Push API have, of which kind is each, and which part of a message is it for?

The rows are those of "Push API" and of the pages of its four blocks in `sources.md`; `decisions.md` says which of them could not be
read and are the hub's own. A part of a message that begins with `data.` stands in the data as a text: an object is written as JSON.
"""

from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from typing import Any, Final, NamedTuple

from pushhub.audience.values import MAX_VALUE_BYTES
from pushhub.catalog.providers import MAX_PUSH_TOKEN_BYTES
from pushhub.dialects.devtodev.push.kinds import Data, Either, Field, Flag, Kind, ListOf, Object, OneOf, PlainText, Whole
from pushhub.outgoing.addresses import MAX_URL_CHARACTERS
from pushhub.sends.message import (
    BADGE_GLYPHS,
    MAX_BADGE,
    MAX_COLLAPSE_KEY_BYTES,
    MAX_EXPIRE_SECONDS,
    Priority,
    TileContent,
    TileSize,
    ToastScenario,
    WindowsKind,
    fits_collapse_key,
    is_color,
    is_picture,
    is_url,
)
from pushhub.sends.providers.kept_keys import is_kept_by_apns, is_kept_by_fcm
from pushhub.text import fits_xml

MAX_TAG_CHARACTERS: Final = 255
"""Of a campaign tag."""
MAX_PACK_ID_CHARACTERS: Final = 128


class PlatformBlock(StrEnum):
    """A part of a request that holds the push for one platform."""

    IOS = "ios"
    ANDROID = "android"
    WIN = "win"
    UWP = "uwp"


def _of_bytes(most: int) -> PlainText:
    return PlainText(f"a text of 1 to {most} bytes", lambda text: 1 <= len(text.encode()) <= most)


def _of_characters(most: int) -> PlainText:
    return PlainText(f"a text of 1 to {most} characters", lambda text: 1 <= len(text) <= most)


def _is_line(text: str) -> bool:
    return text != "" and fits_xml(text)


def _keeps_none(_key: str) -> bool:
    return False


_TEXT: Final = PlainText()
_URL: Final = PlainText(
    f"an http or https URL of at most {MAX_URL_CHARACTERS} characters", lambda text: text != "" and is_url(text)
)
_COLOR: Final = PlainText("#RRGGBB", lambda text: text != "" and is_color(text))
_LINE: Final = PlainText("a text that is not empty, without control characters", _is_line)
_MORE_LINES: Final = PlainText(_LINE.expected, _is_line, lambda text: (text,))
_EXPIRE: Final = Whole(0, MAX_EXPIRE_SECONDS)
_BADGE: Final = Whole(0, MAX_BADGE)

_ACTION: Final = Object(
    {"url": Field(_URL), "share": Field(_TEXT), "deeplink": Field(_TEXT)},
    rivals=("url", "share", "deeplink"),
)
"""What a tap on a button does; without any of these, it opens the app."""
_TAP: Final = Object({**_ACTION.fields, "url": Field(_URL, "link")}, rivals=_ACTION.rivals)
"""What a tap on the push does: the URL is also the link of the message."""
_BUTTONS: Final = ListOf(
    Object(
        {
            "id": Field(_TEXT, required=True),
            "text": Field(_TEXT),
            "icon": Field(_TEXT),
            "handling": Field(_TEXT),
            "action": Field(_ACTION),
        }
    )
)
_OPTIONS: Final = Object(
    {
        "priority": Field(OneOf(tuple(Priority), Priority), "priority"),
        "expire": Field(_EXPIRE, "expire"),
        "collapse_key": Field(
            PlainText(f"a text of 1 to {MAX_COLLAPSE_KEY_BYTES} bytes", fits_collapse_key),
            "collapse_key",
        ),
        "hidden": Field(Flag(), "hidden"),
    },
    open=True,
)
_WINDOWS_OPTIONS: Final = Object({"expire": Field(_EXPIRE, "expire")}, open=True)


def is_hidden(block: Mapping[str, Any]) -> bool:
    """Say whether the push of a block `ios` or `android` shows nothing, as far as its fields are of their kinds.

    It says so itself in `options.hidden`. Otherwise one is hidden that has data and nothing to show.
    """
    payload, options = block.get("payload"), block.get("options")
    hidden = options.get("hidden") if isinstance(options, dict) else None
    if isinstance(hidden, bool):
        return hidden
    return isinstance(payload, dict) and payload.get("data") is not None and not _has_any(payload, _SHOWN)


_SHOWN: Final = ("title", "text", "title-loc-key", "loc-key", "badge", "sound")


def _has_any(members: Mapping[str, Any], names: tuple[str, ...]) -> bool:
    return any(members.get(name) is not None for name in names)


def _lacking_payload(shown: tuple[str, ...]) -> Callable[[Mapping[str, Any]], Iterator[str]]:
    """Return what yields the required fields of a block that are not there; one of `shown` has to be."""

    def lacking(block: Mapping[str, Any]) -> Iterator[str]:
        payload = block.get("payload")
        if isinstance(payload, dict):
            if is_hidden(block):
                if payload.get("data") is None:
                    yield "payload.data"
            elif not _has_any(payload, shown):
                yield "payload.text"

    return lacking


_IOS: Final = Object(
    {
        "payload": Field(
            Object(
                {
                    "title": Field(_TEXT, "title"),
                    "text": Field(_TEXT, "text"),
                    "title-loc-key": Field(_TEXT, "ios.title_loc_key"),
                    "title-loc-args": Field(
                        Either(
                            {str: Field(PlainText(made=lambda text: (text,))), list: Field(ListOf(_TEXT))},
                            "a text or an array of texts",
                        ),
                        "ios.title_loc_args",
                    ),
                    "action-loc-key": Field(_TEXT, "ios.action_loc_key"),
                    "loc-key": Field(_TEXT, "ios.loc_key"),
                    "loc-args": Field(ListOf(_TEXT), "ios.loc_args"),
                    "launch-image": Field(_TEXT, "ios.launch_image"),
                    "data": Field(Data(is_kept_by_apns), "data"),
                    "badge": Field(_BADGE, "badge"),
                    "sound": Field(_TEXT, "sound"),
                    "attachment": Field(
                        Object({"type": Field(_TEXT), "url": Field(_URL, required=True)}),
                        "data.attachment",
                    ),
                    "action": Field(_TAP, "data.action"),
                    "interactive": Field(
                        Object({"template": Field(_TEXT, "ios.category"), "buttons": Field(_BUTTONS)}),
                        "data.interactive",
                    ),
                }
            ),
            required=True,
        ),
        "options": Field(_OPTIONS),
    },
    _lacking_payload(("text", "loc-key")),
)
_ANDROID: Final = Object(
    {
        "payload": Field(
            Object(
                {
                    "title": Field(_TEXT, "title"),
                    "text": Field(_TEXT, "text"),
                    "data": Field(Data(is_kept_by_fcm), "data"),
                    "small_icon": Field(_TEXT, "android.icon"),
                    "color": Field(_COLOR, "android.color"),
                    "icon": Field(_TEXT, "data.icon"),
                    "image": Field(_URL, "image"),
                    "sound": Field(_TEXT, "sound"),
                    "badge": Field(_BADGE, "badge"),
                    "vibration": Field(Flag(), "android.vibrate"),
                    "led_color": Field(_COLOR, "android.light_color"),
                    "action": Field(_TAP, "data.action"),
                    "interactive": Field(Object({"buttons": Field(_BUTTONS)}), "data.interactive"),
                }
            ),
            required=True,
        ),
        "options": Field(_OPTIONS),
    },
    _lacking_payload(("title", "text", "badge", "sound")),
)


_WEB_PICTURE: Final = PlainText(_URL.expected, lambda text: _is_line(text) and is_url(text))
_TOAST_FIELDS: Final = {
    "text2": Field(_MORE_LINES, "windows.more_texts"),
    "image": Field(_WEB_PICTURE, "image"),
    "icon": Field(_WEB_PICTURE, "icon"),
    "sound": Field(_LINE, "sound"),
    "data": Field(Data(_keeps_none), "data"),
}
"""What toasts of both blocks have besides title and text."""
_TILE_LINES: Final = ("title", "text", "text2", "text3")


def _tile_content(members: Mapping[str, Any]) -> TileContent:
    return TileContent(tuple(members[name] for name in _TILE_LINES if name in members), members.get("image", ""))


def _tiles(members: Mapping[str, Any]) -> Mapping[TileSize, TileContent]:
    return {TileSize(name): content for name, content in members.items()}


def lacking_one_of(names: tuple[str, ...], shown: str) -> Callable[[Mapping[str, Any]], Iterator[str]]:
    """Return what yields how the names are `shown`, where none of them is there."""
    return lambda members: iter(() if _has_any(members, names) else (shown,))


_PICTURE: Final = PlainText(
    f"an http, https, ms-appx or ms-appdata URL of at most {MAX_URL_CHARACTERS} characters",
    lambda text: _is_line(text) and is_picture(text),
)
_TILE_SIZE: Final = Object(
    {**{name: Field(_LINE) for name in _TILE_LINES}, "image": Field(_PICTURE)},
    lacking_one_of((*_TILE_LINES, "image"), "text"),
    made=_tile_content,
)
_LEGACY_SMALL: Final = Object({"image": Field(_PICTURE, required=True)}, made=_tile_content)
"""Windows 8.1 has no template of this size with a text."""


def _tile(small: Object) -> Object:
    fields: dict[str, Field] = {size: Field(small if size is TileSize.SMALL else _TILE_SIZE) for size in TileSize}
    return Object(fields, lacking_one_of(tuple(fields), "small, medium, wide or large"), made=_tiles)


_GLYPH: Final = OneOf(tuple(sorted(BADGE_GLYPHS)))
_BADGE_VALUES: Final = {int: Field(_BADGE, "badge"), str: Field(_GLYPH, "windows.badge_glyph")}
_A_BADGE: Final = f"a whole number from 0 to {MAX_BADGE}, or a glyph"
_WINDOWS_BADGE: Final = Either(
    {**_BADGE_VALUES, dict: Field(Object({"value": Field(Either(_BADGE_VALUES, _A_BADGE), required=True)}))}, _A_BADGE
)
_RAW: Final = Either(
    {
        str: Field(PlainText("a text that is not empty", lambda text: text != ""), "windows.raw"),
        dict: Field(Object({"data": Field(Data(_keeps_none), "data", required=True)})),
    },
    "a text, or an object with data",
)


def _windows(toast: Object, small: Object) -> Object:
    kinds: Mapping[str, Field] = {
        WindowsKind.TOAST: Field(toast),
        WindowsKind.RAW: Field(_RAW),
        WindowsKind.TILE: Field(_tile(small), "windows.tiles"),
        WindowsKind.BADGE: Field(_WINDOWS_BADGE),
    }
    return Object(
        {**kinds, "options": Field(_WINDOWS_OPTIONS)},
        lacking_one_of(tuple(kinds), "toast, raw, tile or badge"),
        rivals=tuple(kinds),
    )


_WIN: Final = _windows(
    Object(
        {
            "title": Field(_LINE, "title", required=True),
            "text": Field(_LINE, "text", required=True),
            **_TOAST_FIELDS,
        }
    ),
    _LEGACY_SMALL,
)
_UWP: Final = _windows(
    Object(
        {
            "scenario": Field(OneOf(tuple(ToastScenario), ToastScenario), "windows.scenario"),
            "title": Field(_LINE, "title"),
            "text": Field(_LINE, "text"),
            **_TOAST_FIELDS,
        },
        lacking_one_of(("title", "text"), "text"),
    ),
    _TILE_SIZE,
)
BLOCKS: Final[Mapping[PlatformBlock, Object]] = {
    PlatformBlock.IOS: _IOS,
    PlatformBlock.ANDROID: _ANDROID,
    PlatformBlock.WIN: _WIN,
    PlatformBlock.UWP: _UWP,
}
"""The fields of each block."""

_EVERY_BLOCK: Final = frozenset(PlatformBlock)
_IDENTIFIER: Final = _of_bytes(MAX_VALUE_BYTES)
USER_ID: Final = "userId"
USER_ID_ALIAS: Final = "customUid"
"""Another name of `userId`, which an example of the vendor's has."""


class IdentifierRow(NamedTuple):
    """The kind of an identifier, and the blocks that know it."""

    kind: Kind
    blocks: frozenset[PlatformBlock]


IDENTIFIERS: Final[Mapping[str, IdentifierRow]] = {
    "token": IdentifierRow(_of_bytes(MAX_PUSH_TOKEN_BYTES), _EVERY_BLOCK),
    "devtodevId": IdentifierRow(Whole(0, 2**63 - 1), _EVERY_BLOCK),
    USER_ID: IdentifierRow(_IDENTIFIER, _EVERY_BLOCK),
    USER_ID_ALIAS: IdentifierRow(_IDENTIFIER, _EVERY_BLOCK),
    "idfa": IdentifierRow(_IDENTIFIER, frozenset({PlatformBlock.IOS})),
    "advertisingId": IdentifierRow(_IDENTIFIER, _EVERY_BLOCK - {PlatformBlock.IOS}),
    "idfv": IdentifierRow(_IDENTIFIER, frozenset({PlatformBlock.IOS})),
    "androidId": IdentifierRow(_IDENTIFIER, frozenset({PlatformBlock.ANDROID})),
    "serialId": IdentifierRow(_IDENTIFIER, _EVERY_BLOCK - {PlatformBlock.IOS}),
}
"""What an element of the audience may have, in the order in which it is tried."""

REQUEST: Final[Mapping[str, Field]] = {
    "user_token": Field(_TEXT),
    "app_id": Field(_TEXT, required=True),
    "campaign_tag": Field(_of_characters(MAX_TAG_CHARACTERS)),
    "pack_id": Field(_of_characters(MAX_PACK_ID_CHARACTERS)),
}
"""What a request has besides its audience and its blocks."""
