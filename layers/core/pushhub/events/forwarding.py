"""When does a report go to its upstream, when is it postponed, and when is it given up?

Each message of the queues Forwards and Retries is a forward: one report on its way to one upstream.

    Forwards ─┬─► ready ──► sent ─┬─► accepted, dropped ────────────► done
    Retries ──┘     │             ├─► rejected ─────────────────────► dead letter
       ▲            │             └─► retry ───┬─ expired ──────────► dead letter
       │            └─────────► postponed ─────┤
       └───────────────────────────────────────┘ not expired

=========  ==============================================================================================================
outcome    when
=========  ==============================================================================================================
accepted   the upstream has taken the report
dropped    the upstream does not know the link
rejected   the upstream will never take the report, or is not in the catalog any more
retry      the upstream did not take the report this time, or there is no upstream token to send it with
postponed  nothing was sent: the upstream has asked for later, or is paused since it was slow or unreachable a moment ago
poison     nothing was sent: the message cannot be read; it becomes a dead letter
=========  ==============================================================================================================

A forward expires 72 hours after its forwarding began. Its age is looked at last: an expired one that is ready is sent once more.

A forward goes back as a new message in the queue of retries, and its old message is deleted. A message that is only hidden would
count against its queue's limit of messages in flight, and stall every upstream. Retries have a queue of their own, so that new
reports of one upstream never wait behind the retries of another.

A message is handled again if its next queue did not take what follows from it, or if the function ended before the message was
deleted. Its request may have been sent by then, and is sent again: an upstream gets each report at least once.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, assert_never

from pushhub.catalog.model import Upstream
from pushhub.events.command import RelayLink
from pushhub.events.messages import Forward, PoisonError, read_forward, write_forward
from pushhub.events.upstreams import Accepted, Apis, Dropped, Rejected, Retry, UpstreamApi, Verdict, verdict
from pushhub.moments import Clock, Milliseconds
from pushhub.outgoing.calls import Call, Exchange
from pushhub.outgoing.pauses import Pauses
from pushhub.outgoing.queues import MAX_DELAY_SECONDS, Delivery, Envelope, Queue, not_taken

GIVEN_UP_AFTER_SECONDS: Final = 72 * 60 * 60
FIRST_DELAY_SECONDS: Final = 5
"""The first delay; each further one is twice as long, at most :data:`~pushhub.outgoing.queues.MAX_DELAY_SECONDS`."""
MAX_DELAY_DOUBLINGS: Final = 8


def delay_seconds(waited: int, chance: float) -> int:
    """Return for how long the queue of retries holds a forward back.

    Args:
        waited: how often the forward was in that queue before.
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
class Handled:
    """What came of a message. `forward` is None if the message cannot be read; `given_up` says that it becomes a dead letter."""

    forward: Forward | None
    outcome: ForwardOutcome
    given_up: bool = False


