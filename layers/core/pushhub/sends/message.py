"""What is pushed, and to whom?

A :class:`Message` is of no provider: a dialect maps onto it once, and each module of `providers` renders it. What one platform
alone can show stands in :class:`AndroidExtras`, :class:`IosExtras` and :class:`WindowsExtras`. A caller that has another content
for each platform makes a message for each.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from pushhub.outgoing.addresses import MAX_URL_CHARACTERS
from pushhub.text import is_unicode

MAX_EXPIRE_SECONDS: Final = 2_419_200
"""Four weeks: FCM keeps no message longer ("Message", `ttl`), nor does Mozilla."""
MAX_COLLAPSE_KEY_BYTES: Final = 64
"""Bound of `apns-collapse-id` ("Sending notification requests to APNs")."""
MAX_BADGE: Final = 2**31 - 1
MAX_TOAST_TEXTS: Final = 3
"""Lines that a toast shows ("Toast content schema", `text`)."""
BADGE_GLYPHS: Final = frozenset(
    {"none", "activity", "alarm", "alert", "attention", "available", "away", "busy", "error", "newMessage", "paused", "playing"}
    | {"unavailable"}
)
"""What Windows can show on an app's icon in the place of a number ("Badge notifications"); `none` removes it."""
_URL: Final = re.compile(r"https?://[^\s\x00-\x1f\x7f]+", re.IGNORECASE)
_COLOR: Final = re.compile(r"#[0-9a-fA-F]{6}")
_APPS_PICTURE: Final = re.compile(r"ms-app(?:x|data)://[^\x00-\x1f\x7f]+", re.IGNORECASE)
_TEMPLATE: Final = re.compile(r"[A-Za-z0-9]{0,64}")


class MessageError(ValueError):
    """A message cannot be pushed; the text names the field and quotes nothing of it."""


class MessageTooLargeError(MessageError):
    """A message is too large for a provider; the text says how large it is and what the provider takes."""


class Priority(StrEnum):
    """How soon a device is to show a push: a high one wakes it."""

    HIGH = "high"
    NORMAL = "normal"


class HubKey(StrEnum):
    """What the hub adds to a push so that its events can be counted. The value is the key under which it usually stands."""

    UID = "uid"
    LAUNCH_ID = "launch_id"
    HUB_LINK = "hub_link"


HUB_KEYS: Final[Mapping[HubKey, str]] = {each: each.value for each in HubKey}
"""All of them, each under its own key."""
RESERVED_BYTES: Final[Mapping[HubKey, int]] = {HubKey.UID: 160, HubKey.LAUNCH_ID: 64, HubKey.HUB_LINK: 800}
"""Bytes of a push that a message leaves free for each of the hub's keys, with its name and what stands around it."""


class MessagePart(StrEnum):
    """A part of a message that differs by language. The value is the name of the field."""

    TITLE = "title"
    TEXT = "text"
    IMAGE = "image"
    ICON = "icon"
    LINK = "link"


@dataclass(frozen=True, slots=True)
class Translation:
    """What a message says in one language; each field takes the place of the one of the same name in :class:`Message`."""

    title: str = ""
    text: str = ""
    image: str = ""
    icon: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class AndroidExtras:
    """What Android alone can show.

    Attributes:
        icon: name of the small icon among the app's resources.
        color: of the small icon, `#RRGGBB`.
        channel: id of the notification channel; empty takes the app's own.
        click_action: of the intent that a tap starts; empty starts the app.
        vibrate: whether the device vibrates as it usually does.
        light_color: of the device's light, `#RRGGBB`; empty leaves the light off.
    """

    icon: str = ""
    color: str = ""
    channel: str = ""
    click_action: str = ""
    vibrate: bool = False
    light_color: str = ""


class InterruptionLevel(StrEnum):
    """How much iOS lets a push disturb ("Generating a remote notification", `interruption-level`)."""

    PASSIVE = "passive"
    ACTIVE = "active"
    TIME_SENSITIVE = "time-sensitive"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True)
class IosExtras:
    """What iOS alone can show; "Generating a remote notification" says what each key of its own means.

    A `…_loc_key` names a text of the app, and its `…_loc_args` fill it. `mutable_content` lets an extension of the app change the
    push before it is shown. `content_available` wakes the app besides showing the push.
    """

    subtitle: str = ""
    title_loc_key: str = ""
    title_loc_args: tuple[str, ...] = ()
    loc_key: str = ""
    loc_args: tuple[str, ...] = ()
    action_loc_key: str = ""
    launch_image: str = ""
    category: str = ""
    thread_id: str = ""
    mutable_content: bool = False
    content_available: bool = False
    interruption_level: InterruptionLevel | None = None


