"""How many AWS calls an event costs on its way, counted at the clients, on the local engine."""

import json
import secrets
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from pushhub.adapters import clients
from pushhub.console.stores import stores_of
from pushhub.edge.wiring import crypto_post_events, forward_events, post_events, record_events
from pushhub.events.command import Happening, RecordEvent
from pushhub.events.links import mint_links
from pushhub.events.messages import Forward, Receipt, Report, write_forward, write_report
from pushhub.moments import Milliseconds
from pushhub.outgoing.queues import Delivery
from tests.conftest import Hub
from tests.doubles.http import http_request

TOKEN = "abcdefghijklmnqrstuvwxyz"


@pytest.fixture
def calls(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter[str]]:
    """Count the calls of functions that are wired in this process, to queues of their own that nothing else reads."""
    counted: Counter[str] = Counter()

    def count(model: Any, **_: object) -> None:
        counted[model.name] += 1

    for service in ("dynamodb", "sqs", "secretsmanager"):
        client = hub.connection.client(service)
        client.meta.events.register(f"before-call.{service}", count)
        monkeypatch.setattr(clients, service, lambda client=client: client)
    sqs, outputs = hub.connection.client("sqs"), hub.connection.outputs
    queues = [sqs.create_queue(QueueName=f"counted-{secrets.token_hex(4)}")["QueueUrl"] for _ in range(2)]
    settings = {
        "CATALOG_TABLE": outputs["CatalogTable"],
        "MORE_PUSH_HOSTS": "",
        "LEDGER_TABLE": outputs["LedgerTable"],
        "SECRET": outputs["SecretArn"],
        "STACK": "pushhub",
        "EVENT_RETENTION_DAYS": "90",
        "ALLOW_LOCAL_UPSTREAMS": "true",
        "EVENTS_QUEUE": queues[0],
        "FORWARDS_QUEUE": queues[0],
        "RETRIES_QUEUE": queues[0],
        "RELAYS_QUEUE": queues[0],
        "EVENTS_DEAD_LETTERS": queues[1],
        "FORWARDS_DEAD_LETTERS": queues[1],
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    yield counted
    for queue in queues:
        sqs.delete_queue(QueueUrl=queue)


def fresh() -> str:
    return secrets.token_hex(8)


def body(**fields: object) -> bytes:
    return json.dumps({"token": TOKEN, "events": 1, "uid": fresh(), **fields}).encode()


def test_accepting_an_event_costs_one_call_of_sqs(calls: Counter[str]) -> None:
    endpoint = post_events.endpoint()
    assert endpoint(http_request(body())).reply.status == 200
    calls.clear()
    assert endpoint(http_request(body())).reply.status == 200
    assert calls == {"SendMessageBatch": 1}


@pytest.mark.parametrize("wrong", [{"events": 4}, {"uid": ""}, {"token": ""}])
def test_a_refused_event_costs_no_call(calls: Counter[str], wrong: dict[str, object]) -> None:
    endpoint = post_events.endpoint()
    endpoint(http_request(body()))
    calls.clear()
    assert endpoint(http_request(body(**wrong))).refusal
    assert not calls


def test_accepting_a_link_costs_one_call_of_sqs(hub: Hub, calls: Counter[str]) -> None:
    endpoint = crypto_post_events.endpoint()
    links = mint_links("https://example.com", "pushhub", stores_of(hub.connection).secrets.load().secrets, fresh())
    query = links.open.partition("?")[2]
    assert endpoint(http_request(query=query)).reply.status == 200
    calls.clear()
    assert endpoint(http_request(query=query)).reply.status == 200
    assert calls == {"SendMessageBatch": 1}


def test_accepting_a_link_that_is_nobodys_costs_one_call_of_sqs_and_refusing_it_none(calls: Counter[str]) -> None:
    endpoint = crypto_post_events.endpoint()
    foreign = http_request(query=f"/{fresh()}")
    assert endpoint(foreign).counts == {"RelaysAccepted": 1}
    calls.clear()
    assert endpoint(foreign).reply.status == 200
    assert calls == {"SendMessageBatch": 1}
    calls.clear()
    assert endpoint(replace(foreign, headers={"x-pushhub-relayed": "1"})).refusal
    assert not calls


def report(event: RecordEvent) -> Report:
    return Report(Receipt(secrets.token_hex(16)), Milliseconds(0), event)


def delivered(uid: str, launch: str) -> RecordEvent:
    return RecordEvent(Happening.DELIVERED, uid, launch_of_link=launch)


def test_recording_costs_one_call_of_the_table_for_a_new_report_and_two_for_a_repeat(calls: Counter[str]) -> None:
    intake, launch, uid = record_events.intake(), fresh(), fresh()

    def take_in(*reports: Report) -> dict[str, int]:
        calls.clear()
        intake([Delivery(str(index), write_report(one)) for index, one in enumerate(reports)])
        return dict(calls)

    take_in(report(delivered(fresh(), launch)))
    assert take_in(report(delivered(uid, launch))) == {"TransactWriteItems": 1, "SendMessageBatch": 1}
    assert take_in(report(delivered(uid, launch))) == {"TransactWriteItems": 2}
    ten = [report(delivered(fresh(), launch)) for _ in range(10)]
    written = take_in(*ten)
    assert written["TransactWriteItems"] == 10
    assert set(written) == {"TransactWriteItems", "SendMessageBatch"}


def test_forwarding_costs_no_call_but_for_what_is_put_off(hub: Hub, calls: Counter[str]) -> None:
    forwarding = forward_events.forwarding()
    (name, *_) = stores_of(hub.connection).catalog.load().catalog.upstreams
    now = Milliseconds(2**41)

    def deliveries(number: int) -> list[Delivery]:
        return [
            Delivery(str(index), write_forward(Forward(name, report(delivered(fresh(), "-")), since=now)))
            for index in range(number)
        ]

    forwarding(deliveries(1))
    calls.clear()
    forwarding(deliveries(10))
    assert calls == {"SendMessageBatch": 1}
    calls.clear()
    forwarding([])
    assert not calls
