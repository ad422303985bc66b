"""Does a command that cannot go on end with one clear line and the right exit code?"""

import importlib.util
import platform
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import NoCredentialsError
from click.testing import CliRunner

from pushhub.console.checkout import find_checkout, host_architecture
from pushhub.console.cli import main
from pushhub.console.connection import Connection, connect, connect_to_engine
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


def test_without_a_running_hub_a_command_says_how_to_start_one() -> None:
    with pytest.raises(
        ConsoleError, match=r"^no hub is running here: start one with `uv run pushhub up`, or name a deployed one with --stack$"
    ):
        connect(None)


def test_a_stack_without_credentials_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise NoCredentialsError

    monkeypatch.setattr(boto3.Session, "client", refuse)
    with pytest.raises(ConsoleError, match=r"^the stack mine cannot be read: Unable to locate credentials$"):
        connect("mine")


def test_the_local_connection_ignores_the_users_aws_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "config").write_text("[default]\nregion = us-west-2\nendpoint_url = http://127.0.0.1:9\n")
    for name, value in {
        "AWS_PROFILE": "no-such-profile",
        "AWS_CONFIG_FILE": str(tmp_path / "config"),
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_REGION": "us-west-2",
        "HTTP_PROXY": "http://127.0.0.1:9",
    }.items():
        monkeypatch.setenv(name, value)
    connection: Connection = connect_to_engine("http://127.0.0.1:4566", "eu-central-1")
    client = connection.client("dynamodb")
    assert (client.meta.endpoint_url, client.meta.region_name) == ("http://127.0.0.1:4566", "eu-central-1")
    assert vars(client.meta.config)["_user_provided_options"]["proxies"] == {}
