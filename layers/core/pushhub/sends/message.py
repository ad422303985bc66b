"""What is pushed, and to whom?

A :class:`Message` is of no provider: a dialect maps onto it once, and each module of `providers` renders it. What one platform
alone can show stands in :class:`AndroidExtras` and :class:`IosExtras`. A caller that has another content for each platform makes a
message for each.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from pushhub.outgoing.addresses import MAX_URL_CHARACTERS
from pushhub.text import is_unicode

MAX_EXPIRE_SECONDS: Final = 2_419_200
"""Four weeks: FCM keeps no message longer ("Message", `ttl`), nor does Mozilla."""
MAX_COLLAPSE_KEY_BYTES: Final = 64
"""Bound of `apns-collapse-id` ("Sending notification requests to APNs")."""
MAX_BADGE: Final = 2**31 - 1
RESERVED_BYTES: Final = 1_024
"""Bytes of a push that the caller's message leaves free for the hub's keys, which take 640 to 900."""

_URL: Final = re.compile(r"https?://[^\s\x00-\x1f\x7f]+", re.IGNORECASE)
_COLOR: Final = re.compile(r"#[0-9a-fA-F]{6}")


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


@dataclass(frozen=True, slots=True)
class Message:
    """What is pushed.

    Attributes:
        title: first line.
        text: what stands below it.
        image: URL of a picture, http or https.
        icon: URL of a small picture, which browsers alone show.
        link: URL that a tap opens; it stands in the push as `url`.
        data: texts for the app by their keys. FCM hands them on as `data`, APNs at the top of its payload, Web Push as `data`.
        hidden: the device shows nothing, and the app gets the data and the link alone.
        badge: number on the app's icon; 0 removes it, None leaves it as it is.
        sound: `default` or the name of a file of the app; empty is silent.
        priority: how soon it is to be shown.
        expire: seconds from the moment of sending for which the provider keeps it for a device that it cannot reach; 0 tries once.
        collapse_key: a later push with the same replaces this one on the device, 1 to :data:`MAX_COLLAPSE_KEY_BYTES` of UTF-8; None
            takes one of the sending and the recipient, so that a push that is sent twice is shown once.
        hub_keys: what the hub adds, and under which key; empty for an app without tracking.
        android: what Android alone can show.
        ios: what iOS alone can show.

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
    android: AndroidExtras = field(default_factory=AndroidExtras)
    ios: IosExtras = field(default_factory=IosExtras)

    def __post_init__(self) -> None:
        """Check each field."""
        for field_, fits, expected in _RULES:
            if not fits(self):
                raise MessageError(f"{field_}: {expected}")

    @property
    def payload(self) -> dict[str, str]:
        """The data and, where there is a link, `url`."""
        return {**self.data, **({"url": self.link} if self.link else {})}

    @property
    def shown_image(self) -> str:
        """The picture that a device shows, empty where it shows none."""
        return "" if self.hidden else self.image

    @property
    def reserved_bytes(self) -> int:
        """How many bytes of a push are kept free for the hub's keys."""
        return RESERVED_BYTES if self.hub_keys else 0

    @property
    def shows_something(self) -> bool:
        """Whether a device has anything to show or to sound."""
        ios = self.ios
        return bool(self.title or self.text or self.sound or ios.loc_key or ios.title_loc_key) or self.badge is not None


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


def _texts(message: Message) -> Iterator[str]:
    """Yield each text of a message."""
    yield from (message.title, message.text, message.sound, message.collapse_key or "", *message.data, *message.data.values())
    yield from message.hub_keys.values()
    for extras in (message.android, message.ios):
        for name in extras.__slots__:
            value = getattr(extras, name)
            yield from value if isinstance(value, tuple) else (value,) if isinstance(value, str) else ()


def _is_url(text: str) -> bool:
    return not text or (len(text) <= MAX_URL_CHARACTERS and is_unicode(text) and _URL.fullmatch(text) is not None)


def _is_color(text: str) -> bool:
    return not text or _COLOR.fullmatch(text) is not None


def _fits_collapse_key(text: str | None) -> bool:
    return text is None or 1 <= len(text.encode()) <= MAX_COLLAPSE_KEY_BYTES


def _taken(message: Message) -> set[str]:
    """Return the keys that the hub writes beside the caller's."""
    return set(message.hub_keys.values()) | ({"url"} if message.link else set())


_A_URL: Final = f"an http or https URL of at most {MAX_URL_CHARACTERS} characters is expected"
_A_COLOR: Final = "#RRGGBB is expected"
_RULES: Final[tuple[tuple[str, Callable[[Message], bool], str], ...]] = (
    ("message", lambda message: all(map(is_unicode, _texts(message))), "a text is not valid Unicode"),
    ("message", lambda message: message.hidden or message.shows_something, "a title, text, sound or badge is expected, or hidden"),
    ("image", lambda message: _is_url(message.image), _A_URL),
    ("icon", lambda message: _is_url(message.icon), _A_URL),
    ("link", lambda message: _is_url(message.link), _A_URL),
    ("data", lambda message: "" not in message.data, "a key is empty"),
    ("data", lambda message: _taken(message).isdisjoint(message.data), "a key is one that the hub writes itself"),
    ("badge", lambda message: message.badge is None or 0 <= message.badge <= MAX_BADGE, f"0 to {MAX_BADGE} is expected"),
    ("expire", lambda message: 0 <= message.expire <= MAX_EXPIRE_SECONDS, f"0 to {MAX_EXPIRE_SECONDS} seconds are expected"),
    (
        "collapse_key",
        lambda message: _fits_collapse_key(message.collapse_key),
        f"1 to {MAX_COLLAPSE_KEY_BYTES} bytes of UTF-8 are expected",
    ),
    ("android.color", lambda message: _is_color(message.android.color), _A_COLOR),
    ("android.light_color", lambda message: _is_color(message.android.light_color), _A_COLOR),
)
"""What each field has to fit, in the order in which it is looked at."""
