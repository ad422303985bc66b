"""An app of push.express in a catalog, with the calls of its SDKs answered out of memory."""

from collections.abc import Callable
from dataclasses import dataclass, field

from pushhub.audience.instances import Instances, NoteEvent
from pushhub.audience.model import ProfileId
from pushhub.catalog.cached import CachedCatalog
from pushhub.catalog.filter_fields import FILTER_FIELDS
from pushhub.catalog.model import (
    App,
    AppId,
    Catalog,
    CustomEvent,
    Database,
    DatabaseId,
    PushExpressIds,
    PushTokenConflict,
    Resource,
    ResourceId,
)
from pushhub.catalog.secrets import CachedSecrets, LinkKeyId, Secrets
from pushhub.dialects.pushexpress.family import PathFamily
from pushhub.dialects.pushexpress.sdk.apps import SdkApps
from pushhub.dialects.pushexpress.sdk.device_events import DeviceEventCalls
from pushhub.dialects.pushexpress.sdk.floods import NewInstanceLimit
from pushhub.dialects.pushexpress.sdk.instances import InstanceCalls
from pushhub.events.accepting import Acceptance
from pushhub.events.command import RecordEvent
from pushhub.events.messages import read_report
from pushhub.events.uid import Recipient, mint_uid
from pushhub.moments import Seconds
from pushhub.sends.sending import SendingId, launch_of
from tests.doubles.audience import MemoryAudience
from tests.doubles.queues import MemoryQueue

SDK_ID, OTHER_SDK_ID = "16183-2", "20523-1212"
INSTALLS = Database(DatabaseId(40), "installs", FILTER_FIELDS, ())
OTHER_INSTALLS = Database(DatabaseId(42), "other installs", FILTER_FIELDS, ())
STACK = "pushhub"
SECRETS = Secrets({LinkKeyId(1): "the-first-link-key", LinkKeyId(2): "the-second-link-key"}, {})


def px_app(name: str, ids: PushExpressIds, database: Database, resource: int, *, enabled: bool = True) -> App:
    """Return an app of push.express."""
    return App(AppId(name), name, frozenset({"crm"}), database.id, ResourceId(resource), enabled, True, (), {}, ids)


def door(id_: int, database: Database) -> Resource:
    """Return the resource of such an app."""
    return Resource(ResourceId(id_), "instances", frozenset(), (database.id,), PushTokenConflict.MOVE, None)


SHOP = px_app("shop", PushExpressIds(16183, SDK_ID), INSTALLS, 41)
OTHER = px_app("other", PushExpressIds(20523, OTHER_SDK_ID), OTHER_INSTALLS, 43)
CATALOG = Catalog.of(
    {
        "databases": [INSTALLS, OTHER_INSTALLS],
        "resources": [door(41, INSTALLS), door(43, OTHER_INSTALLS)],
        "apps": [SHOP, OTHER],
        "events": [CustomEvent("reg", "reg"), CustomEvent("dep", "Deposit")],
    }
)


@dataclass
class SdkHub:
    """The two functions of the SDK's calls, and what they write to.

    `now` and `elapsed` are their clocks; `secret_reads` and `catalog_reads` count how often they ask for these.
    """

    catalog: Catalog = CATALOG
    secrets: Secrets = SECRETS
    created_status: int = 200
    stack: str = STACK
    audience: MemoryAudience = field(default_factory=MemoryAudience)
    queue: MemoryQueue = field(default_factory=MemoryQueue)
    now: Seconds = Seconds(1_800_000_000)
    elapsed: float = 0.0

    def __post_init__(self) -> None:
        instances = Instances(self.audience, now=lambda: self.now, sleep=lambda _: None, clock=lambda: self.elapsed)
        apps = SdkApps(CachedCatalog(lambda: self.catalog), CachedSecrets(lambda: self.secrets), self.stack)
        clock: Callable[[], float] = lambda: self.elapsed  # noqa: E731
        limit = NewInstanceLimit(clock)
        self.instances: PathFamily = InstanceCalls(apps, instances, self.created_status, limit=limit, clock=clock).endpoint()

        def note(database: Database, profile: ProfileId, code: str, deadline: float) -> bool:
            return instances.note(NoteEvent(database, profile, code), deadline)

        self.device_events: PathFamily = DeviceEventCalls(apps, Acceptance(self.queue), note, clock).endpoint()

    @property
    def accepted(self) -> list[RecordEvent]:
        """The events that were put into the queue."""
        contents = [read_report(envelope.body).content for envelope in self.queue.envelopes]
        return [content for content in contents if isinstance(content, RecordEvent)]


def uid_of(database: Database = INSTALLS, profile: str = "0123456789abcdef01234567") -> str:
    """Return the uid of a push of the hub's to a profile."""
    launch = launch_of(SendingId(1_800_000_000_000 << 12 | 77), 1)
    return mint_uid(launch, 1_800_000_000_000_000_000, Recipient(database.id, profile, "0badcafe", "android-firebase"))