@dataclass(frozen=True, slots=True)
class Handling:
    """What came of a batch.

    `failed` are the ids of the messages that are to be delivered again, since their next queue did not take them.
    """

    handled: tuple[Handled, ...]
    failed: frozenset[str]


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
    """Hands a batch of forwards on, all at once; remembers which upstreams are paused from one batch to the next."""

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

    def __call__(self, deliveries: Sequence[Delivery]) -> Handling:
        """Deal with a batch.

        Raises:
            UnavailableError: it is not known where reports may go; the whole batch is to be delivered again.
        """
        destinations = self.destinations()
        prepared = {delivery.id: self._prepared(delivery.body, destinations) for delivery in deliveries}
        handled = {id_: one for id_, one in prepared.items() if isinstance(one, Handled)}
        handled |= self._sent({id_: one for id_, one in prepared.items() if isinstance(one, _Ready)})
        return Handling(tuple(handled.values()), self._put_into_queues(deliveries, handled))

    def _prepared(self, body: str, destinations: Destinations) -> _Ready | Handled:
        """Return the request for a message, or what comes of a message that none is sent for."""
        try:
            forward = read_forward(body)
        except PoisonError as poison:
            return Handled(None, Poison(str(poison)), given_up=True)
        name = forward.upstream
        upstream, upstream_token = destinations.upstreams.get(name), destinations.upstream_tokens.get(name)
        if upstream is None:
            return self._handled(forward, Rejected(f"the catalog has no upstream {name} any more"))
        if upstream_token is None and not isinstance(forward.report.content, RelayLink):
            return self._handled(forward, Retry(f"the stack's secret has no token of the upstream {name}"))
        if self.clock.now() < forward.not_before:
            return self._handled(forward, Postponed("the upstream asked for later"))
        if reason := self._pauses.reason(name, again=forward.waited > 0):
            return self._handled(forward, Postponed(reason))
        api = self.apis[upstream.kind]
        return _Ready(forward, api, api.call(upstream, upstream_token or "", forward))

    def _sent(self, ready: Mapping[str, _Ready]) -> dict[str, Handled]:
        """Send requests, and learn from the answers which upstreams to pause; return what came of each."""
        if not ready:
            return {}
        answers = self.exchange([one.call for one in ready.values()])
        self._pauses.learn((one.forward.upstream, answer) for one, answer in zip(ready.values(), answers, strict=True))
        return {
            id_: self._handled(
                replace(one.forward, tried=one.forward.tried + 1), verdict(one.api, one.forward, answer, self.clock.now())
            )
            for (id_, one), answer in zip(ready.items(), answers, strict=True)
        }

    def _handled(self, forward: Forward, outcome: Verdict | Postponed) -> Handled:
        """Give a forward up if it is rejected, or if it is to be tried again and has expired."""
        match outcome:
            case Accepted() | Dropped():
                given_up = False
            case Rejected():
                given_up = True
            case Retry() | Postponed():
                given_up = (self.clock.now() - forward.since) / 1000 >= GIVEN_UP_AFTER_SECONDS
            case _:
                assert_never(outcome)
        return Handled(forward, outcome, given_up)

    def _put_into_queues(self, deliveries: Sequence[Delivery], handled: Mapping[str, Handled]) -> frozenset[str]:
        """Put each message that is not done into its next queue; return the ids of those that were not taken."""
        again = {
            id_: self._retried(one.forward, one.outcome)
            for id_, one in handled.items()
            if one.forward and isinstance(one.outcome, Retry | Postponed) and not one.given_up
        }
        dead = {delivery.id: _dead(delivery.body, handled[delivery.id]) for delivery in deliveries if handled[delivery.id].given_up}
        return not_taken(self.retries, again.items()) | not_taken(self.dead_letters, dead.items())

    def _retried(self, forward: Forward, outcome: Retry | Postponed) -> Envelope:
        """Return the message for the queue of retries, which is held back at least until the upstream wants to be asked again."""
        now, not_before = self.clock.now(), forward.not_before
        if isinstance(outcome, Retry) and outcome.after is not None:
            not_before = Milliseconds(now + 1000 * outcome.after)
        delay = max(delay_seconds(forward.waited, self.clock.chance()), math.ceil((not_before - now) / 1000))
        later = replace(forward, waited=forward.waited + 1, not_before=not_before)
        return Envelope(write_forward(later), min(delay, MAX_DELAY_SECONDS))


def _dead(body: str, handled: Handled) -> Envelope:
    """Return the dead letter of a message: what cannot be read stays as it is."""
    outcome = handled.outcome
    match outcome:
        case Retry(reason) | Postponed(reason):
            reason = f"given up after {GIVEN_UP_AFTER_SECONDS // 3600} hours: {reason}"
        case Rejected(reason) | Dropped(reason) | Poison(reason):
            pass
        case Accepted():
            reason = ""
        case _:
            assert_never(outcome)
    return Envelope(write_forward(handled.forward) if handled.forward else body, reason=reason)
