"""How does a lane advance?

A message of the queue Sends stands for one lane. A run takes the lease of the lane and goes from step to step:

    message ─► take the lease ─► next step? ── none ──────────────► record, finished ─► is the sending over?
                                   │    ▲
                                   ▼    │ the next claim records what came of the step before
                                 claim  │
                                   ▼    │
                                 push ──┤
                                   ▼    │
                                 those that wait: message of Deliveries
                                        │
                     slice over, paused └─────────────────────────► record, give the lease up ─► message again

A claim is written before the first push of its step leaves, and whoever finds the claim of a dead run counts its recipients as
unknown. So no recipient is ever pushed to twice, and each is accounted for once. The message of those that wait is put into the
queue before the step is recorded, and their deferral is written together with the record: a message without a deferral belongs to a
step that was declared unknown.

The message of a lane is put again only after its lease was given up, and the old message is done only after that. So a lane
always has a message, however a worker dies. A message that comes while another run has the lane is dropped: the message of that
run comes back if its worker dies. For that, the queue has to hide a message for longer than a lease lasts.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from pushhub.catalog.model import App, AppId
from pushhub.faults import UnavailableError
from pushhub.moments import CLOCKS_APART_SECONDS, Clock, Milliseconds, Seconds
from pushhub.outgoing.queues import MAX_DELAY_SECONDS, Delivery, Envelope, Queue
from pushhub.sends.accounting import account, messages_bad, set_apart
from pushhub.sends.handling import (
    LEASE_MARGIN_SECONDS,
    PUSH_SECONDS,
    Batches,
    HandledSends,
    SendFault,
    newly_stopped,
    note_end,
    now_of,
    put_twice,
    remember,
    served_since,
)
from pushhub.sends.lane_runs import LaneRun, LeaseLostError, taken
from pushhub.sends.port import Pusher
from pushhub.sends.queue_messages import (
    DeferralMessage,
    WaitingRecipient,
    number_by_provider,
    read_lane,
    write_lane,
)
from pushhub.sends.sending import (
    Claim,
    DeferralKey,
    LaneKey,
    Part,
    Place,
    RunId,
    Sending,
    SendingStatus,
)
from pushhub.sends.steps import Step, StepSource
from pushhub.sends.store import NewDeferral, RecordedStep, SendingStore

SLICE_SECONDS: Final = 40
"""How long a run goes on from step to step before it lets others have their turn."""


@dataclass(frozen=True, slots=True)
class AdvanceLane:
    """Has the lanes of a batch advance, one after the other.

    `function_seconds` is how long the function may run at most. `apps` gives an app by its id, as it was at a moment or later,
    None where there is none; it may raise `UnavailableError`.
    """

    store: SendingStore
    apps: Callable[[AppId, Milliseconds], App | None]
    steps: StepSource
    pusher: Pusher
    sends: Queue
    deliveries: Queue
    dead_letters: Queue
    clock: Clock
    mint_run: Callable[[], RunId]
    function_seconds: int
    slice_seconds: float = SLICE_SECONDS
    push_seconds: float = PUSH_SECONDS

    def __call__(self, deliveries: Sequence[Delivery]) -> HandledSends:
        """Advance each lane by a slice, or put its message again if it is not due."""
        return Batches(self.sends, self.dead_letters, self.clock).deal_with(deliveries, self._advance)

    def _advance(self, body: str, handled: HandledSends) -> bool:
        key = read_lane(body)
        sending = self.store.sending(key.sending)
        if sending is None or sending.status.ended or key.part >= len(sending.parts) or key.lane not in sending.lanes:
            return True
        part, now = sending.parts[key.part], now_of(self.clock)
        if now < part.due and not sending.drops(part):
            return self.put_again(key, part.due - now, handled)
        if sending.status is SendingStatus.SCHEDULED and not sending.messages:
            return self._has_expired(sending, now, handled) or self.put_again(key, 0, handled)
        app = self._app_of(part, served_since(sending, part, now))
        begun = self._begun(sending, now)
        if begun.status is SendingStatus.SCHEDULED:
            return self.put_again(key, 0, handled)
        return begun.status.ended or self._run(key, begun, app, now, handled)

    def _begun(self, sending: Sending, now: Seconds) -> Sending:
        """Have a sending begin that is scheduled; return it as it is from then on.

        Where it runs already, or another push or none is bound to it, it is read again: what is pushed is what it has now.
        """
        if sending.status is not SendingStatus.SCHEDULED:
            return sending
        if self.store.begin(sending.id, now, sending.push):
            return replace(sending, status=SendingStatus.RUNNING)
        return self.store.sending(sending.id) or replace(sending, status=SendingStatus.EXPIRED)

    def _run(self, key: LaneKey, sending: Sending, app: App | None, now: Seconds, handled: HandledSends) -> bool:
        part = sending.parts[key.part]
        if app is None:
            handled.faults.append(SendFault.APP_GONE)
            if part.number not in sending.dropped:
                self.store.drop_part(sending.id, part.number)
        until = Seconds(now + self.function_seconds + LEASE_MARGIN_SECONDS)
        run = taken(self.store, key, self.mint_run(), now, until)
        if run is None:
            return True
        if run.recorded:
            handled.faults.append(SendFault.RUN_DIED)
            handled.counts += run.recorded.counts
        return _Slice(self, sending, part, app, run, handled).is_done()

    def _app_of(self, part: Part, since: Milliseconds) -> App | None:
        app = self.apps(part.app, since)
        return app if app and app.enabled else None

    def _has_expired(self, sending: Sending, now: Seconds, handled: HandledSends) -> bool:
        """End a sending that is due and has no message, and say whether it has ended; a push may be bound to it in this moment."""
        self.store.expire(sending.id, now)
        current = self.store.sending(sending.id)
        if current and not current.status.ended:
            return False
        handled.ended.append(sending.id)
        return True

    def put_again(self, key: LaneKey, delay: int, handled: HandledSends) -> bool:
        """Put the message of a lane into the queue again, and say whether it took it."""
        if put_twice(self.sends, Envelope(write_lane(key), min(delay, MAX_DELAY_SECONDS))):
            return True
        handled.faults.append(SendFault.QUEUE_REFUSED)
        return False


class _RefusedError(Exception):
    """The queue did not take the message of those that wait."""


@dataclass(slots=True)
class _Slice:
    """What one run does with its lane, until its slice is over.

    `pause` counts the seconds for which the lane pauses, since a provider wants to be asked less.
    """

    use_case: AdvanceLane
    sending: Sending
    part: Part
    app: App | None
    run: LaneRun
    handled: HandledSends
    pause: int = 0

    def is_done(self) -> bool:
        """Go from step to step, and say whether the message of the lane is done."""
        try:
            return self._advance()
        except LeaseLostError:
            self.handled.faults.append(SendFault.LEASE_LOST)
            return True
        except _RefusedError:
            self.handled.faults.append(SendFault.QUEUE_REFUSED)
        except UnavailableError:
            self.handled.faults.append(SendFault.UNAVAILABLE)
        with suppress(LeaseLostError, UnavailableError):
            self._give_up()
        return False

    def _advance(self) -> bool:
        clock = self.use_case.clock
        begun, first = clock.elapsed(), True
        for step in self._steps():
            if not first and (self.pause or clock.elapsed() - begun >= self.use_case.slice_seconds):
                return self._let_others()
            first = False
            if not (self.app and step.recipients):
                self.run.passed(step.place)
                continue
            current = self.use_case.store.sending(self.sending.id)
            if current is None or current.status.ended:
                return True
            if current.drops(self.part):
                break
            self.sending = current
            self._push(self.app, step)
        self.run.finish(now_of(clock))
        note_end(self.use_case.store, self.run.key, clock, self.handled)
        return True

    def _steps(self) -> Iterator[Step]:
        if self.app and not self.sending.drops(self.part):
            yield from self.use_case.steps.after(self.sending, self.part, self.app, self.run.key.lane, self.run.done)

    def _let_others(self) -> bool:
        self._give_up()
        return self.use_case.put_again(self.run.key, self.pause, self.handled)

    def _give_up(self) -> None:
        """Let another run have the lane when its message comes, which waits out the pause; its clock may be behind."""
        self.run.give_up(Seconds(now_of(self.use_case.clock) + self.pause - CLOCKS_APART_SECONDS))

    def _push(self, app: App, step: Step) -> None:
        """Claim a step, push it, and keep what came of it, to be written with the next claim."""
        use_case, clock = self.use_case, self.use_case.clock
        not_after = self.sending.not_after(self.part)
        to_push, counts = set_apart(step.recipients, self.sending.stopped_of(app.id), late=now_of(clock) > not_after)
        self.run.step_claimed(Claim(step.place, number_by_provider(each.address.provider for each in step.recipients)))
        outcomes = use_case.pusher.push(self.sending, app, to_push, use_case.push_seconds, step.languages) if to_push else ()
        pushed = list(zip(to_push, outcomes, strict=True))
        accounted = account(pushed, 0, now_of(clock), partial(self.sending.not_after_for, self.part), clock.chance())
        counts += accounted.counts
        self.run.step_done(RecordedStep(step.place, counts, self._deferrals(step.place, accounted.waiting)))
        self.pause = accounted.pause
        self.handled.counts += counts
        self.handled.deferred += len(accounted.waiting)
        self.handled.steps += 1
        stops = {**messages_bad(self.run.counts), **accounted.stops_in(self.run.counts)}
        remember(use_case.store, self.sending, newly_stopped(self.sending, app.id, stops), accounted.examples, self.handled)

    def _deferrals(self, name: Place, waiting: tuple[WaitingRecipient, ...]) -> tuple[NewDeferral, ...]:
        """Put the message of those that wait into the queue, before their step is recorded."""
        if not waiting:
            return ()
        message = DeferralMessage(DeferralKey(self.run.key, name), 0, waiting)
        if not put_twice(self.use_case.deliveries, message.envelope(now_of(self.use_case.clock))):
            raise _RefusedError
        return (NewDeferral(message.key, message.numbers),)
