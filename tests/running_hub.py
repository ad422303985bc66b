"""A real hub, run as a user runs it: `pushhub up` in a process of its own."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from pushhub.console.connection import Connection, connect
from pushhub.console.state_folder import RunningHub, StateFolder

_FOREIGN_SETTINGS = {
    "AWS_PROFILE": "a-profile-that-does-not-exist",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    "AWS_REGION": "us-west-2",
    "PYTHONPATH": "/a/folder/that/does/not/exist",
    "SECRET_OF_THE_USER": "not for functions",
}


@dataclass(frozen=True, slots=True)
class Up:
    """A `pushhub up` that was started."""

    process: subprocess.Popen[str]
    home: Path
    log: Path

    @property
    def note(self) -> RunningHub:
        """What other commands learn of the hub."""
        note = StateFolder(self.home).running_hub()
        assert note is not None, self.said
        return note

    @property
    def said(self) -> str:
        """All that was written to stderr so far."""
        return self.log.read_text(encoding="utf-8")

    @property
    def engine_log(self) -> str:
        """All that the engine, and the functions in it, have logged so far."""
        (log,) = {file.path for file in psutil.Process(self.note.engine.pid).open_files() if file.path.endswith("engine.log")}
        return Path(log).read_text(encoding="utf-8")

    def connection(self) -> Connection:
        """Connect as a command in the same checkout does."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("PUSHHUB_HOME", str(self.home))
            return connect(None)

    def messages_in(self, queue: str) -> int:
        """Return how many messages a queue of the hub holds, by the name of its output: ready, postponed, or being handled."""
        connection = self.connection()
        found = connection.client("sqs").get_queue_attributes(QueueUrl=connection.outputs[queue], AttributeNames=["All"])
        attributes = {str(name): value for name, value in found["Attributes"].items()}
        return sum(int(attributes[f"ApproximateNumberOfMessages{state}"]) for state in ("", "NotVisible", "Delayed"))

    def end(self, number: signal.Signals) -> int:
        """Send a signal, wait for the end and give the exit code."""
        self.process.send_signal(number)
        return self.process.wait(timeout=90)


def _start(home: Path, *options: str, environment: Mapping[str, str] | None = None) -> Up:
    """Start `pushhub up` with a state folder of its own and wait until it listens or has ended."""
    home.mkdir(parents=True, exist_ok=True)
    log = home / "stderr.txt"
    with log.open("w", encoding="utf-8") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-m", "pushhub.console.cli", "up", *options],
            env={**os.environ, **_FOREIGN_SETTINGS, "PUSHHUB_HOME": str(home), **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            start_new_session=True,
        )
    assert process.stdout is not None
    # One line comes when it listens, none when it ends before.
    process.stdout.readline()
    return Up(process, home, log)


@contextmanager
def running(home: Path, *options: str, environment: Mapping[str, str] | None = None) -> Iterator[Up]:
    """Run a hub while the body runs, on a free port unless the options name one."""
    up = _start(home, "--port", "0", *options, environment=environment)
    try:
        yield up
    finally:
        if up.process.poll() is None:
            up.end(signal.SIGTERM)
        if up.process.stdout:
            up.process.stdout.close()
