"""On which platform does a provider reach a device, and through which block of an app?"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from pushhub.catalog.model import App
from pushhub.catalog.providers import Provider


class Platform(StrEnum):
    """What a device runs."""

    IOS = "ios"
    ANDROID = "android"
    WINDOWS = "windows"
    BROWSER = "browser"


class Block(StrEnum):
    """A kind of provider block that this release sends through; the value is the block's name in an app."""

    FIREBASE = "firebase"
    APNS = "apns"
    WEB_PUSH = "web_push"
    WNS = "wns"


PLATFORM_OF: Final[Mapping[Provider, Platform]] = MappingProxyType(
    {
        Provider("ios-apns"): Platform.IOS,
        Provider("ios-firebase"): Platform.IOS,
        Provider("ios-huawei"): Platform.IOS,
        Provider("yandex-Appmetrica-device-id-ios"): Platform.IOS,
        Provider("yandex-Appmetrica-ios-ifa"): Platform.IOS,
        Provider("yandex-Appmetrica-ios-token"): Platform.IOS,
        Provider("android-firebase"): Platform.ANDROID,
        Provider("android-huawei"): Platform.ANDROID,
        Provider("android-rustore"): Platform.ANDROID,
        Provider("yandex-Appmetrica-device-id-android"): Platform.ANDROID,
        Provider("yandex-Appmetrica-google-aid"): Platform.ANDROID,
        Provider("yandex-Appmetrica-android-token"): Platform.ANDROID,
        Provider("windows-wns"): Platform.WINDOWS,
        Provider("uwp-wns"): Platform.WINDOWS,
        Provider("web-push"): Platform.BROWSER,
        Provider("Firefox"): Platform.BROWSER,
    }
)
"""The platform of every provider."""
BLOCK_OF: Final[Mapping[Provider, Block]] = MappingProxyType(
    {
        Provider("android-firebase"): Block.FIREBASE,
        Provider("ios-firebase"): Block.FIREBASE,
        Provider("ios-apns"): Block.APNS,
        Provider("web-push"): Block.WEB_PUSH,
        Provider("Firefox"): Block.WEB_PUSH,
        Provider("windows-wns"): Block.WNS,
        Provider("uwp-wns"): Block.WNS,
    }
)
"""The block through which a provider is reached; this release pushes to no provider that is not here."""


def enabled_providers(app: App) -> frozenset[Provider]:
    """Return the providers through which an app can push: those whose block it has."""
    return frozenset(provider for provider, block in BLOCK_OF.items() if block in app.blocks)
