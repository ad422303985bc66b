"""How is a report answered? By `error` and `error_text`, in JSON or XML."""

from typing import Final, assert_never

from pushhub.dialects.altcraft.events.errors import EventRefusal
from pushhub.dialects.altcraft.events.notation import Notation
from pushhub.dialects.http import REPEAT_SOON, Answer, Caller, Fault, HttpReply, RefusedError
from pushhub.dialects.json_body import write_object
from pushhub.dialects.xml_reply import write_elements
from pushhub.events.command import RecordEvent, RelayLink
from pushhub.faults import UnavailableError

SUCCESS: Final = "Successful operation"
"""`error_text` of success: "Add app push events" in `sources.md`."""


def accepted(content: RecordEvent | RelayLink, notation: Notation, caller: Caller | None = None) -> Answer:
    """Return the answer to a report that stands in the queue."""
    metric = "RelaysAccepted" if isinstance(content, RelayLink) else "EventsAccepted"
    return Answer(_reply(notation, 200, 0, SUCCESS), caller, counts={metric: 1})


def refused(error: RefusedError, notation: Notation) -> Answer:
    """Return the answer to a request that is refused."""
    status = error.refusal.status
    return Answer(_reply(notation, status, status, str(error)), refusal=error.refusal)


def unavailable(error: UnavailableError, notation: Notation) -> Answer:
    """Return the answer where the catalog, the secret or the queue failed: the caller repeats the request."""
    refusal = EventRefusal.UNAVAILABLE
    reply = _reply(notation, refusal.status, refusal.status, refusal.text)
    reply = HttpReply(reply.status, reply.body, {**reply.headers, **REPEAT_SOON})
    return Answer(reply, refusal=refusal, fault=Fault.of(error, "an event could not be accepted"))


def _reply(notation: Notation, status: int, error: int, text: str) -> HttpReply:
    fields: dict[str, object] = {"error": error, "error_text": text}
    match notation:
        case Notation.JSON:
            return HttpReply(status, write_object(fields), {"content-type": "application/json; charset=utf-8"})
        case Notation.XML:
            return HttpReply(status, write_elements("xml", fields), {"content-type": "application/xml; charset=utf-8"})
    assert_never(notation)
