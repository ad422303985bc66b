"""What is common to every way in which an event comes in?

Sources: seeds 000 and 001. It is answered with success only after the one durable write: the report stands in the queue.
"""

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from pushhub.dialects.altcraft.events.errors import EventRefusal
from pushhub.dialects.altcraft.events.notation import Format
from pushhub.dialects.http import RETRY_AFTER_SECONDS, HttpReply, RefusalTable, RefusedError
from pushhub.dialects.xml_reply import write_elements
from pushhub.events.command import RecordEvent, RelayLink
from pushhub.events.messages import Receipt, Report, write_report
from pushhub.faults import UnavailableError
from pushhub.moments import Milliseconds, milliseconds_now
from pushhub.outgoing.queues import Envelope, Queue

SUCCESS: Final = "Successful operation"
"""`error_text` of success (seed 000)."""
_CONTENT_TYPES: Final = {Format.JSON: "application/json; charset=utf-8", Format.XML: "application/xml; charset=utf-8"}


def new_receipt() -> Receipt:
    """Return a receipt that no other report has."""
    return Receipt(secrets.token_hex(16))


@dataclass(frozen=True, slots=True)
class EventAnswer:
    """A reply, and what an operator wants to know of how it came about; nothing that is printed of it is secret."""

    reply: HttpReply
    caller: str = ""
    accepted: RecordEvent | RelayLink | None = None
    refusal: RefusalTable | None = None
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Acceptance:
    """Puts what is reported where it is safe."""

    queue: Queue
    new_receipt: Callable[[], Receipt] = new_receipt
    now: Callable[[], Milliseconds] = milliseconds_now

    def __call__(self, what: RecordEvent | RelayLink) -> None:
        """Accept a report.

        Raises:
            UnavailableError: the queue did not take it.
        """
        body = write_report(Report(self.new_receipt(), self.now(), what))
        if self.queue.put([Envelope(body)]):
            raise UnavailableError("the queue of events did not take the report")


def accepted(what: RecordEvent | RelayLink, notation: Format, caller: str = "") -> EventAnswer:
    """Return the answer to what was accepted."""
    return EventAnswer(_reply(notation, 200, 0, SUCCESS), caller=caller, accepted=what)


def refused(refusal: RefusedError, notation: Format) -> EventAnswer:
    """Return the answer to what is refused."""
    status = refusal.refusal.status
    return EventAnswer(_reply(notation, status, status, str(refusal)), refusal=refusal.refusal)


def unavailable(fault: UnavailableError, notation: Format) -> EventAnswer:
    """Return the answer where something that is needed did not do its part: to be repeated."""
    answer = refused(RefusedError(EventRefusal.UNAVAILABLE), notation)
    headers = answer.reply.headers | {"retry-after": str(RETRY_AFTER_SECONDS)}
    reply = HttpReply(answer.reply.status, answer.reply.body, headers)
    return EventAnswer(reply, refusal=answer.refusal, fault=f"{type(fault).__name__}: {fault}")


def _reply(notation: Format, status: int, error: int, text: str) -> HttpReply:
    fields: dict[str, object] = {"error": error, "error_text": text}
    body = write_elements("xml", fields) if notation is Format.XML else json.dumps(fields, separators=(",", ":")).encode()
    return HttpReply(status, body, {"content-type": _CONTENT_TYPES[notation]})
