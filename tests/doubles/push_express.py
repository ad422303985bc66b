"""An app of push.express in a catalog, with the calls of its SDKs answered out of memory."""

import json
import re
from typing import Any

from pushhub.audience.instances import Instances, NoteEvent
from pushhub.audience.model import Profile, ProfileId, Subscription
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
from pushhub.dialects.http import Answer, HttpRequest
from pushhub.dialects.pushexpress.sdk.apps import SdkApps
from pushhub.dialects.pushexpress.sdk.device_events import DeviceEventCalls
from pushhub.dialects.pushexpress.sdk.floods import NewInstanceLimit
from pushhub.dialects.pushexpress.sdk.instances import InstanceCalls
from pushhub.dialects.pushexpress.sdk.routes import REGISTER
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


class SdkHub:
    """The two functions of the SDK's calls, and what they read and write; `now` and `elapsed` are their clocks."""

    def __init__(
        self,
        catalog: Catalog = CATALOG,
        secrets: Secrets = SECRETS,
        stack: str = STACK,
        audience: MemoryAudience | None = None,
        created_status: int = 200,
    ) -> None:
        self.audience = audience or MemoryAudience()
        self.queue = MemoryQueue()
        self.now = Seconds(1_800_000_000)
        self.elapsed = 0.0
        found = SdkApps(CachedCatalog(lambda: catalog), CachedSecrets(lambda: secrets), stack)
        instances = Instances(self.audience, now=lambda: self.now, sleep=lambda _: None, clock=self._clock)
        limit = NewInstanceLimit(self._clock)
        self.instances = InstanceCalls(found, instances, created_status, limit=limit, clock=self._clock).endpoint()
        self.device_events = DeviceEventCalls(
            found,
            Acceptance(self.queue),
            lambda database, profile, code, deadline: instances.note(NoteEvent(database, profile, code), deadline),
            self._clock,
        ).endpoint()

    @property
    def accepted(self) -> list[RecordEvent]:
        """The events that were put into the queue."""
        contents = [read_report(envelope.body).content for envelope in self.queue.envelopes]
        return [content for content in contents if isinstance(content, RecordEvent)]

    def profile(self, profile: str) -> Profile:
        """Return a profile of the shop's installs."""
        return self.audience.content(INSTALLS.id).profiles[ProfileId(profile)]

    def subscriptions(self) -> list[Subscription]:
        """Return every subscription of the shop's installs."""
        return list(self.audience.content(INSTALLS.id).subscriptions.values())

    def answer(self, call: str, *names: str, body: object = None, raw: bytes | None = None) -> Answer:
        """Answer a call by its route, whose variables are filled in turn; without a body, none is sent."""
        method, path = call.split(" ")
        for name in names:
            path = re.sub(r"\{\w+\}", name, path, count=1)
        sent = raw if raw is not None else b"" if body is None else json.dumps(body).encode()
        request = HttpRequest("r-1", sent, "", {"content-type": "application/json"}, method, path)
        return (self.device_events if "/events/" in path else self.instances)(request)

    def register(self, ic_token: str = "an-installation", ext_id: str = "") -> str:
        """Register an instance of the shop and return its id."""
        id_: str = said(self.answer(REGISTER, SDK_ID, body={"ic_token": ic_token, "ext_id": ext_id}))["id"]
        return id_

    def _clock(self) -> float:
        return self.elapsed


def said(answer: Answer) -> dict[str, Any]:
    """Return what stands in the body of a reply."""
    content: dict[str, Any] = json.loads(answer.reply.body)
    return content


def uid_of(database: Database = INSTALLS, profile: str = "0123456789abcdef01234567") -> str:
    """Return the uid of a push of the hub's to a profile."""
    launch = launch_of(SendingId(1_800_000_000_000 << 12 | 77), 1)
    return mint_uid(launch, 1_800_000_000_000_000_000, Recipient(database.id, profile, "0badcafe", "android-firebase"))
