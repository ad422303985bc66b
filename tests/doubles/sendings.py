"""Sendings in memory, and the way to their devices."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from pushhub.adapters.dynamodb.schema.sending_content import content_text
from pushhub.audience.model import Subscription, SubscriptionRef
from pushhub.catalog.model import App, AppId
from pushhub.catalog.providers import Provider
from pushhub.events.uid import Launch
from pushhub.faults import LostRaceError
from pushhub.moments import Seconds
from pushhub.sends.outcomes import Outcome, RecipientOutcome
from pushhub.sends.port import NO_LANGUAGES
from pushhub.sends.sending import (
    MAX_EXAMPLES,
    NAMED_LANE,
    Deferral,
    DeferralKey,
    Example,
    Lane,
    LaneKey,
    Named,
    OutcomeCounts,
    ProviderStop,
    RunId,
    Sending,
    SendingId,
    SendingStatus,
    minted_on,
)
from pushhub.sends.store import (
    MAX_DUE_READ,
    DueMoment,
    KnownSendingError,
    LaneUpdate,
    NewDeferral,
    SettledTry,
    due_moments_of,
    require_content_bound,
)


@dataclass
class MemorySendings:
    """A `SendingStore` for tests.

    `interrupt` is called before and after each call, with texts such as `before update_lane` and `after update_lane`. It may raise
    what a store or a dying process raises: after a write, that is an answer that was lost.
    """

    interrupt: Callable[[str], None] = lambda _: None
    launch_counts: dict[Launch, OutcomeCounts] = field(default_factory=dict)
    """What the counters of each launch have been added to."""
    calls: dict[str, int] = field(default_factory=dict)
    """How often each method was called."""
    _sendings: dict[SendingId, Sending] = field(default_factory=dict)
    _lanes: dict[LaneKey, Lane] = field(default_factory=dict)
    _deferrals: dict[DeferralKey, Deferral] = field(default_factory=dict)
    _due: dict[tuple[Seconds, SendingId, int], DueMoment] = field(default_factory=dict)
    _pushing: set[SendingId] = field(default_factory=set)
    """Those that were started with a pack id, and are not recorded."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def call(self, name: str) -> Iterator[None]:
        """Do at one time what stands in the block, as the call of that name."""
        self.interrupt(f"before {name}")
        with self._lock:
            self.calls[name] = self.calls.get(name, 0) + 1
            yield
        self.interrupt(f"after {name}")

    def start(self, sending: Sending) -> None:
        """Add one that is pushing, while a call goes on."""
        if sending.id in self._sendings:
            raise LostRaceError
        self._sendings[sending.id] = replace(sending, status=SendingStatus.RUNNING, selection=Named(()), messages={})
        self._pushing.add(sending.id)

    def create(self, sending: Sending) -> None:
        with self.call("create"):
            self.add_scheduled(sending)

    def add_scheduled(self, sending: Sending) -> None:
        """Add a new one that is due some time, while a call goes on."""
        self._add(sending)
        self._due |= {_due_key(moment): moment for moment in due_moments_of(sending)}

    def known(self, sending: SendingId) -> Sending | None:
        """Return one, while a call goes on."""
        return self._sendings.get(sending)

    def record_ended(self, sending: Sending, deferrals: Sequence[NewDeferral], *, started: bool = False) -> None:
        with self.call("record_ended"):
            add, sending = self._record_started if started else self._add, replace(sending, selection=Named(()))
            if not deferrals:
                add(replace(sending, messages={}))
                self._count(sending.launch, sending.counts)
                return
            require_content_bound(content_text(sending.selection, sending.messages))
            add(replace(sending, status=SendingStatus.RUNNING, counts=OutcomeCounts(), ended=None))
            key = LaneKey(sending.id, 0, NAMED_LANE)
            pending = sum(_number(each.recipients) for each in deferrals)
            self._lanes[key] = Lane(key, RunId(""), Seconds(0), counts=sending.counts, pending=pending, finished=True)
            self._deferrals |= {each.key: Deferral(each.key, 0, each.recipients) for each in deferrals}

    def sending(self, sending: SendingId) -> Sending | None:
        with self.call("sending"):
            return self._sendings.get(sending)

    def begin(self, sending: SendingId, now: Seconds, push: int | None = None) -> bool:
        with self.call("begin"):
            known = self._sendings[sending]
            begins = known.status is SendingStatus.SCHEDULED and known.push == push
            if begins:
                self._sendings[sending] = replace(known, status=SendingStatus.RUNNING, begun=now)
        return begins

    def cancel(self, sending: SendingId, now: Seconds) -> None:
        with self.call("cancel"):
            known = self._sendings[sending]
            if known.status is SendingStatus.SCHEDULED:
                self._end_unsent(known, SendingStatus.CANCELLED, now)
            elif known.status is SendingStatus.RUNNING:
                self._sendings[sending] = replace(known, cancelling=True)

    def expire(self, sending: SendingId, now: Seconds) -> None:
        with self.call("expire"):
            known = self._sendings[sending]
            if known.status is SendingStatus.SCHEDULED and known.push is None:
                self._end_unsent(known, SendingStatus.EXPIRED, now)

    def drop_part(self, sending: SendingId, part: int) -> None:
        with self.call("drop_part"):
            known = self._sendings[sending]
            self._sendings[sending] = replace(known, dropped=known.dropped | {part})

    def stop_provider(self, sending: SendingId, app: AppId, provider: Provider, stop: ProviderStop) -> None:
        with self.call("stop_provider"):
            known = self._sendings[sending]
            stops = {provider: stop, **known.stopped_of(app)}
            self._sendings[sending] = replace(known, stopped={**known.stopped, app: stops})

    def add_example(self, sending: SendingId, example: Example) -> None:
        with self.call("add_example"):
            known = self._sendings[sending]
            kinds = {(each.provider, each.outcome, each.code) for each in known.examples}
            if (example.provider, example.outcome, example.code) not in kinds and len(kinds) < MAX_EXAMPLES:
                self._sendings[sending] = replace(known, examples=(*known.examples, example))

    def end(self, sending: SendingId, status: SendingStatus, counts: OutcomeCounts, now: Seconds) -> None:
        with self.call("end"):
            if (known := self._sendings[sending]).status is SendingStatus.RUNNING:
                self._sendings[sending] = replace(known, status=status, counts=counts, ended=now)
                self._count(known.launch, counts)

    def take_lane(self, key: LaneKey, run: RunId, now: Seconds, until: Seconds) -> Lane | None:
        """Take a lease; a run that has it already, since an answer was lost, gets it again."""
        with self.call("take_lane"):
            lane = self._lanes.get(key, Lane(key, run, Seconds(0)))
            if lane.finished or (lane.until >= now and lane.run != run):
                return None
            self._lanes[key] = replace(lane, run=run, until=until)
            return self._lanes[key]

    def update_lane(self, key: LaneKey, update: LaneUpdate) -> None:
        with self.call("update_lane"):
            lane = self._lanes.get(key)
            if lane is None or lane.run != update.run or lane.claim != update.claim_before:
                raise LostRaceError
            lane = replace(lane, claim=update.claim, until=update.until, finished=update.finished)
            if recorded := update.recorded:
                pending = lane.pending + sum(_number(each.recipients) for each in recorded.deferrals)
                lane = replace(lane, done=recorded.place, counts=lane.counts + recorded.counts, pending=pending)
                self._deferrals |= {each.key: Deferral(each.key, 0, each.recipients) for each in recorded.deferrals}
            self._lanes[key] = lane

    def lane(self, key: LaneKey) -> Lane | None:
        with self.call("lane"):
            return self._lanes.get(key)

    def lanes(self, sending: SendingId, part: int) -> Sequence[Lane]:
        with self.call("lanes"):
            found = [lane for key, lane in self._lanes.items() if (key.sending, key.part) == (sending, part)]
            return sorted(found, key=lambda lane: lane.key.lane)

    def deferral(self, key: DeferralKey) -> Deferral | None:
        with self.call("deferral"):
            return self._deferrals.get(key)

    def deferrals(self, sending: SendingId, part: int) -> Sequence[Deferral]:
        with self.call("deferrals"):
            return [
                deferral
                for key, deferral in self._deferrals.items()
                if (key.lane.sending, key.lane.part) == (sending, part) and not deferral.done
            ]

    def claim_deferral(self, key: DeferralKey, run: RunId, tries: int, now: Seconds, until: Seconds) -> bool:
        with self.call("claim_deferral"):
            deferral = self._deferrals.get(key)
            if deferral is None or deferral.done or deferral.run is not None or deferral.tries != tries:
                return False
            self._deferrals[key] = replace(deferral, run=run, claimed_at=now, until=until)
            return True

    def settle_deferral(self, settled: SettledTry) -> None:
        with self.call("settle_deferral"):
            deferral = self._deferrals.get(settled.key)
            if deferral is None or deferral.run != settled.run or deferral.tries != settled.tries:
                raise LostRaceError
            self._deferrals[settled.key] = Deferral(settled.key, settled.tries + 1, settled.left, done=not settled.left)
            lane = self._lanes[settled.key.lane]
            pending = lane.pending - _number(deferral.recipients) + _number(settled.left)
            self._lanes[settled.key.lane] = replace(lane, counts=lane.counts + settled.counts, pending=pending)

    def due_moments(self, until: Seconds) -> Sequence[DueMoment]:
        with self.call("due_moments"):
            return [self._due[due] for due in sorted(self._due) if due[0] <= until][:MAX_DUE_READ]

    def note_put(self, moment: DueMoment, put: int) -> None:
        with self.call("note_put"):
            if _due_key(moment) in self._due:
                self._due[_due_key(moment)] = replace(moment, put=put)

    def forget_due(self, moment: DueMoment) -> None:
        with self.call("forget_due"):
            self._due.pop(_due_key(moment), None)

    def list_due(self, moment: DueMoment) -> None:
        """List a moment as due."""
        self._due[_due_key(moment)] = moment

    def rebind(self, sending: Sending, bound: int | None) -> None:
        """Give a scheduled sending another content and push, while a call goes on; `bound` is the push that it has to have."""
        known = self._sendings.get(sending.id)
        if known is None or known.status is not SendingStatus.SCHEDULED or known.push != bound:
            raise LostRaceError
        changed = replace(
            known,
            selection=sending.selection,
            messages=sending.messages,
            translations=sending.translations,
            push=sending.push,
        )
        self._sendings[sending.id] = changed

    def running_sendings(self, now: Seconds) -> Sequence[SendingId]:
        with self.call("running_sendings"):
            listed = [each for each in self._sendings.values() if not self.is_pushing(each.id)]
            running = [each for each in listed if not each.status.ended and each.due <= now]
            return [each.id for each in sorted(running, key=lambda each: (each.due, each.id))]

    def is_pushing(self, sending: SendingId) -> bool:
        """Say whether a sending was started with a pack id and is not recorded."""
        return sending in self._pushing

    def unended(self) -> bool:
        """Say whether any sending has not ended that is not within a request."""
        return any(not sending.status.ended for sending in self._sendings.values() if not self.is_pushing(sending.id))

    def listed(self, day: str, fits: Callable[[Sending], bool] = lambda _: True, most: int | None = None) -> Sequence[Sending]:
        with self.call("listed"):
            found = [
                replace(each, selection=Named(()), messages={}) for each in self._sendings.values() if minted_on(each.id) == day
            ]
            return sorted(filter(fits, found), key=lambda each: each.id, reverse=True)[:most]

    def hide(self, key: DeferralKey) -> None:
        """Be as before a deferral was written, until it is shown again."""
        del self._deferrals[key]

    def show(self, deferral: Deferral) -> None:
        self._deferrals[deferral.key] = deferral

    def forget_everything(self) -> None:
        """Be as before anything was written."""
        self._sendings.clear()
        self._lanes.clear()
        self._deferrals.clear()
        self._due.clear()
        self._pushing.clear()

    def _end_unsent(self, known: Sending, status: SendingStatus, now: Seconds) -> None:
        self._sendings[known.id] = replace(known, status=status, ended=now)
        for moment in due_moments_of(known):
            self._due.pop(_due_key(moment), None)

    def _add(self, sending: Sending) -> None:
        if sending.id in self._sendings:
            raise KnownSendingError
        self._sendings[sending.id] = sending

    def _record_started(self, sending: Sending) -> None:
        if sending.id not in self._pushing:
            raise KnownSendingError
        self._pushing.discard(sending.id)
        self._sendings[sending.id] = replace(sending, cancelling=self._sendings[sending.id].cancelling)

    def _count(self, launch: Launch, counts: OutcomeCounts) -> None:
        self.launch_counts[launch] = self.launch_counts.get(launch, OutcomeCounts()) + counts