class WindowsKind(StrEnum):
    """What Windows does with a push ("Push notification service request and response headers", `X-WNS-Type`)."""

    TOAST = "toast"
    TILE = "tile"
    BADGE = "badge"
    RAW = "raw"


class ToastScenario(StrEnum):
    """What a toast is for, which decides how it looks and how long it stays ("Toast content schema", `scenario`)."""

    DEFAULT = "default"
    ALARM = "alarm"
    REMINDER = "reminder"
    INCOMING_CALL = "incomingCall"


class TileSize(StrEnum):
    """How large a tile is that the user has pinned; phones and Windows 8 know no large adaptive one."""

    SMALL = "small"
    MEDIUM = "medium"
    WIDE = "wide"
    LARGE = "large"


class TileImagePlacement(StrEnum):
    """Where the picture of an adaptive tile stands: among its texts, behind them, or instead of them from time to time."""

    INLINE = "inline"
    BACKGROUND = "background"
    PEEK = "peek"


class TileBranding(StrEnum):
    """What a tile shows of the app itself."""

    NONE = "none"
    LOGO = "logo"
    NAME = "name"
    NAME_AND_LOGO = "nameAndLogo"


@dataclass(frozen=True, slots=True)
class TileContent:
    """What a tile of one size shows.

    Attributes:
        texts: its lines, from above.
        image: URL of a picture: http, https, or one of the app's own (`ms-appx`, `ms-appdata`).
        placement: where the picture stands; legacy tiles have it where their template says.
        template: name of a legacy template; empty takes one that has room for the texts and the picture.
    """

    texts: tuple[str, ...] = ()
    image: str = ""
    placement: TileImagePlacement = TileImagePlacement.INLINE
    template: str = ""


@dataclass(frozen=True, slots=True)
class WindowsExtras:
    """What Windows alone can show.

    Attributes:
        kind: what the push is. A hidden message is :attr:`WindowsKind.RAW`, whatever stands here.
        legacy: toasts and tiles are of the templates of Windows 8.1; else they are adaptive, for Windows 10 and later.
        more_texts: lines of a toast below title and text; Windows shows :data:`MAX_TOAST_TEXTS` in all.
        scenario: what an adaptive toast is for.
        long: a toast stays for 25 seconds in the place of 7.
        loop: the sound is repeated while a long toast stays.
        tiles: what the tile shows, by its size.
        branding: what the tile shows of the app; None leaves it to the app.
        display_name: what an adaptive tile shows in the place of the app's name; empty is the app's name.
        badge_glyph: one of :data:`BADGE_GLYPHS` on the app's icon in the place of the number :attr:`Message.badge`.
        raw: content of a raw push as the app gets it; empty takes the data and the link as a JSON object.
    """

    kind: WindowsKind = WindowsKind.TOAST
    legacy: bool = False
    more_texts: tuple[str, ...] = ()
    scenario: ToastScenario = ToastScenario.DEFAULT
    long: bool = False
    loop: bool = False
    tiles: Mapping[TileSize, TileContent] = field(default_factory=dict)
    branding: TileBranding | None = None
    display_name: str = ""
    badge_glyph: str = ""
    raw: str = ""

    @property
    def raw_object(self) -> Mapping[str, object] | None:
        """The content of a raw push where it is a JSON object."""
        try:
            document = json.loads(self.raw)
        except (ValueError, RecursionError):
            return None
        return document if isinstance(document, dict) else None


