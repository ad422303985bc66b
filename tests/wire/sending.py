"""Everything that sendings touch, in memory, and what becomes of it in a golden event of one of their functions.

A case's `<case>.given.json` is an object (:class:`Given`). Its `<case>.reply.json` has what the handler answers and what the event
has changed: whom was `pushed` to, what the queues `sends`, `deliveries` and `dead_letters` have got, the `sendings` that are not as
they were, and the push tokens that were `retired`.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any, Final, TypedDict

from pushhub.audience.changes import Change
from pushhub.audience.retiring import Retiring
from pushhub.audience.subscribing import Subscribing
from pushhub.catalog.app_secrets import CachedAppSecrets
from pushhub.catalog.cached import CachedCatalog
from pushhub.catalog.model import App, Catalog, DatabaseId
from pushhub.catalog.secrets import CachedSecrets
from pushhub.faults import LostRaceError
from pushhub.moments import Clock, Milliseconds, Seconds
from pushhub.outgoing.queues import Delivery, Envelope
from pushhub.sends.accounts import Accounts
from pushhub.sends.deferrals import TryDeferral
from pushhub.sends.finding import Finding
from pushhub.sends.lanes import AdvanceLane
from pushhub.sends.message import Message
from pushhub.sends.outcomes import Outcome
from pushhub.sends.port import MaybeSent, PushRequest, SendResult
from pushhub.sends.pushing import ProviderPusher
from pushhub.sends.recipients import enabled_references, recipients_among, recipients_of
from pushhub.sends.scheduling import schedule
from pushhub.sends.sending import (
    ANY_PROVIDER,
    Everyone,
    Lane,
    LaneKey,
    Named,
    NamedProfile,
    Part,
    RunId,
    Sending,
    SendingId,
    launch_of,
    mint_sending_id,
)
from pushhub.sends.steps import IndexSteps, NamedSteps, Steps
from pushhub.sends.sweeping import Sweep
from pushhub.sends.tracking import Tracking
from tests.doubles.apps import app_of, app_secrets
from tests.doubles.audience import MemoryAudience
from tests.doubles.queues import MemoryQueue
from tests.doubles.reach import MemoryReach
from tests.doubles.requests import by_id, off, on, request
from tests.doubles.sendings import MemorySendings
from tests.doubles.transport import FakeTransport, answered
from tests.wire.golden import Case, shown
from tests.wire.serving import SECRETS, STACK

NOW: Final = Seconds(1_795_276_800)
APP: Final = app_of(("firebase", "apns"))
FUNCTION_SECONDS: Final = 90


class Device(TypedDict):
    """A device that has subscribed before; its profile is made with it."""

    profile: str
    provider: str
    push_token: str


class Asked(TypedDict, total=False):
    """A sending that was asked for: `to` are ids of profiles, everybody where it is left out; `due_in` and `expire` are seconds."""

    to: list[str]
    due_in: int
    expire: int


class Given(TypedDict, total=False):
    """What is so before an event.

    `answers` has, by a text in the URL or the body of a push, what providers answer in turn, or `lost` for no answer; whatever
    else is pushed is accepted.
    `before` are words for what has happened: `lanes` (all messages of lanes are dealt with), `deliveries` (all of deferrals),
    `lease` (a run has taken each lane and has died), `cancel`, `no app`, and a number of seconds that pass. So many push tokens of
    the first device's profile were `cancelled`, and so many commits of the audience lose `races`.
    `not_taken` names a queue and a text: from then on it takes no message that holds the text.
    """

    devices: list[Device]
    sendings: list[Asked]
    answers: dict[str, list[dict[str, Any]]]
    before: list[str | int]
    cancelled: int
    races: int
    not_taken: dict[str, str]


class RacingAudience(MemoryAudience):
    """An audience in memory of which so many commits lose a race."""

    races = 0

    def commit(self, database: DatabaseId, change: Change) -> None:
        if self.races:
            self.races -= 1
            raise LostRaceError("somebody was faster")
        super().commit(database, change)


@dataclass
class SendsWorld:
    """Sendings, audience, providers and queues of a case, as they are before its event."""

    catalog: Catalog
    now: Seconds = NOW
    store: MemorySendings = field(default_factory=MemorySendings)
    audience: RacingAudience = field(default_factory=RacingAudience)
    transport: FakeTransport = field(default_factory=FakeTransport)
    sends: MemoryQueue = field(default_factory=MemoryQueue)
    deliveries: MemoryQueue = field(default_factory=MemoryQueue)
    dead_letters: MemoryQueue = field(default_factory=MemoryQueue)
    ids: list[SendingId] = field(default_factory=list)
    devices: list[Device] = field(default_factory=list)
    apps: dict[str, App] = field(default_factory=lambda: {APP.id: APP})
    _runs: "count[int]" = field(default_factory=count)

    @property
    def clock(self) -> Clock:
        return Clock(lambda: Milliseconds(1000 * self.now), lambda: 0.0, lambda: 0.5)

    @property
    def reach(self) -> MemoryReach:
        return MemoryReach(self.audience)

    @property
    def pusher(self) -> ProviderPusher:
        return ProviderPusher(
            transport=self.transport,
            accounts=Accounts(CachedAppSecrets(app_secrets)),
            tracking=Tracking(CachedCatalog(lambda: self.catalog), CachedSecrets(lambda: SECRETS), STACK),
            retiring=Retiring(self.audience, lambda: self.now, lambda _: None),
            on_fault=_no_fault,
            now=lambda: self.now,
        )

    @property
    def advance_lane(self) -> AdvanceLane:
        reach = self.reach
        return AdvanceLane(
            store=self.store,
            apps=self.app,
            steps=Steps(
                IndexSteps(reach, enabled_references, recipients_among),
                NamedSteps(Finding(reach, CachedCatalog(lambda: self.catalog))),
            ),
            pusher=self.pusher,
            sends=self.sends,
            deliveries=self.deliveries,
            dead_letters=self.dead_letters,
            clock=self.clock,
            mint_run=self.mint_run,
            function_seconds=FUNCTION_SECONDS,
        )

    @property
    def try_deferral(self) -> TryDeferral:
        return TryDeferral(
            store=self.store,
            apps=self.app,
            reach=self.reach,
            recipients=recipients_of,
            pusher=self.pusher,
            deliveries=self.deliveries,
            dead_letters=self.dead_letters,
            clock=self.clock,
            mint_run=self.mint_run,
            function_seconds=FUNCTION_SECONDS,
        )

    @property
    def sweep(self) -> Sweep:
        return Sweep(self.store, self.sends, self.clock, self.mint_run)

    def app(self, id_: str, since: int) -> App | None:
        return self.apps.get(id_)

    def mint_run(self) -> RunId:
        return RunId(f"run-{next(self._runs)}")

    def subscribe(self, device: Device) -> None:
        subscribe = Subscribing(self.audience, sleep=lambda _: None, now=lambda: Seconds(self.now - 86_400))
        subscribe(request(by_id(device["profile"]), on(device["push_token"], device["provider"])))
        self.devices.append(device)

    def cancel_another(self, number: int) -> None:
        """Have the profile of the first device cancel one more push token."""
        subscribe = Subscribing(self.audience, sleep=lambda _: None, now=lambda: Seconds(self.now - 86_400))
        for command in (on, off):
            subscribe(request(by_id(self.devices[0]["profile"]), command(f"cancelled-{number}")))

    def ask(self, asked: Asked) -> None:
        id_ = mint_sending_id(Milliseconds(1000 * self.now), len(self.ids) / 2**12)
        self.ids.append(id_)
        selection = Named(tuple(map(NamedProfile, asked["to"]))) if "to" in asked else Everyone()
        sending = Sending(
            id=id_,
            app=APP.id,
            caller="console",
            dialect="console",
            name="",
            tag="",
            launch=launch_of(id_, 17),
            selection=selection,
            messages={ANY_PROVIDER: Message(title="Sale", text="Today only")},
            parts=(Part(0, APP.id, Seconds(self.now + asked.get("due_in", 0))),),
            expire=asked.get("expire", 14_400),
        )
        schedule(self.store, self.sends, sending, self.now)

    def happen(self, word: str | int) -> None:
        """Let something happen before the event."""
        match word:
            case int():
                self.now = Seconds(self.now + word)
            case "lanes":
                bodies = [Delivery("any", envelope.body) for envelope in self.sends.envelopes]
                self.sends.envelopes.clear()
                self.advance_lane(bodies)
            case "deliveries":
                bodies = [Delivery("any", envelope.body) for envelope in self.deliveries.envelopes]
                self.deliveries.envelopes.clear()
                self.try_deferral(bodies)
            case "lease":
                for key in self._lane_keys():
                    self.store.begin(key.sending, self.now)
                    self.store.take_lane(key, self.mint_run(), self.now, Seconds(self.now + FUNCTION_SECONDS + 10))
            case "cancel":
                for id_ in self.ids:
                    self.store.cancel(id_, self.now)
            case "no app":
                self.apps.clear()
            case _:
                raise AssertionError(word)

    def sending(self, id_: SendingId) -> Sending:
        sending = self.store.sending(id_)
        assert sending
        return sending

    def lanes(self, id_: SendingId) -> list[Lane]:
        return [lane for part in self.sending(id_).parts for lane in self.store.lanes(id_, part.number)]

    def retired(self) -> list[str]:
        subscriptions = self.audience.content(APP.database).subscriptions.values()
        return sorted(each.address.push_token for each in subscriptions if each.retired)

    def _lane_keys(self) -> list[LaneKey]:
        return [LaneKey(id_, 0, lane) for id_ in self.ids for lane in self.sending(id_).lanes]


def sends_world_of(case: Case) -> SendsWorld:
    """Return the world in which the event of a case happens."""
    given: Given = case.given_object  # type: ignore[assignment]
    world = SendsWorld(sends_catalog(case))
    for device in given.get("devices", []):
        world.subscribe(device)
    world.transport.answers = {
        text: [read_push_answer(one) for one in answers] for text, answers in given.get("answers", {}).items()
    }
    for number in range(given.get("cancelled", 0)):
        world.cancel_another(number)
    world.audience.races = given.get("races", 0)
    for asked in given.get("sendings", []):
        world.ask(asked)
    for word in given.get("before", []):
        world.happen(word)
    for queue in (world.sends, world.deliveries, world.dead_letters):
        queue.envelopes.clear()
    world.transport.batches.clear()
    for name, text in given.get("not_taken", {}).items():
        getattr(world, name).refused = text
    return world


def sends_catalog(case: Case) -> Catalog:
    """Return the catalog of a case, with the app that sends."""
    return replace(case.catalog.catalog, apps={APP.id: APP}, base_url="https://push.example.com")


def what_becomes_of_sendings(world: SendsWorld, run: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Run a handler in a world; return what came of it, as it stands in golden replies."""
    before, retired = {id_: _shown_sending(world, id_) for id_ in world.ids}, world.retired()
    answer: dict[str, Any] = json.loads(json.dumps(run()))
    after = {id_: _shown_sending(world, id_) for id_ in world.ids}
    came = {
        "pushed": [_shown_push(world, push) for push in world.transport.pushes],
        "sends": _shown_queue(world.sends.envelopes),
        "deliveries": _shown_queue(world.deliveries.envelopes),
        "dead_letters": _shown_queue(world.dead_letters.envelopes),
        "sendings": {str(id_): sending for id_, sending in after.items() if sending != before[id_]},
        "retired": [push_token for push_token in world.retired() if push_token not in retired],
    }
    return answer | {name: part for name, part in came.items() if part}


