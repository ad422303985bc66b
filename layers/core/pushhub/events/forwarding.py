"""When is a forward sent to its upstream, when is it postponed, and when is it given up?

Each message of the queues Forwards and Retries is a forward: one report on its way to one upstream. It gets an outcome from the
answer of its upstream, or without any request:

    Forwards ─┬─► can it be sent now? ── yes ──► request ──► answer
    Retries ──┘        │ no                                    │
                       └────────────────┬──────────────────────┘
                                        ▼
                                     outcome
                                        │
        ┌───────────────────────────────┼─────────────────────────────┐
        ▼                               ▼                             ▼
    accepted, discarded             retry, postponed              rejected, poison
        │                               │                             │
        ▼                  not expired  │  expired                    │
    deleted                      ┌──────┴──────┐                      │
                                 ▼             ▼                      ▼
                              Retries      dead letter            dead letter

=========  ===============================  =================================================================================
outcome    with an answer                   without a request
=========  ===============================  =================================================================================
accepted   the upstream took the report
discarded  the upstream refused the link
rejected   the upstream refused the report  the upstream is not in the catalog any more
retry      any other answer, or none        there is no upstream token to send the report with
postponed                                   the upstream has asked for later, or is paused (:mod:`pushhub.outgoing.pauses`)
poison                                      the message cannot be read
=========  ===============================  =================================================================================

A forward expires 72 hours after its forwarding began: when the function `record_events` made it, or when a person put it back from
the dead letters. Only the outcomes retry and postponed look at that. So an expired forward that can be sent is sent one last time.

A forward goes back as a new message in the queue of retries, and its old message is deleted. A message that is only hidden would
count against its queue's limit of messages in flight, and stall every upstream. Retries have a queue of their own, so that new
reports of one upstream never wait behind the retries of another.

A message is delivered again if its next queue did not take the new message, or if the function ended before the old one was
deleted. Its request may have been sent by then, and is sent again: an upstream gets each report at least once.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, assert_never

from pushhub.catalog.model import Upstream
from pushhub.events.command import RelayLink
from pushhub.events.messages import Forward, PoisonError, read_forward, write_forward
from pushhub.events.upstreams import Accepted, Apis, Discarded, Rejected, Retry, UpstreamApi, Verdict, verdict
from pushhub.moments import Clock, Milliseconds
from pushhub.outgoing.calls import Call, Exchange
from pushhub.outgoing.pauses import Pauses
from pushhub.outgoing.queues import MAX_DELAY_SECONDS, Delivery, Envelope, Queue, put_all

EXPIRES_AFTER_SECONDS: Final = 72 * 60 * 60
"""Counted from :attr:`~pushhub.events.messages.Forward.since`."""
FIRST_DELAY_SECONDS: Final = 5
"""The first delay; each further one is twice as long, at most :data:`~pushhub.outgoing.queues.MAX_DELAY_SECONDS`."""
MAX_DELAY_DOUBLINGS: Final = 8


def delay_seconds(waited: int, chance: float) -> int:
    """Return for how long the queue of retries holds a forward back.

    Args:
        waited: how often it has put the forward into that queue, after a request or without one.
        chance: from 0 to 1; decides over half of the delay, so that forwards that failed together do not come back together.
    """
    longest = min(MAX_DELAY_SECONDS, FIRST_DELAY_SECONDS << min(waited, MAX_DELAY_DOUBLINGS))
    return math.ceil(longest / 2 * (1 + chance))


@dataclass(frozen=True, slots=True)
class Postponed:
    """No request was sent; the forward is to be tried later."""

    reason: str


@dataclass(frozen=True, slots=True)
class Poison:
    """The message cannot be read."""

    reason: str


ForwardOutcome = Verdict | Postponed | Poison
"""What came of a forward."""


@dataclass(frozen=True, slots=True)
class HandledMessage:
    """A message with its outcome.

    `forward` is None if the message cannot be read; it counts the request that was sent. `given_up` says that the message becomes a
    dead letter.
    """

    forward: Forward | None
    outcome: ForwardOutcome
    given_up: bool = False


@dataclass(frozen=True, slots=True)
class HandledBatch:
    """The messages of a batch with their outcomes.

    `to_redeliver` are the ids of those messages that the queue has to deliver again, since their next queue did not take them.
    """

    messages: tuple[HandledMessage, ...]
    to_redeliver: frozenset[str]


@dataclass(frozen=True, slots=True)
class Destinations:
    """The upstreams of one moment and their tokens, both by the upstream's name."""

    upstreams: Mapping[str, Upstream]
    upstream_tokens: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Ready:
    """A forward that is sent now, by the request `call`; `api` reads the answer."""

    forward: Forward
    api: UpstreamApi
    call: Call


