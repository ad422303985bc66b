"""How long does a request to `push/send` take, and how many pushes a second does it send, next to a client of APNs alone?

The handler runs in this process, with boto3's client of DynamoDB, whose requests are answered without a network. Providers are
played by a transport that answers at once, or by nghttpd over TLS. What aioapns is compared with is the whole request: reading it,
finding its recipients, rendering, uids and links, pushing, accounting, and the answer.
"""

import asyncio
import base64
import contextlib
import gc
import importlib
import io
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import click
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_der_private_key

from pushhub.adapters.curl.http2 import Http2Transport
from pushhub.adapters.dynamodb.reach import DynamoReach
from pushhub.audience.port import AudienceReach
from pushhub.audience.retiring import Retiring
from pushhub.catalog.app_secrets import CachedAppSecrets
from pushhub.catalog.cached import CachedCatalog
from pushhub.catalog.model import (
    ApiCaller,
    App,
    Catalog,
    Database,
    DatabaseId,
    FieldType,
    ProviderBlock,
    Right,
    digest_of,
)
from pushhub.catalog.providers import Provider
from pushhub.dialects.devtodev.push.endpoint import PushSend
from pushhub.moments import Clock, Milliseconds
from pushhub.sends.accounts import Accounts
from pushhub.sends.direct import SendDirectly
from pushhub.sends.finding import Finding
from pushhub.sends.fitting import require_fit
from pushhub.sends.pack_ids import PackIds
from pushhub.sends.port import Transport
from pushhub.sends.pushing import ProviderPusher
from pushhub.sends.sending import RunId
from pushhub.sends.served_apps import Apps
from tests.bench.aioapns_client import seconds_of_aioapns
from tests.bench.table import Table
from tests.doubles.apps import ANDROID, APNS, app_of, app_secrets, put_profile, subscription_of, tracking_of
from tests.doubles.audience import MemoryAudience
from tests.doubles.canned_dynamodb import TABLE, CannedDynamoDb
from tests.doubles.certificates import certify
from tests.doubles.functions import Context
from tests.doubles.pack_ids import MemoryPackIds
from tests.doubles.queues import MemoryQueue
from tests.doubles.reach import MemoryReach
from tests.doubles.sending import FIREBASE_TOKEN, HEX, NOW, p256_der
from tests.doubles.sendings import MemorySendings
from tests.doubles.transport import FakeTransport
from tests.peers.nghttpd import nghttpd

RECIPIENTS = 1_000
TURNS, TURNS_OF_ONE = 9, 1_000
BUDGET_SECONDS, BUDGET_MS_OF_ONE, RATIO = 1.5, 2.0, 2.0
ROOT = Path(__file__).parents[2]
API_TOKEN = "t" * 32
DATABASE = Database(DatabaseId(17), "customers", {"userId": FieldType.TEXT}, ("userId",))
PUSH_TOKENS: Mapping[Provider, Callable[[int], str]] = {
    ANDROID: lambda number: f"{FIREBASE_TOKEN}{number}",
    APNS: lambda number: f"{number:08x}{HEX[8:]}",
}
BLOCKS: Mapping[Provider, Mapping[str, object]] = {
    ANDROID: {"android": {"payload": {"title": "A title", "text": "Some text " * 10, "data": {"key": "value"}}}},
    APNS: {"ios": {"payload": {"title": "A title", "text": "Some text " * 10, "data": {"key": "value"}}}},
}
IDENTIFIERS: Mapping[str, Callable[[Provider, int], Mapping[str, str]]] = {
    "token": lambda provider, number: {"token": PUSH_TOKENS[provider](number)},
    "userId": lambda _, number: {"userId": f"person-{number}"},
}


@dataclass(frozen=True)
class Case:
    """What is asked for: a push to so many devices of one provider, each named by one kind of identifier."""

    provider: Provider
    kind: str = "userId"
    recipients: int = RECIPIENTS
    apns_url: str = ""
    in_memory: bool = False