@dataclass
class MemoryPusher:
    """A `Pusher` for tests: `answer` says what comes of each recipient, `pushed` are those handed over, with what came of them."""

    answer: Callable[[Subscription], RecipientOutcome] = lambda _: RecipientOutcome(Outcome.ACCEPTED)
    interrupt: Callable[[str], None] = lambda _: None
    pushed: list[tuple[Subscription, RecipientOutcome]] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    """The budget of each call."""
    languages: dict[SubscriptionRef, str] = field(default_factory=dict)
    """In which each recipient got it that was told to speak one."""

    def push(
        self,
        sending: Sending,
        app: App,
        recipients: Sequence[Subscription],
        seconds: float,
        languages: Mapping[SubscriptionRef, str] = NO_LANGUAGES,
    ) -> Sequence[RecipientOutcome]:
        self.interrupt("before push")
        self.languages |= languages
        outcomes = [self.answer(recipient) for recipient in recipients]
        self.pushed += zip(recipients, outcomes, strict=True)
        self.seconds.append(seconds)
        self.interrupt("after push")
        return outcomes


def _due_key(moment: DueMoment) -> tuple[Seconds, SendingId, int]:
    return moment.due, moment.sending, moment.first


def _number(recipients: Mapping[Provider, int]) -> int:
    return sum(recipients.values())
