"""What does a request of the Push API ask for?

In three steps, between which the endpoint looks up the caller and the app: which required fields are missing, which app is meant,
what all other fields ask for.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from pushhub.catalog.model import App, AppId
from pushhub.dialects.devtodev.push.errors import MAX_LISTED_ERRORS, PushRefusal, PushRefusedError, push_error
from pushhub.dialects.devtodev.push.kinds import ANOTHER_NAME, Field, Object, Reading, bad_value, member_path, missing_fields
from pushhub.dialects.devtodev.push.wire import (
    BLOCKS,
    IDENTIFIERS,
    REQUEST,
    USER_ID,
    USER_ID_ALIAS,
    PlatformBlock,
    is_hidden,
    lacking_one_of,
)
from pushhub.sends.json_template import compact_json
from pushhub.sends.message import HUB_KEYS, AndroidExtras, HubKey, IosExtras, Message, WindowsExtras, WindowsKind
from pushhub.sends.sending import MAX_NAMED


@dataclass(frozen=True, slots=True)
class AudienceElement:
    """One element of the audience: values by the names of their identifiers, in the order in which they are tried.

    Where there is a push token, nothing else is left: the vendor ignores it. `customUid` stands under `userId`.
    """

    names: Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class PushOrder:
    """What a request asks for.

    Attributes:
        campaign_tag: what statistics group it by; empty where the request names none.
        pack_id: tells the request from every other of its caller; None where it may be repeated.
        audience: 1 to :data:`MAX_NAMED` elements.
        blocks: what is pushed, by platform block; a message has the `expire` of its block.
        ignored_options: how many options were ignored, since nobody knows them.
    """

    campaign_tag: str
    pack_id: str | None
    audience: tuple[AudienceElement, ...]
    blocks: Mapping[PlatformBlock, Message]
    ignored_options: int = 0


def require_fields(fields: Mapping[str, Any]) -> None:
    """Check that no required field is missing; null counts as missing.

    Raises:
        PushRefusedError: some are; it has one error for each, up to :data:`MAX_LISTED_ERRORS`.
    """
    missing = [*islice(missing_fields(_REQUIRED, fields, ""), MAX_LISTED_ERRORS)]
    if missing:
        raise PushRefusedError(*(push_error(PushRefusal.FIELD_MISSING, field=path) for path in missing))


def app_id_of(fields: Mapping[str, Any]) -> AppId:
    """Return the id of the app that a request is for.

    Raises:
        PushRefusedError: it is not a text.
    """
    app_id = fields.get("app_id")
    if not isinstance(app_id, str):
        raise PushRefusedError(bad_value("app_id", app_id, "a text"))
    return AppId(app_id)


def parse_push(fields: Mapping[str, Any], app: App) -> PushOrder:
    """Return what a request asks for, of which no required field is missing.

    Raises:
        PushRefusedError: fields do not fit, or the audience is too large.
    """
    hub_keys = HUB_KEYS if app.tracking else {}
    reading = Reading(taken=frozenset(hub_keys.values()))
    blocks = {block: fields[block] for block in PlatformBlock if fields.get(block) is not None}
    general = {name: value for name, value in fields.items() if name not in BLOCKS}
    found = _general_fields(blocks.keys()).members(general, "", reading)
    messages = {block: _message(block, value, hub_keys, reading) for block, value in blocks.items()}
    if reading.errors:
        raise PushRefusedError(*reading.errors)
    if len(found["audience"]) > MAX_NAMED:
        raise PushRefusedError(push_error(PushRefusal.AUDIENCE_TOO_LARGE))
    return PushOrder(
        campaign_tag=found.get("campaign_tag", ""),
        pack_id=found.get("pack_id"),
        audience=found["audience"],
        blocks={block: message for block, message in messages.items() if message},
        ignored_options=reading.ignored_options,
    )


def _general_fields(blocks: Collection[PlatformBlock]) -> Object:
    """Return the fields of a request beside its blocks."""
    identifiers = {name: Field(row.kind) for name, row in IDENTIFIERS.items() if not row.blocks.isdisjoint(blocks)}
    return Object({**REQUEST, "audience": Field(_Audience(Object(identifiers)), required=True)})


@dataclass(frozen=True, slots=True)
class _Audience:
    """The kind of the audience; `element` has the identifiers that some block of the request knows."""

    element: Object

    def read(self, value: object, path: str, reading: Reading) -> tuple[AudienceElement, ...] | None:
        if not isinstance(value, list) or not value:
            reading.refuse(path, value, f"an array of 1 to {MAX_NAMED} objects")
            return None
        return tuple(self._element(each, f"{path}[{index}]", reading) for index, each in enumerate(value) if not reading.is_full)

    def _element(self, value: object, path: str, reading: Reading) -> AudienceElement:
        if not isinstance(value, dict):
            reading.refuse(path, value, "an object")
            return AudienceElement({})
        found = self.element.members(value, path, reading)
        if all(value.get(name) is None for name in self.element.fields):
            reading.refuse(path, value, f"at least one of {', '.join(self.element.fields)}")
        user_id = found.get(USER_ID, found.get(USER_ID_ALIAS))
        if found.get(USER_ID_ALIAS, user_id) != user_id:
            reading.refuse(
                member_path(path, USER_ID_ALIAS), found[USER_ID_ALIAS], f"the same as {USER_ID}, of which it is another name"
            )
        named = {**found, USER_ID: user_id}
        names = ("token",) if "token" in found else tuple(name for name in IDENTIFIERS if name != USER_ID_ALIAS)
        return AudienceElement({name: named[name] for name in names if named.get(name) is not None})


_REQUIRED: Final = Object(
    {**_general_fields(()).fields, **{block: Field(kind) for block, kind in BLOCKS.items()}},
    lacking_one_of(tuple(BLOCKS), "ios, android, win or uwp"),
)


def _message(block: PlatformBlock, value: object, hub_keys: Mapping[HubKey, str], reading: Reading) -> Message | None:
    """Return what a block pushes; None where something in it does not fit, which is noted."""
    misfits = reading.misfits
    reading.parts = {}
    BLOCKS[block].read(value, block, reading)
    if isinstance(value, dict) and reading.misfits == misfits:
        (_finish_windows if block in _WINDOWS else _finish_payload)(block, value, reading)
    if reading.misfits > misfits:
        return None
    of: defaultdict[str, dict[str, Any]] = defaultdict(dict)
    for part, made in reading.parts.items():
        thing, _, attribute = part.rpartition(".")
        of[thing][attribute] = made
    data = of[""].pop("data", {}) | {key: made if isinstance(made, str) else compact_json(made) for key, made in of["data"].items()}
    return Message(
        **of[""],
        data=data,
        hub_keys=hub_keys,
        android=AndroidExtras(**of["android"]),
        ios=IosExtras(**of["ios"]),
        windows=WindowsExtras(**of["windows"]),
    )


_WINDOWS: Final = (PlatformBlock.WIN, PlatformBlock.UWP)
_HIDDEN_PARTS: Final = {"data", "link", "priority", "expire", "collapse_key"}
"""What a push that shows nothing has, beside what stands in its data."""
_SHOWN_PARTS: Final = ("title", "text", "sound", "ios.loc_key", "ios.title_loc_key")


def _finish_windows(block: PlatformBlock, value: Mapping[str, Any], reading: Reading) -> None:
    """Say of which kind a push is, and note where a raw one has keys that the hub writes itself."""
    parts = reading.parts
    parts["windows.kind"] = next(kind for kind in WindowsKind if value.get(kind) is not None)
    parts["windows.legacy"] = block is PlatformBlock.WIN
    if not reading.taken.isdisjoint(WindowsExtras(raw=parts.get("windows.raw", "")).raw_object or ()):
        reading.refuse(f"{block}.raw", parts["windows.raw"], f"none of the keys {', '.join(sorted(reading.taken))}")


def _finish_payload(block: PlatformBlock, value: Mapping[str, Any], reading: Reading) -> None:
    """Work out what several fields of `ios` or `android` say together, and note where they contradict each other."""
    parts = reading.parts
    hidden = is_hidden(value)
    if not hidden and "badge" not in parts and not any(map(parts.get, _SHOWN_PARTS)):
        reading.refuse(f"{block}.payload.text", value["payload"].get("text"), "a text that is not empty")
    if attachment := parts.get("data.attachment"):
        # An extension of the app fetches it.
        parts["ios.mutable_content"] = True
        if attachment.get("type") == "image":
            parts["image"] = attachment["url"]
    if hidden:
        reading.parts = parts = {part: made for part, made in parts.items() if part in _HIDDEN_PARTS or part.startswith("data.")}
    parts["hidden"] = hidden
    data = parts.get("data", {})
    for key in filter(_written_keys(parts).__contains__, data):
        reading.refuse(member_path(f"{block}.payload.data", key), data[key], ANOTHER_NAME)


def _written_keys(parts: Mapping[str, Any]) -> set[str]:
    """Return the keys that other fields of the block write into the data."""
    return {part.removeprefix("data.") for part in parts if part.startswith("data.")} | ({"url"} if "link" in parts else set())
