"""How does a sending begin?"""

from collections.abc import Callable, Iterable
from itertools import takewhile
from typing import Final

from pushhub.faults import UnavailableError
from pushhub.moments import Seconds
from pushhub.outgoing.queues import MAX_DELAY_SECONDS, Envelope, Queue
from pushhub.sends.queue_messages import write_lane
from pushhub.sends.sending import LaneKey, LaneName, Part, Sending
from pushhub.sends.store import DueMoment, SendingStore, due_moments_of

PUT_AHEAD_SECONDS: Final = MAX_DELAY_SECONDS
"""How long before its due time the messages of a part are put into the queue, which holds them back that long at most."""
MAX_SOON_PARTS: Final = 20
"""Parts whose messages are put into the queue within a request, which waits for that: 320 messages."""


def schedule(store: SendingStore, sends: Queue, sending: Sending, now: Seconds) -> None:
    """Write a new sending, and have those of its parts begin that are due soon.

    Raises:
        KnownSendingError: its id is taken.
        SendingTooLargeError: see :meth:`pushhub.sends.store.SendingStore.create`.
        UnavailableError: the store did not answer; the sending may have been written.
    """
    store.create(sending)
    begin_soon(store, sends, sending, now)


def begin_soon(
    store: SendingStore, sends: Queue, sending: Sending, now: Seconds, in_time: Callable[[], bool] = lambda: True
) -> None:
    """Have parts of a sending that was just written begin that are due soon, at most :data:`MAX_SOON_PARTS`.

    Once a sending is written it begins in any case: what cannot be put into the queue now is put there by the next sweep, and so is
    what there is no time for. `in_time` says whether there is, before each part and before what was put is written down.
    """
    left = MAX_SOON_PARTS
    for moment in due_moments_of(sending):
        if moment.due - now > PUT_AHEAD_SECONDS or not left:
            return
        put = put_parts(sends, sending, takewhile(lambda _: in_time(), moment.parts_of(sending)[:left]), now)
        if not in_time():
            return
        try:
            note_begun(store, sending, moment, put)
        except UnavailableError:
            return
        left -= put


def put_parts(sends: Queue, sending: Sending, parts: Iterable[Part], now: Seconds) -> int:
    """Put the messages of parts' lanes into the queue, part after part until it takes one not whole; return how many it took.

    Messages that are put twice do no harm: a lane has one run at a time.
    """
    put = 0
    for part in parts:
        delay = min(max(0, part.due - now), MAX_DELAY_SECONDS)
        if sends.put(lane_envelopes(sending, part, sending.lanes, delay)):
            break
        put += 1
    return put


def note_begun(store: SendingStore, sending: Sending, moment: DueMoment, put: int) -> None:
    """Write down that the messages of so many more parts of a moment are in the queue; with the last one it is due no longer.

    Raises:
        UnavailableError: the store did not answer; the moment may be listed as before, so that messages are put twice.
    """
    done = moment.put + put
    if done >= len(moment.parts_of(sending)):
        store.forget_due(moment)
    elif put:
        store.note_put(moment, done)


def lane_envelopes(sending: Sending, part: Part, lanes: Iterable[LaneName], delay: int = 0) -> tuple[Envelope, ...]:
    """Return the messages that have lanes of a part advance after so many seconds."""
    return tuple(Envelope(write_lane(LaneKey(sending.id, part.number, lane)), delay) for lane in lanes)
