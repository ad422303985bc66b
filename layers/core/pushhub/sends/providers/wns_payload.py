"""What does Windows show of a message?

Sources: "Toast content schema", "Tile content schema", "Badge notifications", "The toast template catalog" and "The tile template
catalog" in `sources.md`.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote
from xml.etree.ElementTree import Element, SubElement

from pushhub.sends.json_template import JsonTemplate, SlottedText, compact_json, slot, slotted_json
from pushhub.sends.message import (
    Message,
    MessageError,
    TileBranding,
    TileContent,
    TileSize,
    ToastScenario,
    WindowsKind,
    require_size,
)
from pushhub.sends.xml_template import XmlTemplate, xml_safe_json
from pushhub.text import fits_xml

MAX_WNS_BYTES: Final = 5_000
"""Of a push ("Push notification service request and response headers", 413)."""


@dataclass(frozen=True, slots=True)
class WnsPayload:
    """What a push consists of; `body` has slots for the hub's values, which are JSON."""

    kind: WindowsKind
    body: SlottedText


def wns_payload(message: Message) -> WnsPayload:
    """Return what Windows gets of a message.

    Raises:
        MessageError: WNS would refuse the message.
    """
    kind = _kind(message)
    if kind is not WindowsKind.RAW:
        for field, text in _FIELDS[kind](message):
            if not fits_xml(text):
                raise MessageError(f"{field}: a character is none that XML has, so Windows cannot show it")
    render = _RENDER[kind]
    size = len(render(message, {}).filled({}))
    require_size(message, size, MAX_WNS_BYTES, f"a {kind} push of WNS")
    return WnsPayload(kind, render(message, {name: slot(key) for key, name in message.hub_keys.items()}))


def _kind(message: Message) -> WindowsKind:
    """Return what the push is: one that shows nothing is raw, and one that has nothing to show but a badge is that."""
    if message.hidden:
        return WindowsKind.RAW
    kind = message.windows.kind
    return WindowsKind.BADGE if kind is WindowsKind.TOAST and not _lines(message) and message.badge is not None else kind


def _toast(message: Message, hub: Mapping[str, str]) -> XmlTemplate:
    """Return a toast; the app gets the data, the link and the hub's values as the JSON text `launch` when it is tapped."""
    windows, lines = message.windows, _lines(message)
    if not lines:
        raise MessageError("text: a toast of Windows has a title or a text")
    launch = {**message.payload, **hub}
    toast = Element("toast", {"launch": xml_safe_json(compact_json(launch))} if launch else {})
    if windows.long or windows.loop:
        toast.set("duration", "long")
    visual = SubElement(toast, "visual")
    if windows.legacy:
        _add_legacy_toast(visual, message, lines)
    else:
        _add_adaptive_toast(visual, message, lines)
    if audio := _audio(message):
        SubElement(toast, "audio", audio)
    if windows.scenario is not ToastScenario.DEFAULT and not windows.legacy:
        toast.set("scenario", windows.scenario)
        # Windows takes a toast without a button for one of no scenario.
        SubElement(SubElement(toast, "actions"), "action", {"activationType": "system", "arguments": "dismiss", "content": ""})
    return XmlTemplate(toast)


def _add_adaptive_toast(visual: Element, message: Message, lines: tuple[str, ...]) -> None:
    binding = SubElement(visual, "binding", {"template": "ToastGeneric"})
    for line in lines:
        SubElement(binding, "text").text = line
    if message.icon:
        SubElement(binding, "image", {"placement": "appLogoOverride", "src": message.icon})
    if message.image:
        SubElement(binding, "image", {"src": message.image})


def _add_legacy_toast(visual: Element, message: Message, lines: tuple[str, ...]) -> None:
    image = message.image or message.icon
    kind = "ToastImageAndText" if image else "ToastText"
    _add_numbered(SubElement(visual, "binding", {"template": kind + _TOAST_TEMPLATES[len(lines)]}), lines, image)


def _add_numbered(binding: Element, texts: tuple[str, ...], image: str) -> None:
    """Add what a legacy template names by numbers."""
    if image:
        SubElement(binding, "image", {"id": "1", "src": image})
    for number, text in enumerate(texts, 1):
        SubElement(binding, "text", {"id": str(number)}).text = text


def _audio(message: Message) -> dict[str, str]:
    """Return what sounds: nothing, the usual sound, one of Windows by its name, or a file of the app."""
    sound = message.sound
    if not sound:
        return {"silent": "true"}
    loop = {"loop": "true"} if message.windows.loop else {}
    if sound == _USUAL_SOUND:
        return loop
    if sound.startswith(_SOUND_OF_WINDOWS):
        return {"src": f"ms-winsoundevent:{sound}", **loop}
    return {"src": sound if _SCHEME.match(sound) else f"ms-appx:///{quote(sound)}", **loop}


def _tile(message: Message, _hub: Mapping[str, str]) -> XmlTemplate:
    """Return a tile; no app gets anything with one."""
    windows = message.windows
    tile = Element("tile")
    visual = SubElement(tile, "visual", {"version": "2"} if windows.legacy else {})
    if windows.branding and not (windows.legacy and windows.branding is TileBranding.NAME_AND_LOGO):
        visual.set("branding", windows.branding)
    if windows.display_name and not windows.legacy:
        visual.set("displayName", windows.display_name)
    add = _add_legacy_tile if windows.legacy else _add_adaptive_tile
    for size in TileSize:
        if size in windows.tiles:
            add(visual, size, windows.tiles[size])
    return XmlTemplate(tile)


