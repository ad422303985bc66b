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

from pushhub.audience.instances import Instances
from pushhub.audience.reports import MIN_REPORT_SECONDS
from pushhub.catalog.cached import CachedCatalog
from pushhub.catalog.filter_fields import FILTER_FIELDS
from pushhub.catalog.model import (
    App,
    AppId,
    Catalog,
    Database,
    DatabaseId,
    PushExpressIds,
    PushTokenConflict,
    Resource,
    ResourceId,
)
from pushhub.catalog.secrets import CachedSecrets
from pushhub.dialects.http import Endpoint, HttpRequest
from pushhub.dialects.pushexpress.sdk.apps import SdkApps
from pushhub.dialects.pushexpress.sdk.device_events import DeviceEventCalls
from pushhub.dialects.pushexpress.sdk.instances import InstanceCalls
from pushhub.moments import Seconds
from tests.bench.table import Table, percentile
from tests.doubles.audience import MemoryAudience
from tests.doubles.secrets import MemorySecrets

DEVICES = 1_000
HOUR = 3_600
HEARTBEAT_SECONDS = 30
FIRST_INTERVAL_SECONDS = 120
SHORTEST_INTERVAL_SECONDS = 30
"""To which the Android client's interval shrinks within the hour."""
RESTLESS = 10
"""One device of so many reports something else each time."""
BEGINNING = 1_800_000_000
RESOURCE = Resource(ResourceId(41), "door", frozenset(), (DatabaseId(40),), PushTokenConflict.MOVE, None)
DATABASE = Database(DatabaseId(40), "installs", FILTER_FIELDS, ())
APP = App(AppId("shop"), "shop", frozenset(), DATABASE.id, RESOURCE.id, True, True, (), {}, PushExpressIds(16183, "16183-2"))
PATH = "/api/r/v2/apps/16183-2/instances"


@dataclass
class Hour:
    """The calls of an hour: what each took, in seconds of processor time, and which writes there were."""

    now: float = BEGINNING
    audience: MemoryAudience = field(default_factory=MemoryAudience)
    took: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    writes: Counter[str] = field(default_factory=Counter)
    reads: Counter[str] = field(default_factory=Counter)
    minutes: Counter[tuple[int, int]] = field(default_factory=Counter)
    """Writes by device and minute."""

    def call(self, what: str, endpoint: Endpoint, device: int, request: HttpRequest) -> dict[str, Any]:
        """Make a call of a device, and return the reply."""
        reads, commits, begun = self.audience.reads, self.audience.commits, time.process_time()
        answer = endpoint(request)
        self.took[what].append(time.process_time() - begun)
        self.reads[what] += self.audience.reads - reads
        self.writes[what] += self.audience.commits - commits
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
    hour.minutes.clear()
    due = [(BEGINNING + MIN_REPORT_SECONDS + device % FIRST_INTERVAL_SECONDS, FIRST_INTERVAL_SECONDS) for device in range(DEVICES)]
    for second in range(MIN_REPORT_SECONDS, HOUR + MIN_REPORT_SECONDS):
        hour.now = BEGINNING + second
        for device in range(second % HEARTBEAT_SECONDS, DEVICES, HEARTBEAT_SECONDS):
            hour.call("heartbeat", events, device, _request("POST", f"/{ids[device]}/events/lifecycle"))
        for device, (at, interval) in enumerate(due):
            if at <= hour.now:
                hour.call("report", instances, device, _request("PUT", f"/{ids[device]}/info", _info(device, second)))
                due[device] = (int(hour.now) + interval, max(SHORTEST_INTERVAL_SECONDS, interval - 5))
    most = max(hour.minutes.values(), default=0)
    rows = [_row(hour, what) for what in ("registration", "first report", "heartbeat", "report")]
    rows.append(("most writes of a device in a minute", str(most), "", "", "", "at most 1"))
    held = {"writes of heartbeats": not hour.writes["heartbeat"], "writes of a device in a minute": most <= 1}
    missed = tuple(what for what, is_held in held.items() if not is_held)
    return Table(f"{DEVICES} devices for an hour", ("call", "calls", "reads", "writes", "µs, median, p99", "budget"), rows, missed)


def _row(hour: Hour, what: str) -> tuple[str, ...]:
    took = hour.took[what]
    middle, last = statistics.median(took) * 1e6, percentile(took, 99) * 1e6
    budget = {"heartbeat": "no write", "registration": "one read and one write"}.get(what, "")
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
    catalog = Catalog({DATABASE.id: DATABASE}, {RESOURCE.id: RESOURCE}, apps={APP.id: APP})
    apps = SdkApps(CachedCatalog(lambda: catalog), CachedSecrets(lambda: MemorySecrets().load().secrets), "bench")
    instances = Instances(hour.audience, lambda: Seconds(int(hour.now)), clock=lambda: hour.now)
    # A process takes so many of one app a second: here each registration has a second of its own.
    ticks = iter(range(10**9))
    calls = InstanceCalls(apps, instances, clock=lambda: hour.now)
    calls.limit.clock = lambda: float(next(ticks))
    events = DeviceEventCalls(
        apps,
        accept=lambda _: None,
        note=lambda database, profile, code, deadline: False,
        clock=lambda: hour.now,
    )
    return calls.endpoint(), events.endpoint()
