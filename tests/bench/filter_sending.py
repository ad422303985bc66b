"""How fast does a sending reach everybody of a database on the local hub, in how much memory, and what is that for a million?"""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from tests.bench.table import Table
from tests.running_hub import Up, running

DEVICES = 20_000
DEAD = 400
"""One in fifty, as in a database that is sent to once a month."""
PEAK_MIB = 256
MILLION = 1_000_000
GIGABYTES = 1769 / 1024
"""Of a worker in AWS, at which it has one processor."""
DOLLARS_A_GIGABYTE_SECOND = 0.0000133
APP = "demo"
RESOURCE = "5"
PROVIDER = "android-firebase"


def measure() -> Table:
    """Import the devices, send to all of them by the command line, and look at the workers meanwhile."""
    with tempfile.TemporaryDirectory() as folder, running(Path(folder) / "home", "--ephemeral") as up:
        assert up.process.poll() is None, up.said
        importing = _import(up, Path(folder) / "devices.csv")
        with _watched(up) as workers:
            started = time.perf_counter()
            sending = _pushhub(up, "send", "--app", APP, "--all", "--title", "Sale", "--text", "Today alone", "--json")
            seconds = time.perf_counter() - started
        _check(sending["counts"])
    rate, cpu = DEVICES / seconds, workers.cpu_seconds / DEVICES
    cost = cpu * MILLION * GIGABYTES * DOLLARS_A_GIGABYTE_SECOND
    rows = [
        ("import of the devices", f"{DEVICES / importing:.0f} rows/s", ""),
        ("from the command to its end", f"{rate:.0f} devices/s", ""),
        ("processor time of the workers, stand-ins and engine apart", f"{cpu * 1e6:.0f} µs a device", ""),
        ("workers", f"{len(workers.peaks)}", ""),
        ("peak memory of a worker", f"{workers.peak_mib:.0f} MiB", f"at most {PEAK_MIB}"),
        ("a million at this rate", f"{MILLION / rate / 60:.0f} min", ""),
        ("a million, processor time of Lambda", f"{cpu * MILLION:.0f} s, {cost:.3f} $", ""),
    ]
    missed = ("peak memory of a worker",) if workers.peak_mib > PEAK_MIB else ()
    return Table(
        f"A sending to {DEVICES} devices on the local hub, {DEAD} of them dead", ("what", "figure", "budget"), rows, missed
    )


def _import(up: Up, file: Path) -> float:
    tokens = (f"{'gone-' if number < DEAD else 'device-'}{number:0120d}" for number in range(DEVICES))
    file.write_text("subscription_id,CustomNumber1\n" + "".join(f"{token},{number}\n" for number, token in enumerate(tokens)))
    started = time.perf_counter()
    _run(up, "import", str(file), "--resource", RESOURCE, "--provider", PROVIDER, "--match", "CustomNumber1", "--wait")
    return time.perf_counter() - started


def _check(counts: dict[str, dict[str, int]]) -> None:
    came_of = {outcome: number for outcome, number in counts[PROVIDER].items() if number}
    assert came_of == {"accepted": DEVICES - DEAD, "gone": DEAD}, counts


def _pushhub(up: Up, *arguments: str) -> dict[str, Any]:
    printed: dict[str, Any] = json.loads(_run(up, *arguments))
    return printed


def _run(up: Up, *arguments: str) -> str:
    finished = subprocess.run(
        [sys.executable, "-m", "pushhub.console.cli", *arguments],
        env={**os.environ, "PUSHHUB_HOME": str(up.home)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


@dataclass
class Workers:
    """What the workers of sending functions have taken so far, by process ids: memory in bytes, processor time in seconds."""

    peaks: dict[int, int] = field(default_factory=dict)
    cpu: dict[int, float] = field(default_factory=dict)

    @property
    def peak_mib(self) -> float:
        return max(self.peaks.values(), default=0) / 2**20

    @property
    def cpu_seconds(self) -> float:
        return sum(self.cpu.values())

    def look(self, engine: psutil.Process) -> None:
        for process in engine.children(recursive=True):
            try:
                if "sends" in process.environ().get("AWS_LAMBDA_FUNCTION_NAME", "").lower():
                    used = process.cpu_times()
                    self.cpu[process.pid] = used.user + used.system
                    self.peaks[process.pid] = max(self.peaks.get(process.pid, 0), process.memory_info().rss)
            except psutil.Error:
                continue


@contextmanager
def _watched(up: Up) -> Iterator[Workers]:
    """Look at the workers five times a second while the body runs."""
    ended, workers = threading.Event(), Workers()
    engine = psutil.Process(up.note.engine.pid)

    def watch() -> None:
        while not ended.wait(0.2):
            workers.look(engine)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield workers
    finally:
        ended.set()
        watcher.join()
        workers.look(engine)
