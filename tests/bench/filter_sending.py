"""How fast does a sending reach everybody of a database on the local hub, in how much memory, and what is that for a million?"""

import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tests.bench.hub_workers import pushhub, run_command, watched
from tests.bench.table import Table
from tests.running_hub import Up, running

DEVICES = 20_000
FEW = 20
"""Devices of a sending that is made before: it takes what a tester waits for. They are among the others."""
DEAD = 400
"""One in fifty, as in a database that is sent to once a month."""
PEAK_MIB = 256
MILLION = 1_000_000
GIGABYTES = 1769 / 1024
"""Of a worker in AWS, at which it has one processor."""
DOLLARS_A_GIGABYTE_SECOND = 0.0000133
APP = "demo"
RESOURCE = "5"
PROVIDER = "android-firebase"


def measure() -> Table:
    """Import the devices, send to all of them by the command line, and look at the workers meanwhile."""
    with tempfile.TemporaryDirectory() as folder, running(Path(folder) / "home", "--ephemeral") as up:
        assert up.process.poll() is None, up.said
        _import(up, Path(folder) / "few.csv", FEW)
        cold, warm = (_send(up, {"accepted": FEW}).command_seconds for _ in range(2))
        importing = _import(up, Path(folder) / "devices.csv", DEVICES, DEAD)
        with watched(up) as workers:
            lasting = _send(up, {"accepted": DEVICES - DEAD, "gone": DEAD})
        _check_devices(up, lasting.sending)
    rate, cpu = DEVICES / lasting.command_seconds, workers.cpu_seconds / DEVICES
    cost = cpu * MILLION * GIGABYTES * DOLLARS_A_GIGABYTE_SECOND
    rows = [
        (f"a sending to {FEW}, from the command to its end: cold, warm", f"{cold:.1f} s, {warm:.1f} s", ""),
        ("import of the devices", f"{DEVICES / importing:.0f} rows/s", ""),
        ("from the command to its end", f"{rate:.0f} devices/s", ""),
        ("from the sending's beginning to its end", f"{lasting.hub_seconds} s", ""),
        ("processor time of the workers, with their start", f"{cpu * 1e6:.0f} µs a device", ""),
        ("processor time of the engine", f"{workers.engine_seconds / DEVICES * 1e6:.0f} µs a device", ""),
        ("processor time of the stand-ins", f"{workers.stand_ins_seconds / DEVICES * 1e6:.0f} µs a device", ""),
        ("workers", f"{len(workers.peaks)}", ""),
        ("peak memory of a worker", f"{workers.peak_mib:.0f} MiB", f"at most {PEAK_MIB}"),
        ("a million at this rate", f"{MILLION / rate / 60:.0f} min", ""),
        ("a million, processor time of Lambda", f"{cpu * MILLION:.0f} s, {cost:.3f} $", ""),
    ]
    missed = ("peak memory of a worker",) if workers.peak_mib > PEAK_MIB else ()
    return Table(
        f"A sending to {DEVICES} devices on the local hub, {DEAD} of them dead", ("what", "figure", "budget"), rows, missed
    )


def _import(up: Up, file: Path, devices: int, dead: int = 0) -> float:
    """Import devices, of which the last are dead, and return how many seconds that takes."""
    tokens = (f"{'gone-' if number >= devices - dead else 'device-'}{number:0120d}" for number in range(devices))
    file.write_text("subscription_id,CustomNumber1\n" + "".join(f"{token},{number}\n" for number, token in enumerate(tokens)))
    started = time.perf_counter()
    run_command(up, "import", str(file), "--resource", RESOURCE, "--provider", PROVIDER, "--match", "CustomNumber1", "--wait")
    return time.perf_counter() - started


@dataclass(frozen=True, slots=True)
class Sent:
    """A sending, the seconds that its command took, and those from its beginning to its end."""

    sending: int
    command_seconds: float
    hub_seconds: int


def _send(up: Up, expected: Mapping[str, int]) -> Sent:
    """Send to everybody, and see that this came of them."""
    started = time.perf_counter()
    sending = pushhub(up, "send", "--app", APP, "--all", "--title", "Sale", "--text", "Today alone", "--json")
    seconds = time.perf_counter() - started
    came_of = {outcome: number for outcome, number in sending["counts"][PROVIDER].items() if number}
    assert came_of == expected, sending["counts"]
    lasted = datetime.fromisoformat(sending["ended"]) - datetime.fromisoformat(sending["begun"])
    return Sent(sending["id"], seconds, int(lasted.total_seconds()))


def _check_devices(up: Up, sending: int) -> None:
    """See that each device got it once, and that a sending that follows finds nobody of those that are dead."""
    got = pushhub(up, "devices", "list", "--sending", str(sending), "--json")
    assert len({push["token"] for push in got}) == len(got) == DEVICES
    found = pushhub(up, "sendings", "count", "--app", APP, "--all", "--json")
    assert found["pushes"] == {PROVIDER: DEVICES - DEAD}, found
