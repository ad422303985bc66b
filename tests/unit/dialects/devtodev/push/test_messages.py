"""Which provider gets the push of which block, and whom an element of the audience means."""

from collections.abc import Sequence

import pytest

from pushhub.catalog.providers import Provider
from pushhub.dialects.devtodev.push.messages import block_of, identifiers_of, messages_of, providers_of, requested_providers
from pushhub.dialects.devtodev.push.parse import AudienceElement, PushOrder
from pushhub.dialects.devtodev.push.wire import PlatformBlock
from pushhub.sends.message import Message
from pushhub.sends.platforms import PLATFORM_OF, Platform
from pushhub.sends.sending import NamedField, NamedPushToken
from tests.doubles.apps import ANDROID, APNS, IOS_FIREBASE, app_of

UWP, WIN = Provider("uwp-wns"), Provider("windows-wns")
IOS_BLOCK, ANDROID_BLOCK, WIN_BLOCK, UWP_BLOCK = PlatformBlock


def order_of(*blocks: PlatformBlock) -> PushOrder:
    return PushOrder("", None, (), {block: Message(title=block) for block in blocks})


@pytest.mark.parametrize(("block", "platform"), [(IOS_BLOCK, Platform.IOS), (ANDROID_BLOCK, Platform.ANDROID)])
def test_a_block_reaches_every_provider_of_its_platform(block: PlatformBlock, platform: Platform) -> None:
    assert providers_of(block, [*PlatformBlock]) == {provider for provider, reached in PLATFORM_OF.items() if reached is platform}


def test_uwp_wins_over_win_for_its_own_channels() -> None:
    assert providers_of(WIN_BLOCK, [WIN_BLOCK]) == {WIN, UWP}
    assert providers_of(WIN_BLOCK, [WIN_BLOCK, UWP_BLOCK]) == {WIN}
    assert providers_of(UWP_BLOCK, [UWP_BLOCK]) == providers_of(UWP_BLOCK, [WIN_BLOCK, UWP_BLOCK]) == {UWP}


def test_no_provider_belongs_to_two_blocks_of_a_request() -> None:
    for blocks in ([*PlatformBlock], [WIN_BLOCK, ANDROID_BLOCK], [UWP_BLOCK, IOS_BLOCK]):
        for block in blocks:
            assert {block_of(provider, blocks) for provider in providers_of(block, blocks)} == {block}


@pytest.mark.parametrize(
    ("of_app", "blocks", "requested"),
    [
        (("firebase", "apns"), [IOS_BLOCK], {APNS, IOS_FIREBASE}),
        (("firebase",), [IOS_BLOCK, ANDROID_BLOCK], {IOS_FIREBASE, ANDROID}),
        (("firebase",), [WIN_BLOCK], {WIN, UWP}),
        (("firebase", "wns"), [WIN_BLOCK, UWP_BLOCK, ANDROID_BLOCK], {WIN, UWP, ANDROID}),
        (("apns",), [ANDROID_BLOCK], providers_of(ANDROID_BLOCK, [ANDROID_BLOCK])),
    ],
)
def test_a_platform_without_credentials_is_looked_for_through_all_of_its_providers(
    of_app: Sequence[str], blocks: list[PlatformBlock], requested: set[Provider]
) -> None:
    assert requested_providers(blocks, app_of(of_app)) == requested


def test_each_provider_that_the_app_has_gets_the_message_of_its_block() -> None:
    order = order_of(IOS_BLOCK, WIN_BLOCK, UWP_BLOCK)
    titles = {provider: message.title for provider, message in messages_of(order, app_of(("firebase", "apns", "wns"))).items()}
    assert titles == {APNS: "ios", IOS_FIREBASE: "ios", WIN: "win", UWP: "uwp"}
    assert messages_of(order, app_of(())) == {}


def test_a_push_token_is_one_of_any_requested_provider() -> None:
    element = AudienceElement({"token": "t-1"})
    assert identifiers_of(element, {UWP, ANDROID}) == (NamedPushToken(ANDROID, "t-1"), NamedPushToken(UWP, "t-1"))


def test_every_other_identifier_is_a_match_field_of_its_name() -> None:
    element = AudienceElement({"devtodevId": 7, "userId": "u", "idfa": "a"})
    assert identifiers_of(element, {ANDROID}) == (NamedField("devtodevId", 7), NamedField("userId", "u"), NamedField("idfa", "a"))
