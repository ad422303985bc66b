"""The functions of push.express's back-end API, with everything that they touch in memory."""

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache, cached_property
from pathlib import Path

from pushhub.catalog.cached import CachedCatalog
from pushhub.catalog.file import read_catalog_file
from pushhub.catalog.model import Catalog
from pushhub.dialects.http import Answer, HttpRequest
from pushhub.dialects.pushexpress.family import PathFamily
from pushhub.dialects.pushexpress.server.endpoints.catalog import catalog_endpoint
from pushhub.dialects.pushexpress.server.endpoints.creating import Creating
from pushhub.dialects.pushexpress.server.endpoints.instant import SendInstantly
from pushhub.dialects.pushexpress.server.endpoints.pushes import PushCalls
from pushhub.dialects.pushexpress.server.endpoints.query import QueryInstances
from pushhub.dialects.routing import NotRoutedError
from pushhub.moments import Clock, Milliseconds, Seconds
from pushhub.sends.fitting import require_fit
from pushhub.sends.pushes import Pushes
from pushhub.sends.scheduling import begin_soon
from pushhub.sends.sending import Sending
from tests.doubles.apps import BLOCKS
from tests.doubles.audience import MemoryAudience
from tests.doubles.pushes import MemoryPushes
from tests.doubles.queues import MemoryQueue
from tests.doubles.reach import MemoryReach
from tests.doubles.sendings import MemorySendings

CATALOG_FILE = Path(__file__).parents[2] / "events" / "pushexpress_catalog" / "catalog.yaml"
NOW = Seconds(1_795_276_800)
CRM, AGENCY = "key-of-the-crm-5f0c2e91ab637d48", "key-of-the-agency-5f0c2e91ab637"
INSTANT_DELAY = 120


@cache
def server_catalog() -> Catalog:
    """Return the catalog under which golden replies hold, with settings of blocks as a catalog in AWS has them."""
    catalog = read_catalog_file(CATALOG_FILE, {}).catalog
    apps = {
        id_: replace(app, blocks={name: BLOCKS.get(name, block) for name, block in app.blocks.items()})
        for id_, app in catalog.apps.items()
    }
    return replace(catalog, apps=apps)


@dataclass
class ServerHub:
    """Answers calls; `elapsed` counts seconds, `now` is the time of day, and `chances` are the random numbers in turn."""

    catalog: Catalog = field(default_factory=server_catalog)
    now: Seconds = NOW
    elapsed: float = 0.0
    audience: MemoryAudience = field(default_factory=MemoryAudience)
    store: MemorySendings = field(default_factory=MemorySendings)
    sends: MemoryQueue = field(default_factory=MemoryQueue)
    minted: int = 0

    @property
    def sendings(self) -> list[Sending]:
        """The sendings of the first day, the oldest first."""
        listed = reversed(self.store.listed(f"{datetime.fromtimestamp(NOW, UTC):%Y%m%d}"))
        return [whole for each in listed if (whole := self.store.sending(each.id))]

    def pass_time(self, seconds: int) -> None:
        """Let so much time pass."""
        self.now, self.elapsed = Seconds(self.now + seconds), self.elapsed + seconds
        self.pushes.seconds = self.now

    @cached_property
    def pushes(self) -> MemoryPushes:
        return MemoryPushes(self.store, self.now)

    @cached_property
    def clock(self) -> Clock:
        return Clock(lambda: Milliseconds(1000 * self.now), lambda: self.elapsed, self._chance)

    @cached_property
    def cached_catalog(self) -> CachedCatalog:
        return CachedCatalog(lambda: self.catalog, clock=lambda: self.elapsed)

    @cached_property
    def creating(self) -> Creating:
        return Creating(Pushes(self.pushes, self.store), self._begin, self.clock)

    @cached_property
    def families(self) -> Mapping[str, PathFamily]:
        """The endpoints by the names of their functions."""
        catalog = self.cached_catalog
        query = QueryInstances(MemoryReach(self.audience), lambda: self.elapsed)
        return {
            "pushexpress_instant": SendInstantly(self.creating, require_fit, INSTANT_DELAY).endpoint(catalog),
            "pushexpress_pushes": PushCalls(self.creating, require_fit).endpoint(catalog),
            "pushexpress_query": query.endpoint(catalog),
            "pushexpress_catalog": catalog_endpoint(catalog),
        }

    def answer(
        self,
        route: str,
        body: object = None,
        *,
        key: str | None = CRM,
        query: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Answer a call by method and path below `/api/b/v2`, as the function does that has a route for it."""
        method, path = route.split(" ")
        sent = b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
        given = {**({"authorization": f"Bearer {key}"} if key else {}), **(headers or {})}
        request = HttpRequest("r-1", sent, query, given, method, f"/api/b/v2{path}")
        return self.family_of(request.path, method)(request)

    def family_of(self, path: str, method: str = "POST") -> PathFamily:
        """Return the endpoint that API Gateway hands a request to: the catalog's has what no other takes."""
        for family in self.families.values():
            with suppress(NotRoutedError):
                family.routes.find(HttpRequest("any", method=method, path=path))
                return family
        return self.families["pushexpress_catalog"]

    def _begin(self, sending: Sending, now: Seconds, in_time: Callable[[], bool]) -> None:
        begin_soon(self.store, self.sends, sending, now, in_time)

    def _chance(self) -> float:
        self.minted += 1
        return self.minted / 4096
