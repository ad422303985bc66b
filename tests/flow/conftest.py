"""What the flow tests share."""

import shutil
from pathlib import Path

import pytest

from pushhub.console.checkout import find_checkout


@pytest.fixture
def own_checkout(tmp_path: Path) -> Path:
    """Give a copy of the checkout whose template may be changed."""
    root, copy = find_checkout().root, tmp_path / "checkout"
    for folder in ("functions", "layers"):
        shutil.copytree(root / folder, copy / folder)
    for file in ("template.yaml", "samconfig.toml"):
        shutil.copy(root / file, copy)
    return copy
