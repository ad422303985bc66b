"""A sending with its store, queues and providers in memory, for tests that say what happens step by step."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING, Any

from pushhub.catalog.model import App, AppId
from pushhub.moments import Clock, Milliseconds, Seconds
from pushhub.outgoing.queues import Delivery, Envelope
from pushhub.sends.deferrals import TryDeferral
from pushhub.sends.handling import HandledSends
from pushhub.sends.lanes import AdvanceLane
from pushhub.sends.outcomes import Outcome, RecipientOutcome
from pushhub.sends.queue_messages import DeferralMessage, write_deferral, write_lane
from pushhub.sends.sending import NAMED_LANE, Lane, LaneKey, Named, NamedProfile, RunId, Selection, Sending, mint_sending_id
from pushhub.sends.steps import IndexSteps, NamedSteps, Steps
from pushhub.sends.sweeping import Sweep
from tests.doubles.queues import MemoryQueue
from tests.doubles.schedules import AN_APP, FUNCTION_SECONDS, PlacedProfiles, a_sending, device
from tests.doubles.sendings import MemoryPusher, MemorySendings

if TYPE_CHECKING:
    from pushhub.audience.model import ProfileId
    from pushhub.audience.values import Value

ACCEPTED = RecipientOutcome(Outcome.ACCEPTED)
LOGGED = ("take_lane", "update_lane", "push", "claim_deferral", "settle_deferral", "end")
NOW = Seconds(1_800_000_000)


class LoggedQueue(MemoryQueue):
    """A queue that writes into the log of its world when it is put into."""

    def __init__(self, name: str, log: list[str]) -> None:
        super().__init__()
        self.name = name
        self.log = log

    def put(self, envelopes: Sequence[Envelope]) -> frozenset[int]:
        self.log.append(f"put {self.name}")
        return super().put(envelopes)


class SendingWorld:
    """Devices 0, 1 … of a named sending, each of a profile of its own, in steps of `most`; the chance is one half.

    `changed` are other fields of the sending.
    """

    def __init__(
        self,
        devices: int = 4,
        *,
        wait: int = 0,
        expire: int = 3_600,
        selection: Selection | None = None,
        most: int = 2,
        **changed: Any,
    ) -> None:
        self.now = NOW
        self.log: list[str] = []
        self.before: dict[str, list[Callable[[], None]]] = {}
        self.answers: dict[int, RecipientOutcome] = {}
        self.devices = [device(number, number) for number in range(devices)]
        self.gone: set[int] = set()
        self.app = AN_APP
        self.app_gone = False
        self.archived: set[AppId] = set()
        self.asked_since: list[Milliseconds] = []
        self.runs = count(1)
        self.clock = Clock(now=lambda: Milliseconds(1000 * self.now), elapsed=lambda: float(self.now), chance=lambda: 0.5)
        self.store = MemorySendings(interrupt=self.interrupt)
        self.pusher = MemoryPusher(lambda each: self.answers.get(self.devices.index(each), ACCEPTED), self.interrupt)
        self.sends, self.deliveries, self.dead_letters = (LoggedQueue(name, self.log) for name in ("sends", "deliveries", "dead"))
        named = Named(tuple(NamedProfile(each.profile) for each in self.devices))
        sending = a_sending(mint_sending_id(Milliseconds(1000 * NOW), 0.5), selection or named, Seconds(NOW + wait), expire)
        self.sending = replace(sending, **changed)
        self.lane = LaneKey(self.sending.id, 0, NAMED_LANE)
        self.fields: dict[ProfileId, Mapping[str, Value]] = {}
        self.reach = PlacedProfiles({each.profile: (each,) for each in self.devices}, self.interrupt, self.fields)
        index = IndexSteps(
            self.reach,
            references=lambda _, references: sorted(references),
            recipients=lambda _, profile, references, found: [found[each] for each in references if each in found],
            most=most,
        )
        self.steps = Steps(index, NamedSteps(lambda _, identifiers: [(each,) for each in self.devices], most=most))
        self.advance = AdvanceLane(
            self.store,
            self.found_app,
            self.steps,
            self.pusher,
            self.sends,
            self.deliveries,
            self.dead_letters,
            self.clock,
            self.mint_run,
            FUNCTION_SECONDS,
        )
        self.try_deferral = TryDeferral(
            self.store,
            self.found_app,
            self.reach,
            lambda _, found: [each for each in found if self.devices.index(each) not in self.gone],
            self.pusher,
            self.deliveries,
            self.dead_letters,
            self.clock,
            self.mint_run,
            FUNCTION_SECONDS,
        )
        self.sweep = Sweep(self.store, self.sends, self.clock, self.mint_run)
        self.store.create(self.sending)
        self.store.calls.clear()
        self.log.clear()

    def interrupt(self, point: str) -> None:
        """Write down what is done, and do what a test wants to happen before or after it, once."""
        moment, _, name = point.partition(" ")
        if moment == "before" and name in LOGGED:
            self.log.append(name)
        if happening := self.before.get(point, []):
            happening.pop(0)()

    def found_app(self, id_: AppId, since: Milliseconds) -> App | None:
        self.asked_since.append(since)
        return None if self.app_gone else replace(self.app, id=id_, enabled=self.app.enabled and id_ not in self.archived)

    def speak(self, *languages: str) -> None:
        """Give the profiles of the first devices these languages."""
        self.fields |= {each.profile: {"language": language} for each, language in zip(self.devices, languages, strict=False)}

    def mint_run(self) -> RunId:
        return RunId(f"run-{next(self.runs)}")

    def fails(self, point: str, fault: BaseException, times: int = 1) -> None:
        """Have a fault happen before or after a call."""

        def fail() -> None:
            raise fault

        self.before[point] = [fail] * times

    def run(self, key: LaneKey | None = None) -> HandledSends:
        """Deliver the message of a lane."""
        return self.advance([Delivery("m", write_lane(key or self.lane))])

    def deliver(self, message: DeferralMessage | str) -> HandledSends:
        """Deliver the message of a deferral."""
        return self.try_deferral([Delivery("m", message if isinstance(message, str) else write_deferral(message))])

    def deliver_newest(self) -> HandledSends:
        return self.deliver(self.deliveries.envelopes[-1].body)

    def current(self) -> Sending:
        sending = self.store.sending(self.sending.id)
        assert sending
        return sending

    def stored_lane(self, key: LaneKey | None = None) -> Lane:
        lane = self.store.lane(key or self.lane)
        assert lane
        return lane

    def pushed(self) -> list[int]:
        return [self.devices.index(recipient) for recipient, _ in self.pusher.pushed]

    def counted(self) -> dict[str, int]:
        """Count what came of the recipients of the named lane, by outcome."""
        counts = self.stored_lane().counts
        return {outcome.value: counts.number(outcome) for outcome in Outcome if counts.number(outcome)}
