"""What do the devices of an app cost in an hour: how many writes do heartbeats and reports make, and how long does each call take?

The hour is simulated. Each device behaves as the Android client does, whose loops double with every cycle: it says that it runs
every 30 seconds, and reports every 120 seconds at first, then ever more often. One in ten changes what it reports all the time.
"""

import json
import statistics
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

from pushhub.audience.instances import Instances, NoteEvent
from pushhub.audience.reports import MIN_REPORT_SECONDS
from pushhub.catalog.cached import CachedCatalog
from pushhub.catalog.model import Catalog, CustomEvent
from pushhub.catalog.secrets import CachedSecrets
from pushhub.dialects.http import Endpoint, HttpRequest
from pushhub.dialects.pushexpress.sdk.apps import SdkApps
from pushhub.dialects.pushexpress.sdk.device_events import DeviceEventCalls
from pushhub.dialects.pushexpress.sdk.instances import InstanceCalls
from pushhub.moments import Seconds
from tests.bench.table import Table, percentile
from tests.doubles.audience import MemoryAudience
from tests.doubles.push_express import INSTALLS, SDK_ID, SHOP, door
from tests.doubles.secrets import MemorySecrets

DEVICES = 1_000
HOUR = 3_600
HEARTBEAT_SECONDS = 30
EVENT_SECONDS = 600
"""How often a device tells of an event that the catalog declares; the first time alone is noted."""
FIRST_INTERVAL_SECONDS = 120
SHORTEST_INTERVAL_SECONDS = 30
"""To which the Android client's interval shrinks within the hour."""
RESTLESS = 10
"""One device of so many reports something else each time."""
BEGINNING = 1_800_000_000
DOOR = door(41, INSTALLS)
EVENT = CustomEvent("reg", "Registration")
PATH = f"/api/r/v2/apps/{SDK_ID}/instances"


@dataclass
class Hour:
    """The calls of an hour: what each took, in seconds of processor time, and which writes there were."""

    now: float = BEGINNING
    audience: MemoryAudience = field(default_factory=MemoryAudience)
    took: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    writes: Counter[str] = field(default_factory=Counter)
    reads: Counter[str] = field(default_factory=Counter)
    minutes: Counter[tuple[int, int]] = field(default_factory=Counter)
    """Writes of reports, by device and minute."""

    def call(self, what: str, endpoint: Endpoint, device: int, request: HttpRequest) -> dict[str, Any]:
        """Make a call of a device, and return the reply."""
        reads, commits, begun = self.audience.reads, self.audience.commits, time.process_time()
        answer = endpoint(request)
        self.took[what].append(time.process_time() - begun)
        self.reads[what] += self.audience.reads - reads
        self.writes[what] += self.audience.commits - commits
        if what == "report":
            self.minutes[device, int(self.now - BEGINNING) // MIN_REPORT_SECONDS] += self.audience.commits - commits
        if answer.reply.status != 200:
            raise SystemExit(f"{what}: {answer.reply.status} {answer.reply.body.decode()}")
        reply: dict[str, Any] = json.loads(answer.reply.body)
        return reply


def measure() -> Table:
    """Register the devices, let them live for an hour, and count."""
    hour = Hour()
    instances, events = _endpoints(hour)
    ids = [
        hour.call("registration", instances, device, _request("POST", "", {"ic_token": f"device-{device}", "ext_id": ""}))["id"]
        for device in range(DEVICES)
    ]
    for device, id_ in enumerate(ids):
        hour.call("first report", instances, device, _request("PUT", f"/{id_}/info", _info(device, 0)))
    due = [(BEGINNING + MIN_REPORT_SECONDS + device % FIRST_INTERVAL_SECONDS, FIRST_INTERVAL_SECONDS) for device in range(DEVICES)]
    for second in range(MIN_REPORT_SECONDS, HOUR + MIN_REPORT_SECONDS):
        hour.now = BEGINNING + second
        for device in range(second % HEARTBEAT_SECONDS, DEVICES, HEARTBEAT_SECONDS):
            hour.call("heartbeat", events, device, _request("POST", f"/{ids[device]}/events/lifecycle"))
        for device in range(second % EVENT_SECONDS, DEVICES, EVENT_SECONDS):
            body = {"event": EVENT.code}
            hour.call("event", events, device, _request("POST", f"/{ids[device]}/events/lifecycle", body))
        for device, (at, interval) in enumerate(due):
            if at <= hour.now:
                hour.call("report", instances, device, _request("PUT", f"/{ids[device]}/info", _info(device, second)))
                due[device] = (int(hour.now) + interval, max(SHORTEST_INTERVAL_SECONDS, interval - 5))
    most = max(hour.minutes.values(), default=0)
    rows = [_row(hour, what) for what in ("registration", "first report", "heartbeat", "event", "report")]
    rows.append(("most writes of a device in a minute", str(most), "", "", "", "at most 1"))
    registered = len(hour.took["registration"])
    held = {
        "registration": hour.reads["registration"] == hour.writes["registration"] == registered,
        "heartbeat": not hour.reads["heartbeat"] and not hour.writes["heartbeat"],
        "event": hour.writes["event"] <= DEVICES,
        "most writes of a device in a minute": most <= 1,
    }
    missed = tuple(what for what, is_held in held.items() if not is_held)
    return Table(f"{DEVICES} devices for an hour", ("call", "calls", "reads", "writes", "µs, median, p99", "budget"), rows, missed)


def _row(hour: Hour, what: str) -> tuple[str, ...]:
    took = hour.took[what]
    middle, last = statistics.median(took) * 1e6, percentile(took, 99) * 1e6
    budget = {
        "heartbeat": "no read, no write",
        "registration": "one read and one write",
        "event": "one write a device",
    }.get(what, "")
    return what, f"{len(took)}", f"{hour.reads[what]}", f"{hour.writes[what]}", f"{middle:.0f}, {last:.0f}", budget


def _request(method: str, path: str, body: object = None) -> HttpRequest:
    return HttpRequest("id", b"" if body is None else json.dumps(body).encode(), method=method, path=f"{PATH}{path}")


def _info(device: int, second: int) -> dict[str, object]:
    restless = device % RESTLESS == 0
    return {
        "transport_type": "fcm.data",
        "transport_token": f"token-of-{device:0120d}",
        "platform_type": "android",
        "agent_name": "px_android_sdk_1.0",
        "ext_id": "",
        "lang": "de",
        "country": "DE",
        "tz_sec": 3600,
        "tags": {"audiences": f"offer{second if restless else device % 7}"},
    }


def _endpoints(hour: Hour) -> tuple[Endpoint, Endpoint]:
    catalog = Catalog({INSTALLS.id: INSTALLS}, {DOOR.id: DOOR}, apps={SHOP.id: SHOP}, events={EVENT.code: EVENT})
    apps = SdkApps(CachedCatalog(lambda: catalog), CachedSecrets(lambda: MemorySecrets().load().secrets), "bench")
    instances = Instances(hour.audience, lambda: Seconds(int(hour.now)), clock=lambda: hour.now)
    # A process takes so many of one app a second: here each registration has a second of its own.
    ticks = iter(range(10**9))
    calls = InstanceCalls(apps, instances, clock=lambda: hour.now)
    calls.limit.clock = lambda: float(next(ticks))
    events = DeviceEventCalls(
        apps,
        accept=lambda _: None,
        note=lambda database, profile, code, deadline: instances.note(NoteEvent(database, profile, code), deadline),
        clock=lambda: hour.now,
    )
    return calls.endpoint(), events.endpoint()
