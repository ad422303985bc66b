"""The commands of a checkout work on a machine that lacks their tools, or say in one line what is missing."""

import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.lambda_environment import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
OLDEST = PROJECT["tool"]["uv"]["required-version"].removeprefix(">=")
(PINNED,) = [one.removeprefix("uv==") for one in PROJECT["project"]["dependencies"] if one.startswith("uv==")]
SHELL = ("bash", "cp", "dirname", "env", "grep", "make", "mkdir", "mktemp", "mv", "rm", "sed", "sort", "tr")
"""What every machine has."""
SHIM = "echo 'pyenv: command not found' >&2; exit 127"
UV = """case "$*" in
--version) echo "uv {version} (0123456789 2026-01-01)" ;;
"python find") {finds} ;;
"sync --quiet") echo "sync ${{UV_PYTHON:-}}${{UV_PYTHON_PREFERENCE:-}}" >>"$HOME/said"; {syncs} ;;
*) echo "{name} $*, ${{UV_PYTHON:-with its own Python}}" ;;
esac"""
NOBODY = 65534
NO_NETWORK = "echo 'WARNING: retrying' >&2; echo 'ERROR: none' >&2; exit 1"
PYTHON = """case "$*" in
*venv*) mkdir -p "$4/bin" && cp "$HOME/pip" "$4/bin/python" ;;
esac"""
"""A Python in whose environments there is the pip of the home folder."""


class Machine:
    """A machine with a checkout, and with the tools that it is given."""

    def __init__(self, folder: Path) -> None:
        self.checkout, self.home, self.bin = folder / "a checkout", folder / "a home", folder / "bin"
        (self.checkout / ".ci").mkdir(parents=True)
        for file in ("Makefile", "pyproject.toml", ".ci/uv"):
            shutil.copy(ROOT / file, self.checkout / file)
        self.home.mkdir()
        self.bin.mkdir()
        for name in SHELL:
            (self.bin / name).symlink_to(shutil.which(name) or "")

    def put(self, file: Path, text: str) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
        file.chmod(0o755)

    def put_uv(self, file: Path, version: str = PINNED, *, finds: str = "exit 0", syncs: str = "exit 0") -> None:
        self.put(file, UV.format(name=file.parent.parent.name, version=version, finds=finds, syncs=syncs))

    def run(self, *command: str, user: int | None = None) -> tuple[int, str, list[str]]:
        """Return how a command of the checkout ended, what it printed, and the lines of what it said."""
        done = subprocess.run(
            command,
            user=user,
            cwd=self.checkout,
            env={"HOME": str(self.home), "PATH": str(self.bin)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout, done.stderr.splitlines()

    @property
    def synced_with(self) -> str:
        return (self.home / "said").read_text(encoding="utf-8").splitlines()[-1].removeprefix("sync").strip()


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    machine = Machine(tmp_path)
    (machine.checkout / ".venv").mkdir()
    return machine


def test_the_commands_are_few_and_make_alone_lists_them(machine: Machine) -> None:
    code, said, _ = machine.run("make")
    assert code == 0
    assert re.findall(r"^make (\w+): .+$", said, re.MULTILINE) == ["help", "up", "test", "check", "bench"]


@pytest.mark.parametrize(("command", "run"), [("up", "run pushhub up"), ("test", "run pytest -n 3 --dist loadfile")])
def test_a_command_is_run_by_uv(machine: Machine, command: str, run: str) -> None:
    machine.put_uv(machine.bin / "uv", OLDEST)
    code, said, _ = machine.run("make", command)
    assert (code, said) == (0, f"{machine.bin.parent.name} {run}, with its own Python\n")


@pytest.mark.parametrize("unfit", [UV.format(name="old", version="0.5.9", finds="", syncs=""), SHIM])
@pytest.mark.parametrize("elsewhere", ["a home/.local/bin/uv", "a home/.cargo/bin/uv", "a checkout/.venv-uv/bin/uv"])
def test_a_uv_that_is_too_old_or_does_not_run_is_passed_over(machine: Machine, unfit: str, elsewhere: str) -> None:
    machine.put(machine.bin / "uv", unfit)
    machine.put_uv(machine.bin.parent / elsewhere)
    code, said, _ = machine.run(".ci/uv", "run", "pytest")
    assert (code, said) == (0, f"{Path(elsewhere).parts[-3]} run pytest, with its own Python\n")


def test_a_shim_of_python_is_passed_over_for_the_version_behind_it(machine: Machine) -> None:
    machine.put_uv(machine.bin / "uv", finds="exit 2")
    machine.put(machine.bin / "python3.13", SHIM)
    python = machine.home / ".pyenv" / "versions" / "3.13.7" / "bin" / "python3.13"
    machine.put(python, "exit 0")
    code, said, _ = machine.run(".ci/uv", "run", "pytest")
    assert (code, machine.synced_with) == (0, str(python))
    assert said.endswith("with its own Python\n")


def test_where_no_python_runs_uv_installs_its_own(machine: Machine) -> None:
    machine.put_uv(machine.bin / "uv", finds="exit 2")
    machine.put(machine.bin / "python3.13", SHIM)
    assert machine.run(".ci/uv", "run", "pytest")[0] == 0
    assert machine.synced_with == "only-managed"


@pytest.mark.parametrize(
    ("finds", "missing"),
    [("exit 0", "uv could not install the packages"), ("exit 2", "uv could not install Python 3.13 and the packages")],
)
def test_what_uv_cannot_install_is_said_in_one_line(machine: Machine, finds: str, missing: str) -> None:
    machine.put_uv(machine.bin / "uv", finds=finds, syncs="printf 'error: no network\\n  cause: none\\n' >&2; exit 2")
    code, said, lines = machine.run(".ci/uv", "run", "pytest")
    assert (code, said) == (1, "")
    assert lines == [f"pushhub: {missing}: error: no network cause: none"]


def test_without_uv_and_python_one_line_says_what_to_get(machine: Machine) -> None:
    machine.put(machine.bin / "python3", SHIM)
    code, _, lines = machine.run(".ci/uv", "run", "pytest")
    assert code == 1
    (line,) = lines
    assert line.startswith(f"pushhub: uv {OLDEST} or later is missing, and so is a python3")


def test_what_pip_cannot_install_is_said_in_one_line_and_leaves_nothing_behind(machine: Machine) -> None:
    machine.put(machine.bin / "python3", PYTHON)
    machine.put(machine.home / "pip", NO_NETWORK)
    code, _, (begun, line) = machine.run(".ci/uv", "run", "pytest")
    assert code == 1
    assert begun == f"pushhub: installing uv {PINNED} into .venv-uv, once"
    assert line.startswith(f"pushhub: uv {OLDEST} or later is missing, and pip could not install it")
    assert line.endswith(": ERROR: none")
    assert [path.name for path in (machine.checkout / ".venv-uv").iterdir()] == ["bin"]


def test_a_user_without_rights_to_the_checkout_is_told_so_in_one_line() -> None:
    # pytest's own folders are closed to other users.
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        machine = Machine(Path(folder))
        machine.checkout.chmod(0o555)
        code, printed, said = machine.run("make", "test", user=None if os.geteuid() else NOBODY)
    assert (code, printed) == (2, "")
    assert said[0] == f"pushhub: you may not write to {machine.checkout}, where packages and the hub's state are kept"


def test_once_all_is_there_the_network_is_not_asked() -> None:
    done = subprocess.run(
        [ROOT / ".ci" / "uv", "run", "python", "-c", "print('runs')"],
        env=os.environ | {"UV_OFFLINE": "1", "UV_NO_CACHE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "runs\n", "")
