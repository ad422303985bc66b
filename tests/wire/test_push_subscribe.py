"""Every golden event of push_subscribe through the handler, on the audience in memory, and over HTTP on the local hub."""

import json
import math
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from pushhub.audience.port import Snapshot, SnapshotQuery
from pushhub.audience.subscribing import Subscribing
from pushhub.catalog.cached import CachedCatalog
from pushhub.dialects.altcraft.subscribe.endpoint import PushSubscribe
from pushhub.edge.wiring import push_subscribe as wiring
from pushhub.faults import UnavailableError
from tests.conftest import Hub
from tests.doubles.audience import MemoryAudience
from tests.doubles.functions import Context, load_handler
from tests.wire.golden import Case, assert_replied, cases, catalog_of
from tests.wire.serving import ask_the_hub

CASES = cases("push_subscribe")
by_name = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)

Handler = Callable[[dict[str, Any], Context], dict[str, Any]]


def serve(monkeypatch: pytest.MonkeyPatch, store: MemoryAudience) -> Handler:
    """Return the handler with a store wired in."""
    catalog = catalog_of("push_subscribe")
    endpoint = PushSubscribe(CachedCatalog(lambda: catalog), Subscribing(store))
    monkeypatch.setattr(wiring, "endpoint", lambda: endpoint)
    loaded: Handler = load_handler("push_subscribe").handler
    return loaded


@pytest.fixture
def handler(monkeypatch: pytest.MonkeyPatch) -> Handler:
    return serve(monkeypatch, MemoryAudience())


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
    status, body, _ = ask_the_hub(hub.url, case.event, case.body)
    assert_replied(case, status, body)


@by_name
def test_no_token_and_no_value_is_ever_logged(handler: Handler, case: Case, capsys: pytest.CaptureFixture[str]) -> None:
    for body in case.given:
        handler(case.event_with(body), Context())
    handler(case.event, Context())
    logged = capsys.readouterr()
    assert case.event["requestContext"]["requestId"] in logged.out
    for secret in _secrets(case):
        assert secret not in logged.out + logged.err


class Failing(MemoryAudience):
    """Fails as DynamoDB does when it is throttled."""

    def read(self, wanted: Sequence[SnapshotQuery], latest: float = math.inf) -> Sequence[Snapshot]:
        raise UnavailableError("DynamoDB answered ThrottlingException to BatchGetItem")


def test_a_fault_is_logged_with_the_requests_id_and_no_token(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    case = Case("push_subscribe", "example-2-by-field")
    assert serve(monkeypatch, Failing())(case.event, Context())["statusCode"] == 503
    metrics = json.loads(capsys.readouterr().out)
    (fault,) = (vars(record) for record in caplog.records)
    assert fault["levelname"] == "ERROR"
    assert "could not be served" in fault["message"]
    assert fault["fault"] == "UnavailableError: DynamoDB answered ThrottlingException to BatchGetItem"
    assert fault["request_id"] == metrics["request_id"] == "example-2-by-field"
    assert metrics["status"] == 503
    assert not [secret for secret in _secrets(case) if secret in f"{metrics}{fault}"]


def test_a_profile_that_is_full_is_counted(handler: Handler, capsys: pytest.CaptureFixture[str]) -> None:
    case = Case("push_subscribe", "too-many-subscriptions")
    for body in case.given:
        handler(case.event_with(body), Context())
    capsys.readouterr()
    handler(case.event, Context())
    assert json.loads(capsys.readouterr().out)["TooManySubscriptions"] == [1.0]


def test_the_hub_logs_no_token_either(hub: Hub) -> None:
    case = Case("push_subscribe", "example-2-by-field")
    hub.post("/push_subscribe?token=in-the-query", case.body)
    logged = hub.up.said + hub.up.engine_log
    assert "/push_subscribe" in logged
    assert not [secret for secret in _secrets(case) | {"in-the-query"} if secret in logged]


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
