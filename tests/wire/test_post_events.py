"""Every golden event of post_events through the handler, with a queue in memory, and over HTTP on the local hub."""

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from pushhub.catalog.cached import CachedCatalog
from pushhub.catalog.model import Catalog, Right
from pushhub.dialects.altcraft.events.errors import EventRefusal
from pushhub.dialects.altcraft.events.post import PostEvents
from pushhub.events.accepting import Acceptance
from pushhub.faults import UnavailableError
from pushhub.outgoing.queues import Envelope
from tests.conftest import Hub
from tests.doubles.functions import Context
from tests.doubles.http import http_request
from tests.doubles.queues import MemoryQueue
from tests.wire.golden import Case, assert_queued, assert_replied, cases
from tests.wire.serving import ask_the_hub, post_events

by_name = pytest.mark.parametrize("case", cases("post_events"), ids=lambda case: case.name)
PLAIN_JSON, PLAIN_XML = Case("post_events", "example-plain-json"), Case("post_events", "example-plain-xml")


@by_name
def test_the_handler_gives_the_golden_reply(monkeypatch: pytest.MonkeyPatch, case: Case) -> None:
    queue = MemoryQueue()
    reply = post_events(monkeypatch, case, queue)(case.event, Context())
    assert_replied(case, reply["statusCode"], reply["body"], reply["headers"])
    assert_queued(case, queue.envelopes)
    assert reply["headers"]["x-request-id"] == case.name


@by_name
def test_what_is_accepted_is_queued_once_and_what_is_refused_is_not(case: Case) -> None:
    assert len(case.reply.get("queued", [])) == (1 if case.reply["status"] == 200 else 0)


@by_name
def test_the_local_hub_gives_the_golden_reply(hub: Hub, case: Case) -> None:
    status, body, headers = ask_the_hub(hub.url, case.event, case.body)
    # The hub has ids of its own.
    assert_replied(case, status, body, headers | {"x-request-id": case.name})
    assert headers["x-request-id"]


def test_the_hub_logs_no_token_of_a_url(hub: Hub) -> None:
    ask_the_hub(hub.url, PLAIN_JSON.event | {"rawQueryString": "token=a-token-in-the-url"}, PLAIN_JSON.body)
    logged = hub.up.said + hub.up.engine_log
    assert "/post_events" in logged
    assert "a-token-in-the-url" not in logged


