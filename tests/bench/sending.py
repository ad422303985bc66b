"""How many rendered pushes a second does the transport send to nghttpd, next to a bare loop of pycurl, and in how much memory?"""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import deque
from pathlib import Path

import click
import pycurl

from pushhub.adapters.curl.http2 import Http2Transport
from pushhub.sends.port import ProviderReply, PushRequest
from tests.bench.table import Table
from tests.peers.installed import program
from tests.peers.nghttpd import nghttpd

PUSHES = 10_000
AT_ONCE = 100
TURNS = 3
SECONDS = 60.0
BUDGET, RATIO, PEAK_MIB = 15_000, 0.5, 200
ROOT = Path(__file__).parents[2]


def measure() -> Table:
    """Send the same pushes by each client, turn by turn; a rate is the best of its turns, since other work can only lower it."""
    with tempfile.TemporaryDirectory() as folder, nghttpd(f"--htdocs={folder}") as server:
        (Path(folder) / "push").touch()
        rates: dict[str, list[float]] = {"bare": [], "ours": []}
        for _ in range(TURNS):
            for client, found in rates.items():
                found.append(_in_another_process(client, server.url("/push"))["rate"])
        by_h2load = _h2load(server.url("/push"))
        peak = _in_another_process("ours", server.url("/push"))["mib"]
    bare, ours = max(rates["bare"]), max(rates["ours"])
    rows = [
        ("h2load, one connection", f"{by_h2load:.0f} requests/s", ""),
        ("a bare loop of pycurl", f"{bare:.0f} requests/s", ""),
        ("send_many", f"{ours:.0f} requests/s", f"at least {BUDGET}"),
        ("ratio to the bare loop", f"{ours / bare:.2f}", f"at least {RATIO}"),
        ("peak memory", f"{peak:.0f} MiB", f"at most {PEAK_MIB}"),
    ]
    kept = (True, True, ours >= BUDGET, ours / bare >= RATIO, peak <= PEAK_MIB)
    return Table(
        f"{PUSHES} rendered pushes to nghttpd",
        ("", "figure", "budget"),
        rows,
        tuple(name for (name, *_), good in zip(rows, kept, strict=True) if not good),
    )


def _requests(url: str) -> list[PushRequest]:
    headers = {
        "authorization": "bearer " + "t" * 180,
        "apns-topic": "com.example.shop",
        "apns-push-type": "alert",
        "apns-priority": "10",
        "apns-expiration": "1800000000",
        "apns-collapse-id": "c" * 22,
    }
    body = json.dumps({"aps": {"alert": {"title": "A title", "body": "Some text " * 10}}, "uid": "u" * 90}).encode()
    return [PushRequest(f"{url}?{number:064x}", headers, body, frozenset({"retry-after"})) for number in range(PUSHES)]


def _by_transport(requests: list[PushRequest]) -> None:
    results = Http2Transport(allow_local=True).send_many(requests, SECONDS)
    assert all(isinstance(result, ProviderReply) and result.status == 200 for result in results)


def _by_bare_loop(requests: list[PushRequest]) -> None:
    """Send by no more than what pycurl needs: nothing is checked, bounded or told apart."""
    multi = pycurl.CurlMulti()
    multi.setopt(pycurl.M_MAX_HOST_CONNECTIONS, 1)
    waiting, idle, in_flight, answered = deque(requests), [_bare_handle() for _ in range(AT_ONCE)], 0, 0
    while answered < len(requests):
        while waiting and idle:
            request, handle = waiting.popleft(), idle.pop()
            handle.setopt(pycurl.URL, request.url)
            handle.setopt(pycurl.HTTPHEADER, [f"{name}: {value}" for name, value in request.headers.items()])
            handle.setopt(pycurl.POSTFIELDS, request.body)
            multi.add_handle(handle)
            in_flight += 1
        multi.perform()
        _, succeeded, failed = multi.info_read()
        assert not failed
        for handle in succeeded:
            assert handle.getinfo(pycurl.RESPONSE_CODE) == 200
            multi.remove_handle(handle)
            idle.append(handle)
        answered += len(succeeded)
        multi.select(min(0.005, max(0, multi.timeout()) / 1000))


def _bare_handle() -> pycurl.Curl:
    handle = pycurl.Curl()
    handle.setopt(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE)
    handle.setopt(pycurl.PIPEWAIT, 1)
    handle.setopt(pycurl.WRITEFUNCTION, len)
    return handle


def _h2load(url: str) -> float:
    script = [
        program("h2load"),
        f"--requests={PUSHES}",
        "--clients=1",
        f"--max-concurrent-streams={AT_ONCE}",
        "--data=/etc/hostname",
    ]
    finished = subprocess.run([*script, url], capture_output=True, text=True, check=True)
    return float(re.findall(r"([\d.]+) req/s", finished.stdout)[0])


CLIENTS = {"ours": _by_transport, "bare": _by_bare_loop}


def _in_another_process(client: str, url: str) -> dict[str, float]:
    script = [sys.executable, __file__, client, url]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    finished = subprocess.run(script, capture_output=True, text=True, check=False, env=environment)
    assert finished.returncode == 0, finished.stderr
    figures: dict[str, float] = json.loads(finished.stdout)
    return figures


def _measured(client: str, url: str) -> dict[str, float]:
    requests = _requests(url)
    CLIENTS[client](requests[:AT_ONCE])
    started = time.perf_counter()
    CLIENTS[client](requests)
    rate = len(requests) / (time.perf_counter() - started)
    # Not of `getrusage`, which begins with the peak of the process that this one was forked from.
    peak = re.findall(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="ascii"))
    return {"rate": rate, "mib": int(peak[0]) / 1024}


if __name__ == "__main__":
    click.echo(json.dumps(_measured(*sys.argv[1:])))
