"""The handlers of the functions of events, with stand-ins for everything in AWS wired in, and requests to a hub that listens."""

import json
from collections.abc import Callable, Mapping
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import pytest

from pushhub.catalog.cached import CachedCatalog
from pushhub.catalog.model import UpstreamKind
from pushhub.catalog.secrets import CachedSecrets, LinkKeyId, Secrets
from pushhub.dialects.altcraft.events.link import CryptoPostEvents
from pushhub.dialects.altcraft.events.post import PostEvents
from pushhub.dialects.altcraft.upstream import AltcraftUpstream
from pushhub.events.accepting import Acceptance, RelayAcceptance
from pushhub.events.command import Happening
from pushhub.events.forwarding import Destinations, Forwarding
from pushhub.events.intake import Intake
from pushhub.events.recording import Recording
from pushhub.moments import Clock, Milliseconds, milliseconds_now
from pushhub.outgoing.calls import CONTENT_TYPE, DATE, RETRY_AFTER, Call, CallReply, NoReply
from tests.doubles.exchange import ScriptedExchange
from tests.doubles.functions import Context, load_handler, wiring_of
from tests.doubles.ledger import MemoryLedger
from tests.doubles.queues import MemoryQueue
from tests.wire.golden import Case, shown

STACK = "pushhub"
OLD_LINK_KEY, LINK_KEY, REVOKED_LINK_KEY = "the-link-key-of-last-year", "the-link-key-of-this-year", "the-link-key-that-leaked"
SECRETS = Secrets({LinkKeyId(1): OLD_LINK_KEY, LinkKeyId(2): LINK_KEY}, {}, {LinkKeyId(3): REVOKED_LINK_KEY})
"""Under these, links in golden events are this hub's. The revoked key has the id that the keys of another hub may have."""

Handler = Callable[[dict[str, Any], Context], dict[str, Any]]


def post_events(monkeypatch: pytest.MonkeyPatch, case: Case, queue: MemoryQueue) -> Handler:
    """Return the handler of `post_events`."""
    catalog = case.catalog.catalog
    return _handler(monkeypatch, "post_events", "endpoint", PostEvents(CachedCatalog(lambda: catalog), Acceptance(queue)))


def crypto_post_events(
    monkeypatch: pytest.MonkeyPatch, case: Case, queue: MemoryQueue, relays: MemoryQueue | None = None
) -> Handler:
    """Return the handler of `crypto_post_events`, by default with a queue of relays that nobody looks into."""
    catalog = case.catalog.catalog
    endpoint = CryptoPostEvents(
        CachedCatalog(lambda: catalog),
        CachedSecrets(lambda: SECRETS),
        STACK,
        Acceptance(queue),
        RelayAcceptance(relays or MemoryQueue()),
    )
    return _handler(monkeypatch, "crypto_post_events", "endpoint", endpoint)


def what_record_events_does(monkeypatch: pytest.MonkeyPatch, case: Case) -> dict[str, Any]:
    """Run a case of `record_events`; return what came of it, as it stands in golden replies."""
    given, catalog = case.circumstances, case.catalog.catalog
    ledger, forwards, dead_letters = MemoryLedger(), MemoryQueue(), MemoryQueue()
    intake = Intake(Recording(ledger), lambda: catalog.upstreams, forwards, dead_letters, now=milliseconds_now)
    handler = _handler(monkeypatch, "record_events", "intake", intake)
    for body in given.get("before", []):
        assert handler({"Records": [{"messageId": "before", "body": body}]}, Context()) == {"batchItemFailures": []}
    forwards.envelopes.clear()
    forwards.refused, dead_letters.refused = (given.get("not_taken", {}).get(name, "") for name in ("forwards", "dead_letters"))
    response = handler(case.event, Context())
    return response | _shown_queues(forwards=forwards, dead_letters=dead_letters) | {"counters": _counters(ledger)}


def what_forward_events_does(monkeypatch: pytest.MonkeyPatch, case: Case) -> dict[str, Any]:
    """Run a case of `forward_events`; return what came of it, as it stands in golden replies."""
    given, whole = case.circumstances, case.catalog
    tokens = {name: token for name, token in whole.upstream_tokens.items() if name not in given.get("without_token", ())}
    exchange = ScriptedExchange(read_answer(answer) for answer in given.get("answers", []))
    not_taken = given.get("not_taken", {})
    retries, relays, dead_letters = (MemoryQueue(not_taken.get(name, "")) for name in ("retries", "relays", "dead_letters"))
    forwarding = Forwarding(
        destinations=lambda: Destinations(whole.catalog.upstreams, tokens),
        apis={UpstreamKind.ALTCRAFT: AltcraftUpstream()},
        exchange=exchange,
        retries=retries,
        relays=relays,
        dead_letters=dead_letters,
        clock=Clock(lambda: Milliseconds(given["now"]), lambda: 0.0, lambda: 0.5),
    )
    response = _handler(monkeypatch, "forward_events", "forwarding", forwarding)(case.event, Context())
    assert not exchange.answers, "an answer that no upstream was asked for"
    sent = [_sent(call) for call in exchange.calls]
    return response | {"sent": sent} | _shown_queues(retries=retries, relays=relays, dead_letters=dead_letters)


def ask_the_hub(url: str, event: Mapping[str, Any], body: bytes) -> tuple[int, bytes, dict[str, str]]:
    """Send the request of an event to a hub, its path and query as they are; return status, body and headers of the reply."""
    connection = HTTPConnection(urlsplit(url).netloc, timeout=60)
    target = event["rawPath"] + (f"?{event['rawQueryString']}" if event["rawQueryString"] else "")
    headers = {name: value for name, value in event["headers"].items() if name != "host"}
    try:
        connection.request(event["requestContext"]["http"]["method"], target, body or None, headers)
        reply = connection.getresponse()
        return reply.status, reply.read(), {name.lower(): value for name, value in reply.getheaders()}
    finally:
        connection.close()


def _handler(monkeypatch: pytest.MonkeyPatch, function: str, factory: str, made: object) -> Handler:
    monkeypatch.setattr(wiring_of(function), factory, lambda: made)
    loaded: Handler = load_handler(function).handler
    return loaded


def _shown_queues(**queues: MemoryQueue) -> dict[str, Any]:
    return {name: [shown(envelope) for envelope in queue.envelopes] for name, queue in queues.items()}


def _counters(ledger: MemoryLedger) -> list[dict[str, Any]]:
    return [
        {"launch": counted.launch, "provider": counted.provider}
        | {
            str(bit.name).lower(): {"unique": counted.unique[bit], "total": counted.total[bit]}
            for bit in (Happening.DELIVERED, Happening.OPENED)
        }
        for launch in ledger.launches()
        for counted in ledger.statistics(launch)
    ]


def read_answer(answer: Mapping[str, Any]) -> CallReply | NoReply:
    """Return what an upstream answers, as it stands under `answers` in what is given."""
    if "no_reply" in answer:
        return NoReply(answer["no_reply"], answer["unreachable"])
    body = answer.get("body", "")
    text = body if isinstance(body, str) else json.dumps(body)
    headers = {name: answer[key] for key, name in _ANSWERED_HEADERS.items() if key in answer}
    return CallReply(answer["status"], text.encode(), headers)


_ANSWERED_HEADERS = {"retry_after": RETRY_AFTER, "date": DATE, "content_type": CONTENT_TYPE}


def _sent(call: Call) -> dict[str, Any]:
    if call.body is None:
        return {"url": call.url, "headers": dict(call.headers)}
    return {"url": call.url, "content_type": call.headers["Content-Type"], "body": json.loads(call.body)}
