"""Which peers are on this machine? A test that lacks one is skipped with the reason; where `CI` is set, it fails."""

import importlib
import os
import shutil
from pathlib import Path
from types import ModuleType
from typing import Final, NoReturn

import pytest

FOLDER: Final = Path(__file__).parent
_DEBIAN_PACKAGES: Final = {"nghttpd": "nghttp2-server", "h2load": "nghttp2-client", "node": "nodejs"}
_PATH: Final = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin"
"""Debian keeps servers where only root looks."""


def peer(name: str) -> ModuleType:
    """Return a Python package by the name of its module."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError:
        _go_without(f"{name} is not installed: uv sync")


def program(name: str) -> str:
    """Return the path of a program."""
    return shutil.which(name, path=_PATH) or _go_without(f"{name} is not installed: apt-get install {_DEBIAN_PACKAGES[name]}")


def node_script(path: str) -> Path:
    """Return the path of a script of an npm package; it stands in `package.json`."""
    found = FOLDER / "node_modules" / path
    return found if found.exists() else _go_without(f"{path.partition('/')[0]} is not installed: npm ci --prefix tests/peers")


def _go_without(reason: str) -> NoReturn:
    (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