@dataclass(frozen=True, slots=True)
class Message:
    """What is pushed.

    Attributes:
        title: first line.
        text: what stands below it.
        image: URL of a picture, http or https.
        icon: URL of a small picture, which browsers alone show.
        link: URL that a tap opens; it stands in the push as `url`.
        data: texts for the app by their keys. FCM hands them on as `data`, APNs at the top of its payload, Web Push as `data`,
            WNS in `launch` of a toast and at the top of a raw push.
        hidden: the device shows nothing, and the app gets nothing but the data, the link and what `app_keys` names.
        badge: number on the app's icon; 0 removes it, None leaves it as it is.
        sound: `default` or the name of a file of the app; empty is silent.
        priority: how soon it is to be shown.
        expire: seconds from the moment of sending for which the provider keeps it for a device that it cannot reach; 0 tries once.
        collapse_key: a later push with the same replaces this one on the device, 1 to :data:`MAX_COLLAPSE_KEY_BYTES` of UTF-8; None
            takes one of the sending and the recipient, so that a push that is sent twice is shown once.
        hub_keys: what the hub adds, and under which key; empty for an app without tracking.
        app_keys: parts of the message that the app reads as data, and under which key each stands; a part that is empty is left
            out. They stand among the data, the link then under its key alone and not as `url`. Web Push has its own keys.
        android: what Android alone can show.
        ios: what iOS alone can show.
        windows: what Windows alone can show.

    Raises:
        MessageError: a value does not fit.
    """

    title: str = ""
    text: str = ""
    image: str = ""
    icon: str = ""
    link: str = ""
    data: Mapping[str, str] = field(default_factory=dict)
    hidden: bool = False
    badge: int | None = None
    sound: str = ""
    priority: Priority = Priority.HIGH
    expire: int = MAX_EXPIRE_SECONDS
    collapse_key: str | None = None
    hub_keys: Mapping[HubKey, str] = field(default_factory=lambda: HUB_KEYS)
    app_keys: Mapping[MessagePart, str] = field(default_factory=dict)
    android: AndroidExtras = field(default_factory=AndroidExtras)
    ios: IosExtras = field(default_factory=IosExtras)
    windows: WindowsExtras = field(default_factory=WindowsExtras)

    def __post_init__(self) -> None:
        """Check each field."""
        for field_, fits, expected in _RULES:
            if not fits(self):
                raise MessageError(f"{field_}: {expected}")

    @property
    def payload(self) -> dict[str, str]:
        """What the app gets as data: the caller's, the parts that it reads so and, where there is a link, `url`."""
        parts = {name: text for part, name in self.app_keys.items() if (text := getattr(self, part))}
        link = {"url": self.link} if self.link and MessagePart.LINK not in self.app_keys else {}
        return {**self.data, **parts, **link}

    def translated(self, translation: Translation) -> "Message":
        """Return the message as it is in another language.

        Raises:
            MessageError: a value of the translation does not fit.
        """
        return replace(self, **{part.value: getattr(translation, part) for part in MessagePart})

    @property
    def shown_image(self) -> str:
        """The picture that iOS shows, as what fetches it there finds it; empty where the app has a key of its own for it."""
        return "" if self.hidden or MessagePart.IMAGE in self.app_keys else self.image

    @property
    def reserved_bytes(self) -> int:
        """How many bytes of a push are kept free for the hub's keys."""
        return sum(RESERVED_BYTES[key] for key in self.hub_keys)

    @property
    def shows_something(self) -> bool:
        """Whether a device has anything to show or to sound."""
        ios = self.ios
        shown = self.title or self.text or self.sound or ios.loc_key or ios.title_loc_key
        return bool(shown) or self.badge is not None or self.windows.kind != WindowsKind.TOAST


@dataclass(frozen=True, slots=True)
class PushRecipient:
    """Whom a push goes to.

    Attributes:
        push_token: what the provider knows the device by.
        reference: of the subscription; with the sending it tells one push from every other.
        uid: identity of the push.
        launch_id: what statistics count its events for.
        hub_link: JSON text of an object with the two links of the push.
    """

    push_token: str = field(repr=False)
    reference: str
    uid: str = ""
    launch_id: str = ""
    hub_link: str = "{}"

    def hub_values(self) -> dict[str, str]:
        """Return what the hub adds to the push of this recipient, by :class:`HubKey`."""
        return {HubKey.UID: self.uid, HubKey.LAUNCH_ID: self.launch_id, HubKey.HUB_LINK: self.hub_link}


def require_size(message: Message, size: int, most: int, form: str) -> None:
    """Refuse a message that is larger than a provider takes beside the hub's keys.

    Args:
        message: whose content it is; it says what is kept for the hub's keys.
        size: bytes that its content takes without them.
        most: bytes that the provider takes.
        form: what takes them, as in "of an APNs payload".

    Raises:
        MessageTooLargeError: it does not fit.
    """
    most -= message.reserved_bytes
    if size > most:
        raise MessageTooLargeError(f"the message takes {size} bytes of {form}; at most {most} fit")


def _texts(message: Message) -> Iterator[str]:
    """Yield each text of a message."""
    yield from (message.title, message.text, message.sound, message.collapse_key or "", *message.data, *message.data.values())
    yield from message.hub_keys.values()
    yield from message.app_keys.values()
    all_extras: tuple[AndroidExtras | IosExtras | WindowsExtras | TileContent, ...]
    all_extras = (message.android, message.ios, message.windows, *message.windows.tiles.values())
    for extras in all_extras:
        for name in extras.__slots__:
            value = getattr(extras, name)
            yield from value if isinstance(value, tuple) else (value,) if isinstance(value, str) else ()