@dataclass(frozen=True)
class Request:
    """A request that is sent again and again: its handler, its event, and what counts the calls that find its recipients."""

    handler: Callable[[dict[str, Any], Any], dict[str, Any]]
    event: dict[str, Any]
    recipients: int
    table: CannedDynamoDb

    def __call__(self) -> None:
        with contextlib.redirect_stdout(io.StringIO()):
            reply = self.handler(self.event, Context())
        result = json.loads(reply["body"])["data"]["result"]
        if (result["successful"], result["erroneous"]) != (self.recipients, 0):
            raise SystemExit(f"{result} where {self.recipients} were to be accepted")


def measure() -> Table:
    """Send a thousand by each kind of identifier, one alone, and a thousand next to aioapns."""
    rows, missed = [], []
    for provider in BLOCKS:
        for kind in IDENTIFIERS:
            request = _request(Case(provider, kind), FakeTransport())
            seconds, cpu = _turns(request, TURNS)
            calls = request.table.calls // (TURNS + 1)
            name = f"{RECIPIENTS} of {provider} by {kind}"
            rows.append((name, f"{seconds * 1000:.0f} ms", f"{cpu * 1000:.0f} ms", str(calls)))
            missed += [name] if cpu > BUDGET_SECONDS else []
    for provider in BLOCKS:
        request = _request(Case(provider, recipients=1, in_memory=True), FakeTransport())
        seconds, cpu = _mean(request)
        name = f"one of {provider}, without calls, mean"
        rows.append((name, f"{seconds * 1000:.2f} ms", f"{cpu * 1000:.2f} ms", "-"))
        missed += [name] if cpu * 1000 > BUDGET_MS_OF_ONE else []
    ours, theirs = _against_aioapns()
    rows.append(("1000 of ios-apns to nghttpd: push/send", f"{ours * 1000:.0f} ms", "", ""))
    rows.append(("the same: aioapns", f"{theirs * 1000:.0f} ms", "", ""))
    name = f"ratio (at least {RATIO})"
    rows.append((name, f"{theirs / ours:.2f}", "", ""))
    missed += [name] if theirs / ours < RATIO else []
    title = f"push/send (budget: {BUDGET_SECONDS} s of CPU for {RECIPIENTS}, {BUDGET_MS_OF_ONE} ms for one)"
    return Table(title, ("", "p50", "CPU", "calls to find them"), rows, tuple(missed))


def _turns(request: Request, turns: int) -> tuple[float, float]:
    """Return the medians of the seconds of a request, and of those of its CPU."""
    request()
    seconds, cpu = [], []
    for _ in range(turns):
        gc.collect()
        began, began_cpu = time.perf_counter(), time.process_time()
        request()
        cpu.append(time.process_time() - began_cpu)
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds), statistics.median(cpu)


def _mean(request: Request) -> tuple[float, float]:
    """Return the means of the seconds of a short request, and of those of its CPU."""
    request()
    began, began_cpu = time.perf_counter(), time.process_time()
    for _ in range(TURNS_OF_ONE):
        request()
    cpu = time.process_time() - began_cpu
    return (time.perf_counter() - began) / TURNS_OF_ONE, cpu / TURNS_OF_ONE


def _request(case: Case, transport: Transport) -> Request:
    audience = MemoryAudience()
    for each in range(case.recipients):
        device = subscription_of(case.provider, PUSH_TOKENS[case.provider](each))
        put_profile(audience, DATABASE, f"{each:024x}", [device], {"userId": f"person-{each}"})
    table = CannedDynamoDb(audience, DATABASE.id)
    reach: AudienceReach = MemoryReach(audience) if case.in_memory else DynamoReach(table.client(), TABLE)
    app = _app(case.apns_url)
    identifiers = [IDENTIFIERS[case.kind](case.provider, each) for each in range(case.recipients)]
    body = {"app_id": app.id, "campaign_tag": "spring", "audience": identifiers, **BLOCKS[case.provider]}
    event = {
        "requestContext": {"requestId": "request"},
        "rawQueryString": f"user_token={API_TOKEN}",
        "headers": {},
        "body": base64.b64encode(json.dumps(body).encode()).decode(),
        "isBase64Encoded": True,
    }
    with patch.dict(os.environ, {"POWERTOOLS_METRICS_NAMESPACE": "pushhub", "POWERTOOLS_SERVICE_NAME": "push_send"}):
        # Metrics read the environment when they are imported.
        serve = importlib.import_module("pushhub.edge.http").serve
    return Request(serve(_endpoint(app, audience, reach, transport)), event, case.recipients, table)


