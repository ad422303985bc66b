"""How is the local engine, ministack, started, watched and stopped?"""

import asyncio
import contextlib
import os
import shutil
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import psutil
import tenacity
from tenacity.stop import stop_base

from pushhub.console.connection import ENGINE_CREDENTIAL
from pushhub.console.failure import ConsoleError
from pushhub.console.local.engine_port import choose_port
from pushhub.console.local.subprocesses import run_quietly, search_path, tool_environment
from pushhub.console.progress import say
from pushhub.console.state_folder import EngineNote, ProcessMark, StateFolder

MINISTACK = "ministack==1.5.33"
# Ministack expands `AWS::Serverless` with it but does not depend on it.
TRANSLATOR = "aws-sam-translator==1.115.0"

# `main` saves the state before it returns. The process then ends at once: a state machine that still runs would keep it alive, with
# retries of steps that can call nothing any more.
_RUN = """
import os, sys
from ministack.app import main
main()
sys.stdout.flush()
os._exit(0)
"""

REGION = "eu-central-1"

_SECONDS_TO_START = 60
# A stop writes all state, which takes 1.7 s for 50,000 items, and waits for running executions, which took 10.9 s.
_IDLE_SECONDS = 60
"""How long a stopping engine may be idle before it is killed; one that holds much may be busy with saving for longer."""
_LONGEST_STOP = 1800
_SECONDS_BEFORE_NOTICE = 5
"""When a person reads why a stop takes long."""
_SECONDS_OF_WORK = 0.2
"""Processor time that counts as work."""
_LOG_LINES_SHOWN = 15


@dataclass(frozen=True, slots=True)
class EngineFolder:
    """What one engine keeps on disk."""

    path: Path

    @property
    def log(self) -> Path:
        """What the engine has said since its last start."""
        return self.path / "engine.log"

    @property
    def temporary(self) -> Path:
        """Code that workers unpacked; they never clean up, 100 MB each."""
        return self.path / "tmp"

    @property
    def port(self) -> Path:
        """The port of the last start; the addresses of queues that the engine saves carry it."""
        return self.path / "port"

    @property
    def state(self) -> Path:
        """What the engine saves when it stops."""
        return self.path / "state"


@dataclass(frozen=True, slots=True)
class Engine:
    """A ministack that answers."""

    endpoint: str
    folder: EngineFolder
    process: asyncio.subprocess.Process

    async def died(self) -> ConsoleError:
        """Wait for the engine to end by itself and say so."""
        code = await self.process.wait()
        return ConsoleError(
            f"the local engine has ended by itself (exit code {code}), and what was written since it had started is lost; "
            f"its log is {self.folder.log}"
        )


async def engine_interpreter(folder: Path) -> Path:
    """Find the interpreter of ministack's own environment; uv makes that environment on first use.

    Args:
        folder: where to run uv.

    Raises:
        ConsoleError: uv is missing or cannot install ministack.
    """
    uv = shutil.which("uv", path=search_path())
    if uv is None:
        raise ConsoleError("uv is not on the PATH; get it from https://docs.astral.sh/uv/")
    finished = None
    # Offline first: a package in uv's cache is then used even if the cached index has expired.
    for network in (["--offline"], []):
        finished = await run_quietly(
            [
                *(uv, "tool", "run", *network, "--quiet", "--python", sys.executable),
                *("--from", MINISTACK, "--with", TRANSLATOR, "python", "-c", "import sys; print(sys.executable)"),
            ],
            folder=folder,
            environment=tool_environment(),
        )
        if finished.returncode == 0:
            return Path(finished.stdout.strip())
    reason = finished.stderr.strip().splitlines() if finished else []
    raise ConsoleError(f"uv could not install {MINISTACK}: {' '.join(line.strip() for line in reason)}")