def is_url(text: str) -> bool:
    """Say whether a text is an http or https URL that a message takes, or empty."""
    return not text or (len(text) <= MAX_URL_CHARACTERS and is_unicode(text) and _URL.fullmatch(text) is not None)


def is_color(text: str) -> bool:
    """Say whether a text is `#RRGGBB`, or empty."""
    return not text or _COLOR.fullmatch(text) is not None


def is_picture(text: str) -> bool:
    """Say whether Windows takes a text for the address of a picture; it may be empty."""
    return is_url(text) or (len(text) <= MAX_URL_CHARACTERS and is_unicode(text) and _APPS_PICTURE.fullmatch(text) is not None)


def fits_collapse_key(text: str | None) -> bool:
    """Say whether a text may be the collapse key of a message, or is None."""
    return text is None or 1 <= len(text.encode()) <= MAX_COLLAPSE_KEY_BYTES


def _taken(message: Message) -> set[str]:
    """Return the keys that the hub writes beside the caller's."""
    url = {"url"} if message.link and MessagePart.LINK not in message.app_keys else set()
    return {*message.hub_keys.values(), *message.app_keys.values(), *url}


def _are_distinct(message: Message) -> bool:
    names = [*message.hub_keys.values(), *message.app_keys.values()]
    return len({*names}) == len(names)


def _toast_texts(message: Message) -> tuple[str, ...]:
    return tuple(text for text in (message.title, message.text, *message.windows.more_texts) if text)


def _tiles(message: Message) -> tuple[TileContent, ...]:
    return tuple(message.windows.tiles.values())


_A_URL: Final = f"an http or https URL of at most {MAX_URL_CHARACTERS} characters is expected"
_A_PICTURE: Final = f"an http, https, ms-appx or ms-appdata URL of at most {MAX_URL_CHARACTERS} characters is expected"
_A_COLOR: Final = "#RRGGBB is expected"
_RULES: Final[tuple[tuple[str, Callable[[Message], bool], str], ...]] = (
    ("message", lambda message: all(map(is_unicode, _texts(message))), "a text is not valid Unicode"),
    ("message", lambda message: message.hidden or message.shows_something, "a title, text, sound or badge is expected, or hidden"),
    ("image", lambda message: is_url(message.image), _A_URL),
    ("icon", lambda message: is_url(message.icon), _A_URL),
    ("link", lambda message: is_url(message.link), _A_URL),
    ("data", lambda message: "" not in message.data, "a key is empty"),
    ("data", lambda message: _taken(message).isdisjoint(message.data), "a key is one that the hub writes itself"),
    ("app_keys", lambda message: "" not in message.app_keys.values() and _are_distinct(message), "a key is empty, or stands twice"),
    ("badge", lambda message: message.badge is None or 0 <= message.badge <= MAX_BADGE, f"0 to {MAX_BADGE} is expected"),
    ("expire", lambda message: 0 <= message.expire <= MAX_EXPIRE_SECONDS, f"0 to {MAX_EXPIRE_SECONDS} seconds are expected"),
    (
        "collapse_key",
        lambda message: fits_collapse_key(message.collapse_key),
        f"1 to {MAX_COLLAPSE_KEY_BYTES} bytes of UTF-8 are expected",
    ),
    ("android.color", lambda message: is_color(message.android.color), _A_COLOR),
    ("android.light_color", lambda message: is_color(message.android.light_color), _A_COLOR),
    (
        "windows.more_texts",
        lambda message: not message.windows.more_texts or len(_toast_texts(message)) <= MAX_TOAST_TEXTS,
        f"with title and text, at most {MAX_TOAST_TEXTS} texts are expected",
    ),
    (
        "windows.tiles",
        lambda message: message.windows.kind != WindowsKind.TILE or any(each.texts or each.image for each in _tiles(message)),
        "at least one size with a text or an image is expected",
    ),
    ("windows.tiles", lambda message: all(is_picture(each.image) for each in _tiles(message)), f"image: {_A_PICTURE}"),
    (
        "windows.tiles",
        lambda message: all(_TEMPLATE.fullmatch(each.template) for each in _tiles(message)),
        "template: at most 64 letters and digits are expected",
    ),
    (
        "windows.badge_glyph",
        lambda message: not message.windows.badge_glyph or message.windows.badge_glyph in BADGE_GLYPHS,
        f"one of {', '.join(sorted(BADGE_GLYPHS))} is expected",
    ),
    (
        "badge",
        lambda message: message.windows.kind != WindowsKind.BADGE or message.badge is not None or bool(message.windows.badge_glyph),
        "a number or a glyph is expected",
    ),
)
"""What each field has to fit, in the order in which it is looked at."""
