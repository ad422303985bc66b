"""Does a message fit a provider?

Known of the message alone, without an app's credentials. It loads every provider's module, so what answers requests loads it when it
is needed.
"""

from pushhub.catalog.providers import Provider
from pushhub.sends.message import Message


def require_fit(provider: Provider, message: Message) -> None:
    """Return if the provider's module would render the message.

    Args:
        provider: one that this release pushes to.
        message: with its `hub_keys` as they are pushed.

    Raises:
        MessageTooLargeError: it is larger than the provider takes, beside what is kept for the hub's keys.
        MessageError: the provider would refuse it for another reason; the text names the field.
    """