def engine_environment(folder: EngineFolder, port: int, *, keep: bool) -> dict[str, str]:
    """Give the engine's whole environment; the functions inherit it, so nothing of the user's is in it.

    Args:
        folder: the engine's folder.
        port: the engine's port.
        keep: whether state is saved at a clean stop and loaded at the next start.
    """
    environment = {
        "PATH": os.defpath,
        # The functions must not find the user's ~/.aws.
        "HOME": str(folder.path),
        "TMPDIR": str(folder.temporary),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "IOT_MTLS_ENABLED": "0",
        "MINISTACK_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": ENGINE_CREDENTIAL,
        "AWS_SECRET_ACCESS_KEY": ENGINE_CREDENTIAL,
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    if keep:
        environment |= {
            "PERSIST_STATE": "1",
            "STATE_DIR": str(folder.state),
            "S3_PERSIST": "1",
            "S3_DATA_DIR": str(folder.path / "s3"),
        }
    return environment


@asynccontextmanager
async def running_engine(folder: EngineFolder, notes: StateFolder, *, keep: bool) -> AsyncIterator[Engine]:
    """Run an engine while the body runs; afterwards it has stopped and saved its state.

    Args:
        folder: the engine's folder, made if absent.
        notes: where the engine is noted, in case we get no chance to stop it.
        keep: whether its state outlives it.

    Raises:
        ConsoleError: it cannot be installed or does not start.
    """
    started = time.monotonic()
    folder.path.mkdir(parents=True, exist_ok=True)
    interpreter = await engine_interpreter(folder.path)
    _kill_workers(folder)
    _empty(folder.temporary)
    engine = await _spawn(folder, interpreter, keep=keep)
    mark = ProcessMark.of(engine.process.pid)
    notes.write_engine(EngineNote(mark, None if keep else str(folder.path)))
    try:
        await _wait_for_answer(engine)
        say(f"started the engine ({time.monotonic() - started:.1f} s)")
        yield engine
    finally:
        saved = await _stop(mark)
        await engine.process.wait()
        # If nothing was saved, the note stays: by it, the next start says that data was lost.
        if saved or not keep:
            notes.forget_engine()
        _empty(folder.temporary)


async def stop_orphan(notes: StateFolder) -> None:
    """Stop the engine of a hub that was killed, so that it saves what it holds.

    The note of that engine decides, and whether its process is still there::

        note            process runs                      process is gone
        none            nothing                           nothing
        data is kept    stop it: it saves                 say that the data of its last run is lost
        ephemeral       stop it, then remove its folder   remove its folder
    """
    note = notes.noted_engine()
    if note is None:
        return
    if process := note.process.find():
        say(f"stopping the engine that a killed hub left behind (pid {process.pid})")
        await _stop(note.process)
    elif not note.temporary:
        say("the last run did not stop cleanly: what was written since it had started is lost")
    if note.temporary:
        shutil.rmtree(note.temporary, ignore_errors=True)
    notes.forget_engine()


async def _spawn(folder: EngineFolder, interpreter: Path, *, keep: bool) -> Engine:
    port = choose_port(folder.port, folder.state)
    with folder.log.open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *(str(interpreter), "-c", _RUN),
            cwd=folder.path,
            env=engine_environment(folder, port, keep=keep),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            # Ctrl-C must not reach it: the hub still needs the engine while it stops.
            start_new_session=True,
        )
    return Engine(f"http://127.0.0.1:{port}", folder, process)


async def _wait_for_answer(engine: Engine) -> None:
    """Wait until the engine answers; if it does not, show the end of its log on stderr."""
    try:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=2)) as session:
            await _check_health(engine, session)
    except (ConsoleError, tenacity.RetryError) as failure:
        say("\n".join(engine.folder.log.read_text(errors="replace").splitlines()[-_LOG_LINES_SHOWN:]))
        if isinstance(failure, ConsoleError):
            raise
        raise ConsoleError(
            f"the local engine did not answer within {_SECONDS_TO_START} s; its log is {engine.folder.log}"
        ) from None


@tenacity.retry(
    retry=tenacity.retry_if_exception_type((aiohttp.ClientError, TimeoutError)),
    wait=tenacity.wait_fixed(0.05),
    stop=tenacity.stop_after_delay(_SECONDS_TO_START),
)
async def _check_health(engine: Engine, session: aiohttp.ClientSession) -> None:
    if engine.process.returncode is not None:
        raise ConsoleError(f"the local engine did not start (exit code {engine.process.returncode})")
    async with session.get(f"{engine.endpoint}/_ministack/health") as reply:
        reply.raise_for_status()


async def _stop(mark: ProcessMark) -> bool:
    """Stop an engine and its workers; return whether it has saved its state."""
    process = mark.find()
    if process is None:
        return True
    workers = process.children(recursive=True)
    process.terminate()
    saved = await _wait_for_end(mark)
    if not saved:
        say("the engine did not get on with saving its state and was killed: what changed in this run is lost")
        process.kill()
    for worker in workers:
        with contextlib.suppress(psutil.NoSuchProcess):
            worker.kill()
    return saved


async def _wait_for_end(mark: ProcessMark) -> bool:
    """Wait for the end of an engine as long as it is busy; return whether it has ended."""
    ending = tenacity.AsyncRetrying(
        retry=tenacity.retry_if_result(lambda process: process is not None),
        wait=tenacity.wait_fixed(0.05),
        stop=tenacity.stop_after_delay(_LONGEST_STOP) | _Idle(mark),
    )
    try:
        await ending(_find, mark)
    except tenacity.RetryError:
        return False
    return True


async def _find(mark: ProcessMark) -> psutil.Process | None:
    return mark.find()


class _Idle(stop_base):
    """Stop waiting for a process that has spent no processor time for :data:`_IDLE_SECONDS`."""

    def __init__(self, mark: ProcessMark) -> None:
        self._mark = mark
        self._spent = 0.0
        self._worked_at = 0.0
        self._noticed = False

    def __call__(self, retry_state: tenacity.RetryCallState) -> bool:
        waited = retry_state.seconds_since_start or 0.0
        spent = self._processor_seconds()
        if spent > self._spent + _SECONDS_OF_WORK:
            self._spent, self._worked_at = spent, waited
        if waited > _SECONDS_BEFORE_NOTICE and not self._noticed:
            self._noticed = True
            say("saving what the hub holds: the more there is, the longer it takes")
        return waited - self._worked_at > _IDLE_SECONDS

    def _processor_seconds(self) -> float:
        try:
            times = psutil.Process(self._mark.pid).cpu_times()
        except psutil.NoSuchProcess:
            return 0.0
        return float(times.user + times.system)


def _kill_workers(folder: EngineFolder) -> None:
    """Kill the functions that a killed engine left running: they would call this engine, which has the same port."""
    for process in psutil.process_iter(["cmdline"]):
        if any(word.startswith(f"{folder.temporary}{os.sep}") for word in process.info["cmdline"] or ()):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()


def _empty(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
