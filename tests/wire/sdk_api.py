"""The golden events of the calls of push.express's SDKs, with everything that their functions touch in memory.

A case's `<case>.given.json` is an object (:class:`Given`). Its `<case>.reply.json` has the reply and, where there is any of it, the
`profiles` of instances, and what the queue of events has got under `queued`.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, TypedDict

from pushhub.audience.model import Origin, Profile, ProfileId, Subscription
from pushhub.audience.port import Snapshot, SnapshotQuery
from pushhub.dialects.http import HttpRequest
from pushhub.faults import UnavailableError
from pushhub.moments import Seconds
from tests.doubles.apps import ANDROID, put_profile, subscription_of
from tests.doubles.audience import MemoryAudience
from tests.doubles.push_express import INSTALLS, SdkHub
from tests.doubles.server_api import server_catalog
from tests.wire.golden import Case, shown

FUNCTIONS = ("pushexpress_instances", "pushexpress_device_events")
ANONYMOUS = ProfileId("anonymous")
_DATABASES = (40, 44)


class CallBefore(TypedDict, total=False):
    """A call that was answered before: its method and path, and its body."""

    call: str
    body: dict[str, Any]


class Given(TypedDict, total=False):
    """What is so before an event.

    `before` are calls, and numbers of seconds that pass. Where `failing` is `audience`, the store does not answer, where it is
    `events`, the queue takes nothing. `created_status` is the setting of that name. The push token `anonymous` is subscribed, and
    nobody knows whose it is.
    """

    before: list[CallBefore | int]
    anonymous: str
    failing: str
    created_status: int


class FailingAudience(MemoryAudience):
    """An audience that does not answer while it fails."""

    fails = False

    def read(self, wanted: Sequence[SnapshotQuery], deadline: float = math.inf) -> Sequence[Snapshot]:
        if self.fails:
            raise UnavailableError("DynamoDB did not answer")
        return super().read(wanted, deadline)


def sdk_hub_of(case: Case) -> SdkHub:
    """Return the hub that the event of a case comes to."""
    given: Given = case.given_object  # type: ignore[assignment]
    audience = FailingAudience()
    hub = SdkHub(server_catalog(), audience=audience, created_status=given.get("created_status", 200))
    for happened in given.get("before", []):
        if isinstance(happened, int):
            hub.now, hub.elapsed = Seconds(hub.now + happened), hub.elapsed + happened
        else:
            method, path = happened["call"].split(" ")
            request = HttpRequest("before", json.dumps(happened["body"]).encode(), method=method, path=path)
            answer = (hub.device_events if "/events/" in path else hub.instances)(request)
            assert answer.reply.status == 200, answer.reply.body
    if push_token := given.get("anonymous"):
        subscription = replace(subscription_of(ANDROID, push_token, active=[41]), owner_may_be_anonymous=True)
        put_profile(audience, server_catalog().databases[INSTALLS.id], "anonymous", [subscription], {})
        profiles = audience.content(INSTALLS.id).profiles
        profiles[ANONYMOUS] = replace(profiles[ANONYMOUS], origin=Origin.PUSH_TOKEN)
    hub.queue.envelopes.clear()
    audience.fails = given.get("failing") == "audience"
    hub.queue.refused = "{" if given.get("failing") == "events" else ""
    return hub


def what_becomes_of_an_sdk_call(hub: SdkHub, answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a handler has answered, and what came of it, as both stand in golden replies."""
    headers = {name: answer["headers"][name] for name in ("retry-after", "allow") if name in answer["headers"]}
    reply = {"status": answer["statusCode"], "body": json.loads(answer["body"])} | ({"headers": headers} if headers else {})
    contents = [hub.audience.content(database) for database in _DATABASES]
    profiles = [_shown_profile(each, content.subscriptions) for content in contents for each in content.profiles.values()]
    came = {"profiles": profiles, "queued": [shown(envelope) for envelope in hub.queue.envelopes]}
    return reply | {name: part for name, part in came.items() if part}


def _shown_profile(profile: Profile, subscriptions: Mapping[Any, Subscription]) -> dict[str, Any]:
    devices = {
        str(subscriptions[ref].address.provider): subscriptions[ref].address.push_token
        + (", drawn by the app" if subscriptions[ref].drawn_by_app else "")
        for ref in profile.live
    }
    parts: dict[str, Any] = {"fields": dict(profile.fields), "devices": devices, "happened": sorted(profile.happened)}
    return {"profile": profile.id} | {name: part for name, part in parts.items() if part}
