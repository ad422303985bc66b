"""How fast is the local hub from end to end, how soon does it answer, and how much memory does it take?"""

import itertools
import json
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psutil
import urllib3

from tests.bench.table import Table, percentile
from tests.lambda_environment import ROOT
from tests.running_hub import Up, running

REQUESTS = 400
TOKEN = "3LXP2FRcRxJ-7b14db88ec937f14"
CLIENTS = (1, 8)


def measure() -> Table:
    """Start a hub with nothing built, again with everything built, and send requests."""
    with tempfile.TemporaryDirectory() as folder:
        checkout = _copy_of_the_checkout(Path(folder))
        rows: list[tuple[str, ...]] = []
        for start in ("cold: nothing built", "warm"):
            started = time.perf_counter()
            with _hub(checkout, Path(folder) / "home") as up, _watched(up) as peak:
                _post(up, "first", "token")
                rows.append((f"`up` to the first 200, {start}", "", "", "", f"{time.perf_counter() - started:.1f} s"))
                if start == "warm":
                    rows += _throughput(up)
                    rows.append(("peak memory: `up`, engine and its workers", "", "", "", f"{peak() / 2**20:.0f} MiB"))
    return Table("Local hub, end to end", ("what", "requests/s", "p50 ms", "p99 ms", "figure"), rows)


def _copy_of_the_checkout(folder: Path) -> Path:
    copy = folder / "checkout"
    for name in ("functions", "layers"):
        shutil.copytree(ROOT / name, copy / name)
    shutil.copy(ROOT / "template.yaml", copy)
    return copy


@contextmanager
def _hub(checkout: Path, home: Path) -> Iterator[Up]:
    environment = {"PYTHONPATH": str(checkout / "layers" / "core")}
    with running(home, environment=environment) as up:
        assert up.process.poll() is None, up.said
        yield up


def _throughput(up: Up) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for clients in CLIENTS:
        # Every worker of the engine is to be warm before the clock starts.
        _send(up, clients, f"warming-{clients}", 40)
        for name in ("new", "unchanged"):
            rate, latencies = _send(up, clients, f"of-{clients}", REQUESTS)
            figures = (f"{rate:.0f}", f"{percentile(latencies, 50) * 1000:.1f}", f"{percentile(latencies, 99) * 1000:.1f}")
            rows.append((f"{name}, {clients} client{'s' * (clients > 1)}", *figures, ""))
    return rows


def _send(up: Up, clients: int, series: str, requests: int) -> tuple[float, list[float]]:
    """Send requests of a series, which are new the first time; return requests a second and the seconds each took."""

    def one(number: int) -> float:
        started = time.perf_counter()
        _post(up, f"{series}-{number}", f"token of {series}-{number}")
        return time.perf_counter() - started

    started = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        latencies = list(pool.map(one, range(requests)))
    return requests / (time.perf_counter() - started), latencies


_CONNECTIONS = urllib3.PoolManager(maxsize=max(CLIENTS))


def _post(up: Up, profile: str, token: str) -> None:
    body = {"resource_token": TOKEN, "id": profile, "subscriptions": [{"provider": "ios-apns", "subscription_id": token}]}
    reply = _CONNECTIONS.request("POST", f"{up.note.url}/push_subscribe", body=json.dumps(body), timeout=60)
    assert reply.status == 200, reply.data


@contextmanager
def _watched(up: Up) -> Iterator[Callable[[], int]]:
    """Sample the memory of a hub's processes twice a second and yield what tells the largest sum so far, in bytes."""
    ended = threading.Event()
    sums = [0]

    def watch() -> None:
        while not ended.wait(0.5):
            sums.append(_resident(psutil.Process(up.process.pid)))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield lambda: max(sums)
    finally:
        ended.set()
        watcher.join()


def _resident(root: psutil.Process) -> int:
    total = 0
    for process in itertools.chain([root], root.children(recursive=True)):
        try:
            total += process.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return total
