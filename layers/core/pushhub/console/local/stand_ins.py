"""How is the process that plays the providers started, watched and stopped?"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pushhub.console.failure import ConsoleError
from pushhub.console.local.deployment import STACK
from pushhub.console.local.engine import REGION
from pushhub.console.local.subprocesses import tool_environment
from pushhub.console.progress import say

_SECONDS_TO_START: Final = 60
_SECONDS_TO_STOP: Final = 5
_LOG_LINES_SHOWN: Final = 15


@dataclass(frozen=True, slots=True)
class RunningStandIns:
    """Stand-ins that listen: `providers` is where pushes go, `devices` where people and commands read what came of them."""

    providers: str
    devices: str
    log: Path
    process: asyncio.subprocess.Process

    async def died(self) -> ConsoleError:
        """Wait for the process to end by itself and say so."""
        code = await self.process.wait()
        return ConsoleError(f"the stand-ins of providers have ended by themselves (exit code {code}); their log is {self.log}")


@asynccontextmanager
async def running_stand_ins(folder: Path, engine: str) -> AsyncIterator[RunningStandIns]:
    """Run the stand-ins while the body runs. They end with this process too, however that ends.

    Args:
        folder: what they keep, made if absent.
        engine: the address of the engine, which tells them the keys of apps.

    Raises:
        ConsoleError: they do not start.
    """
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "stand-ins.log"
    with log.open("wb") as stderr:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "pushhub.console.stand_ins"),
            *("--folder", str(folder), "--engine", engine, "--region", REGION, "--stack", STACK),
            env=tool_environment(),
            # Nothing is written to it. It ends when this process ends, and so do they.
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=stderr,
            # Ctrl-C must not reach them: functions may push while the hub stops.
            start_new_session=True,
        )
    try:
        addresses = await _addresses(process, log)
        yield RunningStandIns(addresses["providers"], addresses["devices"], log, process)
    finally:
        await _stop(process)


async def _addresses(process: asyncio.subprocess.Process, log: Path) -> dict[str, str]:
    """Return where they listen, which they say once they do."""
    line = b""
    if process.stdout:
        try:
            line = await asyncio.wait_for(process.stdout.readline(), _SECONDS_TO_START)
        except TimeoutError:
            raise ConsoleError(
                f"the stand-ins of providers did not start within {_SECONDS_TO_START} s; their log is {log}"
            ) from None
    if not line:
        say("\n".join(log.read_text(errors="replace").splitlines()[-_LOG_LINES_SHOWN:]))
        raise ConsoleError(f"the stand-ins of providers did not start (exit code {await process.wait()})")
    addresses: dict[str, str] = json.loads(line)
    return addresses


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.terminate()
    try:
        await asyncio.wait_for(process.wait(), _SECONDS_TO_STOP)
    except TimeoutError:
        process.kill()
        await process.wait()
