"""Every golden event of push_subscribe through the handler, on the audience in memory, and over HTTP on the local hub."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from pushhub.audience.subscribing import Subscribing
from pushhub.catalog.cached import CachedCatalog
from pushhub.dialects.altcraft.push_subscribe import PushSubscribe
from pushhub.edge import wiring
from tests.conftest import Hub
from tests.doubles.audience import MemoryAudience
from tests.doubles.functions import Context, load_handler
from tests.wire.golden import Case, assert_replied, cases, catalog_of

CASES = cases("push_subscribe")
by_name = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)

Handler = Callable[[dict[str, Any], Context], dict[str, Any]]


@pytest.fixture
def handler(monkeypatch: pytest.MonkeyPatch) -> Handler:
    catalog = catalog_of("push_subscribe")
    endpoint = PushSubscribe(CachedCatalog(lambda: catalog), Subscribing(MemoryAudience()))
    monkeypatch.setattr(wiring, "push_subscribe", lambda: endpoint)
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "pushhub")
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "push_subscribe")
    loaded: Handler = load_handler("push_subscribe").handler
    return loaded


@by_name
def test_the_handler_gives_the_golden_reply(handler: Handler, case: Case) -> None:
    for body in case.given:
        assert handler(case.event_with(body), Context())["statusCode"] == 200
    reply = handler(case.event, Context())
    assert_replied(case, reply["statusCode"], reply["body"])
    assert reply["headers"]["content-type"].startswith("application/json")
    assert reply["headers"]["x-request-id"] == case.event["requestContext"]["requestId"]


@by_name
def test_the_local_hub_gives_the_golden_reply(hub: Hub, case: Case) -> None:
    hub.forget_everyone()
    for body in case.given:
        assert hub.post("/push_subscribe", json.dumps(body).encode())[0] == 200
    assert_replied(case, *hub.post("/push_subscribe", case.body, case.event["headers"]["content-type"]))


@by_name
def test_no_token_and_no_value_is_ever_logged(handler: Handler, case: Case, capsys: pytest.CaptureFixture[str]) -> None:
    for body in case.given:
        handler(case.event_with(body), Context())
    handler(case.event, Context())
    logged = capsys.readouterr()
    assert case.event["requestContext"]["requestId"] in logged.out
    for secret in _secrets(case):
        assert secret not in logged.out + logged.err


def _secrets(case: Case) -> set[str]:
    """Return every token and field value of a case that is long enough not to be there by accident."""
    try:
        body = json.loads(case.body)
    except ValueError:
        return set()
    if not isinstance(body, dict):
        return set()
    subscriptions = body.get("subscriptions")
    tokens = (
        [one.get("subscription_id") for one in subscriptions if isinstance(one, dict)] if isinstance(subscriptions, list) else []
    )
    return {str(one) for one in (body.get("resource_token"), body.get("field_value"), *tokens) if len(str(one)) > 4}
