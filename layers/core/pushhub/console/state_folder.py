"""Which hub runs here? One lock and two notes in the state folder answer it."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from pushhub.console.failure import ConsoleError


@dataclass(frozen=True, slots=True)
class ProcessMark:
    """A process, told apart from a later one with the same number by its start."""

    pid: int
    started: float
    """Seconds since the epoch, as the operating system counts them."""

    @classmethod
    def of(cls, pid: int) -> "ProcessMark":
        """Mark a process; the mark of one that has ended already finds nothing."""
        try:
            return cls(pid, psutil.Process(pid).create_time())
        except psutil.NoSuchProcess:
            return cls(pid, 0)

    def find(self) -> psutil.Process | None:
        """Find the process, or nothing if it has ended."""
        try:
            process = psutil.Process(self.pid)
            return process if process.create_time() == self.started and process.status() != psutil.STATUS_ZOMBIE else None
        except psutil.NoSuchProcess:
            return None


@dataclass(frozen=True, slots=True)
class RunningHub:
    """What other commands must know to reach the hub that runs here."""

    url: str
    endpoint: str
    region: str
    stack: str
    devices: str
    """Where the stand-ins say what the devices got."""
    process: ProcessMark
    engine: ProcessMark


@dataclass(frozen=True, slots=True)
class EngineNote:
    """What a later `up` must know to stop an engine whose hub was killed."""

    process: ProcessMark
    temporary: str | None
    """Folder to remove once it has stopped: the data of an `--ephemeral` hub."""


@dataclass(frozen=True, slots=True)
class StateFolder:
    """The folder in which one hub at a time lives."""

    path: Path

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep the folder to ourselves; the system gives it back even if we are killed.

        Raises:
            ConsoleError: a hub runs in this folder already.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        with (self.path / "lock").open("a+", encoding="utf-8") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                hub = self.running_hub()
                lock.seek(0)
                raise ConsoleError(
                    f"a hub already runs here: {hub.url} (pid {hub.process.pid})"
                    if hub
                    else f"a hub is starting or stopping here already (pid {lock.read().strip()})"
                ) from None
            lock.truncate(0)
            lock.write(str(os.getpid()))
            lock.flush()
            yield

    @contextmanager
    def telling_of(self, hub: RunningHub) -> Iterator[None]:
        """Tell other commands of a hub while the body runs."""
        _write(self.path / "hub.json", asdict(hub))
        try:
            yield
        finally:
            (self.path / "hub.json").unlink(missing_ok=True)

    def running_hub(self) -> RunningHub | None:
        """Read which hub listens here; nothing if none does, or if it was killed."""
        note = _read(self.path / "hub.json")
        if note is None:
            return None
        try:
            hub = RunningHub(
                **{name: str(note[name]) for name in ("url", "endpoint", "region", "stack", "devices")},
                process=_mark(note["process"]),
                engine=_mark(note["engine"]),
            )
        except (KeyError, TypeError):
            return None
        return hub if hub.process.find() else None

    def write_engine(self, note: EngineNote) -> None:
        """Remember the engine for the case that we cannot stop it ourselves."""
        _write(self.path / "engine.json", asdict(note))

    def forget_engine(self) -> None:
        """Forget the engine: it has stopped."""
        (self.path / "engine.json").unlink(missing_ok=True)

    def noted_engine(self) -> EngineNote | None:
        """Read which engine an earlier hub left behind, alive or not."""
        note = _read(self.path / "engine.json")
        if note is None:
            return None
        try:
            temporary = note["temporary"]
            return EngineNote(_mark(note["process"]), None if temporary is None else str(temporary))
        except (KeyError, TypeError):
            return None


def _mark(value: object) -> ProcessMark:
    if not isinstance(value, dict):
        raise TypeError
    return ProcessMark(int(value["pid"]), float(value["started"]))


def _write(path: Path, note: dict[str, object]) -> None:
    # Replaced as a whole: a reader never sees half a note.
    draft = path.with_suffix(".new")
    draft.write_text(json.dumps(note, indent=2) + "\n", encoding="utf-8")
    draft.replace(path)


def _read(path: Path) -> dict[str, object] | None:
    try:
        note = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    return note if isinstance(note, dict) else None
