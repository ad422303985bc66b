"""Which message does each provider get, and whom does an element of the audience mean?"""

from collections.abc import Collection, Iterable, Mapping
from typing import Final

from pushhub.catalog.model import App
from pushhub.catalog.providers import Provider
from pushhub.dialects.devtodev.push.parse import AudienceElement, PushOrder
from pushhub.dialects.devtodev.push.wire import PlatformBlock
from pushhub.sends.message import Message
from pushhub.sends.platforms import PLATFORM_OF, Platform, enabled_providers
from pushhub.sends.sending import Identifier, NamedField, NamedPushToken

_PLATFORM_OF_BLOCK: Final[Mapping[PlatformBlock, Platform]] = {
    PlatformBlock.IOS: Platform.IOS,
    PlatformBlock.ANDROID: Platform.ANDROID,
    PlatformBlock.WIN: Platform.WINDOWS,
    PlatformBlock.UWP: Platform.WINDOWS,
}
_UWP: Final = Provider("uwp-wns")
"""Channels of apps that run on Windows 10 and later alone; the block `uwp` is for them and for no others."""


def providers_of(block: PlatformBlock, blocks: Collection[PlatformBlock]) -> frozenset[Provider]:
    """Return the providers whose recipients get the push of a block, of a request that has these blocks.

    With both, `uwp` wins for its own channels over `win`, which is for Windows of any version.
    """
    platform = _PLATFORM_OF_BLOCK[block]
    providers = frozenset(provider for provider, reached in PLATFORM_OF.items() if reached is platform)
    if block is PlatformBlock.UWP:
        return providers & {_UWP}
    return providers - {_UWP} if block is PlatformBlock.WIN and PlatformBlock.UWP in blocks else providers


def requested_providers(blocks: Collection[PlatformBlock], app: App) -> frozenset[Provider]:
    """Return the providers whose recipients a request is for.

    They are those of each block that the app can push through. Where it can push through none of a block, they are all of that
    block: their recipients are found, and counted as erroneous.
    """
    enabled = enabled_providers(app)
    of_blocks = [providers_of(block, blocks) for block in blocks]
    return frozenset[Provider]().union(*(of_block & enabled or of_block for of_block in of_blocks))


def block_of(provider: Provider, blocks: Collection[PlatformBlock]) -> PlatformBlock:
    """Return the block whose push the recipients of a provider get, of a request that is for them."""
    return next(block for block in blocks if provider in providers_of(block, blocks))


def messages_of(order: PushOrder, app: App) -> Mapping[Provider, Message]:
    """Return what is pushed through each provider that the app can push through."""
    enabled = enabled_providers(app)
    return {
        provider: message
        for block, message in order.blocks.items()
        for provider in sorted(providers_of(block, order.blocks.keys()) & enabled)
    }


def identifiers_of(element: AudienceElement, requested: Iterable[Provider]) -> tuple[Identifier, ...]:
    """Return by what the users of an element are found, in the order in which that is tried.

    Args:
        element: where it names a push token, nothing else of it counts ("Push API", the pages of its blocks).
        requested: the providers whose recipients the request is for.
    """
    push_token = element.names.get("token")
    if push_token is not None:
        return tuple(NamedPushToken(provider, str(push_token)) for provider in sorted(requested))
    return tuple(NamedField(name, value) for name, value in element.names.items())
