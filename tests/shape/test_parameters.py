"""A test has the same name in every process: its parameters hold nothing of the clock and nothing random.

pytest names a case by its parameters. Processes that share the tests refuse to start when one of them knows a case by another name.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lambda_environment import ROOT

TESTS = ROOT / "tests"
DIFFERS_EACH_TIME = ("secrets.", "uuid.", "random.", "os.urandom", "time.", "datetime.now", "tempfile.")


def parameters(module: Path) -> Iterator[ast.expr]:
    """Give what the tests of a module are parametrized with."""
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        match node:
            case ast.Call(func=ast.Attribute(attr="parametrize"), args=[_, *values]):
                yield from values


def differs_each_time(call: ast.Call) -> bool:
    """Tell whether a call gives something else in another process; gzip writes the time of packing unless told another."""
    name = ast.unparse(call.func)
    packs = name == "gzip.compress" and not any(keyword.arg == "mtime" for keyword in call.keywords)
    return packs or name.startswith(DIFFERS_EACH_TIME)


@pytest.mark.parametrize("text", ["gzip.compress(b'a')", "secrets.token_hex(8)", "time.time()", "random.random()"])
def test_what_differs_each_time_is_known(text: str) -> None:
    call = ast.parse(text, mode="eval").body
    assert isinstance(call, ast.Call)
    assert differs_each_time(call)


def test_parameters_are_the_same_in_every_process() -> None:
    calls = [
        (str(module.relative_to(ROOT)), ast.unparse(node))
        for module in sorted(TESTS.rglob("test_*.py"))
        for value in parameters(module)
        for node in ast.walk(value)
        if isinstance(node, ast.Call) and differs_each_time(node)
    ]
    assert not calls
