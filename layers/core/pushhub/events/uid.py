"""What does a uid say of the push it belongs to?

The vendor's "extra" form, read off the sample in "Add app push events" (`dialects/altcraft/sources.md`): four parts joined by `|`,
namely a marker, the launch, the send and the provider. Launch and send are numbers in Flickr's Base58 joined by `_`; a `.` joins
the profile to its database. A uid of any other form is opaque: it identifies its push all the same, and is handed on byte for byte.
"""

import re
from dataclasses import dataclass
from typing import Final

_DIGITS: Final = "123456789abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ"
"""Flickr's Base58: no 0, I, O, l; `1` is zero."""
_VALUE_OF: Final = {digit: value for value, digit in enumerate(_DIGITS)}

MAX_DIGITS: Final = 22
"""Bound of one number: 128 bits. A longer one is not of this form."""

_NUMBER: Final = rf"(?:1|[{_DIGITS[1:]}][{_DIGITS}]{{0,{MAX_DIGITS - 1}}})"
_OBJECTS: Final = 4
_FORM: Final = re.compile(
    rf"e\|(?P<launch>{_NUMBER}_{_NUMBER}_{_NUMBER})"
    rf"\|w(?P<sent>{_NUMBER})_(?P<origin>{_NUMBER}_{_NUMBER})(?P<objects>(?:_(?:{_NUMBER})?){{{_OBJECTS}}})"
    rf"_(?P<database>{_NUMBER})\.(?P<profile>{_NUMBER})_(?P<subscription>{_NUMBER})"
    r"\|(?P<provider>[A-Za-z0-9-]{1,64})",
    re.ASCII,
)

PROFILE_BYTES: Final = 12
"""Size of the profile ids that fit a uid: 24 hex digits."""


@dataclass(frozen=True, slots=True)
class Launch:
    """One start of one campaign; `at` is in nanoseconds since 1970-01-01 UTC."""

    account: int
    campaign: int
    at: int

    @property
    def text(self) -> str:
        """The launch as it stands in a uid, which is also its name in statistics."""
        return "_".join(map(_encode, (self.account, self.campaign, self.at)))


@dataclass(frozen=True, slots=True)
class Uid:
    """The identity of one push to one device.

    `sent` is in nanoseconds since 1970-01-01 UTC. `origin` repeats account and campaign of the launch in the published sample.
    `objects` are four ids whose roles are not published, None where there is none. `profile` is an id of 24 lower-case hex digits.
    `subscription` is the subscription's hash id as the number it is in hex.
    """

    launch: Launch
    sent: int
    origin: tuple[int, int]
    objects: tuple[int | None, ...]
    database: int
    profile: str
    subscription: int
    provider: str

    @property
    def text(self) -> str:
        """The uid as it stands in a push."""
        objects = "".join("_" if number is None else f"_{_encode(number)}" for number in self.objects)
        origin = "_".join(map(_encode, self.origin))
        person = f"{_encode(self.database)}.{_encode(int(self.profile, 16))}"
        return f"e|{self.launch.text}|w{_encode(self.sent)}_{origin}{objects}_{person}_{_encode(self.subscription)}|{self.provider}"


def parse_uid(text: str) -> Uid | None:
    """Return what a uid says, or None where it is of another form; what is returned has exactly this text again."""
    found = _FORM.fullmatch(text)
    if not found or (profile := _decode(found["profile"])).bit_length() > 8 * PROFILE_BYTES:
        return None
    account, campaign, at = map(_decode, found["launch"].split("_"))
    first, second = map(_decode, found["origin"].split("_"))
    return Uid(
        launch=Launch(account, campaign, at),
        sent=_decode(found["sent"]),
        origin=(first, second),
        objects=tuple(_decode(number) if number else None for number in found["objects"].split("_")[1:]),
        database=_decode(found["database"]),
        profile=f"{profile:0{2 * PROFILE_BYTES}x}",
        subscription=_decode(found["subscription"]),
        provider=found["provider"],
    )


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whom a push goes to: `profile` is 24 lower-case hex digits, `subscription_hash_id` 8."""

    database: int
    profile: str
    subscription_hash_id: str
    provider: str


def mint_uid(launch: Launch, sent: int, recipient: Recipient) -> str:
    """Return the uid of a push of ours; `sent` is in nanoseconds since 1970-01-01 UTC.

    Raises:
        ValueError: the recipient does not fit the form, as where callers chose the profile's id themselves.
    """
    uid = Uid(
        launch=launch,
        sent=sent,
        origin=(launch.account, launch.campaign),
        objects=(None,) * _OBJECTS,
        database=recipient.database,
        profile=_hex(recipient.profile, PROFILE_BYTES),
        subscription=int(_hex(recipient.subscription_hash_id, 4), 16),
        provider=recipient.provider,
    )
    if parse_uid(uid.text) != uid:
        raise ValueError(f"{recipient.provider} is not the id of a provider")
    return uid.text


def _hex(text: str, size: int) -> str:
    if not re.fullmatch(rf"[0-9a-f]{{{2 * size}}}", text):
        raise ValueError(f"{text} is not {2 * size} lower-case hex digits")
    return text


def _encode(number: int) -> str:
    digits = []
    while number:
        number, digit = divmod(number, len(_DIGITS))
        digits.append(_DIGITS[digit])
    return "".join(reversed(digits)) or _DIGITS[0]


def _decode(text: str) -> int:
    number = 0
    for digit in text:
        number = number * len(_DIGITS) + _VALUE_OF[digit]
    return number