def _app(apns_url: str) -> App:
    app = app_of()
    if not apns_url:
        return app
    apns = app.blocks["apns"]
    return replace(app, blocks={**app.blocks, "apns": ProviderBlock({**apns.settings, "url": apns_url})})


def _endpoint(app: App, audience: MemoryAudience, reach: AudienceReach, transport: Transport) -> PushSend:
    caller = ApiCaller("crm", frozenset({digest_of(API_TOKEN)}), frozenset({Right.SEND}))
    catalog = Catalog(
        {DATABASE.id: DATABASE}, {}, api_tokens={"crm": caller}, apps={app.id: app}, base_url="https://hub.example.com"
    )
    apps = Apps(CachedCatalog(lambda: catalog), CachedAppSecrets(app_secrets))
    store, clock = MemorySendings(), Clock(lambda: Milliseconds(time.time_ns() // 1_000_000), time.monotonic, lambda: 0.5)
    ids = PackIds(MemoryPackIds(store), lambda: RunId("run"))
    pusher = ProviderPusher(transport, Accounts(apps.secrets), tracking_of(), Retiring(audience), on_fault=print, now=lambda: NOW)
    return PushSend(
        apps=apps,
        find=Finding(reach, apps.catalog),
        reach=reach,
        pack_ids=ids,
        send=SendDirectly(store, ids, pusher, MemoryQueue(), clock, print),
        require_fit=require_fit,
        clock=clock,
        on_stop=print,
    )


def _against_aioapns() -> tuple[float, float]:
    """Return the seconds in which each sends the same pushes to nghttpd over TLS: the least of its turns, which alternate."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        certificate = certify(folder)
        devices = folder / "htdocs" / "3" / "device"
        devices.mkdir(parents=True)
        for number in range(RECIPIENTS):
            (devices / PUSH_TOKENS[APNS](number)).touch()
        options = (f"--htdocs={folder / 'htdocs'}", "--max-concurrent-streams=1000")
        with nghttpd(*options, key_and_certificate=(folder / "key.pem", certificate.file)) as server:
            found: dict[str, list[float]] = {"ours": [], "theirs": []}
            for _ in range(3):
                for client, seconds in found.items():
                    seconds.append(_in_another_process(client, server.port, certificate.file))
    return min(found["ours"]), min(found["theirs"])


def _ours(port: int, ca_file: str) -> float:
    transport = Http2Transport(allow_local=True, ca_file=ca_file)
    request = _request(Case(APNS, "token", apns_url=f"https://localhost:{port}"), transport)
    seconds, _ = _turns(request, 3)
    return seconds


def _theirs(port: int, ca_file: str) -> float:
    message = {
        "aps": {"alert": {"title": "A title", "body": "Some text " * 10}},
        "key": "value",
        "uid": "u" * 90,
        "launch_id": "l" * 30,
        "hub_link": {"ack": "a" * 300, "open": "o" * 300},
    }
    key = load_der_private_key(p256_der(), None).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    devices = [PUSH_TOKENS[APNS](number) for number in range(RECIPIENTS)]
    return asyncio.run(seconds_of_aioapns(port, ca_file, key, devices, message))


CLIENTS: Mapping[str, Callable[[int, str], float]] = {"ours": _ours, "theirs": _theirs}


def _in_another_process(client: str, port: int, ca_file: Path) -> float:
    script = [sys.executable, __file__, client, str(port), str(ca_file)]
    finished = subprocess.run(script, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)})
    if finished.returncode:
        raise SystemExit(finished.stderr[-2000:])
    return float(finished.stdout)


def _run(arguments: Sequence[str]) -> None:
    client, port, ca_file = arguments
    click.echo(CLIENTS[client](int(port), ca_file))


if __name__ == "__main__":
    _run(sys.argv[1:])
