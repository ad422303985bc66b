"""What notes that an event happened to an instance, and what does it need for that?

Hardly any call of `pushexpress_device_events` needs it, so it is loaded with the first that does, and this module alone.
"""

from typing import TYPE_CHECKING

from pushhub.adapters.dynamodb.audience import DynamoAudience
from pushhub.audience.instances import Instances, NoteEvent

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from pushhub.audience.model import ProfileId
    from pushhub.catalog.model import Database
    from pushhub.dialects.pushexpress.sdk.device_events import NoteOfInstance


def note_of_instance(client: "DynamoDBClient", table: str) -> "NoteOfInstance":
    """Return what notes events in the audience of a table."""
    instances = Instances(DynamoAudience(client, table))

    def note(database: "Database", profile: "ProfileId", code: str, deadline: float) -> bool:
        return instances.note(NoteEvent(database, profile, code), deadline)

    return note
