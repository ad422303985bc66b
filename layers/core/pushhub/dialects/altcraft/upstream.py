"""How is a report handed on to an upstream that speaks this dialect?

Sources: "Add app push events" and "Event registration" in `sources.md`.
"""

import json
from http import HTTPStatus
from typing import Any, Final

from pushhub.catalog.model import Upstream
from pushhub.dialects.json_body import write_object
from pushhub.events.command import LINK_PATH, RELAYED_HEADER, RecordEvent, RelayLink
from pushhub.events.messages import Forward
from pushhub.outgoing.calls import Call, CallReply
from pushhub.outgoing.excerpts import reply_text

_POST_EVENTS: Final = "/api/v1.1/pushes/post_events"
_JSON: Final = {"Content-Type": "application/json"}
_RELAYED: Final = {RELAYED_HEADER: "1"}
_DECODER: Final = json.JSONDecoder(strict=False)
"""Reads what others wrote: it takes control characters in texts."""


class AltcraftUpstream:
    """Posts each event in a request of its own, with the upstream's token and the fields as they came; gets a link as it came.

    A link is marked as handed on, so that a hub of this kind does not hand it on once more.
    """

    def call(self, upstream: Upstream, upstream_token: str, forward: Forward) -> Call:
        """See :meth:`pushhub.events.upstreams.UpstreamApi.call`."""
        match forward.report.content:
            case RelayLink(opaque):
                return Call(upstream.url + LINK_PATH + opaque, headers=_RELAYED)
            case RecordEvent() as event:
                body = write_object(_fields(event, upstream_token))
                return Call(upstream.url + _POST_EVENTS, "POST", _JSON, body)

    def accepted(self, forward: Forward, reply: CallReply) -> bool:
        """See :meth:`pushhub.events.upstreams.UpstreamApi.accepted`.

        No page of the vendor says what a link is answered, so any 2xx means that it was taken.
        """
        if isinstance(forward.report.content, RelayLink):
            return True
        return reply.status == HTTPStatus.OK and _says_success(reply)


def _says_success(reply: CallReply) -> bool:
    """Say whether a body begins with an object whose `error` is the number 0.

    Hosts wrap what their applications answer: in byte order marks and blanks before it, in remarks and measurements behind it.
    """
    try:
        document, _ = _DECODER.raw_decode(reply_text(reply))
    except (ValueError, RecursionError):
        return False
    error = document.get("error") if isinstance(document, dict) else None
    return type(error) is int and error == 0


def _fields(event: RecordEvent, upstream_token: str) -> dict[str, Any]:
    fields: dict[str, Any] = {"token": upstream_token, "events": int(event.happening), "uid": event.uid}
    if event.plain:
        fields |= {
            "launch_id": event.plain.launch,
            "provider": event.plain.provider,
            "subscription_id": event.plain.push_token,
        }
    return fields
