"""What `sam build` makes, for both processors, and that AWS's own runtime runs it."""

import asyncio
import hashlib
import json
import os
import shutil
import socket
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import samcli
import urllib3
from tenacity import retry, stop_after_delay, wait_fixed

from pushhub.console.checkout import find_checkout, host_architecture
from pushhub.console.local.build import build_template, building
from pushhub.console.local.subprocesses import tool_environment
from tests.conftest import Hub
from tests.lambda_environment import function_environment, make_interpreter, pinned_packages
from tests.running_upstream import free_port
from tests.wire.golden import Case, assert_replied

FUNCTIONS = (
    *("PushSubscribe", "PostEvents", "CryptoPostEvents", "RecordEvents", "ForwardEvents"),
    *("ImportsStart", "ImportsPlan", "ImportsChunk", "ImportsReport"),
)
MACHINES = {"x86_64": 62, "arm64": 183}
"""Machine numbers in the header of an ELF file."""


Build = Callable[[str], Path]
"""Returns the folder of what `sam build` makes for a processor."""


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """Give a build that is made once for each processor. It is a copy: whoever builds next in this checkout empties the folder."""

    async def built(architecture: str) -> Path:
        checkout, copy = find_checkout(), tmp_path_factory.mktemp("built") / architecture
        async with building(checkout, architecture):
            template = await build_template(checkout, architecture)
            return shutil.copytree(template.parent, copy)

    return cache(lambda architecture: asyncio.run(built(architecture)))


@pytest.fixture(scope="module", params=sorted(MACHINES))
def built(request: pytest.FixtureRequest, build: Build) -> tuple[str, Path]:
    return request.param, build(request.param)


def test_the_layers_hold_one_python_folder_with_the_packages_in_it(built: tuple[str, Path]) -> None:
    _, folder = built
    assert (folder / "CoreLayer" / "python" / "pushhub" / "__init__.py").is_file()
    for package in pinned_packages():
        spelled = package.replace("-", "_").lower()
        assert list((folder / "RuntimeLayer" / "python").glob(f"{spelled}-*.dist-info")), package
    assert not list(folder.glob("*Layer/python/python"))


def test_the_core_layer_holds_the_package_without_the_command_line_and_without_pages(built: tuple[str, Path]) -> None:
    _, folder = built
    core = folder / "CoreLayer" / "python" / "pushhub"
    shipped = {path.relative_to(core) for path in core.rglob("*") if path.is_file()}
    package = find_checkout().root / "layers" / "core" / "pushhub"
    modules = {path.relative_to(package) for path in package.rglob("*.py")}
    assert shipped == {module for module in modules if module.parts[0] != "console"}


def test_the_functions_hold_their_handler_and_nothing_else(built: tuple[str, Path]) -> None:
    _, folder = built
    for function in FUNCTIONS:
        assert [path.name for path in (folder / function).iterdir()] == ["handler.py"]


def test_compiled_modules_are_for_the_processor_that_was_asked_for(built: tuple[str, Path]) -> None:
    architecture, folder = built
    compiled = list((folder / "RuntimeLayer").rglob("*.so"))
    assert compiled, "pydantic has a compiled core"
    for module in compiled:
        (machine,) = struct.unpack_from("<H", module.read_bytes(), 18)
        assert machine == MACHINES[architecture], module


def test_the_layers_are_far_from_the_250_mib_that_lambda_takes(built: tuple[str, Path]) -> None:
    _, folder = built
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    assert size < 60 * 2**20


def test_a_wheel_whose_hash_is_not_pinned_fails_the_build_for_the_processor_it_is_for(tmp_path: Path) -> None:
    foreign = next(architecture for architecture in MACHINES if architecture != host_architecture())
    checkout = tmp_path / "checkout"
    shutil.copytree(find_checkout().root / "layers" / "runtime", checkout / "layers" / "runtime")
    shutil.copy(find_checkout().template, checkout)
    requirements = checkout / "layers" / "runtime" / "requirements.txt"
    pinned, wheel_hash = requirements.read_text(encoding="utf-8"), hash_of_wheel("cffi", foreign, tmp_path)
    assert pinned.count(wheel_hash) == 1
    requirements.write_text(pinned.replace(wheel_hash, "0" * len(wheel_hash)), encoding="utf-8")

    native_build, foreign_build = (build_layer(checkout, architecture) for architecture in (host_architecture(), foreign))

    assert native_build.returncode == 0, native_build.stderr
    assert foreign_build.returncode != 0
    assert "hash" in foreign_build.stderr.lower()
    assert "cffi" in foreign_build.stderr


def hash_of_wheel(package: str, architecture: str, folder: Path) -> str:
    """Return the SHA-256 of the wheel of a pinned package that is for a processor, in hex."""
    machine = {"x86_64": "x86_64", "arm64": "aarch64"}[architecture]
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:", "--dest", folder),
            *("--python-version", "3.13", "--platform", f"manylinux_2_28_{machine}", "--platform", f"manylinux_2_17_{machine}"),
            f"{package}=={pinned_packages()[package]}",
        ],
        check=True,
    )
    (wheel,) = folder.glob(f"{package}-*.whl")
    return hashlib.sha256(wheel.read_bytes()).hexdigest()


def build_layer(checkout: Path, architecture: str) -> subprocess.CompletedProcess[str]:
    """Build the runtime layer of a copied checkout as `sam build` does for a deployment."""
    return subprocess.run(
        [
            *(sys.executable, "-m", "samcli", "build", "RuntimeLayer", "--language-extensions"),
            *("--parameter-overrides", f"Architecture={architecture}"),
        ],
        cwd=checkout,
        env=tool_environment() | {"SAM_CLI_TELEMETRY": "0"},
        capture_output=True,
        text=True,
        check=False,
    )


