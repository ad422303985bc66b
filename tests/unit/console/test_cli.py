"""Does a command that cannot go on end with one clear line and the right exit code?"""

import importlib.util
import platform
from pathlib import Path

import pytest
from click.testing import CliRunner

from pushhub.console.checkout import find_checkout, host_architecture
from pushhub.console.cli import main
from pushhub.console.failure import ConsoleError
from pushhub.console.local.front_door import reserve_port


@pytest.fixture(autouse=True)
def _own_state_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PUSHHUB_HOME", str(tmp_path / "home"))


def test_a_taken_port_ends_up_before_anything_is_built(monkeypatch: pytest.MonkeyPatch) -> None:
    with reserve_port(0) as taken:
        taken.listen()
        port = taken.getsockname()[1]
        result = CliRunner().invoke(main, ["up", "--port", str(port)])
    assert (result.exit_code, result.output) == (1, f"Error: port {port} is in use; choose another one with --port\n")


@pytest.mark.parametrize(("module", "package"), [("samcli", "aws-sam-cli"), ("pip", "pip")])
def test_a_missing_tool_is_named(monkeypatch: pytest.MonkeyPatch, module: str, package: str) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == module else name)
    result = CliRunner().invoke(main, ["up"])
    assert result.exit_code == 1
    assert result.output.startswith(f"Error: {package} is not installed")
    assert result.output.count("\n") == 1


@pytest.mark.parametrize("arguments", [["up", "--port", "x"], ["up", "--port", "70000"], ["nothing"]])
def test_wrong_use_exits_with_2(arguments: list[str]) -> None:
    assert CliRunner().invoke(main, arguments).exit_code == 2


@pytest.mark.parametrize("origin", ["*", "https://shop.example.com/", "shop.example.com", "https://a.example,https://b.example"])
def test_what_is_no_origin_ends_up_before_anything_is_built(origin: str) -> None:
    result = CliRunner().invoke(main, ["up", "--allow-origin", "https://a.example", "--allow-origin", origin])
    assert result.exit_code == 2
    assert f"Invalid value for '--allow-origin': '{origin}' is no origin as browsers send it" in result.output


def test_a_catalog_file_that_cannot_be_read_ends_up_before_anything_is_built() -> None:
    result = CliRunner().invoke(main, ["up", "--catalog", "/no/such/file"])
    assert result.exit_code == 1
    assert result.output.startswith("Error: /no/such/file")
    assert result.output.count("\n") == 1


def test_code_outside_a_checkout_says_so(tmp_path: Path) -> None:
    with pytest.raises(ConsoleError, match=r"^this pushhub was not started from a checkout"):
        find_checkout(tmp_path)


def test_the_state_folder_is_in_the_checkout_unless_chosen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert find_checkout().state_folder == tmp_path / "home"
    monkeypatch.delenv("PUSHHUB_HOME")
    assert find_checkout().state_folder == find_checkout().root / ".pushhub"


@pytest.mark.parametrize(
    ("machine", "architecture"), [("x86_64", "x86_64"), ("AMD64", "x86_64"), ("aarch64", "arm64"), ("arm64", "arm64")]
)
def test_the_build_is_for_this_machine(monkeypatch: pytest.MonkeyPatch, machine: str, architecture: str) -> None:
    monkeypatch.setattr(platform, "machine", lambda: machine)
    assert host_architecture() == architecture


def test_a_processor_without_wheels_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    with pytest.raises(ConsoleError, match=r"^this machine is a riscv64"):
        host_architecture()