@by_name
def test_no_token_and_nothing_of_a_body_is_ever_logged(
    monkeypatch: pytest.MonkeyPatch, case: Case, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    post_events(monkeypatch, case, MemoryQueue())(case.event, Context())
    written = capsys.readouterr()
    logged = written.out + written.err + "".join(str(vars(record)) for record in caplog.records)
    assert f'"request_id":"{case.name}"' in logged
    assert not [secret for secret in _secrets(case) if secret in logged.replace(f'"request_id":"{case.name}"', "")]


@pytest.mark.parametrize("case", [PLAIN_JSON, PLAIN_XML], ids=lambda case: case.name)
@pytest.mark.parametrize("change", [{"rights": frozenset({Right.SEND})}, {"suspended": True}], ids=["another right", "suspended"])
def test_a_token_without_the_right_or_of_a_suspended_caller_is_refused(case: Case, change: dict[str, Any]) -> None:
    whole = case.catalog.catalog
    without = {name: replace(caller, **change) for name, caller in whole.api_tokens.items()}
    queue = MemoryQueue()
    endpoint = PostEvents(CachedCatalog(lambda: replace(whole, api_tokens=without)), Acceptance(queue))
    answer = endpoint(http_request(case.body, content_type=case.event["headers"]["content-type"]))
    assert answer.reply.status == 403
    assert b"token does not have the right to post events" in answer.reply.body
    assert (answer.refusal, answer.caller, queue.puts) == (EventRefusal.NO_RIGHT, None, 0)


@pytest.mark.parametrize("case", [PLAIN_JSON, PLAIN_XML], ids=lambda case: case.name)
def test_a_queue_that_does_not_take_the_report_is_answered_with_503_and_when_to_repeat(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture, case: Case
) -> None:
    reply = post_events(monkeypatch, case, MemoryQueue(refused="uid"))(case.event, Context())
    assert reply["statusCode"] == 503
    assert "temporarily unavailable, repeat the request" in reply["body"]
    assert int(reply["headers"]["retry-after"]) > 0
    metrics = json.loads(capsys.readouterr().out)
    (fault,) = (vars(record) for record in caplog.records)
    assert fault["levelname"] == "ERROR"
    assert "could not be accepted" in fault["message"]
    assert fault["request_id"] == metrics["request_id"] == case.name
    assert (metrics["status"], metrics["refusal"]) == (503, "UNAVAILABLE")
    assert not [secret for secret in _secrets(case) if secret in f"{metrics}{fault}"]


def test_a_catalog_that_cannot_be_read_is_answered_with_503_and_nothing_is_queued() -> None:
    def load() -> Catalog:
        raise UnavailableError("DynamoDB answered InternalServerError to GetItem")

    queue = MemoryQueue()
    answer = PostEvents(CachedCatalog(load), Acceptance(queue))(http_request(PLAIN_JSON.body))
    assert (answer.reply.status, queue.puts) == (503, 0)
    assert answer.fault
    assert "InternalServerError" in answer.fault.cause


def test_a_call_of_the_queue_that_fails_is_no_success() -> None:
    class Broken(MemoryQueue):
        def put(self, envelopes: Sequence[Envelope]) -> frozenset[int]:
            return frozenset(range(len(envelopes)))

    whole = PLAIN_JSON.catalog.catalog
    answer = PostEvents(CachedCatalog(lambda: whole), Acceptance(Broken()))(http_request(PLAIN_JSON.body))
    assert answer.reply.status == 503


def test_each_report_has_a_receipt_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    queue = MemoryQueue()
    handler = post_events(monkeypatch, PLAIN_JSON, queue)
    for _ in range(3):
        handler(PLAIN_JSON.event, Context())
    assert len({json.loads(envelope.body)["receipt"] for envelope in queue.envelopes}) == 3


def test_messages_are_ascii_whatever_a_uid_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    queue, case = MemoryQueue(), Case("post_events", "uid-opaque")
    post_events(monkeypatch, case, queue)(case.event, Context())
    (envelope,) = queue.envelopes
    assert envelope.body.isascii()


@by_name
def test_both_notations_say_the_same_of_a_refusal(monkeypatch: pytest.MonkeyPatch, case: Case) -> None:
    if case.event["rawQueryString"]:
        return
    texts = set()
    for notation in ("json", "xml"):
        event = case.event | {"rawQueryString": f"format={notation}"}
        body: str = post_events(monkeypatch, case, MemoryQueue())(event, Context())["body"]
        texts.add(tuple(json.loads(body).values()) if notation == "json" else _xml_values(body))
    assert len(texts) == 1


def test_every_refusal_has_a_case() -> None:
    shown = {str(case.reply["body"]) for name in ("post_events", "crypto_post_events") for case in cases(name)}
    with_a_test_of_its_own = {EventRefusal.NO_RIGHT, EventRefusal.UNAVAILABLE}
    for refusal in EventRefusal:
        pattern = re.sub(r"\\\{\w+\\\}", ".*", re.escape(refusal.text))
        assert refusal in with_a_test_of_its_own or any(re.search(pattern, body) for body in shown), refusal.name


def _xml_values(body: str) -> tuple[int, str]:
    found = re.fullmatch("<xml><error>([0-9]+)</error><error_text>(.*)</error_text></xml>", body)
    assert found
    return int(found[1]), found[2].replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _secrets(case: Case) -> set[str]:
    """Return every word of a request that is long enough not to be there by accident."""
    event = case.event
    said = case.body.decode(errors="ignore") + event["headers"].get("authorization", "") + event["rawQueryString"]
    words = set(re.findall(r"[\w|.-]{8,}", said))
    return words - {"events", "launch_id", "provider", "subscription_id", "post_events"}
