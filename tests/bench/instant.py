"""How soon does an instant sending reach those whom its filters choose, in how much memory, and what is that for millions?

The devices are imported, half of them speak another language, and one in ten is of a country that is left out. The sending is asked
for by the API, and due :data:`DELAY_SECONDS` later.
"""

import json
import tempfile
import time
import urllib.request
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.bench.filter_sending import DOLLARS_A_GIGABYTE_SECOND, GIGABYTES, MILLION, PEAK_MIB, PROVIDER
from tests.bench.hub_workers import pushhub, run_command, watched
from tests.bench.table import Table
from tests.running_hub import Up, running

DEVICES = 20_000
LEFT_OUT = 10
"""One device of so many is of the country that is left out."""
REACHED = DEVICES - DEVICES // LEFT_OUT
DELAY_SECONDS = 5
API_TOKEN = "VxT4nR8wLq-5f0c2e91ab637d48"
RESOURCE = "41"
ORDER = {
    "name": "bench",
    "filters": {"app_ids_include": [16183], "all_languages": True, "countries_exclude": ["FR"], "event_include": "install"},
    "push": {
        "default_lang": "en",
        "translations": [
            {"language": "en", "title": "Sale", "text": "Today alone", "link": "https://shop.example/sale"},
            {"language": "de", "title": "Ausverkauf", "text": "Nur heute", "link": "https://shop.example/sale"},
        ],
    },
}


def measure() -> Table:
    """Import the devices, ask for the sending, and look at the workers until it has ended."""
    delay = ("--instant-delay", str(DELAY_SECONDS))
    with tempfile.TemporaryDirectory() as folder, running(Path(folder) / "home", "--ephemeral", *delay) as up:
        assert up.process.poll() is None, up.said
        _import(up, Path(folder) / "devices.csv")
        with watched(up) as workers:
            sending = _ended(up, _asked_for(up))
        seconds = _seconds_to_the_last_push(up, sending)
    rate, cpu = REACHED / seconds, workers.cpu_seconds / REACHED
    dollars = cpu * MILLION * GIGABYTES * DOLLARS_A_GIGABYTE_SECOND
    rows = [
        ("from due to the last push", f"{seconds:.1f} s", ""),
        ("devices a second", f"{rate:.0f}", ""),
        ("processor time of the workers, with their start", f"{cpu * 1e6:.0f} µs a device", ""),
        ("workers", f"{len(workers.peaks)}", ""),
        ("peak memory of a worker", f"{workers.peak_mib:.0f} MiB", f"at most {PEAK_MIB}"),
        ("a million, ten million at this rate", f"{MILLION / rate / 60:.0f} min, {10 * MILLION / rate / 3600:.1f} h", ""),
        ("processor time of Lambda for them", f"{dollars:.3f} $, {10 * dollars:.2f} $", ""),
    ]
    missed = ("peak memory of a worker",) if workers.peak_mib > PEAK_MIB else ()
    title = f"An instant sending to {REACHED} of {DEVICES} devices on the local hub, in two languages"
    return Table(title, ("what", "figure", "budget"), rows, missed)


def _import(up: Up, file: Path) -> None:
    lines = (
        f"device-{number:0120d},{'FR' if number % LEFT_OUT == 0 else 'DE'},{'de-AT' if number % 2 else 'en'}"
        for number in range(DEVICES)
    )
    file.write_text("subscription_id,country,language\n" + "\n".join(lines) + "\n")
    run_command(up, "import", str(file), "--resource", RESOURCE, "--provider", PROVIDER, "--match", "token", "--wait")


def _asked_for(up: Up) -> int:
    request = urllib.request.Request(
        f"{up.note.url}/api/b/v2/send/instant",
        json.dumps(ORDER).encode(),
        {"authorization": f"Bearer {API_TOKEN}", "content-type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as reply:
        created: dict[str, Any] = json.load(reply)
    sending: int = created["sched_id"]
    return sending


def _ended(up: Up, sending: int) -> dict[str, Any]:
    """Wait until a sending has ended, and return what is shown of it."""
    while True:
        shown: dict[str, Any] = pushhub(up, "sendings", "show", str(sending), "--json")
        if shown["ended"]:
            accepted = {outcome: number for outcome, number in shown["counts"][PROVIDER].items() if number}
            assert accepted == {"accepted": REACHED}, shown["counts"]
            return shown
        time.sleep(1)


def _seconds_to_the_last_push(up: Up, sending: dict[str, Any]) -> float:
    """See that each device got it once and in its language, and return how long after the due time the last of them did."""
    got: list[dict[str, Any]] = pushhub(up, "devices", "list", "--sending", str(sending["id"]), "--json")
    assert len({push["token"] for push in got}) == len(got) == REACHED
    titles = {push["shown"]["title"] for push in got if int(push["token"].removeprefix("device-")) % 2}
    assert titles == {"Ausverkauf"}, titles
    last = max(datetime.fromisoformat(push["at"]) for push in got)
    return (last - datetime.fromisoformat(sending["due"])).total_seconds()
