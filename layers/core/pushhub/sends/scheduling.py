"""How does a sending begin?"""

from collections.abc import Iterable
from typing import Final

from pushhub.faults import UnavailableError
from pushhub.moments import Seconds
from pushhub.outgoing.queues import MAX_DELAY_SECONDS, Envelope, Queue
from pushhub.sends.queue_messages import write_lane
from pushhub.sends.sending import LaneKey, LaneName, Part, Sending
from pushhub.sends.store import SendingStore

PUT_AHEAD_SECONDS: Final = MAX_DELAY_SECONDS
"""How long before its due time the messages of a part are put into the queue, which holds them back that long at most."""


def schedule(store: SendingStore, sends: Queue, sending: Sending, now: Seconds) -> None:
    """Write a new sending, and have those of its parts begin that are due soon.

    Once it is written it begins in any case: what cannot be put into the queue now is put there by the next sweep.

    Raises:
        KnownSendingError: its id is taken.
        UnavailableError: the store did not answer; the sending may have been written.
    """
    store.create(sending)
    for part in sending.parts:
        if part.due - now <= PUT_AHEAD_SECONDS:
            try:
                put_part(store, sends, sending, part, now)
            except UnavailableError:
                return


def put_part(store: SendingStore, sends: Queue, sending: Sending, part: Part, now: Seconds) -> bool:
    """Put the messages of a part's lanes into the queue, and say whether it took all; only then the part is due no longer.

    Messages that are put twice do no harm: a lane has one run at a time.

    Raises:
        UnavailableError: the store did not answer; the part may be listed as due still.
    """
    delay = min(max(0, part.due - now), MAX_DELAY_SECONDS)
    if sends.put(lane_envelopes(sending, part, sending.lanes, delay)):
        return False
    store.forget_due(sending.id, part)
    return True


def lane_envelopes(sending: Sending, part: Part, lanes: Iterable[LaneName], delay: int = 0) -> tuple[Envelope, ...]:
    """Return the messages that have lanes of a part advance after so many seconds."""
    return tuple(Envelope(write_lane(LaneKey(sending.id, part.number, lane)), delay) for lane in lanes)
