"""How are the recipients of a deferral tried again?

A message of the queue Deliveries has the recipients of one deferral and says how many tries are recorded. What becomes of it:

===============================================================  =====================================================
the deferral, as it is stored                                    its message
===============================================================  =====================================================
its sending is not there, or has no lane                         put again for a minute, then dropped: it was never written
is not there, and its lane has come beyond it                    dropped: its step was declared unknown
is not there yet                                                 put again: its step is being recorded
is done, or has more tries recorded                              dropped: it is an old one
has other numbers of recipients                                  dropped: a run died before its try was settled
has fewer tries recorded                                         put again: the try before is being settled
is claimed by a run that may live                                put again
is claimed by a dead run                                         those that were due are unknown, the others go on
waits                                                            those that are due are claimed and pushed
===============================================================  =====================================================

The message of the next try is put into the queue before this one is settled. So a try that dies leaves behind its own message,
which comes again, and perhaps the next one, which has too many recipients then.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from functools import partial
from typing import Final

from pushhub.audience.model import Subscription, SubscriptionRef
from pushhub.audience.port import AudienceReach
from pushhub.catalog.model import App, AppId
from pushhub.catalog.providers import Provider
from pushhub.faults import LostRaceError, UnavailableError
from pushhub.moments import Clock, Milliseconds, Seconds
from pushhub.outgoing.queues import MAX_DELAY_SECONDS, Delivery, Envelope, Queue
from pushhub.sends.accounting import Accounted, account, count_of, set_apart
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
from pushhub.sends.languages import languages_spoken
from pushhub.sends.outcomes import Outcome
from pushhub.sends.port import NO_LANGUAGES, Pusher
from pushhub.sends.queue_messages import DeferralMessage, WaitingRecipient, read_deferral, write_deferral
from pushhub.sends.sending import Deferral, OutcomeCounts, RunId, Sending, minted_at
from pushhub.sends.store import SendingStore, SettledTry

MAX_SETTLE_TRIES: Final = 3
"""Tries of one settling in all. The lane advances at the same time, so items may be busy."""

EARLY_SECONDS: Final = 30
"""For how long a message waits again that has come before what it belongs to was written."""
WRITTEN_WITHIN_SECONDS: Final = 60
"""A direct sending pushes first and is written at the end of its request, this long after its id was made at most."""


class MessageStanding(Enum):
    """What is to be done with a message, by the deferral that it belongs to."""

    OLD = auto()
    EARLY = auto()
    DEAD = auto()
    WAITING = auto()


def standing(deferral: Deferral | None, message: DeferralMessage, now: Seconds) -> MessageStanding:
    """Return what is to be done with a message; one without a deferral is early as long as its step may still be recorded."""
    if deferral is None:
        return MessageStanding.EARLY
    if deferral.done or deferral.tries > message.tries:
        return MessageStanding.OLD
    if deferral.tries < message.tries:
        return MessageStanding.EARLY
    if deferral.recipients != message.numbers:
        return MessageStanding.OLD
    if deferral.run is None:
        return MessageStanding.WAITING
    return MessageStanding.EARLY if deferral.until is None or deferral.until >= now else MessageStanding.DEAD


def early_seconds(deferral: Deferral | None, now: Seconds) -> int:
    """Return for how many seconds an early message waits again.

    One that comes before its deferral waits for a moment, and one of a claimed deferral until its run is over. Where that run is
    dead, the message of its own try has to come first, which says who is unknown.
    """
    if deferral is None or deferral.until is None:
        return EARLY_SECONDS
    left = deferral.until - now + 1
    return min(left, MAX_DELAY_SECONDS) if left > 0 else MAX_DELAY_SECONDS


@dataclass(frozen=True, slots=True)
class _Found:
    """Recipients of a deferral that still get a push, by their references, and the languages of those that need another message.

    A message of the queue does not say how its recipients speak: a profile may have another language by now.
    """

    recipients: Mapping[SubscriptionRef, Subscription] = field(default_factory=dict)
    languages: Mapping[SubscriptionRef, str] = field(default_factory=lambda: NO_LANGUAGES)


@dataclass(frozen=True, slots=True)
class TryDeferral:
    """Tries the deferrals of a batch, one after the other.

    `function_seconds` is how long the function may run at most. `apps` gives an app by its id, as it was at a moment or later,
    None where there is none; it may raise `UnavailableError`. `recipients` gives those of one profile's subscriptions that
    get a push.
    """

    store: SendingStore
    apps: Callable[[AppId, Milliseconds], App | None]
    reach: AudienceReach
    recipients: Callable[[App, Sequence[Subscription]], Sequence[Subscription]]
    pusher: Pusher
    deliveries: Queue
    dead_letters: Queue
    clock: Clock
    mint_run: Callable[[], RunId]
    function_seconds: int
    push_seconds: float = PUSH_SECONDS

    def __call__(self, deliveries: Sequence[Delivery]) -> HandledSends:
        """Try each deferral that is due, or put its message again."""
        return Batches(self.deliveries, self.dead_letters, self.clock).deal_with(deliveries, self._handle)

    def _handle(self, body: str, handled: HandledSends) -> bool:
        message = read_deferral(body)
        lane = message.key.lane
        sending = self.store.sending(lane.sending)
        if sending is None:
            return self._is_never_written(message) or self._put_back(message, EARLY_SECONDS, handled)
        if sending.status.ended or lane.part >= len(sending.parts):
            return True
        deferral = self.store.deferral(message.key)
        if deferral is None and self._is_behind_its_lane(message):
            # Its step may have been recorded after that reading. Now it has a deferral, or never will.
            deferral = self.store.deferral(message.key)
            if deferral is None:
                return True
        now = now_of(self.clock)
        stands = standing(deferral, message, now)
        if deferral and stands is MessageStanding.DEAD:
            return self._declare_unknown(deferral, message, handled)
        if stands is MessageStanding.WAITING:
            return self._try(sending, message, now, handled)
        return stands is MessageStanding.OLD or self._put_back(message, early_seconds(deferral, now), handled)

    def _is_behind_its_lane(self, message: DeferralMessage) -> bool:
        """Say whether a message has no deferral any more; where there is no lane, it was put by a request that has died since."""
        lane = self.store.lane(message.key.lane)
        if lane is None:
            return self._is_never_written(message)
        return lane.finished or lane.done >= message.key.name

    def _is_never_written(self, message: DeferralMessage) -> bool:
        return now_of(self.clock) > minted_at(message.key.lane.sending) // 1000 + WRITTEN_WITHIN_SECONDS

    def _declare_unknown(self, deferral: Deferral, message: DeferralMessage, handled: HandledSends) -> bool:
        """Settle the try of a dead run: those that were due when it claimed the try may have been pushed."""
        claimed_at = deferral.claimed_at or Seconds(0)
        lost = count_of((each.provider, Outcome.UNKNOWN) for each in message.recipients if each.not_before <= claimed_at)
        left = tuple(each for each in message.recipients if each.not_before > claimed_at)
        handled.faults.append(SendFault.RUN_DIED)
        return deferral.run is not None and self._settle(message, deferral.run, lost, left, handled)

    def _try(self, sending: Sending, message: DeferralMessage, now: Seconds, handled: HandledSends) -> bool:
        part = sending.parts[message.key.lane.part]
        app, not_after = self.apps(part.app, served_since(sending, part, now)), partial(sending.not_after_for, part)
        over = now > sending.not_after(part) or sending.drops(part) or app is None or not app.enabled
        due = message.recipients if over else tuple(each for each in message.recipients if each.not_before <= now)
        if not due:
            return self._put(message, handled)
        in_time = [each for each in due if now <= not_after(each.provider)]
        found = _Found() if over or app is None else self._found(sending, app, in_time)
        run = self.mint_run()
        if not self._is_claimed(message, run, now):
            return self._put_back(message, EARLY_SECONDS, handled)
        expired = count_of((each.provider, Outcome.EXPIRED) for each in due if each.reference not in found.recipients)
        accounted = self._pushed(sending, app, found, message.tries + 1, not_after) if app else Accounted()
        rest = () if over else tuple(each for each in message.recipients if each.not_before > now)
        handled.steps += 1
        handled.deferred += len(accounted.waiting)
        remember(self.store, sending, newly_stopped(sending, part.app, accounted.stops), accounted.examples, handled)
        return self._settle(message, run, expired + accounted.counts, (*rest, *accounted.waiting), handled)

    def _found(self, sending: Sending, app: App, due: Sequence[WaitingRecipient]) -> "_Found":
        """Return those that still get a push; they are read before the claim, since reading may fail."""
        found = self.reach.subscriptions(app.database, [each.reference for each in due])
        recipients = {reference: each for reference, each in found.items() if self.recipients(app, (each,))}
        return _Found(recipients, languages_spoken(self.reach, app.database, recipients.values(), sending.translations))

    def _is_claimed(self, message: DeferralMessage, run: RunId, now: Seconds) -> bool:
        """Claim the try, and say whether it is ours; where the answer was lost, a reading says it."""
        until = Seconds(now + self.function_seconds + LEASE_MARGIN_SECONDS)
        try:
            return self.store.claim_deferral(message.key, run, message.tries, now, until)
        except UnavailableError:
            deferral = self.store.deferral(message.key)
            return deferral is not None and deferral.run == run

    def _pushed(
        self, sending: Sending, app: App, found: "_Found", tries: int, not_after: Callable[[Provider], Seconds]
    ) -> Accounted:
        to_push, counts = set_apart([*found.recipients.values()], sending.stopped_of(app.id), late=False)
        outcomes = self.pusher.push(sending, app, to_push, self.push_seconds, found.languages) if to_push else ()
        pushed = list(zip(to_push, outcomes, strict=True))
        accounted = account(pushed, tries, now_of(self.clock), not_after, self.clock.chance())
        return replace(accounted, counts=accounted.counts + counts)

    def _settle(
        self,
        message: DeferralMessage,
        run: RunId,
        counts: OutcomeCounts,
        left: tuple[WaitingRecipient, ...],
        handled: HandledSends,
    ) -> bool:
        """Put the message of those that are left, then write what came of the try; say whether both was done."""
        following = DeferralMessage(message.key, message.tries + 1, left)
        if left and not self._put(following, handled):
            return False
        settled = SettledTry(message.key, run, message.tries, counts, following.numbers)
        if not is_settled(self.store, settled):
            handled.faults.append(SendFault.LEASE_LOST)
            return True
        handled.counts += counts
        if not left:
            note_end(self.store, message.key.lane, self.clock, handled)
        return True

    def _put(self, message: DeferralMessage, handled: HandledSends) -> bool:
        return self._is_taken(message.envelope(now_of(self.clock)), handled)

    def _put_back(self, message: DeferralMessage, delay: int, handled: HandledSends) -> bool:
        """Put a message that is early again as it is: the queue itself would have it come much later, and a few times only."""
        return self._is_taken(Envelope(write_deferral(message), delay), handled)

    def _is_taken(self, envelope: Envelope, handled: HandledSends) -> bool:
        if put_twice(self.deliveries, envelope):
            return True
        handled.faults.append(SendFault.QUEUE_REFUSED)
        return False


def is_settled(store: SendingStore, settled: SettledTry) -> bool:
    """Write what came of a try, and say whether it counts; it does not where somebody else has settled the try.

    Raises:
        UnavailableError: the store did not answer.
    """
    for _ in range(MAX_SETTLE_TRIES):
        try:
            store.settle_deferral(settled)
        except (LostRaceError, UnavailableError):
            deferral = store.deferral(settled.key)
            if deferral is None or deferral.tries > settled.tries:
                return deferral is not None and deferral.recipients == settled.left
            if deferral.run != settled.run:
                return False
        else:
            return True
    raise UnavailableError("what came of a try was not written")
