"""How do we run a build tool: with which environment, and how is it stopped?"""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

# These would point sam at the user's account or at other settings than ours, and make Python load the wrong packages.
_HIDDEN_FROM_TOOLS = ("AWS_", "SAM_", "PYTHON", "VIRTUAL_ENV")


@dataclass(frozen=True, slots=True)
class Finished:
    """A tool that has ended."""

    returncode: int
    stdout: str
    stderr: str


def search_path(environment: Mapping[str, str] = os.environ) -> str:
    """Return the search path with the running interpreter's folder first, so that this project's own tools are found first."""
    return os.pathsep.join([str(Path(sys.executable).parent), environment.get("PATH", os.defpath)])


def tool_environment(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return what a build tool may see: search path, home, proxies, CA bundles, `PIP_*`, `UV_*`, but nothing of AWS or Python."""
    seen = {name: value for name, value in environment.items() if not name.startswith(_HIDDEN_FROM_TOOLS)}
    return seen | {"PATH": search_path(environment)}


async def run_quietly(command: Sequence[str], *, folder: Path, environment: Mapping[str, str]) -> Finished:
    """Run a tool to its end and return what it prints; if this task is cancelled, the tool is stopped.

    The tool gets no Ctrl-C of its own: only the cancelled task stops it.
    """
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=folder,
        env=environment,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    try:
        stdout, stderr = await process.communicate()
    except asyncio.CancelledError:
        # The tool's own children, such as pip under sam, are in its process group.
        os.killpg(process.pid, signal.SIGTERM)
        await process.wait()
        raise
    return Finished(process.returncode or 0, stdout.decode(errors="replace"), stderr.decode(errors="replace"))
