"""Is the engine kept apart from the user's settings, and does it say why it does not start?"""

import asyncio
import json
from pathlib import Path

import pytest

from pushhub.console.failure import ConsoleError
from pushhub.console.local import engine
from pushhub.console.local.engine import EngineFolder, engine_environment, engine_interpreter, running_engine
from pushhub.console.local.engine_port import choose_port
from pushhub.console.local.front_door import reserve_port
from pushhub.console.local.subprocesses import Finished, tool_environment
from pushhub.console.state_folder import StateFolder


def test_the_engines_environment_holds_nothing_of_the_users(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    before = engine_environment(EngineFolder(tmp_path), 4566, keep=True)
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "PYTHONPATH", "MY_SECRET", "PATH", "HOME", "HTTPS_PROXY", "LANG"):
        monkeypatch.setenv(name, "the user's")
    assert engine_environment(EngineFolder(tmp_path), 4566, keep=True) == before
    assert "the user's" not in before.values()


def test_only_an_engine_that_keeps_its_data_saves_state(tmp_path: Path) -> None:
    kept = engine_environment(EngineFolder(tmp_path), 4566, keep=True)
    ephemeral = engine_environment(EngineFolder(tmp_path), 4566, keep=False)
    assert kept.keys() - ephemeral.keys() == {"PERSIST_STATE", "STATE_DIR", "S3_PERSIST", "S3_DATA_DIR"}


def test_tools_see_proxies_and_certificates_but_nothing_of_aws_and_python() -> None:
    user = {"HTTPS_PROXY": "p", "SSL_CERT_FILE": "c", "PIP_INDEX_URL": "i", "UV_INDEX": "u", "AWS_PROFILE": "a", "PYTHONPATH": "x"}
    assert tool_environment(user).keys() == {"HTTPS_PROXY", "SSL_CERT_FILE", "PIP_INDEX_URL", "UV_INDEX", "PATH"}


def test_a_missing_uv_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(engine, "search_path", lambda: str(tmp_path))
    with pytest.raises(ConsoleError, match=r"^uv is not on the PATH"):
        asyncio.run(engine_interpreter(tmp_path))


def test_an_engine_that_cannot_be_installed_says_what_uv_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    async def fail(*_: object, **__: object) -> Finished:
        return Finished(1, "", "  x no such\n  version\n")

    monkeypatch.setattr(engine, "run_quietly", fail)
    with pytest.raises(ConsoleError, match=rf"^uv could not install {engine.MINISTACK}: x no such version$"):
        asyncio.run(engine_interpreter(tmp_path))


def test_an_engine_that_ends_at_once_shows_its_log(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    program = tmp_path / "python"
    program.write_text("#!/bin/sh\necho the reason; exit 3\n")
    program.chmod(0o755)

    async def interpreter(_: Path) -> Path:
        return program

    async def start() -> None:
        async with running_engine(EngineFolder(tmp_path / "engine"), StateFolder(tmp_path), keep=True):
            pytest.fail("it has not started")

    monkeypatch.setattr(engine, "engine_interpreter", interpreter)
    with pytest.raises(ConsoleError, match=r"^the local engine did not start \(exit code 3\)$"):
        asyncio.run(start())
    assert "the reason" in capsys.readouterr().err
    assert StateFolder(tmp_path).noted_engine() is None


def test_the_engine_keeps_its_port_unless_it_is_taken(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = EngineFolder(tmp_path)
    folder.state.mkdir()
    port = choose_port(folder.port, folder.state)
    saved = {"queue": f"http://localhost:{port}/000000000000/a", "endpoint": f"http://127.0.0.1:{port}", "other": f"x{port}0"}
    (folder.state / "sqs.json").write_text(json.dumps(saved))
    assert choose_port(folder.port, folder.state) == port
    assert json.loads((folder.state / "sqs.json").read_text()) == saved
    with reserve_port(port) as taken:
        taken.listen()
        moved = choose_port(folder.port, folder.state)
    assert moved != port
    assert f"port {port}" in capsys.readouterr().err
    assert choose_port(folder.port, folder.state) == moved
    assert json.loads((folder.state / "sqs.json").read_text()) == {
        "queue": f"http://localhost:{moved}/000000000000/a",
        "endpoint": f"http://127.0.0.1:{moved}",
        "other": f"x{port}0",
    }
