"""Workers that are killed in the middle of a sending: nobody gets a push twice, and everybody is accounted for."""

from collections import Counter
from pathlib import Path

import psutil

from tests.flow.test_sends import at, counted, received, send, shown, subscribe
from tests.running_hub import Up, running
from tests.running_upstream import until

DEVICES = 160
SOONER = {
    "template.yaml": ("VisibilityTimeout: 540", "VisibilityTimeout: 20"),
    "layers/core/pushhub/edge/wiring/pushing.py": ("FUNCTION_SECONDS: Final = 90", "FUNCTION_SECONDS: Final = 5"),
    "layers/core/pushhub/sends/handling.py": ("LEASE_MARGIN_SECONDS: Final = 10", "LEASE_MARGIN_SECONDS: Final = 2"),
}
"""How leases of dead workers end, and their messages come back after that, within seconds: text of a file, and what replaces it.

A message that comes before the lease is over is dropped, and a lease begins only once a function has started: on a busy machine
that takes seconds, and these 13 are kept for it.
"""


def workers(up: Up) -> list[psutil.Process]:
    """Return the processes in which functions run."""
    return psutil.Process(up.note.engine.pid).children(recursive=True)


def test_workers_that_are_killed_push_to_nobody_twice_and_leave_nobody_out(own_checkout: Path, tmp_path: Path) -> None:
    for file, (text, instead) in SOONER.items():
        path = own_checkout / file
        before = path.read_text(encoding="utf-8")
        assert text in before, file
        path.write_text(before.replace(text, instead), encoding="utf-8")
    environment = {"PYTHONPATH": str(own_checkout / "layers" / "core")}
    with running(tmp_path / "home", "--ephemeral", environment=environment) as up:
        assert up.process.poll() is None, up.said
        for number in range(DEVICES):
            subscribe(up, f"person-{number}", "ios-apns", f"slow-1-{number}")
        sending = send(up, "--all", "--at", at(2))
        until(lambda: len(received(up, sending["id"])) > DEVICES // 8)
        for worker in workers(up):
            worker.kill()
        assert len(received(up, sending["id"])) < DEVICES
        until(lambda: shown(up, sending)["status"] == "complete", 120)
        ended = shown(up, sending)
        times = Counter(entry["token"] for entry in received(up, sending["id"]))
    assert max(times.values()) == 1
    assert ended["audience"] == DEVICES
    assert counted(ended).keys() == {("ios-apns", "accepted"), ("ios-apns", "unknown")}
    assert counted(ended)["ios-apns", "accepted"] <= len(times)
