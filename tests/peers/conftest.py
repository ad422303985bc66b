"""Peers: packages that nobody here wrote. They read what the hub sends, by their own reading of the standards."""

import importlib
import os
from types import ModuleType

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of this folder, and no other."""
    for item in items:
        if "tests/peers/" in item.path.as_posix():
            item.add_marker(pytest.mark.peers)


def peer(name: str) -> ModuleType:
    """Return a peer by the name of its module. Where it is missing, the test is skipped, or fails if CI is set."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError:
        missing = f"{name} is not installed; `uv sync` installs it"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
