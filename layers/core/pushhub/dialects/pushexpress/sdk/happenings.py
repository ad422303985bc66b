"""What do the vendor's SDKs say that has happened?

Nothing is refused but a body that cannot be read: clients do not repeat these calls, and a person can do nothing about them.
"""

from collections.abc import Mapping
from typing import Any, Final

from pushhub.catalog.model import DatabaseId
from pushhub.dialects.http import HttpRequest
from pushhub.dialects.pushexpress.sdk.requests import given_text, read_sdk_body
from pushhub.events.command import MAX_UID_CHARACTERS, Happening, RecordEvent
from pushhub.events.uid import parse_uid

_HAPPENINGS: Final[Mapping[str, Happening]] = {"delivered": Happening.DELIVERED, "clicked": Happening.OPENED}
"""What the `event` of a notification says of its push."""


def parse_notification(fields: Mapping[str, Any], database: DatabaseId) -> RecordEvent | None:
    """Return what happened to a push of ours, None where nothing is reported or the push is none of a database."""
    happening, uid = _HAPPENINGS.get(given_text(fields.get("event"))), given_text(fields.get("msg_id"))
    if happening is None or len(uid) > MAX_UID_CHARACTERS:
        return None
    parsed = parse_uid(uid)
    return RecordEvent(happening, uid) if parsed and parsed.database == database else None


def parse_lifecycle(request: HttpRequest) -> str:
    """Return the code of the event that a lifecycle call reports, empty where it reports none: the Android client sends no body.

    Raises:
        RefusedError: as for :func:`read_sdk_body`, but for a body that is empty.
    """
    return given_text(read_sdk_body(request).get("event")) if request.body.strip() else ""
