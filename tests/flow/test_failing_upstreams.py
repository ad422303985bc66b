"""One event for many upstreams, each of which fails in its own way the first time: all get it, and none holds up another."""

import contextlib
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
import urllib3

from tests.running_hub import running
from tests.running_upstream import Upstream, free_port, until

FAILURES = ("error", "html", "unauthorized", "too-many", "fail", "unavailable", "redirect", "drop", "huge")
HANGING = ("hang", "drip")
"""They are left alone for a minute, which is too long to wait here: until they get the event, it has to wait in the queue."""
TOKEN = "abcdefghijklmnqrstuvwxyz"


@pytest.fixture
def upstreams(tmp_path: Path) -> Iterator[dict[str, Upstream]]:
    """Give an upstream for each way to fail once, and a steady one."""
    with contextlib.ExitStack() as listening:
        found = {name: Upstream(free_port(), tmp_path / f"{name}.txt") for name in (*FAILURES, *HANGING, "steady")}
        for name, upstream in found.items():
            listening.enter_context(upstream.listening(*(["--answer", name, "--first", "1"] if name != "steady" else [])))
        yield found


def test_every_upstream_gets_an_event_that_it_failed_to_take_and_none_holds_up_another(
    upstreams: dict[str, Upstream], tmp_path: Path
) -> None:
    entries = [f"  - {{name: {name}, kind: altcraft, url: '{one.url}', token: a-token}}" for name, one in upstreams.items()]
    catalog = tmp_path / "catalog.yaml"
    catalog.write_text(
        "\n".join([f"api_tokens: [{{name: gateway, token: {TOKEN}, rights: [events]}}]", "upstreams:", *entries]), encoding="utf-8"
    )
    uid = secrets.token_hex(8)
    with running(tmp_path / "home", "--ephemeral", "--catalog", str(catalog)) as up:
        assert up.process.poll() is None, up.said
        body = {"token": TOKEN, "events": 1, "uid": uid}
        assert urllib3.request("POST", f"{up.note.url}/api/v1.1/pushes/post_events", json=body, timeout=60).status == 200
        until(lambda: upstreams["steady"].uids() == [uid], 15)
        until(lambda: all(upstreams[name].uids() == [uid] for name in HANGING))
        for name in FAILURES:
            until(lambda name=name: upstreams[name].uids() == [uid, uid])  # type: ignore[misc]  # bound for the loop
        until(lambda: up.messages_in("RetriesQueue") == sum(upstreams[name].uids() == [uid] for name in HANGING))
    assert all(upstreams[name].of(uid)[-1]["answered"] == 200 for name in FAILURES)
