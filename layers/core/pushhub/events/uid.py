"""What does a uid say of the push it belongs to?

The vendor's "extra" form, read off the sample in "Add app push events" and "Event registration" (`dialects/altcraft/sources.md`):
four parts joined by `|`, namely a marker, the launch, the send and the provider. Launch and send are numbers in Flickr's Base58
joined by `_`; a `.` joins the profile to its database. A uid of any other form is opaque: it identifies its push all the same, and
is handed on byte for byte.
"""

import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

_DIGITS: Final = "123456789abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ"
"""Flickr's Base58: no 0, I, O, l; `1` is zero."""
_VALUE_OF: Final = {digit: value for value, digit in enumerate(_DIGITS)}

MAX_DIGITS: Final = 22
"""Most digits of one number: those of 128 bits. A uid with a longer number is not of this form."""

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
"""Size of what a uid says of a profile: 24 hex digits."""
_PROVIDER: Final = re.compile(r"[A-Za-z0-9-]{1,64}", re.ASCII)
_HEX_DIGITS: Final = "0123456789abcdef"


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

    @classmethod
    def read(cls, text: str) -> "Launch":
        """Return the launch of a text that is the `text` of one."""
        return cls(*map(_decode, text.split("_")))


@dataclass(frozen=True, slots=True)
class ParsedUid:
    """What a uid of the "extra" form says of one push to one device.

    `sent` is in nanoseconds since 1970-01-01 UTC. `origin` repeats account and campaign of the launch in the published sample.
    `objects` are four ids whose roles are not published, None where there is none. `profile` is 24 lower-case hex digits: the id of
    the profile where that has this form, else the beginning of the SHA-256 of an id that a caller has chosen.
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


def parse_uid(text: str) -> ParsedUid | None:
    """Return what a uid says, None where it is of another form; the `text` of what is returned is the uid again."""
    found = _FORM.fullmatch(text)
    if not found or (profile := _decode(found["profile"])).bit_length() > 8 * PROFILE_BYTES:
        return None
    first, second = map(_decode, found["origin"].split("_"))
    return ParsedUid(
        launch=Launch.read(found["launch"]),
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
    """The device that a push goes to: `profile` is the id of any profile, `subscription_hash_id` is 8 lower-case hex digits."""

    database: int
    profile: str
    subscription_hash_id: str
    provider: str


def mint_uid(launch: Launch, sent: int, recipient: Recipient) -> str:
    """Return the uid of a push of ours; `sent` is in nanoseconds since 1970-01-01 UTC.

    A sending has one launch and few moments at which it sends, so what they say is encoded once.

    Raises:
        ValueError: the recipient does not fit the form.
    """
    if not _PROVIDER.fullmatch(recipient.provider):
        raise ValueError(f"{recipient.provider} is not the id of a provider")
    subscription = recipient.subscription_hash_id
    if not _is_hex(subscription, 4):
        raise ValueError(f"{subscription} is not 8 lower-case hex digits")
    person = f"{_encode(int(_profile_part(recipient.profile), 16))}_{_encode(int(subscription, 16))}"
    return f"{_sending_part(launch, sent, recipient.database)}.{person}|{recipient.provider}"


@lru_cache(maxsize=64)
def _sending_part(launch: Launch, sent: int, database: int) -> str:
    """Return the beginning of a uid, which is the same for all pushes of one moment.

    Raises:
        ValueError: a number is negative, or has more digits than the form allows.
    """
    if not all(0 <= number < len(_DIGITS) ** MAX_DIGITS for number in (launch.account, launch.campaign, launch.at, sent, database)):
        raise ValueError(f"{launch}, {sent} or {database} is not a number of at most {MAX_DIGITS} digits")
    origin = f"{_encode(launch.account)}_{_encode(launch.campaign)}"
    return f"e|{launch.text}|w{_encode(sent)}_{origin}{'_' * _OBJECTS}_{_encode(database)}"


def _profile_part(profile: str) -> str:
    """Return what a uid says of a profile, in hex digits: its id where that fits, else the beginning of the SHA-256 of its id."""
    return profile if _is_hex(profile, PROFILE_BYTES) else hashlib.sha256(profile.encode()).hexdigest()[: 2 * PROFILE_BYTES]


def _is_hex(text: str, size: int) -> bool:
    return len(text) == 2 * size and not text.strip(_HEX_DIGITS)


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
