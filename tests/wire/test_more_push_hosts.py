"""A browser of a push service that the stack names beside the known ones is taken at every door, and at none otherwise."""

import json
from collections.abc import Callable

import pytest

from pushhub.audience.command import Mode, Subscribe
from pushhub.audience.subscribing import Subscribing
from pushhub.catalog.cached import CachedCatalog
from pushhub.catalog.push_tokens import PushTokenMisfit
from pushhub.dialects.altcraft.events.post import PostEvents
from pushhub.dialects.altcraft.subscribe.endpoint import PushSubscribe
from pushhub.dialects.http import Answer
from pushhub.events.accepting import Acceptance
from pushhub.imports.files.drop import Overrides
from pushhub.imports.files.recognition import find_layout
from pushhub.imports.files.rows import row_reader
from tests.doubles.audience import MemoryAudience
from tests.doubles.http import http_request
from tests.doubles.queues import MemoryQueue
from tests.wire.golden import catalog_of

CATALOG = catalog_of("push_subscribe")
RESOURCE_TOKEN = "3LXP2FRcRxJ-7b14db88ec937f14"
HOSTS = frozenset({"*.push.example.com"})
BROWSER = json.dumps({"endpoint": "https://eu.push.example.com/a", "keys": {"p256dh": "BNc", "auth": "tBH"}})


def said_of(answer: Answer) -> str:
    content = json.loads(answer.reply.body)
    return str(content["error_text"]) if answer.reply.status != 200 else ""


def subscribed(more_hosts: frozenset[str]) -> str:
    subscribe = Subscribing(MemoryAudience(), sleep=lambda _: None)
    serve = PushSubscribe(CachedCatalog(lambda: CATALOG), subscribe, more_push_hosts=more_hosts)
    subscriptions = [{"provider": "web-push", "subscription_id": BROWSER}]
    return said_of(serve(http_request(json.dumps({"resource_token": RESOURCE_TOKEN, "subscriptions": subscriptions}).encode())))


def reported(more_hosts: frozenset[str]) -> str:
    serve = PostEvents(CachedCatalog(lambda: CATALOG), Acceptance(MemoryQueue()), more_push_hosts=more_hosts)
    event = {"token": "abcdefghijklmnqrstuvwxyz", "events": 1, "uid": "u", "launch_id": "l", "provider": "web-push"}
    return said_of(serve(http_request(json.dumps(event | {"subscription_id": BROWSER}).encode())))


def imported(more_hosts: frozenset[str]) -> str:
    layout = find_layout(b"subscription_id\n", Overrides(quoted=True, encoding="utf-8"), whole=True)
    cell = BROWSER.replace('"', '""')
    read = row_reader("inbox/5/web-push/token/a.csv", layout, Mode.UPSERT, CATALOG, more_hosts).read(f'"{cell}"')
    return "" if isinstance(read, Subscribe) else read.reason


@pytest.mark.parametrize("door", [subscribed, reported, imported])
def test_a_browser_of_a_named_push_service_is_taken(door: Callable[[frozenset[str]], str]) -> None:
    assert door(HOSTS) == ""


@pytest.mark.parametrize("door", [subscribed, reported, imported])
@pytest.mark.parametrize("hosts", [frozenset[str](), frozenset({"push.example.com"})])
def test_a_browser_of_any_other_is_refused_and_the_reply_says_why(
    door: Callable[[frozenset[str]], str], hosts: frozenset[str]
) -> None:
    assert str(PushTokenMisfit.UNKNOWN_ENDPOINT) in door(hosts)
