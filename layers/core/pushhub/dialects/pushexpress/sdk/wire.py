"""How do the vendor's SDKs write what they tell a hub?

Names and words are those of "SDK API specs" and of the four clients in `sources.md`. Enumerations are open: a client of tomorrow
may send a word that is not here.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from pushhub.catalog.filter_fields import COUNTRY, EXT_ID, LANGUAGE, TZ_SEC
from pushhub.catalog.providers import Provider


class TransportType(NamedTuple):
    """A `transport_type` that reaches a device: its provider on a platform of Apple's, and elsewhere.

    With `drawn_by_app`, the app itself draws what a push shows.
    """

    of_apple: Provider
    elsewhere: Provider
    drawn_by_app: bool = False


_APNS: Final = Provider("ios-apns")
_FCM: Final = TransportType(Provider("ios-firebase"), Provider("android-firebase"))
_WEB_PUSH: Final = Provider("web-push")

TRANSPORTS: Final[Mapping[str, TransportType]] = {
    "apns": TransportType(_APNS, _APNS),
    "fcm": _FCM,
    "fcm.data": _FCM._replace(drawn_by_app=True),
    "huawei": TransportType(Provider("ios-huawei"), Provider("android-huawei")),
    "webpush": TransportType(_WEB_PUSH, _WEB_PUSH),
}
"""Transports by what clients call them. A device with another one, such as `onesignal`, is kept and cannot be reached."""

APPLE_PLATFORMS: Final = frozenset({"ios", "macos", "tvos", "watchos"})
"""`platform_type` of a device of Apple's; `android` and `browser` are the others that the vendor names."""

FIELD_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    COUNTRY: ("country", "county"),
    EXT_ID: ("ext_id",),
    LANGUAGE: ("lang",),
    TZ_SEC: ("tz_sec",),
}
"""Under which names a field of the profile may come; the Swift client misspells `country`."""

TAG_OF_AUDIENCES: Final = "audiences"
"""The key of `tags` that holds the audiences, with commas between them."""
