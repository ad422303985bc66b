"""The endpoint of devtodev's Push API, with everything that it touches in memory."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from itertools import count

from pushhub.audience.model import Subscription, SubscriptionRef
from pushhub.audience.retiring import Retiring
from pushhub.audience.values import Value
from pushhub.catalog.app_secrets import AppSecrets, CachedAppSecrets
from pushhub.catalog.cached import CachedCatalog
from pushhub.catalog.model import Catalog, DatabaseId
from pushhub.catalog.secrets import CachedSecrets, LinkKeyId, Secrets
from pushhub.dialects.devtodev.push.endpoint import PushSend
from pushhub.moments import Clock, Milliseconds, Seconds
from pushhub.sends.accounts import Accounts
from pushhub.sends.direct import SendDirectly
from pushhub.sends.finding import Finding
from pushhub.sends.fitting import require_fit
from pushhub.sends.handling import StoppedProvider
from pushhub.sends.pack_ids import PackIds
from pushhub.sends.pushing import ProviderPusher
from pushhub.sends.sending import RunId, Sending
from pushhub.sends.served_apps import Apps
from pushhub.sends.tracking import Tracking
from tests.doubles.apps import BLOCKS, app_secrets, put_profile
from tests.doubles.audience import MemoryAudience
from tests.doubles.pack_ids import MemoryPackIds
from tests.doubles.queues import MemoryQueue
from tests.doubles.reach import MemoryReach
from tests.doubles.sendings import MemorySendings
from tests.doubles.transport import FakeTransport

HUB = "https://push.example.com"
NOW = Seconds(1_795_276_800)


@dataclass
class PushSendWorld:
    """A hub that sends what is asked of it. `elapsed` counts seconds, and `now` is the time of day."""

    catalog: Catalog
    now: Seconds = NOW
    elapsed: float = 0.0
    secrets: Secrets = field(default_factory=lambda: Secrets({LinkKeyId(1): "k" * 32}, {}))
    audience: MemoryAudience = field(default_factory=MemoryAudience)
    store: MemorySendings = field(default_factory=MemorySendings)
    transport: FakeTransport = field(default_factory=FakeTransport)
    deliveries: MemoryQueue = field(default_factory=MemoryQueue)
    takes_to_find: float = 0.0
    """Seconds that each look-up of subscriptions takes."""
    faults: list[str] = field(default_factory=list)
    stopped: list[StoppedProvider] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Give the apps settings as a catalog in AWS has them, and the hub an address."""
        apps = {
            id_: replace(app, blocks={name: BLOCKS.get(name, block) for name, block in app.blocks.items()})
            for id_, app in self.catalog.apps.items()
        }
        self.catalog = replace(self.catalog, apps=apps, base_url=HUB)

    def subscribe(
        self, profile: str, subscriptions: Sequence[Subscription], fields: Mapping[str, Value] | None = None, database: int = 17
    ) -> None:
        """Put a profile with devices and fields into the audience."""
        put_profile(self.audience, self.catalog.databases[DatabaseId(database)], profile, subscriptions, fields or {})

    @property
    def sendings(self) -> list[Sending]:
        """What is written of the sendings of the day, the oldest first; their messages are not told."""
        return list(reversed(self.store.listed(f"{datetime.fromtimestamp(self.now, UTC):%Y%m%d}")))

    @property
    def retired(self) -> list[str]:
        """Push tokens of the devices that are retired."""
        contents = [self.audience.content(database) for database in self.catalog.databases]
        subscriptions = [each for content in contents for each in content.subscriptions.values()]
        return sorted(each.address.push_token for each in subscriptions if each.retired)

    @cached_property
    def reach(self) -> "SlowReach":
        return SlowReach(self)

    @cached_property
    def apps(self) -> Apps:
        return Apps(
            CachedCatalog(lambda: self.catalog, clock=lambda: self.elapsed, now=self.clock.now),
            CachedAppSecrets(lambda: self.app_secrets, clock=lambda: self.elapsed, now=self.clock.now),
        )

    @cached_property
    def clock(self) -> Clock:
        return Clock(lambda: Milliseconds(1000 * self.now), lambda: self.elapsed, lambda: 0.5)

    @cached_property
    def pack_ids(self) -> PackIds:
        runs = count()
        return PackIds(MemoryPackIds(self.store), lambda: RunId(f"run-{next(runs)}"))

    @cached_property
    def pusher(self) -> ProviderPusher:
        return ProviderPusher(
            transport=self.transport,
            accounts=Accounts(self.apps.secrets),
            tracking=Tracking(self.apps.catalog, CachedSecrets(lambda: self.secrets), "pushhub"),
            retiring=Retiring(self.audience, lambda: self.now, lambda _: None, lambda: self.elapsed),
            on_fault=self.faults.append,
            now=lambda: self.now,
            clock=lambda: self.elapsed,
        )

    @cached_property
    def endpoint(self) -> PushSend:
        return PushSend(
            apps=self.apps,
            find=Finding(self.reach, self.apps.catalog),
            reach=self.reach,
            pack_ids=self.pack_ids,
            send=SendDirectly(self.store, self.pack_ids, self.pusher, self.deliveries, self.clock, self.faults.append),
            require_fit=require_fit,
            clock=self.clock,
            on_stop=self.stopped.append,
        )

    @property
    def app_secrets(self) -> AppSecrets:
        """The same credentials for each app."""
        credentials = app_secrets().app_credentials["shop-app"]
        return AppSecrets(dict.fromkeys(map(str, self.catalog.apps), credentials))


class SlowReach(MemoryReach):
    """The audience of a world, whose look-ups take as long as it says."""

    def __init__(self, world: PushSendWorld) -> None:
        super().__init__(world.audience)
        self._world = world

    def subscriptions(self, database: DatabaseId, refs: Sequence[SubscriptionRef]) -> Mapping[SubscriptionRef, Subscription]:
        self._world.elapsed += self._world.takes_to_find
        return super().subscriptions(database, refs)
