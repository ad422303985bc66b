"""When does a report go to its upstream, when is it put off, and when is it given up?

A report that is put off is a new message in the queue of retries and the old one is deleted: messages that are only hidden count
against a queue's limit of messages in flight, and would stall every upstream. A queue of their own, so that new reports of one
upstream never wait behind the retries of another.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from pushhub.catalog.model import Upstream
from pushhub.events.command import RelayLink
from pushhub.events.messages import Forward, PoisonError, read_forward, write_forward
from pushhub.events.upstreams import Accepted, Apis, Rejected, Retry, Verdict, verdict
from pushhub.moments import Clock, Milliseconds
from pushhub.outgoing.calls import Call, CallReply, Exchange, NoReply
from pushhub.outgoing.pauses import Pauses
from pushhub.outgoing.queues import MAX_DELAY_SECONDS, Delivery, Envelope, Queue, not_taken

GIVEN_UP_AFTER_SECONDS: Final = 72 * 60 * 60
FIRST_DELAY_SECONDS: Final = 5
"""The first delay; each further one is twice as long, at most :data:`~pushhub.outgoing.queues.MAX_DELAY_SECONDS`."""
MAX_DELAY_DOUBLINGS: Final = 8


def delay_seconds(waited: int, chance: float) -> int:
    """Return how long a report waits that was put off `waited` times before; `chance` from 0 to 1 decides over half of it."""
    longest = min(MAX_DELAY_SECONDS, FIRST_DELAY_SECONDS << min(waited, MAX_DELAY_DOUBLINGS))
    return math.ceil(longest / 2 * (1 + chance))


@dataclass(frozen=True, slots=True)
class PutOff:
    """The report was not tried, because its upstream was unreachable a moment ago or has asked for later."""

    reason: str


@dataclass(frozen=True, slots=True)
class Poison:
    """The message is none of ours."""

    reason: str


Outcome = Verdict | PutOff | Poison


@dataclass(frozen=True, slots=True)
class Handled:
    """What came of a message: of its report (None for a message that is none), and whether it ended among the dead letters."""

    forward: Forward | None
    outcome: Outcome
    given_up: bool = False


@dataclass(frozen=True, slots=True)
class Handling:
    """What came of a batch; the messages in `failed` are to be delivered again, because where they go next did not take them."""

    handled: tuple[Handled, ...]
    failed: frozenset[str]


@dataclass(frozen=True, slots=True)
class Destinations:
    """Where reports may go, as of one moment, and what opens it."""

    upstreams: Mapping[str, Upstream]
    tokens: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Forwarding:
    """Hands a batch of reports on, all at once; what is put off goes into `retries`, what is given up into `dead_letters`."""

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
        object.__setattr__(self, "_pauses", Pauses(self.clock.elapsed))

    def __call__(self, deliveries: Sequence[Delivery]) -> Handling:
        """Deal with a batch.

        Raises:
            UnavailableError: it is not known where reports may go; the whole batch is to be delivered again.
        """
        destinations = self.destinations()
        handled: dict[str, Handled] = {}
        ready: dict[str, tuple[Forward, Call]] = {}
        for delivery in deliveries:
            sorted_out = self._sorted_out(delivery.body, destinations)
            if isinstance(sorted_out, Handled):
                handled[delivery.id] = sorted_out
            else:
                ready[delivery.id] = sorted_out
        for id_, forward, answer in self._sent(ready):
            api = self.apis[destinations.upstreams[forward.upstream].kind]
            tried = replace(forward, tried=forward.tried + 1)
            handled[id_] = self._aged(tried, verdict(api, forward, answer, self.clock.now()))
        return Handling(tuple(handled.values()), self._moved_on(deliveries, handled))

    def _sorted_out(self, body: str, destinations: Destinations) -> "Handled | tuple[Forward, Call]":
        """Return what comes of a message that is not sent, or what is sent."""
        try:
            forward = read_forward(body)
        except PoisonError as poison:
            return Handled(None, Poison(str(poison)), given_up=True)
        upstream, token = destinations.upstreams.get(forward.upstream), destinations.tokens.get(forward.upstream)
        if upstream is None:
            return Handled(forward, Rejected(f"the catalog has no upstream {forward.upstream} any more"), given_up=True)
        if token is None and not isinstance(forward.report.content, RelayLink):
            return self._aged(forward, Retry(f"the stack's secret has no token of the upstream {forward.upstream}"))
        if self.clock.now() < forward.not_before:
            return self._aged(forward, PutOff("the upstream asked for later"))
        if why := self._pauses.reason(forward.upstream, again=forward.waited > 0):
            return self._aged(forward, PutOff(why))
        return forward, self.apis[upstream.kind].call(upstream, token or "", forward)

    def _sent(self, ready: Mapping[str, tuple[Forward, Call]]) -> Iterable[tuple[str, Forward, CallReply | NoReply]]:
        if not ready:
            return []
        answers = self.exchange([call for _, call in ready.values()])
        forwards = [forward for forward, _ in ready.values()]
        self._pauses.learn((forward.upstream, answer) for forward, answer in zip(forwards, answers, strict=True))
        return zip(ready, forwards, answers, strict=True)

    def _aged(self, forward: Forward, outcome: Verdict | PutOff) -> Handled:
        """Give up what should be tried again and is too old for it."""
        age = (self.clock.now() - forward.since) / 1000
        if isinstance(outcome, Retry | PutOff) and age >= GIVEN_UP_AFTER_SECONDS:
            return Handled(forward, outcome, given_up=True)
        return Handled(forward, outcome, given_up=isinstance(outcome, Rejected))

    def _moved_on(self, deliveries: Sequence[Delivery], handled: Mapping[str, Handled]) -> frozenset[str]:
        """Put each message where it goes next; return those that could not be, which stay where they are."""
        again = {
            id_: self._again(one.forward, one.outcome)
            for id_, one in handled.items()
            if one.forward and isinstance(one.outcome, Retry | PutOff) and not one.given_up
        }
        dead = {one.id: _dead(one.body, handled[one.id]) for one in deliveries if handled[one.id].given_up}
        return not_taken(self.retries, again.items()) | not_taken(self.dead_letters, dead.items())

    def _again(self, forward: Forward, outcome: Retry | PutOff) -> Envelope:
        now, not_before = self.clock.now(), forward.not_before
        if isinstance(outcome, Retry) and outcome.after is not None:
            not_before = Milliseconds(now + 1000 * outcome.after)
        delay = max(delay_seconds(forward.waited, self.clock.chance()), math.ceil((not_before - now) / 1000))
        later = replace(forward, waited=forward.waited + 1, not_before=not_before)
        return Envelope(write_forward(later), min(delay, MAX_DELAY_SECONDS))


def _dead(body: str, handled: Handled) -> Envelope:
    outcome = handled.outcome
    reason = "" if isinstance(outcome, Accepted) else outcome.reason
    if isinstance(outcome, Retry | PutOff):
        reason = f"given up after {GIVEN_UP_AFTER_SECONDS // 3600} hours: {reason}"
    return Envelope(write_forward(handled.forward) if handled.forward else body, reason=reason)
