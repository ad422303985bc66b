"""How long is an event under way on the local hub, and does an upstream that is away hold up another one?"""

import contextlib
import json
import secrets
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from itertools import batched
from pathlib import Path

import urllib3

from tests.bench.table import Table, percentile
from tests.running_hub import Up, running
from tests.running_upstream import Upstream, free_port, until

EVENTS = 1000
EVENTS_ONE_BY_ONE = 60
SECONDS_OF_TROUBLE = 60
EVENTS_AT_A_TIME = 100
SECONDS_BETWEEN_PROBES = 0.5
HELD_UP_AT_MOST = 10
CLIENTS = 8
TOKEN = "abcdefghijklmnqrstuvwxyz"
CATALOG = """
api_tokens:
  - {{name: gateway, token: {token}, rights: [events]}}
upstreams:
  - {{name: moody, kind: altcraft, url: "{moody}", token: a-token-of-an-upstream, events: [delivered]}}
  - {{name: steady, kind: altcraft, url: "{steady}", token: a-token-of-an-upstream, events: [opened]}}
"""
DELIVERED, OPENED = 1, 2


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong with an upstream, and how many events come for it then; without options it does not listen at all."""

    what: str
    events: int
    options: tuple[str, ...] = ()


TROUBLES = (
    Trouble("refuses connections", 10_000),
    Trouble("accepts and never answers", 2_000, ("--answer", "hang")),
    Trouble("answers after 9 s", 500, ("--delay", "9000")),
)


def measure() -> Table:
    """Measure the way of events when all is well, then with one of two upstreams away."""
    rows: list[tuple[str, ...]] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        moody, steady = Upstream(free_port(), folder / "moody.txt"), Upstream(free_port(), folder / "steady.txt")
        (folder / "catalog.yaml").write_text(CATALOG.format(token=TOKEN, moody=moody.url, steady=steady.url))
        with running(folder / "home", "--ephemeral", "--catalog", str(folder / "catalog.yaml")) as up, steady.listening():
            assert up.process.poll() is None, up.said
            rows += _way(up, steady)
            for trouble in TROUBLES:
                rows += _backlog(up, moody, steady, trouble)
    return Table("Events on the local hub, accept to upstream", ("what", "events/s", "p50 s", "p99 s", "longest s", "figure"), rows)


def _way(up: Up, steady: Upstream) -> Iterator[tuple[str, ...]]:
    """Measure how long events are under way when they come one by one, and how many get through when they come all at once."""
    _post_all(up, [secrets.token_hex(8) for _ in range(40)], OPENED)
    with _probing(up, steady) as latencies:
        time.sleep(EVENTS_ONE_BY_ONE * SECONDS_BETWEEN_PROBES)
    figures = (percentile(latencies, 50), percentile(latencies, 99), max(latencies))
    yield "all is well: two events a second", "", *(f"{one:.2f}" for one in figures), ""
    uids = [secrets.token_hex(8) for _ in range(EVENTS)]
    started = time.time()
    _post_all(up, uids, OPENED)
    accepted = time.time() - started
    until(lambda: set(uids) <= set(steady.uids()), 300)
    arrived = _arrivals(steady)
    spent = max(arrived[uid] for uid in uids) - started
    rates = f"{EVENTS / spent:.0f}", f"accepted {EVENTS / accepted:.0f} a second"
    yield f"all is well: {EVENTS} events from {CLIENTS} clients", rates[0], "", "", "", rates[1]


def _backlog(up: Up, moody: Upstream, steady: Upstream, trouble: Trouble) -> Iterator[tuple[str, ...]]:
    waiting = [secrets.token_hex(8) for _ in range(trouble.events)]
    with _probing(up, steady) as latencies:
        with moody.listening(*trouble.options) if trouble.options else contextlib.nullcontext():
            _pile_up(up, waiting)
            if trouble.options:
                # The trouble itself is what is measured here: how long it lasts is part of it.
                time.sleep(SECONDS_OF_TROUBLE)
        back = time.monotonic()
        with moody.listening():
            until(
                lambda: set(waiting) <= {entry["body"]["uid"] for entry in moody.arrived() if entry["answered"] == HTTPStatus.OK},
                1800,
            )
        drained = time.monotonic() - back
    assert max(latencies) <= HELD_UP_AT_MOST, f"an event of the other upstream took {max(latencies):.1f} s"
    figures = (percentile(latencies, 50), percentile(latencies, 99), max(latencies))
    yield (
        f"one upstream {trouble.what}: events of the other",
        "",
        *(f"{one:.2f}" for one in figures),
        f"{trouble.events} events drained {drained:.0f} s after it was back",
    )


def _taken(upstream: Upstream) -> set[str]:
    return {entry["body"]["uid"] for entry in upstream.arrived() if entry["answered"] == HTTPStatus.OK}


def _pile_up(up: Up, uids: list[str]) -> None:
    """Post events no faster than they are recorded: what is measured is not how a burst waits to be recorded."""
    connection = up.connection()
    sqs, queue = connection.client("sqs"), connection.outputs["EventsQueue"]

    def caught_up() -> bool:
        attributes = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["ApproximateNumberOfMessages"])["Attributes"]
        return int(attributes["ApproximateNumberOfMessages"]) < CLIENTS

    for some in batched(uids, EVENTS_AT_A_TIME, strict=False):
        _post_all(up, list(some), DELIVERED)
        until(caught_up)


@contextmanager
def _probing(up: Up, steady: Upstream) -> Iterator[list[float]]:
    """Post an event for the steady upstream every so often while the body runs; afterwards all have arrived, and took so long."""
    ended, posted = threading.Event(), dict[str, float]()
    latencies: list[float] = []

    def probe() -> None:
        while not ended.wait(SECONDS_BETWEEN_PROBES):
            posted.update(_post_all(up, [secrets.token_hex(8)], OPENED))

    prober = threading.Thread(target=probe)
    prober.start()
    try:
        yield latencies
    finally:
        ended.set()
        prober.join()
        until(lambda: set(posted) <= set(steady.uids()))
        arrived = _arrivals(steady)
        latencies += [max(0.0, arrived[uid] - at) for uid, at in posted.items()]


_CONNECTIONS = urllib3.PoolManager(maxsize=CLIENTS + 1)


def _post_all(up: Up, uids: list[str], happening: int, clients: int = CLIENTS) -> dict[str, float]:
    """Post events and return when each was accepted."""

    def post(uid: str) -> float:
        body = json.dumps({"token": TOKEN, "events": happening, "uid": uid})
        reply = _CONNECTIONS.request("POST", f"{up.note.url}/api/v1.1/pushes/post_events", body=body, timeout=60)
        assert reply.status == 200, reply.data
        return time.time()

    with ThreadPoolExecutor(clients) as pool:
        return dict(zip(uids, pool.map(post, uids), strict=True))


def _arrivals(upstream: Upstream) -> dict[str, float]:
    return {entry["body"]["uid"]: datetime.fromisoformat(entry["at"]).timestamp() for entry in upstream.arrived()}
