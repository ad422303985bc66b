"""How are the messages of a sending, and whom it is for, written as JSON and read back?

A field that has its default is left out, so a release may add fields. Messages stand by their provider ids, an identifier as an
object whose keys say of which kind it is, and filters as an object of those that are set.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from typing import Any, Final

from pushhub.catalog.providers import Provider
from pushhub.sends.filters import Choice, Filters
from pushhub.sends.message import (
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
from pushhub.sends.sending import Everyone, Filtered, Identifier, Named, NamedField, NamedProfile, NamedPushToken, Selection

NO_TRANSLATIONS: Final[Mapping[str, Translation]] = {}

_EVERYONE: Final = "everyone"
_FILTERS: Final = "filters"
_CHOICES: Final = ("countries", "languages", "audiences", "events")

_Thing = Message | Translation | AndroidExtras | IosExtras | WindowsExtras | TileContent


def content_text(
    selection: Selection, messages: Mapping[str, Message], translations: Mapping[str, Translation] = NO_TRANSLATIONS
) -> str:
    """Return the JSON text of whom a sending is for, and of what is pushed."""
    document: dict[str, object] = {
        "selection": _selection_entry(selection),
        "messages": {provider: _set_fields(message) for provider, message in messages.items()},
    }
    if translations:
        document["translations"] = {language: _set_fields(each) for language, each in translations.items()}
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def content_of(text: str) -> tuple[Selection, Mapping[str, Message], Mapping[str, Translation]]:
    """Read it back."""
    document = json.loads(text)
    messages = {provider: _made(Message, entry) for provider, entry in document["messages"].items()}
    translations = {language: _made(Translation, entry) for language, entry in document.get("translations", {}).items()}
    return _selection_of(document["selection"]), messages, translations


def _selection_entry(selection: Selection) -> object:
    match selection:
        case Everyone():
            return _EVERYONE
        case Filtered(filters):
            return {_FILTERS: _filters_entry(filters)}
        case Named(identifiers):
            return list(map(_identifier_entry, identifiers))


def _selection_of(entry: str | dict[str, Any] | list[Mapping[str, Any]]) -> Selection:
    if isinstance(entry, str):
        return Everyone()
    if isinstance(entry, dict):
        return Filtered(_filters_of(entry[_FILTERS]))
    return Named(tuple(map(_identifier_of, entry)))


def _filters_entry(filters: Filters) -> dict[str, object]:
    """Return the filters that admit not everybody; lists are sorted, so that one sending has one text."""
    choices = {name: _choice_entry(getattr(filters, name)) for name in _CHOICES}
    return {name: entry for name, entry in choices.items() if entry}


def _filters_of(entry: Mapping[str, Any]) -> Filters:
    countries, languages, audiences, events = (_choice_of(entry.get(name, {})) for name in _CHOICES)
    return Filters(countries, languages, audiences, events)


def _choice_entry(choice: Choice) -> dict[str, list[str]]:
    include = {} if choice.include is None else {"include": sorted(choice.include)}
    return include | ({"exclude": sorted(choice.exclude)} if choice.exclude else {})


def _choice_of(entry: Mapping[str, Any]) -> Choice:
    include = entry.get("include")
    return Choice(None if include is None else frozenset(include), frozenset(entry.get("exclude", ())))


def _identifier_entry(identifier: Identifier) -> dict[str, str | int]:
    match identifier:
        case NamedProfile(profile):
            return {"profile": profile}
        case NamedField(field, value):
            return {"field": field, "value": value}
        case NamedPushToken(provider, push_token):
            return {"provider": provider, "token": push_token}


def _identifier_of(entry: Mapping[str, Any]) -> Identifier:
    if "profile" in entry:
        return NamedProfile(entry["profile"])
    if "field" in entry:
        return NamedField(entry["field"], entry["value"])
    return NamedPushToken(Provider(entry["provider"]), entry["token"])


def _set_fields(thing: _Thing) -> dict[str, object]:
    """Return the fields of a message, or of a part of it, that have not their defaults."""
    found = {}
    for each in fields(thing):
        value = getattr(thing, each.name)
        if value != (each.default if each.default_factory is MISSING else each.default_factory()):
            found[each.name] = _entry(value)
    return found


def _entry(value: object) -> object:
    match value:
        case AndroidExtras() | IosExtras() | WindowsExtras() | TileContent():
            return _set_fields(value)
        case Mapping():
            return {name: _entry(each) for name, each in value.items()}
        case _:
            return value


def _made[Made: (Message, Translation, AndroidExtras, IosExtras, WindowsExtras, TileContent)](
    kind: Callable[..., Made], entry: Mapping[str, Any]
) -> Made:
    return kind(**{name: _READ.get(name, _as_it_is)(value) for name, value in entry.items()})


def _as_it_is(value: object) -> object:
    return value


_READ: Final[Mapping[str, Callable[[Any], object]]] = {
    "priority": Priority,
    "hub_keys": lambda keys: {HubKey(key): name for key, name in keys.items()},
    "app_keys": lambda keys: {MessagePart(key): name for key, name in keys.items()},
    "android": lambda entry: _made(AndroidExtras, entry),
    "ios": lambda entry: _made(IosExtras, entry),
    "title_loc_args": tuple,
    "loc_args": tuple,
    "interruption_level": InterruptionLevel,
    "windows": lambda entry: _made(WindowsExtras, entry),
    "kind": WindowsKind,
    "more_texts": tuple,
    "scenario": ToastScenario,
    "tiles": lambda tiles: {TileSize(size): _made(TileContent, entry) for size, entry in tiles.items()},
    "branding": TileBranding,
    "texts": tuple,
    "placement": TileImagePlacement,
}
"""How those fields are read that JSON has in another form."""
