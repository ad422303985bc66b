"""Many requests at once, through the whole hub."""

import json
import secrets
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from pushhub.audience.model import Address, hash_id
from pushhub.audience.port import SnapshotQuery
from pushhub.catalog.model import DatabaseId
from pushhub.catalog.providers import Provider, PushToken
from tests.conftest import Hub

TWO_DATABASES = "9HsZc5NpLmG-e27b63d08fa41c59"


@pytest.mark.parametrize("matching", ["field", "token", "id"])
def test_fifty_identical_first_requests_make_one_profile_per_database_and_one_subscription(hub: Hub, matching: str) -> None:
    token = secrets.token_hex(8)
    ways: dict[str, dict[str, object]] = {
        "field": {"matching": "custom", "field_name": "CustomNumber1", "field_value": secrets.randbelow(2**60)},
        "token": {},
        "id": {"id": secrets.token_hex(8)},
    }
    subscriptions = [{"provider": "ios-apns", "subscription_id": token}]
    body = {"resource_token": TWO_DATABASES, "subscriptions": subscriptions, **ways[matching]}
    with ThreadPoolExecutor(50) as pool:
        replies = list(pool.map(lambda _: hub.post("/push_subscribe", json.dumps(body).encode()), range(50)))
    assert {status for status, _ in replies} == {200}
    elements = [element for _, reply in replies for element in json.loads(reply)["data"]]
    assert len({(element["db_id"], element["profile_id"]) for element in elements}) == 2
    assert Counter("subscription_id" in element for element in elements) == {True: 2, False: 98}
    stored = hub.audience().read(
        [SnapshotQuery(DatabaseId(id_), (Address(Provider("ios-apns"), PushToken(token)),)) for id_ in (1, 17)]
    )
    assert [len(part.subscriptions) for part in stored] == [1, 1]


def test_fifty_first_requests_that_spell_a_push_token_differently_make_one_profile(hub: Hub) -> None:
    token = f"ab{secrets.token_hex(8)}"
    spellings = [token, token.upper(), f"<{token}>", f"{token[:8].upper()} {token[8:]}", f"<{token[:4]} {token[4:]}>"]
    bodies = [
        json.dumps(
            {"resource_token": TWO_DATABASES, "subscriptions": [{"provider": "ios-apns", "subscription_id": spellings[n % 5]}]}
        )
        for n in range(50)
    ]
    with ThreadPoolExecutor(50) as pool:
        replies = list(pool.map(lambda body: hub.post("/push_subscribe", body.encode()), bodies))
    assert {status for status, _ in replies} == {200}
    elements = [element for _, reply in replies for element in json.loads(reply)["data"]]
    assert len({(element["db_id"], element["profile_id"]) for element in elements}) == 2
    assert Counter("subscription_id" in element for element in elements) == {True: 2, False: 98}
    (made,) = {element["subscription_hash_id"] for element in elements if "subscription_id" in element}
    assert made == hash_id("ios-apns", PushToken(token))
