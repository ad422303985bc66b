"""How are dead letters read so that they stay where they are, and put back into the queue they come from?"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import batched
from typing import Final

from pushhub.adapters.sqs_for_commands import ReceivedMessage, SqsMessages
from pushhub.console.dead_letters import DeadLetter, QueueName
from pushhub.console.progress import say
from pushhub.faults import UnavailableError
from pushhub.moments import Milliseconds
from pushhub.outgoing.queues import MAX_BATCH_MESSAGES, batches

HIDDEN_SECONDS: Final = 60
"""How long a letter that is read is hidden from others, unless it is released earlier."""
_WAIT_SECONDS: Final = 1
_LAST_RECEIVES: Final = 3
"""So many receives in a row must bring nothing new before nothing is left: each asks only a sample of the servers of SQS."""


@dataclass(frozen=True, slots=True)
class DeadLetterQueue:
    """The dead letters of a queue of the hub.

    They come from `source`, the queue called `name`, and go back into it. Those of `retries` and `relays`, where there are these
    queues, lie in `letters` too; relays go back into theirs.
    """

    name: QueueName
    letters: SqsMessages
    source: SqsMessages
    retries: SqsMessages | None = None
    relays: SqsMessages | None = None

    def waiting(self) -> int:
        """Return about how many letters there are that nobody holds.

        Raises:
            UnavailableError: SQS cannot be asked.
        """
        return self.letters.count_visible()

    def on_their_way(self) -> int:
        """Return about how many messages are not given up yet: ready, postponed, or being handled.

        Raises:
            UnavailableError: SQS cannot be asked.
        """
        return sum(queue.count_all() for queue in (self.source, self.retries, self.relays) if queue)

    def origin(self, letter: DeadLetter) -> SqsMessages:
        """Return the queue that a letter goes back into: no event waits behind relays."""
        return self.relays if self.relays and letter.is_relay else self.source

    @contextmanager
    def held(self) -> Iterator["Held"]:
        """Hold letters inside the block; at its end, with or without an error, others can see at once those that remain."""
        held = Held(self)
        try:
            yield held
        finally:
            held.release()


class Held:
    """The letters of one queue that were received, which others do not see meanwhile."""

    def __init__(self, queue: DeadLetterQueue) -> None:
        """Hold none yet."""
        self._queue = queue
        self._receipts: dict[str, str] = {}
        self._seen: set[str] = set()

    def received(self, limit: int | None = None) -> Iterator[list[DeadLetter]]:
        """Give all letters, or at most `limit`, a few at a time and each once.

        Raises:
            UnavailableError: SQS cannot be asked.
        """
        in_vain = 0
        while in_vain < _LAST_RECEIVES and (limit is None or len(self._seen) < limit):
            new = self._receive(MAX_BATCH_MESSAGES if limit is None else min(MAX_BATCH_MESSAGES, limit - len(self._seen)))
            in_vain = 0 if new else in_vain + 1
            if new:
                yield new

    def put_back(self, letters: Sequence[DeadLetter], began: Milliseconds) -> dict[str, str]:
        """Send letters into the queues they come from, then delete them.

        A letter is deleted only once its body was sent. If we are interrupted in between, it is there twice, and never lost.

        Args:
            letters: those to put back.
            began: the moment at which forwards begin anew.

        Returns:
            Why a letter is still there, by its id.
        """
        still_there: dict[str, str] = {}
        bodies: defaultdict[SqsMessages, dict[str, str]] = defaultdict(dict)
        for letter in letters:
            bodies[self._queue.origin(letter)][letter.id] = letter.body_to_put_back(began)
        for queue, its_bodies in bodies.items():
            for batch in batches(its_bodies, lambda body: len(body.encode())):
                still_there |= _send(queue, batch)
                still_there |= self._delete([id_ for id_ in batch if id_ not in still_there])
        return still_there

    def release(self) -> None:
        """Let others see the letters that are still there."""
        for batch in batched(self._receipts.items(), MAX_BATCH_MESSAGES, strict=False):
            try:
                # Which ones SQS refuses does not matter: their time is over, so others see them already.
                self._queue.letters.show(dict(batch))
            except UnavailableError as fault:
                say(f"some dead letters of {self._queue.name} stay hidden for up to {HIDDEN_SECONDS} s: {fault}")
                return

    def _receive(self, limit: int) -> list[DeadLetter]:
        messages = {message.id: message for message in self._queue.letters.receive(limit, HIDDEN_SECONDS, _WAIT_SECONDS)}
        # A letter that comes again has a new receipt, and that one counts.
        self._receipts |= {id_: message.receipt for id_, message in messages.items()}
        new = [self._letter(message) for id_, message in messages.items() if id_ not in self._seen]
        self._seen |= messages.keys()
        return new

    def _letter(self, message: ReceivedMessage) -> DeadLetter:
        return DeadLetter(message.id, self._queue.name, message.body, message.sent, message.reason)

    def _delete(self, ids: list[str]) -> dict[str, str]:
        if not ids:
            return {}
        still_here = "put back, but it is still here too"
        try:
            codes = self._queue.letters.delete({id_: self._receipts[id_] for id_ in ids})
        except UnavailableError as fault:
            return dict.fromkeys(ids, f"{still_here}: {fault}")
        for id_ in ids:
            if id_ not in codes:
                del self._receipts[id_]
        return {id_: f"{still_here}: {code}" for id_, code in codes.items()}


def _send(queue: SqsMessages, bodies: Mapping[str, str]) -> dict[str, str]:
    """Return why SQS did not take a body, by the id of its letter."""
    try:
        codes = queue.send(bodies)
    except UnavailableError as fault:
        return dict.fromkeys(bodies, str(fault))
    return {id_: f"SQS did not take it: {code}" for id_, code in codes.items()}
