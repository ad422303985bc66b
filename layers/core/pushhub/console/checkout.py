"""Where are the project's files, and where does the local hub keep what it remembers?"""

import os
import platform
from dataclasses import dataclass
from pathlib import Path

from pushhub.console.failure import ConsoleError

STATE_FOLDER_VARIABLE = "PUSHHUB_HOME"

# The names Lambda gives to what `platform.machine()` calls by several.
_ARCHITECTURES = {"x86_64": "x86_64", "amd64": "x86_64", "arm64": "arm64", "aarch64": "arm64"}


@dataclass(frozen=True, slots=True)
class Checkout:
    """A copy of the project's repository on this machine."""

    root: Path

    @property
    def template(self) -> Path:
        """The SAM template."""
        return self.root / "template.yaml"

    @property
    def state_folder(self) -> Path:
        """The local hub's folder: `PUSHHUB_HOME` if set, else `.pushhub` in the checkout."""
        path = os.environ.get(STATE_FOLDER_VARIABLE)
        return Path(path).absolute() if path else self.root / ".pushhub"

    def build_folder(self, architecture: str) -> Path:
        """What is built for one architecture; wheels of one do not run on another."""
        return self.root / ".aws-sam" / architecture


def find_checkout(package: Path = Path(__file__).parent) -> Checkout:
    """Find the checkout that the running code belongs to.

    Args:
        package: a folder of the running code.

    Raises:
        ConsoleError: the code does not run from a checkout.
    """
    for folder in package.resolve().parents:
        if (folder / "template.yaml").is_file() and (folder / "layers" / "core" / "pushhub").is_dir():
            return Checkout(folder)
    raise ConsoleError("this pushhub was not started from a checkout of its repository: clone it and use `uv run pushhub` there")


def host_architecture() -> str:
    """Tell this machine's processor in Lambda's words, `arm64` or `x86_64`.

    Raises:
        ConsoleError: Lambda has no such processor, so no wheels would fit.
    """
    machine = platform.machine().lower()
    if machine not in _ARCHITECTURES:
        raise ConsoleError(f"this machine is a {machine}; the functions can be built for x86_64 and arm64 only")
    return _ARCHITECTURES[machine]
