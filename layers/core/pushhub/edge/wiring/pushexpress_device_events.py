"""Which settings has `pushexpress_device_events`, and which implementation serves which of its ports?"""

from typing import TYPE_CHECKING

from pushhub.adapters import clients
from pushhub.audience.model import ProfileId
from pushhub.catalog.model import Database
from pushhub.dialects.pushexpress.family import PathFamily
from pushhub.dialects.pushexpress.sdk.apps import SdkApps
from pushhub.dialects.pushexpress.sdk.device_events import DeviceEventCalls
from pushhub.edge.settings import Setting, Settings, not_empty
from pushhub.edge.wiring.catalog import cached_catalog
from pushhub.edge.wiring.queues import QueueOnDemand
from pushhub.edge.wiring.secrets import cached_secrets
from pushhub.events.accepting import Acceptance

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from pushhub.dialects.pushexpress.sdk.device_events import NoteOfInstance


class PushExpressDeviceEventsSettings(Settings):
    """Settings of `pushexpress_device_events`.

    They are its tables, the queue that takes what is reported, and the stack's secret and name, which instance ids are bound to.
    """

    audience_table = Setting("AUDIENCE_TABLE", not_empty)
    catalog_table = Setting("CATALOG_TABLE", not_empty)
    events_queue = Setting("EVENTS_QUEUE", not_empty)
    secret = Setting("SECRET", not_empty)
    stack = Setting("STACK", not_empty)


class NoteOnDemand:
    """Notes events; what it needs is loaded with the first, since most calls say only that an app runs."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        """Keep where profiles are."""
        self._made_of = (client, table)
        self._note: NoteOfInstance | None = None

    def __call__(self, database: Database, profile: ProfileId, code: str, deadline: float) -> bool:
        """Note that an event happened to an instance; see :meth:`pushhub.audience.instances.Instances.note`."""
        if self._note is None:
            from pushhub.edge.wiring.noting import note_of_instance

            self._note = note_of_instance(*self._made_of)
        return self._note(database, profile, code, deadline)


def endpoint() -> PathFamily:
    """Return the endpoint."""
    settings = PushExpressDeviceEventsSettings()
    client = clients.dynamodb()
    calls = DeviceEventCalls(
        apps=SdkApps(cached_catalog(client, settings.catalog_table), cached_secrets(settings.secret), settings.stack),
        accept=Acceptance(QueueOnDemand(settings.events_queue)),
        note=NoteOnDemand(client, settings.audience_table),
    )
    return calls.endpoint()
