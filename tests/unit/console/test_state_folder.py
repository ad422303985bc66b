"""Do commands learn which hub runs here, and is there at most one?"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pushhub.console.failure import ConsoleError
from pushhub.console.state_folder import EngineNote, ProcessMark, RunningHub, StateFolder


def _hub(process: ProcessMark) -> RunningHub:
    return RunningHub(
        "http://127.0.0.1:8080", "http://127.0.0.1:4566", "eu-central-1", "pushhub", "http://127.0.0.1:8099", process, process
    )


def _ended_process() -> ProcessMark:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        return ProcessMark.of(process.pid)


def test_a_hub_is_known_while_it_listens_and_forgotten_after(tmp_path: Path) -> None:
    folder, hub = StateFolder(tmp_path), _hub(ProcessMark.of(os.getpid()))
    with folder.telling_of(hub):
        assert folder.running_hub() == hub
    assert folder.running_hub() is None


def test_a_hub_that_was_killed_is_not_running(tmp_path: Path) -> None:
    folder = StateFolder(tmp_path)
    with folder.telling_of(_hub(_ended_process())):
        assert folder.running_hub() is None


def test_a_later_process_with_the_same_number_is_not_the_hub() -> None:
    mark = ProcessMark.of(os.getpid())
    assert mark.find()
    assert ProcessMark(mark.pid, mark.started - 1).find() is None


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"process": 1, "temporary": null}'])
def test_a_broken_note_is_no_note(tmp_path: Path, content: str) -> None:
    (tmp_path / "hub.json").write_text(content)
    (tmp_path / "engine.json").write_text(content)
    assert StateFolder(tmp_path).running_hub() is None
    assert StateFolder(tmp_path).noted_engine() is None


def test_an_engine_is_remembered_until_it_is_forgotten(tmp_path: Path) -> None:
    folder, note = StateFolder(tmp_path), EngineNote(ProcessMark.of(os.getpid()), "/tmp/somewhere")
    folder.write_engine(note)
    assert folder.noted_engine() == note
    folder.forget_engine()
    assert folder.noted_engine() is None


def test_a_second_hub_is_told_about_the_first(tmp_path: Path) -> None:
    folder, hub = StateFolder(tmp_path / "new"), _hub(ProcessMark.of(os.getpid()))
    with folder.held():
        with (
            pytest.raises(ConsoleError, match=rf"^a hub is starting or stopping here already \(pid {os.getpid()}\)$"),
            folder.held(),
        ):
            pass
        with (
            folder.telling_of(hub),
            pytest.raises(ConsoleError, match=rf"^a hub already runs here: {hub.url} \(pid {os.getpid()}\)$"),
            folder.held(),
        ):
            pass
    with folder.held():
        pass
