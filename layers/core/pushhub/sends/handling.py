"""How does a function deal with a batch of messages of a queue of sendings, and what does it tell of it?"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from pushhub.catalog.model import AppId
from pushhub.catalog.providers import Provider
from pushhub.faults import UnavailableError
from pushhub.moments import Clock, Milliseconds, Seconds
from pushhub.outgoing.queues import Delivery, Envelope, Queue, put_all
from pushhub.sends.ending import end_if_over
from pushhub.sends.outcomes import Outcome
from pushhub.sends.queue_messages import UnreadableMessageError
from pushhub.sends.sending import MAX_EXAMPLES, Example, LaneKey, OutcomeCounts, Part, ProviderStop, Sending, SendingId, minted_at
from pushhub.sends.store import SendingStore

BATCH_BEGIN_SECONDS: Final = 30
"""How long after the beginning of a batch its last message is begun; the others go back into the queue as they are."""
PUSH_SECONDS: Final = 15
"""Within which the pushes of one step, or of one try, are over."""
LEASE_MARGIN_SECONDS: Final = 10
"""How much longer a lease lasts than the function that takes it may run: its worker is certainly dead by then."""

_METRICS: Final = {
    Outcome.ACCEPTED: "PushesAccepted",
    Outcome.LATER: "PushesLater",
    Outcome.GONE: "PushesGone",
    Outcome.WRONG_TARGET: "PushesWrongTarget",
    Outcome.MESSAGE_BAD: "PushesMessageBad",
    Outcome.CREDENTIALS_BAD: "PushesCredentialsBad",
    Outcome.UNKNOWN: "PushesUnknown",
    Outcome.EXPIRED: "PushesExpired",
}
"""What counts recipients by how they are accounted for; one that waits is not yet."""


class SendFault(StrEnum):
    """What went wrong on the hub's own side, in words for the log."""

    UNAVAILABLE = "the store, the catalog or the audience did not answer"
    QUEUE_REFUSED = "the queue did not take a message"
    RUN_DIED = "a run died in the middle of a step or of a try; its recipients are unknown"
    LEASE_LOST = "another run has taken over"
    APP_GONE = "the app is not in the catalog any more, or is disabled; nothing more is sent through it"
    UNREADABLE = "a message cannot be read; it is a dead letter"


@dataclass(frozen=True, slots=True)
class StoppedProvider:
    """A provider that gets nothing of a sending through an app any more."""

    sending: SendingId
    app: AppId
    provider: Provider
    stop: ProviderStop


@dataclass(slots=True)
class HandledSends:
    """What came of a batch; it is gathered while the batch is dealt with.

    Attributes:
        to_redeliver: the ids of those messages that the queue has to deliver again.
        counts: recipients that were accounted for.
        deferred: recipients that are to be pushed to later, for the first time or again.
        steps: steps and tries that were pushed.
        stopped: providers that were stopped, each for one app.
        ended: sendings that are over.
        faults: what went wrong on the hub's own side.
    """

    to_redeliver: set[str] = field(default_factory=set)
    counts: OutcomeCounts = field(default_factory=OutcomeCounts)
    deferred: int = 0
    steps: int = 0
    stopped: list[StoppedProvider] = field(default_factory=list)
    ended: list[SendingId] = field(default_factory=list)
    faults: list[SendFault] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Batches:
    """Deals with batches of one queue: what cannot be read goes to `dead_letters`, what comes too late back into `queue`."""

    queue: Queue
    dead_letters: Queue
    clock: Clock

    def deal_with(self, deliveries: Sequence[Delivery], handle: Callable[[str, HandledSends], bool]) -> HandledSends:
        """Deal with each message on its own, so that none suffers from another.

        Args:
            deliveries: the messages.
            handle: deals with one, by its body, and says whether it is done. It raises `UnreadableMessageError`, or
                `UnavailableError` where the message has to come again.
        """
        handled = HandledSends()
        begun = self.clock.elapsed()
        back, dead = [], []
        for delivery in deliveries:
            if self.clock.elapsed() - begun > BATCH_BEGIN_SECONDS:
                back.append((delivery.id, Envelope(delivery.body)))
                continue
            try:
                done = handle(delivery.body, handled)
            except UnreadableMessageError as unreadable:
                handled.faults.append(SendFault.UNREADABLE)
                dead.append((delivery.id, Envelope(delivery.body, reason=str(unreadable))))
                continue
            except UnavailableError:
                handled.faults.append(SendFault.UNAVAILABLE)
                done = False
            if not done:
                handled.to_redeliver.add(delivery.id)
        handled.to_redeliver |= put_all(self.queue, back) | put_all(self.dead_letters, dead)
        return handled


def put_twice(queue: Queue, envelope: Envelope) -> bool:
    """Put a message into a queue, and say whether it took it; what it refuses is put once more at once."""
    return not queue.put([envelope]) or not queue.put([envelope])


def newly_stopped(sending: Sending, app: AppId, stops: Mapping[Provider, ProviderStop]) -> list[StoppedProvider]:
    """Return those stops of an app's providers that the sending does not know."""
    known = sending.stopped_of(app)
    return [StoppedProvider(sending.id, app, provider, stop) for provider, stop in stops.items() if provider not in known]


def remember(
    store: SendingStore,
    sending: Sending,
    stopped: Iterable[StoppedProvider],
    examples: Iterable[Example],
    handled: HandledSends,
) -> None:
    """Write down new stops, and examples of kinds that the sending has none of, as far as the store answers.

    What is not written now is met again with the next recipients.
    """
    known = {(each.provider, each.outcome, each.code) for each in sending.examples}
    fresh = [each for each in examples if (each.provider, each.outcome, each.code) not in known]
    try:
        for each in stopped:
            handled.stopped.append(each)
            store.stop_provider(each.sending, each.app, each.provider, each.stop)
        for example in fresh[: MAX_EXAMPLES - len(known)]:
            store.add_example(sending.id, example)
    except UnavailableError:
        handled.faults.append(SendFault.UNAVAILABLE)


def note_end(store: SendingStore, key: LaneKey, clock: Clock, handled: HandledSends) -> None:
    """End the sending of a lane if nothing of it is left; where the store does not answer, the sweep ends it."""
    try:
        if end_if_over(store, key, now_of(clock)):
            handled.ended.append(key.sending)
    except UnavailableError:
        handled.faults.append(SendFault.UNAVAILABLE)


def pushes_counted(counts: OutcomeCounts) -> dict[str, int]:
    """Return the metrics that recipients who are accounted for are counted by."""
    return {metric: counts.number(outcome) for outcome, metric in _METRICS.items()}


def served_since(sending: Sending, part: Part, now: Seconds) -> Milliseconds:
    """Return the moment since when a part is there to be sent: whatever was changed before it counts for the part."""
    return max(minted_at(sending.id), Milliseconds(1000 * part.due) if part.due <= now else minted_at(sending.id))


def now_of(clock: Clock) -> Seconds:
    """Return the present moment in seconds."""
    return Seconds(clock.now() // 1000)
