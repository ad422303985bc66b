"""Loading a function's handler as Lambda does, by its file, with other things wired in."""

import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

from pushhub.edge.settings import Settings

FUNCTIONS = Path(__file__).parents[2] / "functions"


def all_functions() -> dict[str, Path]:
    """Return the folder of each function by its name; a step of a workflow is called after both, `<workflow>_<step>`."""
    alone = {path.parent.name: path.parent for path in FUNCTIONS.glob("*/handler.py")}
    steps = {f"{path.parents[1].name}_{path.parent.name}": path.parent for path in FUNCTIONS.glob("*/*/handler.py")}
    return alone | steps


def load_handler(function: str) -> ModuleType:
    """Import the handler of a function afresh."""
    spec = importlib.util.spec_from_file_location(f"handler_of_{function}", all_functions()[function] / "handler.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def wiring_of(function: str) -> ModuleType:
    """Return the module that wires a function."""
    return importlib.import_module(f"pushhub.edge.wiring.{function}")


def settings_of(function: str) -> type[Settings]:
    """Return the settings of a function: the one class of them that stands in the module of its wiring."""
    wiring = wiring_of(function)
    (settings,) = [
        one
        for one in vars(wiring).values()
        if isinstance(one, type) and issubclass(one, Settings) and one.__module__ == wiring.__name__
    ]
    return settings


class Context:
    """What Lambda tells a function of its invocation."""

    function_name = "push_subscribe"
    aws_request_id = "00000000-0000-0000-0000-000000000000"

    def __init__(self, milliseconds_left: int = 900_000) -> None:
        self._milliseconds_left = milliseconds_left

    def get_remaining_time_in_millis(self) -> int:
        return self._milliseconds_left