@dataclass(slots=True)
class Forwarding:
    """Sends the forwards of a batch, all at once; remembers which upstreams are paused from one batch to the next."""

    destinations: Callable[[], Destinations]
    """May raise `UnavailableError`."""
    apis: Apis
    exchange: Exchange
    retries: Queue
    dead_letters: Queue
    clock: Clock
    _pauses: Pauses = field(init=False)

    def __post_init__(self) -> None:
        """Begin without any knowledge of the upstreams."""
        self._pauses = Pauses(self.clock.elapsed)

    def __call__(self, deliveries: Sequence[Delivery]) -> HandledBatch:
        """Send what can be sent of a batch, and put each message that is not done into its next queue.

        Raises:
            UnavailableError: the catalog or the secret cannot be read; the whole batch is to be delivered again.
        """
        destinations = self.destinations()
        prepared = {delivery.id: self._prepare(delivery.body, destinations) for delivery in deliveries}
        handled = {id_: one for id_, one in prepared.items() if isinstance(one, HandledMessage)}
        handled |= self._send({id_: one for id_, one in prepared.items() if isinstance(one, _Ready)})
        return HandledBatch(tuple(handled.values()), self._put_into_queues(deliveries, handled))

    def _prepare(self, body: str, destinations: Destinations) -> _Ready | HandledMessage:
        """Return the request of a message that can be sent now, or the outcome of one that cannot."""
        try:
            forward = read_forward(body)
        except PoisonError as poison:
            return HandledMessage(None, Poison(str(poison)), given_up=True)
        name = forward.upstream
        upstream, upstream_token = destinations.upstreams.get(name), destinations.upstream_tokens.get(name)
        if upstream is None:
            return self._with_outcome(forward, Rejected(f"the catalog has no upstream {name} any more"))
        if upstream_token is None and not isinstance(forward.report.content, RelayLink):
            return self._with_outcome(forward, Retry(f"the stack's secret has no token of the upstream {name}"))
        if self.clock.now() < forward.not_before:
            return self._with_outcome(forward, Postponed("the upstream asked for later"))
        if reason := self._pauses.why_paused(name, retry=forward.waited > 0):
            return self._with_outcome(forward, Postponed(reason))
        api = self.apis[upstream.kind]
        return _Ready(forward, api, api.call(upstream, upstream_token or "", forward))

    def _send(self, ready: Mapping[str, _Ready]) -> dict[str, HandledMessage]:
        """Send requests, and learn from the answers which upstreams to pause; return the messages with their outcomes."""
        if not ready:
            return {}
        answers = self.exchange([one.call for one in ready.values()])
        self._pauses.learn((one.forward.upstream, answer) for one, answer in zip(ready.values(), answers, strict=True))
        return {
            id_: self._with_outcome(
                replace(one.forward, tried=one.forward.tried + 1), verdict(one.api, one.forward, answer, self.clock.now())
            )
            for (id_, one), answer in zip(ready.items(), answers, strict=True)
        }

    def _with_outcome(self, forward: Forward, outcome: Verdict | Postponed) -> HandledMessage:
        """Return a forward with its outcome: given up if it is rejected, or if it is to be tried later and has expired."""
        match outcome:
            case Accepted() | Discarded():
                given_up = False
            case Rejected():
                given_up = True
            case Retry() | Postponed():
                given_up = (self.clock.now() - forward.since) / 1000 >= EXPIRES_AFTER_SECONDS
            case _:
                assert_never(outcome)
        return HandledMessage(forward, outcome, given_up)

    def _put_into_queues(self, deliveries: Sequence[Delivery], handled: Mapping[str, HandledMessage]) -> frozenset[str]:
        """Put each message that is not done into its next queue; return the ids of those that the queue did not take."""
        delayed = {
            id_: self._delayed(one.forward, one.outcome)
            for id_, one in handled.items()
            if one.forward and isinstance(one.outcome, Retry | Postponed) and not one.given_up
        }
        dead = {
            delivery.id: _dead_letter(delivery.body, handled[delivery.id])
            for delivery in deliveries
            if handled[delivery.id].given_up
        }
        return put_all(self.retries, delayed.items()) | put_all(self.dead_letters, dead.items())

    def _delayed(self, forward: Forward, outcome: Retry | Postponed) -> Envelope:
        """Return the message for the queue of retries, which is held back at least until the upstream wants to be asked again."""
        now, not_before = self.clock.now(), forward.not_before
        if isinstance(outcome, Retry) and outcome.after is not None:
            not_before = Milliseconds(now + 1000 * outcome.after)
        delay = max(delay_seconds(forward.waited, self.clock.chance()), math.ceil((not_before - now) / 1000))
        later = replace(forward, waited=forward.waited + 1, not_before=not_before)
        return Envelope(write_forward(later), min(delay, MAX_DELAY_SECONDS))


def _dead_letter(body: str, handled: HandledMessage) -> Envelope:
    """Return the dead letter of a message; a message that cannot be read keeps its body."""
    outcome = handled.outcome
    match outcome:
        case Retry(reason) | Postponed(reason):
            reason = f"given up after {EXPIRES_AFTER_SECONDS // 3600} hours: {reason}"
        case Rejected(reason) | Discarded(reason) | Poison(reason):
            pass
        case Accepted():
            reason = ""
        case _:
            assert_never(outcome)
    return Envelope(write_forward(handled.forward) if handled.forward else body, reason=reason)
