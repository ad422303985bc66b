"""Which texts are no push tokens, and when do two push tokens mean one device?

One rule for every door: requests, rows of files, events, the command line. No provider gives out such texts: an app or an export
has put them where a push token was missing, and people who have nothing in common would become one profile by them.
"""

import re
from collections.abc import Callable, Collection, Mapping
from enum import StrEnum
from functools import cache
from typing import Final

from pushhub.catalog.providers import PushToken
from pushhub.catalog.web_push import is_channel, is_endpoint, read_push_subscription
from pushhub.text import has_control_character, holds_invisible

APNS: Final = "ios-apns"
NUMBERED: Final = frozenset({"yandex-Appmetrica-device-id-ios", "yandex-Appmetrica-device-id-android"})
"""Providers that know a device by a number: `appmetrica_device_id` in AppMetrica's "Sending push messages"."""

WEB_PUSH: Final = "web-push"
BROWSERS: Final = frozenset({WEB_PUSH, "Firefox"})
"""Providers of which a push token is a PushSubscription as JSON. A `Firefox` one may be a text too that is no JSON object, such as
the vendor's example `%subscriptionid%`; no push reaches it."""
WINDOWS: Final = frozenset({"windows-wns", "uwp-wns"})
"""Providers of which a push token is a channel URI."""

_WORDS_FOR_NOTHING: Final = frozenset(
    {"null", "nil", "none", "nan", "undefined", "\\n", "na", "n/a", "#n/a", "#null!", "#value!", "#ref!", "#name?", "#num!"}
    | {"#div/0!", "00000000-0000-0000-0000-000000000000"}
)
r"""What databases (`\N`), languages and spreadsheets write for a value that is missing, in lower case. The last is the
advertising id of every device on which a person has refused to be tracked."""
_AROUND_WORDS: Final = "()<>[]{}\"'` "
"""What languages put around such a word: `(null)`, `<nil>`, `"null"`. With nothing in between, it stands for nothing too."""
_IN_DESCRIPTIONS: Final = frozenset(" ([{<@'")
"""Characters of which every description holds one, and hardly any push token: the others are not looked through any further."""
_LINE_SEPARATORS: Final = frozenset("\u2028\u2029")
_HEX_DIGITS: Final = "0123456789abcdefABCDEF"


class PushTokenMisfit(StrEnum):
    """Why a text is no push token, in words that go behind "is no push token:"."""

    BLANK = "it is blank"
    CONTROL_CHARACTER = "it holds a control character"
    INVISIBLE_CHARACTER = "it holds an invisible character, such as a zero-width space"
    BLANK_AT_AN_END = "it begins or ends with a blank"
    WORD_FOR_NOTHING = "it stands for a missing value, as null does"
    DESCRIPTION = "it is what a programming language shows in the place of an object; send the push token itself"
    NO_PUSH_SUBSCRIPTION = "this provider's is a PushSubscription of a browser as JSON, with endpoint, keys.p256dh and keys.auth"
    UNKNOWN_ENDPOINT = "it has no endpoint that is an https address of a known push service"
    NO_CHANNEL = "this provider's is a channel URI: an https address of notify.windows.com"
    SHORTENED_NUMBER = "this provider's are whole numbers, and a spreadsheet has cut digits off; export the column as text"


def push_token_misfit(provider: str, text: str, more_push_hosts: Collection[str] = ()) -> PushTokenMisfit | None:
    """Return why a text is no push token, or None where it may be one; the provider may be any text.

    `more_push_hosts` are hosts of push services of browsers beside the known ones.
    """
    if misfit := next((misfit for misfit, applies in _MISFITS.items() if applies(provider, text)), None):
        return misfit
    return PushTokenMisfit.UNKNOWN_ENDPOINT if _has_unknown_endpoint(provider, text, more_push_hosts) else None


def _is_blank(_provider: str, text: str) -> bool:
    return not text or text.isspace()


def _has_control_character(_provider: str, text: str) -> bool:
    return has_control_character(text)


def _has_invisible_character(_provider: str, text: str) -> bool:
    return holds_invisible(text) or not _LINE_SEPARATORS.isdisjoint(text)


def _has_blank_at_an_end(_provider: str, text: str) -> bool:
    return text[0].isspace() or text[-1].isspace()


def _stands_for_nothing(_provider: str, text: str) -> bool:
    word = text.strip(_AROUND_WORDS).lower()
    return not word or word in _WORDS_FOR_NOTHING


def _is_description(_provider: str, text: str) -> bool:
    return not _IN_DESCRIPTIONS.isdisjoint(text) and _description().match(text) is not None


