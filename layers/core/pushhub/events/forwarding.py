"""When is a forward sent to its upstream, when is it postponed, and when is it given up?

Each message of the queues Forwards, Retries and Relays is a forward: one report on its way to one upstream. A relay is a forward of
a link that is not ours. A forward gets an outcome from the answer of its upstream, or without any request:

    Forwards ─┐
    Retries ──┼─► can it be sent now? ── yes ──► request ──► answer
    Relays ───┘        │ no                                    │
                       └────────────────┬──────────────────────┘
                                        ▼
                                     outcome
                                        │
        ┌───────────────────────────────┼─────────────────────────────┐
        ▼                               ▼                             ▼
    accepted, discarded             retry, postponed              rejected, poison
        │                               │                             │
        ▼                         goes on  │  given up                │
    deleted                      ┌─────────┴─────────┐                │
                                 ▼                   ▼                ▼
                    Retries; a relay: Relays    dead letter      dead letter

=========  ===============================  =================================================================================
outcome    with an answer                   without a request
=========  ===============================  =================================================================================
accepted   the upstream took the report
discarded  the upstream refused the link    the upstream is not in the catalog any more, or takes no links any more
rejected   the upstream refused the event   the upstream is not in the catalog any more
retry      any other answer, or none        there is no upstream token to send the report with
postponed                                   the upstream has asked for later, or is paused (:mod:`pushhub.outgoing.pauses`)
poison                                      the message cannot be read
=========  ===============================  =================================================================================

An event expires 72 hours after its forwarding began: when the function `record_events` made it, or when a person put it back from
the dead letters. Only the outcomes retry and postponed look at that: an expired forward is sent one last time, and given up if that
is in vain. No wait that an upstream asks for goes beyond it. While the upstream is paused, the last try is waited for, but for one
hour at most: an upstream that hangs would else hold up the retries of all others.

Anyone can make up links that are not ours. So relays have a queue of their own in which no event waits behind them, and pauses of
their own. A relay expires after one hour, and one that is given up is discarded: nobody looks at it.

A forward goes back as a new message, and its old message is deleted. A message that is only hidden would count against its queue's
limit of messages in flight, and stall every upstream. Retries have a queue of their own, so that new reports of one upstream never
wait behind the retries of another.

A message is delivered again if its next queue did not take the new message, or if the function ended before the old one was
deleted. Its request may have been sent by then, and is sent again: an upstream gets each report at least once.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, assert_never

from pushhub.catalog.model import Upstream
from pushhub.events.command import RecordEvent, RelayLink
from pushhub.events.messages import Forward, PoisonError, read_forward, write_forward
from pushhub.events.upstreams import Accepted, Apis, Discarded, Rejected, Retry, UpstreamApi, Verdict, verdict
from pushhub.moments import Clock, Milliseconds
from pushhub.outgoing.calls import Call, CallReply, Exchange, NoReply
from pushhub.outgoing.pauses import Pauses
from pushhub.outgoing.queues import MAX_DELAY_SECONDS, Delivery, Envelope, Queue, put_all

EXPIRES_AFTER_SECONDS: Final = 72 * 60 * 60
RELAY_EXPIRES_AFTER_SECONDS: Final = 60 * 60
"""Both are counted from :attr:`~pushhub.events.messages.Forward.since`."""
LAST_TRY_SECONDS: Final = 60 * 60
"""How long an expired event waits for its last try while its upstream is paused."""
MAX_SECONDS_ABOVE_OUR_DELAY: Final = 2 * 60 * 60
"""How much longer than our own delay an upstream may make a forward wait: some answer with milliseconds or with a moment."""
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
    """A forward that is sent now, by the request `call`; `api` reads the answer. `upstream_token` is empty where none is known."""

    forward: Forward
    api: UpstreamApi
    call: Call
    upstream_token: str = field(repr=False)


@dataclass(slots=True)
class Forwarding:
    """Sends the forwards of a batch, all at once; remembers which upstreams are paused from one batch to the next."""

    destinations: Callable[[], Destinations]
    """May raise `UnavailableError`."""
    apis: Apis
    exchange: Exchange
    retries: Queue
    relays: Queue
    dead_letters: Queue
    clock: Clock
    _pauses: Mapping[type[RecordEvent | RelayLink], Pauses] = field(init=False)
    """Those of events and those of relays: links that anyone made up say nothing of how events fare."""

    def __post_init__(self) -> None:
        """Begin without any knowledge of the upstreams."""
        self._pauses = {RecordEvent: Pauses(self.clock.elapsed), RelayLink: Pauses(self.clock.elapsed)}

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
            forward = self._bounded(read_forward(body))
        except PoisonError as poison:
            return HandledMessage(None, Poison(str(poison)), given_up=True)
        if outcome := self._without_request(forward, destinations):
            return self._with_outcome(forward, outcome)
        upstream = destinations.upstreams[forward.upstream]
        upstream_token = destinations.upstream_tokens.get(forward.upstream, "")
        api = self.apis[upstream.kind]
        return _Ready(forward, api, api.call(upstream, upstream_token, forward), upstream_token)

    def _without_request(self, forward: Forward, destinations: Destinations) -> Rejected | Discarded | Retry | Postponed | None:
        """Return the outcome of a forward that is not sent now, None if it is sent."""
        name = forward.upstream
        upstream = destinations.upstreams.get(name)
        if upstream is None:
            return _last_word(forward, f"the catalog has no upstream {name} any more")
        if forward.is_relay and not upstream.relay_links:
            return Discarded(f"the upstream {name} takes no links that are not ours any more")
        if name not in destinations.upstream_tokens and not forward.is_relay:
            return Retry(f"the stack's secret has no token of the upstream {name}")
        if self.clock.now() < forward.not_before:
            return Postponed("the upstream asked for later")
        if reason := self._pauses[type(forward.report.content)].why_paused(name, retry=forward.waited > 0):
            return Postponed(reason)
        return None

    def _bounded(self, forward: Forward) -> Forward:
        """Return a forward that waits no longer than it may: it is due when it expires, whatever its upstream has asked for.

        The release before this one did as it was asked, for years if need be; a wait of its messages is cut to the longest of ours.
        """
        latest = self.clock.now() + 1000 * (MAX_DELAY_SECONDS + MAX_SECONDS_ABOVE_OUR_DELAY)
        return replace(forward, not_before=Milliseconds(min(forward.not_before, _expires(forward), latest)))

    def _send(self, ready: Mapping[str, _Ready]) -> dict[str, HandledMessage]:
        """Send requests, and learn from the answers which upstreams to pause; return the messages with their outcomes."""
        if not ready:
            return {}
        answers = self.exchange([one.call for one in ready.values()])
        self._learn(zip((one.forward for one in ready.values()), answers, strict=True))
        now = self.clock.now()
        return {
            id_: self._with_outcome(
                replace(one.forward, tried=one.forward.tried + 1), verdict(one.api, one.forward, answer, now, one.upstream_token)
            )
            for (id_, one), answer in zip(ready.items(), answers, strict=True)
        }

    def _learn(self, answers: Iterable[tuple[Forward, CallReply | NoReply]]) -> None:
        by_content = defaultdict(list)
        for forward, answer in answers:
            by_content[type(forward.report.content)].append((forward.upstream, answer))
        for content, its_answers in by_content.items():
            self._pauses[content].learn(its_answers)

    def _with_outcome(self, forward: Forward, outcome: Verdict | Postponed) -> HandledMessage:
        """Return a forward with its outcome: given up if it is rejected, or if it is to be tried later and its time is over."""
        match outcome:
            case Accepted() | Discarded():
                given_up = False
            case Rejected():
                given_up = True
            case Retry() | Postponed():
                given_up = self._is_over(forward, outcome)
                if given_up and forward.is_relay:
                    minutes = RELAY_EXPIRES_AFTER_SECONDS // 60
                    return HandledMessage(forward, Discarded(f"given up after {minutes} minutes: {outcome.reason}"))
            case _:
                assert_never(outcome)
        return HandledMessage(forward, outcome, given_up)

    def _is_over(self, forward: Forward, outcome: Retry | Postponed) -> bool:
        """Say whether a forward has expired; an event that is postponed gets some more time for its last try."""
        more = LAST_TRY_SECONDS if isinstance(outcome, Postponed) and not forward.is_relay else 0
        return self.clock.now() >= _expires(forward) + 1000 * more

    def _put_into_queues(self, deliveries: Sequence[Delivery], handled: Mapping[str, HandledMessage]) -> frozenset[str]:
        """Put each message that is not done into its next queue; return the ids of those that the queue did not take."""
        retries: dict[str, Envelope] = {}
        relays: dict[str, Envelope] = {}
        for id_, one in handled.items():
            if one.forward and isinstance(one.outcome, Retry | Postponed) and not one.given_up:
                (relays if one.forward.is_relay else retries)[id_] = self._delayed(one.forward, one.outcome)
        dead = {
            delivery.id: _dead_letter(delivery.body, handled[delivery.id])
            for delivery in deliveries
            if handled[delivery.id].given_up
        }
        put = ((self.retries, retries), (self.relays, relays), (self.dead_letters, dead))
        return frozenset().union(*(put_all(queue, envelopes.items()) for queue, envelopes in put))

    def _delayed(self, forward: Forward, outcome: Retry | Postponed) -> Envelope:
        """Return the message that is tried later: it is held back until the upstream wants to be asked again, within bounds."""
        now, not_before = self.clock.now(), forward.not_before
        our_delay = delay_seconds(forward.waited, self.clock.chance())
        if isinstance(outcome, Retry) and outcome.after is not None:
            not_before = Milliseconds(now + 1000 * min(outcome.after, our_delay + MAX_SECONDS_ABOVE_OUR_DELAY))
        delay = max(our_delay, math.ceil((not_before - now) / 1000))
        later = replace(forward, waited=forward.waited + 1, not_before=not_before)
        return Envelope(write_forward(later), min(delay, MAX_DELAY_SECONDS))


def _expires(forward: Forward) -> Milliseconds:
    return Milliseconds(forward.since + 1000 * (RELAY_EXPIRES_AFTER_SECONDS if forward.is_relay else EXPIRES_AFTER_SECONDS))


def _last_word(forward: Forward, reason: str) -> Rejected | Discarded:
    """Return the outcome of a forward that can never be sent: somebody looks at an event, and nobody at a link."""
    return Discarded(reason) if forward.is_relay else Rejected(reason)


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
