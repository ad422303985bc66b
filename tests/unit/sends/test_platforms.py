"""Every provider has a platform, and an app pushes through those whose block it has."""

from pushhub.catalog.providers import PROVIDER_CODES
from pushhub.sends.platforms import BLOCK_OF, PLATFORM_OF, enabled_providers
from tests.doubles.apps import ANDROID, APNS, FIREFOX, IOS_FIREBASE, UWP, WEB, WINDOWS, app_of


def test_every_provider_has_a_platform() -> None:
    assert PLATFORM_OF.keys() == PROVIDER_CODES.keys()
    assert BLOCK_OF.keys() < PROVIDER_CODES.keys()


def test_a_block_enables_the_providers_that_are_reached_through_it() -> None:
    assert enabled_providers(app_of(["firebase"])) == {ANDROID, IOS_FIREBASE}
    assert enabled_providers(app_of(["apns", "web_push"])) == {APNS, WEB, FIREFOX}
    assert enabled_providers(app_of(["wns"])) == {WINDOWS, UWP}
    assert enabled_providers(app_of([])) == frozenset()


def test_a_block_that_this_release_does_not_know_enables_nothing() -> None:
    assert enabled_providers(app_of(["huawei", "rustore", "appmetrica"])) == frozenset()
