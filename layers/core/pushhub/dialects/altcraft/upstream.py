"""How is a report handed on to an upstream that speaks this dialect?

Sources: "Add app push events" and "Event registration" in `sources.md`.
"""

from http import HTTPStatus
from typing import Any, Final

from pushhub.catalog.model import Upstream
from pushhub.dialects.body import BadBodyError
from pushhub.dialects.json_body import read_object, write_object
from pushhub.events.command import LINK_PATH, RecordEvent, RelayLink
from pushhub.events.messages import Forward
from pushhub.outgoing.calls import Call, CallReply

_POST_EVENTS: Final = "/api/v1.1/pushes/post_events"
_JSON: Final = {"Content-Type": "application/json"}
_MAX_DEPTH: Final = 8
"""Levels of nesting of an upstream's answer."""


class AltcraftUpstream:
    """Posts each event in a request of its own, with the upstream's token and the fields as they came; gets a link as it came."""

    def call(self, upstream: Upstream, upstream_token: str, forward: Forward) -> Call:
        """See :meth:`pushhub.events.upstreams.UpstreamApi.call`."""
        match forward.report.content:
            case RelayLink(opaque):
                return Call(upstream.url + LINK_PATH + opaque)
            case RecordEvent() as event:
                body = write_object(_fields(event, upstream_token))
                return Call(upstream.url + _POST_EVENTS, "POST", _JSON, body)

    def accepted(self, forward: Forward, reply: CallReply) -> bool:
        """See :meth:`pushhub.events.upstreams.UpstreamApi.accepted`.

        No page of the vendor says what a link is answered, so any 2xx means that it was taken.
        """
        if isinstance(forward.report.content, RelayLink):
            return True
        try:
            error = read_object(reply.body, _MAX_DEPTH).get("error")
        except BadBodyError:
            return False
        return reply.status == HTTPStatus.OK and type(error) is int and error == 0


def _fields(event: RecordEvent, upstream_token: str) -> dict[str, Any]:
    fields: dict[str, Any] = {"token": upstream_token, "events": int(event.happening), "uid": event.uid}
    if event.plain:
        fields |= {
            "launch_id": event.plain.launch,
            "provider": event.plain.provider,
            "subscription_id": event.plain.push_token,
        }
    return fields
