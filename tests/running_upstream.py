"""A real upstream, run as a reader of the README runs it: `pushhub upstream` in a process of its own."""

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tenacity import retry, retry_if_result, stop_after_delay, wait_fixed


def until[Found](find: Callable[[], Found], seconds: float = 60) -> Found:
    """Return what is found as soon as it is true of it that it is; fail after so many seconds."""
    return retry(retry=retry_if_result(lambda found: not found), stop=stop_after_delay(seconds), wait=wait_fixed(0.05))(find)()


_LEAST_PORT, _GIVEN_FROM = 20_000, 32_768
"""Linux gives programs that ask for any port one from the second on."""


def free_port() -> int:
    """Return a port that nobody listens on, and that no program is given that asks for any: it is free again after a stop."""
    while True:
        port = _LEAST_PORT + secrets.randbelow(_GIVEN_FROM - _LEAST_PORT)
        with suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port


@dataclass(frozen=True, slots=True)
class Upstream:
    """An upstream that may be started and stopped on one port; `log` is what arrived in all its lives."""

    port: int
    log: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @contextmanager
    def listening(self, *options: str) -> Iterator[None]:
        """Listen while the body runs."""
        begun = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("a", encoding="utf-8") as stdout:
            process = subprocess.Popen(
                [sys.executable, "-m", "pushhub.console.cli", "upstream", "--port", str(self.port), "--json", *options],
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=subprocess.DEVNULL,
                env=os.environ,
            )
        try:
            until(lambda: self.log.stat().st_size > begun)
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=30)

    def arrived(self) -> list[dict[str, Any]]:
        """Return what arrived so far, whatever it was answered."""
        if not self.log.exists():
            return []
        whole_lines = self.log.read_text(encoding="utf-8").rpartition("\n")[0].splitlines()
        return [entry for line in whole_lines if "call" in (entry := json.loads(line))]

    def uids(self) -> list[str]:
        """Return the uid of each event that arrived, in order."""
        return [entry["body"]["uid"] for entry in self.arrived() if entry["call"] == "post_events"]

    def of(self, uid: str) -> list[dict[str, Any]]:
        """Return what arrived of one uid."""
        return [entry for entry in self.arrived() if entry["call"] == "post_events" and entry["body"]["uid"] == uid]
