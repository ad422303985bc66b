"""How is a report accepted?

By one durable write: the report stands in a queue. Its caller reads of success only after that.
"""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pushhub.events.command import RecordEvent, RelayLink
from pushhub.events.messages import Forward, Receipt, Report, write_forward, write_report
from pushhub.faults import UnavailableError
from pushhub.moments import Milliseconds, milliseconds_now
from pushhub.outgoing.queues import Envelope, Queue


def new_receipt() -> Receipt:
    """Return a receipt that no other report has."""
    return Receipt(secrets.token_hex(16))


@dataclass(frozen=True, slots=True)
class Acceptance:
    """Gives an event a receipt and a moment, and puts it into the queue of events."""

    queue: Queue
    new_receipt: Callable[[], Receipt] = new_receipt
    now: Callable[[], Milliseconds] = milliseconds_now

    def __call__(self, event: RecordEvent) -> None:
        """Accept an event.

        Raises:
            UnavailableError: the queue did not take it.
        """
        body = write_report(Report(self.new_receipt(), self.now(), event))
        if self.queue.put([Envelope(body)]):
            raise UnavailableError("the queue of events did not take the report")


@dataclass(frozen=True, slots=True)
class RelayAcceptance:
    """Gives a link that is not ours a receipt and a moment, and puts it into the queue of relays, once for each upstream.

    Anyone can make up such links, so they never share a queue with events, which would have to wait behind them.
    """

    queue: Queue
    new_receipt: Callable[[], Receipt] = new_receipt
    now: Callable[[], Milliseconds] = milliseconds_now

    def __call__(self, link: RelayLink, upstreams: Sequence[str]) -> None:
        """Accept a link for upstreams, by their names: by one call of the queue for ten of them.

        Raises:
            UnavailableError: the queue did not take all of it.
        """
        now = self.now()
        report = Report(self.new_receipt(), now, link)
        if self.queue.put([Envelope(write_forward(Forward(upstream, report, since=now))) for upstream in upstreams]):
            raise UnavailableError("the queue of relays did not take the link")