def _is_shortened_number(provider: str, text: str) -> bool:
    return provider in NUMBERED and _shortened_number().fullmatch(text) is not None


def _is_no_push_subscription(provider: str, text: str) -> bool:
    if provider != WEB_PUSH:
        return False
    read = read_push_subscription(text)
    return read is None or read.keys is None


def _has_unknown_endpoint(provider: str, text: str, more_hosts: Collection[str]) -> bool:
    if provider not in BROWSERS or not text.startswith("{"):
        return False
    read = read_push_subscription(text)
    return read is None or not is_endpoint(read.endpoint, more_hosts)


def _is_no_channel(provider: str, text: str) -> bool:
    return provider in WINDOWS and not is_channel(text)


# Compiled when they are needed: together they cost a cold start a millisecond, and hardly any push token needs them.
@cache
def _description() -> re.Pattern[str]:
    """Return how languages describe an object that is not written out."""
    return re.compile(
        r"""\{\s*length\s*=          # Data of iOS 13 and later: {length = 32, bytes = 0x0011aabb ... }
        |   [0-9]+\ bytes$           # Data in Swift
        |   Optional\(               # Swift: Optional("0011aabb")
        |   \[object\ |Promise\ \{   # JavaScript: [object Object]
        |   Instance\ of\            # Dart: Instance of 'Future<String>'
        |   <(?=[^>]*>$)[^>]*(?:0x|:|')  # Objective-C, Python: <NSNull: 0x1f>; hex digits, <0011aabb 2233>, are a push token
        |   (?:\[[BC]|(?:\w+[.$])+\w+)@[0-9a-f]{1,8}$  # Java: com.google.android.gms.tasks.zzw@1f2e3d, [B@1f2e3d
        |   b'[^']*'$                # bytes in Python
        """,
        re.ASCII | re.VERBOSE,
    )


@cache
def _shortened_number() -> re.Pattern[str]:
    """Return a number that is not digits alone, shorter than the 32 hex digits that AppMetrica's SDK knows a device by."""
    exponent = r"e[+-]?[0-9]{1,4}"
    return re.compile(rf"[+-]?[0-9]{{1,25}}(?:[.,][0-9]*(?:{exponent})?|{exponent})", re.ASCII | re.IGNORECASE)


_MISFITS: Final[Mapping[PushTokenMisfit, Callable[[str, str], bool]]] = {
    PushTokenMisfit.BLANK: _is_blank,
    PushTokenMisfit.CONTROL_CHARACTER: _has_control_character,
    PushTokenMisfit.INVISIBLE_CHARACTER: _has_invisible_character,
    PushTokenMisfit.BLANK_AT_AN_END: _has_blank_at_an_end,
    PushTokenMisfit.WORD_FOR_NOTHING: _stands_for_nothing,
    PushTokenMisfit.DESCRIPTION: _is_description,
    PushTokenMisfit.SHORTENED_NUMBER: _is_shortened_number,
    PushTokenMisfit.NO_PUSH_SUBSCRIPTION: _is_no_push_subscription,
    PushTokenMisfit.NO_CHANNEL: _is_no_channel,
}
"""What each misfit is that a provider and a text tell of; they are looked for in this order, and before an unknown endpoint."""


def compared_form(provider: str, push_token: PushToken) -> PushToken:
    """Return the compared form of a push token: the one form that all its spellings have in common.

    Of most providers, that is the push token itself. The compared form of a compared form is itself.

    APNs gives an app bytes. Apps spell them in hex digits of either case, and older ones as `<0011aabb 2233ccdd>`, which is how iOS
    described them until iOS 12. A text that is no hex digits is compared as it came.

    A PushSubscription is compared by its endpoint alone: order, blanks, keys and expiration time make no second device.
    """
    if provider in BROWSERS:
        read = read_push_subscription(push_token)
        return PushToken(read.endpoint) if read else push_token
    if provider != APNS:
        return push_token
    digits = "".join(push_token.split()).replace("<", "").replace(">", "")
    return PushToken(digits.lower()) if digits and not digits.strip(_HEX_DIGITS) else push_token


def replaces(provider: str, given: PushToken, stored: PushToken) -> bool:
    """Say whether a push token takes the place of the stored one of the same device: a browser that has other keys now."""
    if provider not in BROWSERS or given == stored:
        return False
    read, before = read_push_subscription(given), read_push_subscription(stored)
    return read is not None and read.keys is not None and (before is None or read.keys != before.keys)
