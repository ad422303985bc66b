"""How is an event handed on to an upstream that speaks this dialect?

Sources: seeds 000 and 001.
"""

import json
from http import HTTPStatus
from typing import Any

from pushhub.catalog.model import Upstream
from pushhub.dialects.json_body import BadBodyError, read_object
from pushhub.events.command import LINK_PATH, RecordEvent, RelayLink
from pushhub.events.messages import Forward
from pushhub.outgoing.calls import Call, CallReply

_POST_EVENTS = "/api/v1.1/pushes/post_events"
_MAX_DEPTH = 8


class AltcraftUpstream:
    """Posts one event a request, with the upstream's own token and the fields as they came; asks for a link as it came."""

    def call(self, upstream: Upstream, token: str, forward: Forward) -> Call:
        """See :meth:`pushhub.events.upstreams.UpstreamApi.call`."""
        what = forward.report.content
        if isinstance(what, RelayLink):
            return Call(upstream.url + LINK_PATH + what.opaque)
        body = json.dumps(_fields(what, token), ensure_ascii=False, separators=(",", ":")).encode()
        return Call(upstream.url + _POST_EVENTS, body, "application/json")

    def accepted(self, forward: Forward, reply: CallReply) -> bool:
        """See :meth:`pushhub.events.upstreams.UpstreamApi.accepted`; what a link is answered is not documented, so any 2xx is."""
        if isinstance(forward.report.content, RelayLink):
            return True
        try:
            error = read_object(reply.body, _MAX_DEPTH).get("error")
        except BadBodyError:
            return False
        return reply.status == HTTPStatus.OK and type(error) is int and error == 0


def _fields(event: RecordEvent, token: str) -> dict[str, Any]:
    fields: dict[str, Any] = {"token": token, "events": int(event.happening), "uid": event.uid}
    if event.plain:
        fields |= {
            "launch_id": event.plain.launch,
            "provider": event.plain.provider,
            "subscription_id": event.plain.push_token,
        }
    return fields
