"""How many AWS calls a request costs, counted at the client, on the local engine."""

import json
import secrets
from collections import Counter
from typing import Any

import pytest

from pushhub.adapters import clients
from pushhub.edge.wiring import push_subscribe
from tests.conftest import Hub
from tests.doubles.http import http_request

ONE_DATABASE, TWO_DATABASES, MOVING = (
    "3LXP2FRcRxJ-7b14db88ec937f14",
    "9HsZc5NpLmG-e27b63d08fa41c59",
    "6RbJx3WyPkC-8f42b6d07a1e95c3",
)


class Counted:
    """The endpoint over a client that counts its calls."""

    def __init__(self, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
        client = hub.connection.client("dynamodb")
        client.meta.events.register("before-call.dynamodb", self._count)
        monkeypatch.setattr(clients, "dynamodb", lambda: client)
        monkeypatch.setenv("AUDIENCE_TABLE", hub.connection.outputs["AudienceTable"])
        monkeypatch.setenv("CATALOG_TABLE", hub.connection.outputs["CatalogTable"])
        monkeypatch.setenv("MORE_PUSH_HOSTS", "")
        self.calls: Counter[str] = Counter()
        self.endpoint = push_subscribe.endpoint()
        self.post(resource_token="unknown-token")

    def _count(self, model: Any, **_: object) -> None:
        self.calls[model.name] += 1

    def post(self, *tokens: str, unsubscribe: bool = False, **fields: Any) -> dict[str, int]:
        """Send a request and return the calls it cost."""
        self.calls.clear()
        wanted = [{"provider": "ios-apns", "subscription_id": token, "unsubscribe": unsubscribe} for token in tokens]
        body = {"resource_token": ONE_DATABASE, "subscriptions": wanted, **fields}
        self.endpoint(http_request(json.dumps(body).encode()))
        return dict(self.calls)


@pytest.fixture
def counted(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Counted:
    return Counted(hub, monkeypatch)


def fresh() -> str:
    return secrets.token_hex(8)


def by_number() -> dict[str, Any]:
    return {"matching": "custom", "field_name": "CustomNumber1", "field_value": secrets.randbelow(2**60)}


READ = {"BatchGetItem": 1}
READ_AND_WRITE = {"BatchGetItem": 1, "TransactWriteItems": 1}


@pytest.mark.parametrize("matching", [{}, {"id": "x"}, {"matching": "custom"}], ids=["by token", "by id", "by field"])
def test_new_then_unchanged_then_cancelled(counted: Counted, matching: dict[str, Any]) -> None:
    chosen = {"id": fresh()} if "id" in matching else by_number() if matching else {}
    token = fresh()
    assert counted.post(token, **chosen) == READ_AND_WRITE
    assert counted.post(token, **chosen) == READ
    assert counted.post(token, unsubscribe=True, **chosen) == READ_AND_WRITE
    assert counted.post(token, unsubscribe=True, **chosen) == READ


def test_install_then_login(counted: Counted) -> None:
    token = fresh()
    counted.post(token)
    assert counted.post(token, **by_number()) == READ_AND_WRITE


def test_each_changed_database_costs_one_write_more(counted: Counted) -> None:
    chosen, token = by_number(), fresh()
    assert counted.post(token, resource_token=TWO_DATABASES, **chosen) == {"BatchGetItem": 1, "TransactWriteItems": 2}
    assert counted.post(token, resource_token=TWO_DATABASES, **chosen) == READ
    other = by_number()
    token = fresh()
    counted.post(token, resource_token=TWO_DATABASES, db_ids=[1], **other)
    assert counted.post(token, resource_token=TWO_DATABASES, **other) == READ_AND_WRITE


def test_forty_subscriptions_cost_what_one_costs(counted: Counted) -> None:
    tokens, profile = [fresh() for _ in range(40)], fresh()
    assert counted.post(*tokens, id=profile) == READ_AND_WRITE
    assert counted.post(*tokens, id=profile) == READ


def test_forty_push_tokens_in_capitals_cost_what_one_costs(counted: Counted) -> None:
    tokens, profile = [f"AB{fresh().upper()}" for _ in range(40)], fresh()
    assert counted.post(*tokens, id=profile) == READ_AND_WRITE
    assert counted.post(*tokens, id=profile) == READ
    assert counted.post(*(token.lower() for token in tokens), id=profile) == READ
    assert counted.post(*tokens, unsubscribe=True, id=profile) == READ_AND_WRITE


def test_a_duplicate_is_refused_without_a_write(counted: Counted) -> None:
    token = fresh()
    counted.post(token, id=fresh())
    assert counted.post(token, id=fresh()) == READ
    assert counted.post(token, resource_token=MOVING, id=fresh()) == READ_AND_WRITE


def test_cancelling_what_is_unknown_costs_no_write(counted: Counted) -> None:
    assert counted.post(fresh(), unsubscribe=True, id=fresh()) == READ


@pytest.mark.parametrize(
    "fields",
    [{"subscriptions": []}, {"matching": "custom"}, {"resource_token": "another-unknown-token"}],
    ids=["no subscription", "no field", "unknown token"],
)
def test_a_refused_request_costs_no_call(counted: Counted, fields: dict[str, Any]) -> None:
    assert counted.post(fresh(), **fields) == {}
