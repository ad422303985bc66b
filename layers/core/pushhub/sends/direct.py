"""How is a sending pushed whose caller names the recipients and waits for what comes of them?

Steps are begun until :data:`LAST_STEP_SECONDS` into the request, for at most :data:`MAX_IN_REQUEST` recipients. Those that are left
then, and those whose providers want to be asked later, go into the queue Deliveries. One write at the end says what came of all;
nothing is written for a recipient that was accepted. A sending with a pack id is written once more, before its first push.

============================================  ==========================================================================
what fails                                    what comes of it
============================================  ==========================================================================
the queue does not take a message             its recipients are expired: nobody will push to them
more than :data:`MAX_WAITING` are left        the surplus is expired
one that is left has no time for the queue    it is expired, also where it is one of those over :data:`MAX_IN_REQUEST`
the write at the end, twice                   those in the queue are unknown: whether they get a push depends on whether
                                              it was written after all
the write, since another sending has the id   those in the queue are unknown: their messages come to the other sending
the process, before the write                 those in the queue get no push; the caller has no answer. With a pack id the
                                              sending is there: it is running, and shown as interrupted
the start of one with a pack id               nothing is pushed, put or written; :mod:`pushhub.sends.pack_ids` says what comes
                                              of the pack id
============================================  ==========================================================================
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import batched
from typing import Final

from pushhub.audience.model import Subscription, SubscriptionRef
from pushhub.catalog.model import App
from pushhub.catalog.providers import Provider
from pushhub.faults import UnavailableError
from pushhub.moments import Clock, Seconds
from pushhub.outgoing.queues import Queue
from pushhub.sends.accounting import account, count_of, messages_bad
from pushhub.sends.ending import status_at_end
from pushhub.sends.handling import now_of
from pushhub.sends.outcomes import Outcome, RecipientOutcome
from pushhub.sends.pack_ids import PackIds, PackKey
from pushhub.sends.port import Pusher
from pushhub.sends.queue_messages import DeferralMessage, WaitingRecipient
from pushhub.sends.sending import (
    MAX_EXAMPLES,
    MAX_STEP_RECIPIENTS,
    NAMED_LANE,
    DeferralKey,
    Example,
    LaneKey,
    OutcomeCounts,
    ProviderStop,
    Sending,
    SendingStatus,
    named_place,
)
from pushhub.sends.store import MAX_ENDED_DEFERRALS, KnownSendingError, NewDeferral, SendingStore, SendingTooLargeError

STEP_RECIPIENTS: Final = 150
"""As many as the transport has in flight at one time."""
MAX_IN_REQUEST: Final = 5_000
"""Recipients that are pushed to while the caller waits; more are where otherwise too many would be left."""
MAX_WAITING: Final = MAX_ENDED_DEFERRALS * MAX_STEP_RECIPIENTS
"""Recipients that the queue takes of one sending, since one write has all their deferrals."""
LAST_STEP_SECONDS: Final = 15
"""How long after the beginning of a request the last step is begun."""
STEP_SECONDS: Final = 8
"""How long the pushes of one step may take: all are over 23 seconds into the request, and two are left for the end of it."""
SECONDS_TO_RECORD: Final = 10
"""How long the queue holds a message back at least: the sending is written after it was put, and has to be there by then."""

_LEFT: Final = RecipientOutcome(Outcome.RETRY, reason="it waits in the queue: the time of the request was over before its turn")
_LEFT_LATE: Final = RecipientOutcome(
    Outcome.EXPIRED, reason="its turn did not come in the request, and its time is over before the queue could deliver it"
)
_REFUSED_BY_QUEUE: Final = RecipientOutcome(Outcome.EXPIRED, reason="the queue did not take it, so it is not sent")
_TOO_MANY: Final = RecipientOutcome(Outcome.EXPIRED, reason=f"over {MAX_WAITING} were left for the queue, so it is not sent")
_NOT_RECORDED: Final = RecipientOutcome(Outcome.UNKNOWN, reason="it is not known whether its waiting was written; it may be sent")


@dataclass(frozen=True, slots=True)
class DirectResult:
    """What came of a sending by the end of its request.

    Attributes:
        sending: as it was given to the store.
        outcomes: by identifier, what came of each of its recipients; `retry` is one that the queue has taken.
    """

    sending: Sending
    outcomes: Sequence[Sequence[RecipientOutcome]]


@dataclass(frozen=True, slots=True)
class SendDirectly:
    """Pushes a sending within a request. `on_fault` is told what could not be written."""

    store: SendingStore
    pack_ids: PackIds
    pusher: Pusher
    deliveries: Queue
    clock: Clock
    on_fault: Callable[[str], None]

    def __call__(
        self, sending: Sending, app: App, found: Sequence[Sequence[Subscription]], begun: float, pack: PackKey | None = None
    ) -> DirectResult:
        """Push to the recipients; where there are none, nothing is written.

        Args:
            sending: new, with one part.
            app: through whose accounts.
            found: the recipients of each identifier, each recipient once.
            begun: when the request began, as the clock counts seconds.
            pack: the pack id that this sending has claimed; None where its caller gave none.

        Raises:
            LostRaceError: the claim of the pack id is not its own any more; nothing is pushed.
            UnavailableError: it could not be written that the pack id is used; nothing is pushed.
        """
        request = _Request(self, sending, app, begun)
        recipients = [each for of_identifier in found for each in of_identifier]
        if recipients:
            if pack:
                request.start(pack)
            request.push(recipients)
            request.defer()
            request.record()
        outcomes = [[request.came[each.ref] for each in of_identifier] for of_identifier in found]
        return DirectResult(request.sending, outcomes)


@dataclass(slots=True)
class _Request:
    """A sending on its way, as far as it has come."""

    use_case: SendDirectly
    sending: Sending
    app: App
    begun: float
    started: bool = False
    came: dict[SubscriptionRef, RecipientOutcome] = field(default_factory=dict)
    counts: OutcomeCounts = field(default_factory=OutcomeCounts)
    stopped: dict[Provider, ProviderStop] = field(default_factory=dict)
    examples: dict[tuple[Provider, Outcome, str], Example] = field(default_factory=dict)
    waiting: list[WaitingRecipient] = field(default_factory=list)
    deferrals: list[NewDeferral] = field(default_factory=list)

    def start(self, pack: PackKey) -> None:
        """Write that it pushes from now on: so late that little can fail before the first push, and before anything is put."""
        now = self._now()
        self.sending = replace(self.sending, status=SendingStatus.RUNNING, begun=now)
        self.use_case.pack_ids.start(pack, self.sending, now)
        self.started = True

    def push(self, recipients: Sequence[Subscription]) -> None:
        """Push to as many as the time allows; the others wait."""
        pushed, most = 0, max(min(len(recipients), MAX_IN_REQUEST), len(recipients) - MAX_WAITING)
        while pushed < most and self._elapsed() < LAST_STEP_SECONDS:
            step = recipients[pushed : min(pushed + STEP_RECIPIENTS, most)]
            self._push_step(self._not_stopped(step))
            pushed += len(step)
        now = self._now()
        for each in self._not_stopped(recipients[pushed:]):
            self.came[each.ref] = _LEFT
            self.waiting.append(WaitingRecipient(each.ref, now))

    def defer(self) -> None:
        """Put those that wait into the queue, those that are due first in messages of their own."""
        now = self._now()
        self._expire_late(Seconds(now + SECONDS_TO_RECORD))
        every = list(self._messages(now))
        messages, surplus = every[:MAX_ENDED_DEFERRALS], every[MAX_ENDED_DEFERRALS:]
        refused = self.use_case.deliveries.put([message.envelope(now) for message in messages]) if messages else frozenset()
        for position, message in enumerate(messages):
            if position in refused:
                self._expire(message, _REFUSED_BY_QUEUE)
            else:
                self.deferrals.append(NewDeferral(message.key, message.numbers))
        for message in surplus:
            self._expire(message, _TOO_MANY)
        if refused:
            self.use_case.on_fault(f"sending {self.sending.id}: the queue did not take {len(refused)} of {len(messages)} messages")

    def record(self) -> None:
        """Write what came of all."""
        now = self._now()
        examples = tuple(self.examples.values())[:MAX_EXAMPLES]
        known = replace(self.sending, begun=self.sending.begun or now, counts=self.counts, examples=examples)
        known = replace(known, stopped={self.app.id: self.stopped} if self.stopped else {})
        ended = replace(known, status=status_at_end(known, {self.app.id: self.counts}), ended=now)
        self.sending = replace(known, status=SendingStatus.RUNNING) if self.deferrals else ended
        if fault := self._write():
            self.use_case.on_fault(f"sending {self.sending.id}: it is pushed, and could not be written: {fault}")
            self._settle(self.waiting, _NOT_RECORDED, but=Outcome.EXPIRED)

    def _expire_late(self, earliest: Seconds) -> None:
        """Expire those whose time is over before the queue can deliver them, which is at a moment at the earliest."""
        part = self.sending.parts[0]
        in_time: list[WaitingRecipient] = []
        late: list[Provider] = []
        for each in self.waiting:
            if max(each.not_before, earliest) <= self.sending.not_after_for(part, each.provider):
                in_time.append(each)
            else:
                late.append(each.provider)
                came = self.came[each.reference]
                self.came[each.reference] = _LEFT_LATE if came is _LEFT else replace(came, outcome=Outcome.EXPIRED)
        self.waiting = in_time
        self.counts += count_of((provider, Outcome.EXPIRED) for provider in late)

    def _push_step(self, recipients: Sequence[Subscription]) -> None:
        if not recipients:
            return
        outcomes = self.use_case.pusher.push(self.sending, self.app, recipients, STEP_SECONDS)
        pushed = list(zip(recipients, outcomes, strict=True))
        not_after = partial(self.sending.not_after_for, self.sending.parts[0])
        accounted = account(pushed, 0, self._now(), not_after, self.use_case.clock.chance())
        self.counts += accounted.counts
        self.waiting += accounted.waiting
        self.stopped = {**messages_bad(self.counts), **accounted.stops_in(self.counts), **self.stopped}
        self.examples = {(each.provider, each.outcome, each.code): each for each in accounted.examples} | self.examples
        waiting = {each.reference for each in accounted.waiting}
        for each, outcome in pushed:
            is_late = outcome.outcome is Outcome.RETRY and each.ref not in waiting
            self.came[each.ref] = replace(outcome, outcome=Outcome.EXPIRED) if is_late else outcome

    def _not_stopped(self, recipients: Iterable[Subscription]) -> list[Subscription]:
        """Return those whose providers are not stopped; the others have come to the outcome of the stop."""
        left: list[Subscription] = []
        stopped: list[tuple[Provider, Outcome]] = []
        for each in recipients:
            stop = self.stopped.get(each.address.provider)
            if stop is None:
                left.append(each)
            else:
                stopped.append((each.address.provider, stop.outcome))
                self.came[each.ref] = RecipientOutcome(stop.outcome, reason=stop.reason)
        self.counts += count_of(stopped)
        return left

    def _messages(self, now: Seconds) -> Iterator[DeferralMessage]:
        lane = LaneKey(self.sending.id, self.sending.parts[0].number, NAMED_LANE)
        earliest = Seconds(now + SECONDS_TO_RECORD)
        held_back = [replace(each, not_before=max(each.not_before, earliest)) for each in self.waiting]
        in_order = sorted(held_back, key=lambda each: each.not_before)
        for number, recipients in enumerate(batched(in_order, MAX_STEP_RECIPIENTS, strict=False)):
            yield DeferralMessage(DeferralKey(lane, named_place(number)), 0, recipients)

    def _expire(self, message: DeferralMessage, outcome: RecipientOutcome) -> None:
        self.counts += count_of((each.provider, outcome.outcome) for each in message.recipients)
        self._settle(message.recipients, outcome)

    def _settle(self, recipients: Iterable[WaitingRecipient], outcome: RecipientOutcome, but: Outcome | None = None) -> None:
        for each in recipients:
            if self.came[each.reference].outcome is not but:
                self.came[each.reference] = outcome

    def _write(self) -> str:
        """Write the sending, and once more if no answer came; return why it is not known to be written, nothing where it is.

        A sending that is known after a lost answer is this one. One that is known at first is another's.
        """
        answer_lost = False
        for _ in range(2):
            try:
                self.use_case.store.record_ended(self.sending, self.deferrals, started=self.started)
            except UnavailableError:
                answer_lost = True
            except KnownSendingError:
                return "" if answer_lost else "another sending has its id"
            except SendingTooLargeError as error:
                return f"it is too large: {error}"
            else:
                return ""
        return "the store did not answer"

    def _elapsed(self) -> float:
        return self.use_case.clock.elapsed() - self.begun

    def _now(self) -> Seconds:
        return now_of(self.use_case.clock)
