"""Does a message fit a provider?

Known of the message alone, without an app's credentials. It loads every provider's module, so what answers requests loads it when
it is needed.
"""

from collections.abc import Callable, Mapping
from typing import Final

from pushhub.catalog.providers import Provider
from pushhub.sends.message import Message
from pushhub.sends.platforms import BLOCK_OF, Block
from pushhub.sends.providers.apns import apns_content
from pushhub.sends.providers.fcm import fcm_content
from pushhub.sends.providers.web_push import web_push_content
from pushhub.sends.providers.wns_payload import wns_payload

_CONTENTS: Final[Mapping[Block, Callable[[Message, Provider], object]]] = {
    Block.FIREBASE: fcm_content,
    Block.APNS: lambda message, _: apns_content(message),
    Block.WEB_PUSH: lambda message, _: web_push_content(message),
    Block.WNS: lambda message, _: wns_payload(message),
}
"""What makes the content of a message, and refuses one that its providers would refuse."""


def require_fit(provider: Provider, message: Message) -> None:
    """Return if the provider's module would render the message.

    Args:
        provider: one that this release pushes to.
        message: with its `hub_keys` as they are pushed.

    Raises:
        MessageTooLargeError: it is larger than the provider takes, beside what is kept for the hub's keys.
        MessageError: the provider would refuse it for another reason; the text names the field.
    """
    _CONTENTS[BLOCK_OF[provider]](message, provider)
