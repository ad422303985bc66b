"""How are the calls answered by which an instance says what has happened to a push, or to itself?"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from pushhub.audience.model import ProfileId
from pushhub.catalog.model import Database
from pushhub.dialects.http import Answer, HttpRequest
from pushhub.dialects.pushexpress.family import PathFamily
from pushhub.dialects.pushexpress.replies import json_reply
from pushhub.dialects.pushexpress.sdk.apps import SdkApps
from pushhub.dialects.pushexpress.sdk.happenings import parse_lifecycle, parse_notification
from pushhub.dialects.pushexpress.sdk.requests import SECONDS_TO_LAST_STORE_CALL, read_sdk_body
from pushhub.dialects.pushexpress.sdk.routes import LIFECYCLE, NOTIFICATION, SDK_ROUTES
from pushhub.dialects.routing import RouteTable
from pushhub.events.command import RecordEvent

NoteOfInstance = Callable[[Database, ProfileId, str, float], bool]
"""Notes that an event of the catalog happened to an instance, by its code, and says whether it was the first time.

It makes no call after a moment of `time.monotonic()`, which it is given last; it raises `LostRaceError` and `UnavailableError`.
"""

_TAKEN: Final = json_reply(200, {})
"""Every client takes any 2xx; an empty object can be read by one that expects a body."""


@dataclass(frozen=True, slots=True)
class DeviceEventCalls:
    """Takes what instances say has happened. What says nothing that counts is answered alike, with no call of AWS.

    Attributes:
        apps: finds apps and instances.
        accept: takes what happened to a push; raises `UnavailableError`.
        note: notes what happened to an instance.
        clock: counts seconds.
    """

    apps: SdkApps
    accept: Callable[[RecordEvent], None]
    note: NoteOfInstance
    clock: Callable[[], float] = time.monotonic

    def endpoint(self) -> PathFamily:
        """Return the endpoint that answers these calls."""
        handlers = {NOTIFICATION: self.notification, LIFECYCLE: self.lifecycle}
        return PathFamily("pushexpress_device_events", RouteTable(handlers, SDK_ROUTES))

    def notification(self, request: HttpRequest, parameters: Mapping[str, str]) -> Answer:
        """Answer that a push was delivered or clicked; one that is not ours, or of another database, is passed over."""
        fields = read_sdk_body(request)
        app = self.apps.instance(parameters).of
        event = parse_notification(fields, app.database.id)
        if event:
            self.accept(event)
        return Answer(_TAKEN, app.caller, counts={"EventsAccepted": int(event is not None), "EventsIgnored": int(event is None)})

    def lifecycle(self, request: HttpRequest, parameters: Mapping[str, str]) -> Answer:
        """Answer that an app runs, or that an event happened: one that the catalog does not declare is passed over."""
        deadline = self.clock() + SECONDS_TO_LAST_STORE_CALL
        code = parse_lifecycle(request)
        instance = self.apps.instance(parameters)
        noted = self.apps.declares(code) and self.note(instance.of.database, instance.profile, code, deadline)
        return Answer(_TAKEN, instance.of.caller, counts={"EventsNoted": int(noted)})