def _shown_queue(envelopes: list[Envelope]) -> list[dict[str, Any]]:
    return [shown(envelope) for envelope in envelopes]


def _shown_push(world: SendsWorld, push: PushRequest) -> str:
    """Return to whom a push goes."""
    (device,) = (each for each in world.devices if each["push_token"] in push.url + push.body.decode())
    return f"{device['provider']} {device['push_token']}"


def _shown_sending(world: SendsWorld, id_: SendingId) -> dict[str, Any]:
    sending, lanes = world.sending(id_), world.lanes(id_)
    counts = sum((lane.counts for lane in lanes), start=type(sending.counts)())
    parts: dict[str, Any] = {
        "status": str(sending.status),
        "counts": {str(outcome): counts.number(outcome) for outcome in Outcome if counts.number(outcome)},
        "waiting": sum(lane.pending for lane in lanes),
        "finished": sum(lane.finished for lane in lanes),
        "leases": sum(lane.until > world.now for lane in lanes),
        "stopped": {provider: str(stop.outcome) for provider, stop in sending.stopped_of(sending.app).items()},
    }
    return {name: part for name, part in parts.items() if part}


def read_push_answer(answer: dict[str, Any]) -> SendResult:
    """Return what a provider answers, as it stands under `answers` in what is given."""
    if "lost" in answer:
        return MaybeSent(answer["lost"])
    return answered(answer["status"], answer.get("body", ""), **answer.get("headers", {}))


def _no_fault(fault: str) -> None:
    raise AssertionError(fault)