def _add_adaptive_tile(visual: Element, size: TileSize, content: TileContent) -> None:
    binding = SubElement(visual, "binding", {"template": f"Tile{size.capitalize()}"})
    if content.image:
        SubElement(binding, "image", {"placement": content.placement, "src": content.image})
    for text in content.texts:
        SubElement(binding, "text", {"hint-wrap": "true"}).text = text


def _add_legacy_tile(visual: Element, size: TileSize, content: TileContent) -> None:
    template = content.template or _legacy_template(size, content)
    # Windows 8 knows the templates by names without a size, and none of the newest sizes.
    before, measures, behind = template.partition(_MEASURES_OF_WINDOWS_8.get(size, "?"))
    fallback = {"fallback": before + behind} if measures else {}
    _add_numbered(SubElement(visual, "binding", {"template": template, **fallback}), content.texts, content.image)


def _legacy_template(size: TileSize, content: TileContent) -> str:
    for most, without_image, with_image in _TILE_TEMPLATES[size]:
        if len(content.texts) <= most and (template := with_image if content.image else without_image):
            return template
    raise MessageError(
        f"windows.tiles: a legacy tile of the size {size} has no template for so many texts beside this image, or none"
    )


def _badge(message: Message, _hub: Mapping[str, str]) -> XmlTemplate:
    """Return a badge; no app gets anything with one."""
    return XmlTemplate(Element("badge", {"value": message.windows.badge_glyph or str(message.badge)}))


def _raw(message: Message, hub: Mapping[str, str]) -> SlottedText:
    """Return what the app gets as it is; the hub's values stand in it where it is a JSON object."""
    given = message.windows.raw
    if not given:
        return JsonTemplate({**message.payload, **hub})
    if message.payload:
        raise MessageError("windows.raw: a raw push has either a content of its own, or data and link")
    document = message.windows.raw_object if message.hub_keys else None
    if document is not None and not document.keys().isdisjoint(message.hub_keys.values()):
        raise MessageError("windows.raw: a key is one that the hub writes itself")
    if document is None or not hub:
        return slotted_json(given)
    # What the caller wrote stays as it is behind the first brace.
    return slotted_json(compact_json(hub)[:-1] + ("," if document else "") + given.lstrip()[1:])


def _lines(message: Message) -> tuple[str, ...]:
    return tuple(filter(None, (message.title, message.text, *message.windows.more_texts)))


def _fields_of_toast(message: Message) -> Iterator[tuple[str, str]]:
    yield from (("title", message.title), ("text", message.text), ("sound", message.sound))
    yield from (("image", message.image), ("icon", message.icon))
    yield from (("windows.more_texts", text) for text in message.windows.more_texts)


def _fields_of_tile(message: Message) -> Iterator[tuple[str, str]]:
    yield "windows.display_name", message.windows.display_name
    for size, content in message.windows.tiles.items():
        yield from ((f"windows.tiles.{size}", text) for text in (*content.texts, content.image))


_USUAL_SOUND: Final = "default"
_SOUND_OF_WINDOWS: Final = "Notification."
_SCHEME: Final = re.compile(r"ms-(?:appx|appdata|winsoundevent):", re.IGNORECASE)
_FIELDS: Final[Mapping[WindowsKind, Callable[[Message], Iterator[tuple[str, str]]]]] = {
    WindowsKind.TOAST: _fields_of_toast,
    WindowsKind.TILE: _fields_of_tile,
    WindowsKind.BADGE: lambda _: iter(()),
}
"""Texts that become XML, with the field in which they stand."""
_RENDER: Final[Mapping[WindowsKind, Callable[[Message, Mapping[str, str]], SlottedText]]] = {
    WindowsKind.TOAST: _toast,
    WindowsKind.TILE: _tile,
    WindowsKind.BADGE: _badge,
    WindowsKind.RAW: _raw,
}
_TOAST_TEMPLATES: Final[Mapping[int, str]] = {1: "01", 2: "02", 3: "04"}
"""The template for so many lines; 03 has two of them in another layout."""
_MEASURES_OF_WINDOWS_8: Final[Mapping[TileSize, str]] = {TileSize.MEDIUM: "150x150", TileSize.WIDE: "310x150"}
_TILE_TEMPLATES: Final[Mapping[TileSize, tuple[tuple[int, str, str], ...]]] = {
    TileSize.SMALL: ((0, "", "TileSquare71x71Image"),),
    TileSize.MEDIUM: (
        (0, "", "TileSquare150x150Image"),
        (1, "TileSquare150x150Text04", "TileSquare150x150PeekImageAndText04"),
        (2, "TileSquare150x150Text02", "TileSquare150x150PeekImageAndText02"),
        (4, "TileSquare150x150Text01", "TileSquare150x150PeekImageAndText01"),
    ),
    TileSize.WIDE: (
        (0, "", "TileWide310x150Image"),
        (1, "TileWide310x150Text04", "TileWide310x150ImageAndText01"),
        (2, "TileWide310x150Text09", "TileWide310x150PeekImage01"),
        (5, "TileWide310x150Text01", "TileWide310x150PeekImage02"),
    ),
    TileSize.LARGE: (
        (0, "", "TileSquare310x310Image"),
        (1, "TileSquare310x310Text01", "TileSquare310x310ImageAndText01"),
        (2, "TileSquare310x310Text01", "TileSquare310x310ImageAndText02"),
        (4, "TileSquare310x310Text01", "TileSquare310x310ImageAndTextOverlay03"),
        (10, "TileSquare310x310Text01", ""),
    ),
}
"""Legacy templates: for how many texts at most, without and with a picture."""
