"""How many events a second does one worker hand on to an upstream that answers in 20 ms, and is the HTTP client worth its place?"""

import contextlib
import io
import json
import os
import secrets
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from unittest.mock import patch

import urllib3

from pushhub.adapters.dynamodb.schema import items
from pushhub.catalog.document import write_document
from pushhub.catalog.model import Catalog, ReportedEvent, Upstream, UpstreamKind
from pushhub.catalog.secrets import Secrets, write_secrets
from pushhub.events.command import Happening, RecordEvent
from pushhub.events.messages import Forward, Receipt, Report, write_forward
from pushhub.moments import Milliseconds, milliseconds_now
from pushhub.outgoing.calls import Call, CallReply, NoReply
from tests.bench.table import Table
from tests.doubles.functions import Context, load_handler
from tests.lambda_environment import function_environment
from tests.running_upstream import Upstream as RunningUpstream
from tests.running_upstream import free_port

BATCHES = 200
BATCH = 10
BUDGET = 400


class InstantAws:
    """Answers what the function asks of AWS, without a connection; nothing may be postponed or given up."""

    def __init__(self, url: str) -> None:
        upstream = Upstream("measured", UpstreamKind.ALTCRAFT, url, relay_links=False, events=frozenset(ReportedEvent))
        document = write_document(Catalog({}, {}, {}, {"measured": upstream}))
        self._catalog = items.to_wire({"pk": "CATALOG", "sk": "C", "v": 1, "document": document, "version": 1})

    def get_item(self, **_: object) -> dict[str, Any]:
        return {"Item": self._catalog}

    def get_secret_value(self, **_: object) -> dict[str, Any]:
        return {"SecretString": write_secrets(Secrets({}, {"measured": "a token"})), "VersionId": "1"}


class Urllib3Exchange:
    """What the runtime brings along anyway: a thread for each request of a batch."""

    def __init__(self, **_: object) -> None:
        self._pool = urllib3.PoolManager(maxsize=BATCH)
        self._threads = ThreadPoolExecutor(BATCH)

    def __call__(self, calls: Sequence[Call]) -> Sequence[CallReply | NoReply]:
        return list(self._threads.map(self._send, calls))

    def _send(self, call: Call) -> CallReply:
        answer = self._pool.request(call.method, call.url, body=call.body, headers=call.headers, timeout=10)
        return CallReply(answer.status, answer.data)


def measure() -> Table:
    """Send the same number of batches through the handler with each client, turn by turn."""
    with tempfile.TemporaryDirectory() as folder:
        upstream = RunningUpstream(free_port(), Path(folder) / "log.txt")
        with upstream.listening("--delay", "20"):
            aws = InstantAws(upstream.url)
            rates: dict[str, list[float]] = {"pycurl": [], "urllib3 and threads": []}
            handlers = {"pycurl": _handler(aws), "urllib3 and threads": _handler(aws, Urllib3Exchange)}
            for _ in range(3):
                for name, handler in handlers.items():
                    rates[name].append(_rate(handler))
    rows = [(name, f"{max(found):.0f}", f"{max(found) / max(rates['pycurl']):.2f}") for name, found in rates.items()]
    return Table(
        f"forward_events, one worker, batches of {BATCH}, upstream answers in 20 ms (budget: at least {BUDGET} events/s)",
        ("client", "events/s", "ratio"),
        rows,
        ("forward_events",) if max(rates["pycurl"]) < BUDGET else (),
    )


def _handler(aws: InstantAws, exchange: type[Urllib3Exchange] | None = None) -> Callable[[dict[str, Any], Context], dict[str, Any]]:
    with contextlib.ExitStack() as patched:
        patched.enter_context(patch.dict(os.environ, function_environment("forward_events") | {"ALLOW_LOCAL_UPSTREAMS": "true"}))
        for client in ("dynamodb", "sqs", "secretsmanager"):
            patched.enter_context(patch(f"pushhub.adapters.clients.{client}", lambda: aws))
        if exchange:
            patched.enter_context(patch("pushhub.edge.wiring.forward_events.CurlExchange", exchange))
        handler: Callable[[dict[str, Any], Context], dict[str, Any]] = load_handler("forward_events").handler
    return handler


def _rate(handler: Callable[[dict[str, Any], Context], dict[str, Any]]) -> float:
    batches = [_event() for _ in range(BATCHES)]
    with contextlib.redirect_stdout(io.StringIO()):
        handler(_event(), Context())
    with contextlib.redirect_stdout(io.StringIO()) as said:
        started = time.perf_counter()
        for batch in batches:
            assert handler(batch, Context()) == {"batchItemFailures": []}
        spent = time.perf_counter() - started
    accepted = sum(json.loads(line)["ForwardsAccepted"][0] for line in said.getvalue().splitlines())
    assert accepted == BATCHES * BATCH
    return BATCHES * BATCH / spent


def _event() -> dict[str, Any]:
    return {"Records": [{"messageId": str(index), "body": _body()} for index in range(BATCH)]}


def _body() -> str:
    event = RecordEvent(
        Happening.DELIVERED, f"e|2_4S_4HFn8RDhhmA|w4HFn8RPDFUi_2_4S_S_3___6.2NvyN8Hb67wmzJshM_{secrets.token_hex(4)}|ios-apns"
    )
    report = Report(Receipt(secrets.token_hex(16)), Milliseconds(milliseconds_now()), event)
    return write_forward(Forward("measured", report, since=milliseconds_now()))
