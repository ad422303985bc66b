"""How is a report accepted?

By one durable write: the report stands in the queue of events. Its caller reads of success only after that.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from pushhub.events.command import RecordEvent, RelayLink
from pushhub.events.messages import Receipt, Report, write_report
from pushhub.faults import UnavailableError
from pushhub.moments import Milliseconds, milliseconds_now
from pushhub.outgoing.queues import Envelope, Queue


def new_receipt() -> Receipt:
    """Return a receipt that no other report has."""
    return Receipt(secrets.token_hex(16))


@dataclass(frozen=True, slots=True)
class Acceptance:
    """Gives a report a receipt and a moment, and puts it into the queue of events."""

    queue: Queue
    new_receipt: Callable[[], Receipt] = new_receipt
    now: Callable[[], Milliseconds] = milliseconds_now

    def __call__(self, content: RecordEvent | RelayLink) -> None:
        """Accept a report.

        Raises:
            UnavailableError: the queue did not take it.
        """
        body = write_report(Report(self.new_receipt(), self.now(), content))
        if self.queue.put([Envelope(body)]):
            raise UnavailableError("the queue of events did not take the report")
