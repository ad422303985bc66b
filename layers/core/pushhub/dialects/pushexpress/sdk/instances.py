"""How are the calls answered by which an instance registers, tells of its device, and signs off?"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from pushhub.audience.instances import Deactivate, Instances, Register, ReportInstance
from pushhub.dialects.http import Answer, HttpReply, HttpRequest, RefusedError
from pushhub.dialects.pushexpress.errors import PushExpressRefusal
from pushhub.dialects.pushexpress.family import PathFamily, refused_answer
from pushhub.dialects.pushexpress.replies import json_reply
from pushhub.dialects.pushexpress.sdk.apps import SdkApps, SdkInstance
from pushhub.dialects.pushexpress.sdk.device_info import DeviceInfo, parse_info, parse_registration
from pushhub.dialects.pushexpress.sdk.floods import NewInstanceLimit
from pushhub.dialects.pushexpress.sdk.instance_ids import profile_of_instance
from pushhub.dialects.pushexpress.sdk.requests import SECONDS_TO_LAST_STORE_CALL, read_sdk_body
from pushhub.dialects.pushexpress.sdk.routes import DEACTIVATE, INFO, REGISTER, SDK_ROUTES
from pushhub.dialects.routing import RouteTable

UPDATE_INTERVAL_SECONDS: Final = 120
"""How often a client tells of its device again; the Android client has the number built in."""
HEARTBEAT_SECONDS: Final = 30
"""How often the Android client says that it still runs; it has this number built in too."""
_FLOODED_SECONDS: Final = 1
"""After how long an app may make profiles again."""


@dataclass(frozen=True, slots=True)
class InstanceCalls:
    """Registers instances, and keeps what they tell of their devices.

    Attributes:
        apps: finds apps and instances.
        instances: the use cases.
        created_status: HTTP status of a registration that made an instance: 200, or 201 for a client that takes nothing else.
        more_push_hosts: hosts of push services of browsers beside the known ones.
        limit: bounds the profiles that registrations make; those that reports make anew count too.
        clock: counts seconds.
    """

    apps: SdkApps
    instances: Instances
    created_status: int = 200
    more_push_hosts: frozenset[str] = frozenset()
    limit: NewInstanceLimit = field(default_factory=NewInstanceLimit)
    clock: Callable[[], float] = time.monotonic

    def endpoint(self) -> PathFamily:
        """Return the endpoint that answers these calls, and with 404 every path that the API does not have."""
        handlers = {REGISTER: self.register, INFO: self.info, DEACTIVATE: self.deactivate}
        return PathFamily("pushexpress_instances", RouteTable(handlers, SDK_ROUTES))

    def register(self, request: HttpRequest, parameters: Mapping[str, str]) -> Answer:
        """Answer a registration: the same installation and user have the same instance for ever."""
        deadline = self._deadline()
        registration = parse_registration(read_sdk_body(request))
        app = self.apps.app(parameters)
        instance = SdkInstance(app, profile_of_instance(app.app.id, registration.installation, registration.ext_id))
        # Made before the profile is: it needs the secret, and where that cannot be read, nothing is to be written.
        id_ = self.apps.instance_id(instance)
        made = False
        if self.limit.admits(app.app.id):
            made = self.instances.register(Register(app.database, instance.profile, registration.fields), deadline)
        elif not self.instances.knows(app.database, instance.profile, deadline):
            return _flooded(request, instance)
        if made:
            self.limit.count(app.app.id)
        reply = json_reply(self.created_status if made else 200, {"id": id_, "just_created": made})
        return Answer(reply, app.caller, counts={"ProfilesMade": int(made)})

    def info(self, request: HttpRequest, parameters: Mapping[str, str]) -> Answer:
        """Answer what a device says of itself; the reply is the same whether or not it was stored."""
        deadline = self._deadline()
        info = parse_info(read_sdk_body(request), self.more_push_hosts)
        instance = self.apps.instance(parameters)
        reported = self.instances.report(_report(instance, info), deadline)
        if reported.profile_made:
            # Counted, never refused: the client would stand still. Who has no id that was made here makes nothing.
            self.limit.count(instance.of.app.id)
        counts = {
            "ProfilesMade": int(reported.profile_made),
            "ReportsStored": int(reported.stored),
            "PushTokensIgnored": int(info.push_token_ignored),
            "AudiencesIgnored": int(info.audiences_ignored),
            "SubscriptionsRefused": int(reported.refused is not None),
        }
        return Answer(_updated(parameters["ic_id"]), instance.of.caller, counts=counts)

    def deactivate(self, _request: HttpRequest, parameters: Mapping[str, str]) -> Answer:
        """Answer a sign-off; its body repeats what the instance id says, and does not count."""
        deadline = self._deadline()
        instance = self.apps.instance(parameters)
        of = instance.of
        self.instances.deactivate(Deactivate(of.resource, of.database, instance.profile), deadline)
        return Answer(json_reply(200, {"id": parameters["ic_id"], "just_created": False}), of.caller)

    def _deadline(self) -> float:
        return self.clock() + SECONDS_TO_LAST_STORE_CALL


def _report(instance: SdkInstance, info: DeviceInfo) -> ReportInstance:
    return ReportInstance(
        instance.of.resource, instance.of.database, instance.profile, info.fields, info.subscription, unreachable=info.unreachable
    )


def _updated(instance_id: str) -> HttpReply:
    """Return the reply that the clients read: each takes another one of the intervals."""
    intervals = {
        "update_interval_sec": UPDATE_INTERVAL_SECONDS,
        "device_intvl": UPDATE_INTERVAL_SECONDS,
        "hbeat_intvl": HEARTBEAT_SECONDS,
    }
    return json_reply(200, {"id": instance_id, **intervals})


def _flooded(request: HttpRequest, instance: SdkInstance) -> Answer:
    refused = RefusedError(PushExpressRefusal.TOO_MANY_REQUESTS, seconds=_FLOODED_SECONDS)
    return refused_answer(request, refused, instance.of.caller, {"retry-after": str(_FLOODED_SECONDS)})
