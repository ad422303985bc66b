"""How does the checkout become what is deployed? By `sam build`, for the processor it will run on."""

import importlib.util
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from pushhub.console.checkout import Checkout
from pushhub.console.failure import ConsoleError
from pushhub.console.local.subprocesses import run_quietly, tool_environment
from pushhub.console.progress import say

_LINES_SHOWN_OF_A_FAILED_BUILD = 25


def require_build_tools() -> None:
    """Check that sam, the pip it looks for, and the uv that installs the runtime layer are there beside us.

    Raises:
        ConsoleError: one is missing.
    """
    for module, package in (("samcli", "aws-sam-cli"), ("pip", "pip"), ("uv", "uv")):
        if importlib.util.find_spec(module) is None:
            raise ConsoleError(f"{package} is not installed in this environment: start pushhub with `uv run`, or run `uv sync`")


@asynccontextmanager
async def building(checkout: Checkout, architecture: str) -> AsyncIterator[None]:
    """Lock the build folder while the body runs: `sam build` empties it first, even if another process reads it.

    The operating system releases the lock of a process that was killed.
    """
    from filelock import AsyncFileLock

    folder = checkout.build_folder(architecture)
    folder.mkdir(parents=True, exist_ok=True)
    # The file stays, so that there is never a second one of that name, and no weaker lock takes its place.
    async with AsyncFileLock(folder / "lock", preserve_lock_file=True):
        yield


async def build_template(checkout: Checkout, architecture: str) -> Path:
    """Build functions and layers for one architecture; what has not changed is taken from the cache.

    Returns:
        The built template; the paths in it are relative to its folder.

    Raises:
        ConsoleError: the build failed; the end of what sam said is on stderr by then.
    """
    folder = checkout.build_folder(architecture)
    finished = await run_quietly(
        [
            *(sys.executable, "-m", "samcli", "build", "--cached", "--parallel"),
            *("--template-file", str(checkout.template)),
            *("--build-dir", str(folder / "build"), "--cache-dir", str(folder / "cache")),
            *("--parameter-overrides", f"Architecture={architecture}"),
            # A table that nobody has: what somebody may have added to samconfig.toml is not meant for this build.
            *("--config-env", "pushhub-local", "--language-extensions"),
        ],
        # sam keeps resolved dependencies under the working directory, and deletes those that another build of the checkout, such as
        # one meant for AWS, has put there; the layer it finds them gone for is built empty.
        folder=folder,
        environment=tool_environment() | {"SAM_CLI_TELEMETRY": "0"},
    )
    if finished.returncode:
        lines = [line for line in (finished.stdout + finished.stderr).splitlines() if line.strip()]
        say("\n".join(lines[-_LINES_SHOWN_OF_A_FAILED_BUILD:]))
        raise ConsoleError("the functions could not be built; what sam says stands above")
    return folder / "build" / "template.yaml"
