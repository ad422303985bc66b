"""The process of the stand-ins: it listens where it says, keeps its ports, and ends with whoever started it."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
import urllib3

from pushhub.console.failure import ConsoleError
from pushhub.console.local.stand_ins import running_stand_ins
from pushhub.console.local.subprocesses import tool_environment

NO_ENGINE = "http://127.0.0.1:9"
ORPHAN = """
import asyncio, os, sys
from pathlib import Path
from pushhub.console.local.stand_ins import running_stand_ins
async def run():
    async with running_stand_ins(Path(sys.argv[1]), "http://127.0.0.1:9") as made:
        print(made.process.pid, flush=True)
        await asyncio.sleep(600)
asyncio.run(run())
"""


def test_they_listen_while_the_body_runs_and_keep_their_ports(tmp_path: Path) -> None:
    async def run() -> tuple[str, str, int]:
        async with running_stand_ins(tmp_path / "kept", NO_ENGINE) as made:
            reply = await asyncio.to_thread(urllib3.request, "GET", f"{made.devices}/pushes")
            assert reply.json() == []
            return made.providers, made.devices, made.process.pid

    first, second = asyncio.run(run()), asyncio.run(run())
    assert first[:2] == second[:2]
    assert not psutil.pid_exists(second[2])


def test_they_end_with_the_process_that_started_them_however_that_ends(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", ORPHAN, str(tmp_path)], stdout=subprocess.PIPE, env=tool_environment()) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
        child.wait(timeout=20)
    assert not child.is_running()


def test_an_end_by_themselves_is_told(tmp_path: Path) -> None:
    async def run() -> ConsoleError:
        async with running_stand_ins(tmp_path, NO_ENGINE) as made:
            os.kill(made.process.pid, signal.SIGKILL)
            return await made.died()

    assert "ended by themselves (exit code -9)" in asyncio.run(run()).message


def test_why_they_do_not_start_is_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "browsers.jsonl").write_text("junk\n", encoding="utf-8")

    async def run() -> None:
        async with running_stand_ins(tmp_path, NO_ENGINE):
            pass

    with pytest.raises(ConsoleError, match="did not start"):
        asyncio.run(run())
    assert "JSONDecodeError" in capsys.readouterr().err