@contextmanager
def emulated_runtime(folder: Path, function: str, interpreter: Path, environment: dict[str, str]) -> Iterator[str]:
    """Run a built function under AWS's runtime interface emulator and yield the URL that invokes it."""
    port, api_port = free_port(), free_port()
    machine = {"x86_64": "x86_64", "arm64": "arm64"}[host_architecture()]
    emulator = Path(samcli.__file__).parent / "local" / "rapid" / f"aws-lambda-rie-{machine}"
    code = folder / function
    process = subprocess.Popen(
        [
            *(emulator, "--runtime-interface-emulator-address", f"127.0.0.1:{port}"),
            *("--runtime-api-address", f"127.0.0.1:{api_port}"),
            *(interpreter, "-m", "awslambdaric", "handler.handler"),
        ],
        cwd=code,
        env=environment
        | {
            "PYTHONPATH": os.pathsep.join(map(str, (code, folder / "RuntimeLayer/python", folder / "CoreLayer/python"))),
            "LAMBDA_TASK_ROOT": str(code),
            "AWS_LAMBDA_FUNCTION_NAME": function,
            "AWS_LAMBDA_FUNCTION_TIMEOUT": "28",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _await_port(port)
        yield f"http://127.0.0.1:{port}/2015-03-31/functions/function/invocations"
    finally:
        process.terminate()
        process.wait(timeout=30)


@retry(stop=stop_after_delay(20), wait=wait_fixed(0.05))
def _await_port(port: int) -> None:
    socket.create_connection(("127.0.0.1", port), timeout=1).close()


def invoke(url: str, event: object) -> dict[str, Any]:
    """Return what the function answered, or how it failed."""
    answer: dict[str, Any] = urllib3.request("POST", url, body=json.dumps(event), timeout=60).json()
    return answer


@pytest.fixture(scope="module")
def interpreter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give an interpreter that has boto3 and the runtime client alone, so that a package missing from a layer is missed."""
    return make_interpreter(tmp_path_factory.mktemp("runtime"), with_layer=False)


def test_the_built_function_runs_cold_warm_and_into_an_error_under_the_lambda_runtime(
    hub: Hub, interpreter: Path, build: Build
) -> None:
    hub.forget_everyone()
    environment = function_environment("push_subscribe") | {
        "AUDIENCE_TABLE": hub.connection.outputs["AudienceTable"],
        "CATALOG_TABLE": hub.connection.outputs["CatalogTable"],
        "AWS_ENDPOINT_URL": hub.connection.endpoint_url or "",
    }
    first, second = Case("push_subscribe", "example-4-two-databases"), Case("push_subscribe", "example-6-unchanged")
    with emulated_runtime(build(host_architecture()), "PushSubscribe", interpreter, environment) as url:
        cold = invoke(url, first.event)
        assert_replied(first, cold["statusCode"], cold["body"])
        warm = invoke(url, second.event)
        assert_replied(second, warm["statusCode"], warm["body"])
        broken = invoke(url, {"not": "an HTTP API event"})
        assert broken["errorType"] == "KeyError"
        again = invoke(url, second.event)
        assert_replied(second, again["statusCode"], again["body"])


EVENT_CASES = {
    "PostEvents": Case("post_events", "example-plain-xml"),
    "CryptoPostEvents": Case("crypto_post_events", "foreign-relayed"),
    "RecordEvents": Case("record_events", "first-report-special"),
    "ForwardEvents": Case("forward_events", "accepted-special"),
}


@pytest.fixture
def environment_of_the_hub(hub: Hub) -> Iterator[dict[str, str]]:
    """Give the settings of every function, with queues that nobody else reads."""
    sqs, outputs = hub.connection.client("sqs"), hub.connection.outputs
    names = ("EVENTS_QUEUE", "FORWARDS_QUEUE", "RETRIES_QUEUE", "RELAYS_QUEUE", "EVENTS_DEAD_LETTERS", "FORWARDS_DEAD_LETTERS")
    queues = {name: sqs.create_queue(QueueName=f"artifact-{name.lower()}")["QueueUrl"] for name in names}
    yield queues | {
        "CATALOG_TABLE": outputs["CatalogTable"],
        "LEDGER_TABLE": outputs["LedgerTable"],
        "SECRET": outputs["SecretArn"],
        "AWS_ENDPOINT_URL": hub.connection.endpoint_url or "",
    }
    for queue in queues.values():
        sqs.delete_queue(QueueUrl=queue)


@pytest.mark.parametrize("function", EVENT_CASES)
def test_every_function_of_events_runs_under_the_lambda_runtime_from_the_built_layers_alone(
    function: str, environment_of_the_hub: dict[str, str], interpreter: Path, build: Build
) -> None:
    case = EVENT_CASES[function]
    environment = function_environment(case.function) | environment_of_the_hub
    with emulated_runtime(build(host_architecture()), function, interpreter, environment) as url:
        answer = invoke(url, case.event)
    assert answer.get("statusCode", 200) == 200, answer
    assert answer.get("batchItemFailures", []) == []
    assert "errorType" not in answer


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_package_missing_from_the_layer_is_missed_by_the_lambda_runtime(
    function: str, interpreter: Path, tmp_path: Path, build: Build
) -> None:
    built = build(host_architecture())
    for part in (function, "CoreLayer"):
        (tmp_path / part).symlink_to(built / part)
    folder = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in function).removeprefix("_")
    with emulated_runtime(tmp_path, function, interpreter, function_environment(folder)) as url:
        broken = invoke(url, {})
    assert broken["errorType"] == "Runtime.ImportModuleError"
