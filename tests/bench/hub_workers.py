"""What do the workers of a local hub take while commands run?"""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psutil

from tests.running_hub import Up


def pushhub(up: Up, *arguments: str) -> Any:
    """Return what a command prints as JSON."""
    return json.loads(run_command(up, *arguments))


def run_command(up: Up, *arguments: str) -> str:
    """Run a command for the hub, and return what it prints."""
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
    engine_seconds: float = 0
    stand_ins_seconds: float = 0

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
def watched(up: Up) -> Iterator[Workers]:
    """Look at the workers five times a second while the body runs."""
    ended, workers = threading.Event(), Workers()
    engine = psutil.Process(up.note.engine.pid)
    hub = psutil.Process(up.process.pid)
    stand_ins = [hub, *(child for child in hub.children(recursive=True) if engine not in (child, *child.parents()))]
    before = _seconds_of([engine]), _seconds_of(stand_ins)

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
        workers.engine_seconds = _seconds_of([engine]) - before[0]
        workers.stand_ins_seconds = _seconds_of(stand_ins) - before[1]


def _seconds_of(processes: Iterable[psutil.Process]) -> float:
    """Return the processor time that processes have taken, without that of their children."""
    used = [process.cpu_times() for process in processes]
    return sum(times.user + times.system for times in used)
