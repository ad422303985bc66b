"""Which push providers exist, and how long may their tokens be?"""

from typing import Final, NewType

Provider = NewType("Provider", str)
"""A provider id exactly as callers write it, one of :data:`PROVIDER_CODES`."""

PushToken = NewType("PushToken", str)
"""What a provider knows a device by; at most :data:`MAX_PUSH_TOKEN_BYTES` of UTF-8."""

MAX_PUSH_TOKEN_BYTES: Final = 4096

PROVIDER_CODES: Final[dict[Provider, str]] = {
    Provider("android-firebase"): "af",
    Provider("ios-firebase"): "if",
    Provider("ios-apns"): "ia",
    Provider("yandex-Appmetrica-device-id-ios"): "yi",
    Provider("yandex-Appmetrica-device-id-android"): "ya",
    Provider("yandex-Appmetrica-ios-ifa"): "yf",
    Provider("yandex-Appmetrica-google-aid"): "yg",
    Provider("yandex-Appmetrica-android-token"): "yt",
    Provider("yandex-Appmetrica-ios-token"): "yo",
    Provider("android-huawei"): "ah",
    Provider("ios-huawei"): "ih",
    Provider("android-rustore"): "ar",
    Provider("Firefox"): "fx",
    Provider("web-push"): "wp",
    Provider("windows-wns"): "wn",
    Provider("uwp-wns"): "wu",
}
"""Every provider with the two letters that stand for it in stored references: never change or reuse one.

The ids and their spelling are the vendor's, in `dialects/altcraft/sources.md`: "Processing and adding a subscription" (mobile),
"Altcraft SDK for Android" (RuStore), "Add or edit subscription" (Firefox). The last three are this hub's own.
"""


PROVIDER_OF_CODE: Final[dict[str, Provider]] = {code: provider for provider, code in PROVIDER_CODES.items()}
"""The other way round."""


def known_provider(text: str) -> Provider | None:
    """Return the provider with this id, or None where there is none; case counts."""
    provider = Provider(text)
    return provider if provider in PROVIDER_CODES else None
