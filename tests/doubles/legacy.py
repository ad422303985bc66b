"""An audience as a hub has left it that compared push tokens as they came."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from unittest.mock import patch

from pushhub.audience import model, resolving
from pushhub.audience.command import Subscribe
from pushhub.audience.model import Address, ProfileId, Subscription
from pushhub.audience.subscribing import Subscribing
from pushhub.catalog.providers import PushToken
from pushhub.moments import Seconds
from tests.doubles.audience import MemoryAudience
from tests.doubles.invariants import assert_consistent


@contextmanager
def comparing_as_it_came() -> Iterator[None]:
    """Let every spelling of a push token be a device of its own."""

    def as_it_came(_provider: str, push_token: PushToken) -> PushToken:
        return push_token

    with ExitStack() as stack:
        for module in (model, resolving):
            stack.enter_context(patch.object(module, "compared_form", as_it_came))
        yield


def carry_out_before(store: MemoryAudience, commands: Sequence[Subscribe], name: str = "before", now: int = 1) -> None:
    """Carry commands out as the hub did then, on an empty store; a profile that is made gets this name and a number."""
    with comparing_as_it_came():
        for place, command in enumerate(commands):
            made = ProfileId(f"{name}{place}")
            Subscribing(store, now=lambda: Seconds(now), new_id=lambda made=made: made, sleep=lambda _: None)(command)  # type: ignore[misc]
    for content in store.databases.values():
        content.subscriptions = {ref: _as_read_now(stored) for ref, stored in content.subscriptions.items()}
        assert_consistent(content)


def _as_read_now(stored: Subscription) -> Subscription:
    address = Address(stored.address.provider, stored.address.push_token)
    return replace(stored, address=address, legacy=address.legacy_ref is not None)
