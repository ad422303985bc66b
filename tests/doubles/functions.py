"""Loading a function's handler as Lambda does, by its file, with other things wired in."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

FUNCTIONS = Path(__file__).parents[2] / "functions"


def load_handler(function: str) -> ModuleType:
    """Import `functions/<function>/handler.py` afresh."""
    spec = importlib.util.spec_from_file_location(f"handler_of_{function}", FUNCTIONS / function / "handler.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


class Context:
    """What Lambda tells a function of its invocation."""

    function_name = "push_subscribe"
    aws_request_id = "00000000-0000-0000-0000-000000000000"
