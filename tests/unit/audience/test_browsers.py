"""Browsers that subscribe: one subscription for an endpoint, with the keys that came last."""

import pytest

from pushhub.audience.command import DesiredSubscription, Effect, Reason
from pushhub.audience.model import Address
from pushhub.catalog.model import PushTokenConflict
from pushhub.catalog.providers import Provider, PushToken
from tests.doubles.legacy import carry_out_before
from tests.doubles.requests import BY_TOKEN, by_id, request, resource
from tests.doubles.world import World

ENDPOINT = "https://updates.push.services.mozilla.com/wpush/v2/a"
MOVING = resource(5, conflict=PushTokenConflict.MOVE)
PROVIDERS = pytest.mark.parametrize("provider", ["web-push", "Firefox"])


def browser(keys: str = "1", blanks: str = "") -> str:
    return f'{{"endpoint":{blanks}"{ENDPOINT}","keys":{{"p256dh":"{keys}","auth":"{keys}"}}}}'


def wish(provider: str, push_token: str, *, unsubscribe: bool = False) -> DesiredSubscription:
    return DesiredSubscription(provider, PushToken(push_token), unsubscribe)


def stored_tokens(world: World) -> list[str]:
    return [stored.address.push_token for stored in world.customers.subscriptions.values()]


@pytest.fixture
def world() -> World:
    return World()


@PROVIDERS
def test_a_browser_that_comes_again_is_unchanged_and_costs_no_commit(world: World, provider: str) -> None:
    world.send(request(by_id("ann"), wish(provider, browser())))
    world.count_from_here()
    assert world.effects(request(by_id("ann"), wish(provider, browser(blanks=" ")))) == [Effect.UNCHANGED]
    assert world.calls == (1, 0)
    assert stored_tokens(world) == [browser()]


@PROVIDERS
def test_a_browser_with_other_keys_is_a_change_and_stored_with_them(world: World, provider: str) -> None:
    world.send(request(by_id("ann"), wish(provider, browser())))
    world.count_from_here()
    assert world.effects(request(BY_TOKEN, wish(provider, browser("2")))) == [Effect.CHANGED]
    assert world.calls == (1, 1)
    assert stored_tokens(world) == [browser("2")]
    assert len(world.profile("ann").live) == 1
    assert world.effects(request(BY_TOKEN, wish(provider, browser("2")))) == [Effect.UNCHANGED]


@PROVIDERS
def test_a_browser_is_cancelled_by_its_endpoint_whatever_its_keys(world: World, provider: str) -> None:
    world.send(request(by_id("ann"), wish(provider, browser())))
    assert world.effects(request(by_id("ann"), wish(provider, browser("2"), unsubscribe=True))) == [Effect.CHANGED]
    assert stored_tokens(world) == [browser()]
    assert not world.profile("ann").live


@PROVIDERS
def test_a_browser_that_moves_takes_its_new_keys_along(world: World, provider: str) -> None:
    world.send(request(by_id("ann"), wish(provider, browser())))
    assert world.effects(request(by_id("joe"), wish(provider, browser("2")))) == [Reason.DUPLICATE]
    assert world.effects(request(by_id("joe"), wish(provider, browser("2")), through=MOVING)) == [Effect.CHANGED]
    assert stored_tokens(world) == [browser("2")]
    assert len(world.profile("joe").live) == 1


def test_the_last_keys_of_one_request_count(world: World) -> None:
    world.send(request(by_id("ann"), wish("web-push", browser("1")), wish("web-push", browser("2"))))
    assert stored_tokens(world) == [browser("2")]


def test_a_browser_of_firefox_and_one_of_web_push_are_two(world: World) -> None:
    world.send(request(by_id("ann"), wish("web-push", browser()), wish("Firefox", browser())))
    assert len(world.customers.subscriptions) == 2


def test_a_browser_under_a_legacy_reference_is_found_by_its_text_and_then_by_its_endpoint(world: World) -> None:
    carry_out_before(world.store, [request(by_id("ann"), wish("Firefox", browser()))], now=world.time - 10)
    assert world.effects(request(BY_TOKEN, wish("Firefox", browser()))) == [Effect.UNCHANGED]
    world.send(request(BY_TOKEN, wish("Firefox", browser()), through=resource(6)))
    assert list(world.customers.subscriptions) == [Address(Provider("Firefox"), PushToken(ENDPOINT)).ref]
    assert world.effects(request(BY_TOKEN, wish("Firefox", browser("2")))) == [Effect.CHANGED]
    assert stored_tokens(world) == [browser("2")]


def test_the_vendors_example_stays_a_push_token_of_firefox(world: World) -> None:
    assert world.effects(request(by_id("ann"), wish("Firefox", "%subscriptionid%"))) == [Effect.CHANGED]
