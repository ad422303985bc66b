"""Pushing a sending while its caller waits."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushhub.audience.model import Subscription, SubscriptionRef
from pushhub.audience.retiring import Retiring
from pushhub.catalog.app_secrets import CachedAppSecrets
from pushhub.catalog.cached import CachedCatalog
from pushhub.catalog.model import App, Catalog
from pushhub.catalog.providers import Provider
from pushhub.faults import LostRaceError, UnavailableError
from pushhub.moments import Clock, Milliseconds, Seconds
from pushhub.sends.accounts import Accounts
from pushhub.sends.direct import MAX_IN_REQUEST, MAX_WAITING, SECONDS_TO_RECORD, STEP_RECIPIENTS, DirectResult, SendDirectly
from pushhub.sends.finding import Finding
from pushhub.sends.message import Message
from pushhub.sends.outcomes import Outcome, RecipientOutcome
from pushhub.sends.pack_ids import BLOCKED_SECONDS, PackKey
from pushhub.sends.port import NO_LANGUAGES
from pushhub.sends.pushing import ProviderPusher
from pushhub.sends.queue_messages import DeferralMessage, read_deferral
from pushhub.sends.sending import (
    MAX_EXAMPLES,
    NAMED_LANE,
    DeferralKey,
    LaneKey,
    Named,
    NamedField,
    NamedProfile,
    NamedPushToken,
    OutcomeCounts,
    Part,
    Place,
    Sending,
    SendingId,
    SendingStatus,
)
from pushhub.sends.store import KnownSendingError, SendingTooLargeError
from tests.doubles.apps import ANDROID, APNS, ID, WEB, app_of, app_secrets, audience_of, sending_of, subscription_of, tracking_of
from tests.doubles.pack_ids import pack_ids_of
from tests.doubles.queues import MemoryQueue
from tests.doubles.reach import MemoryReach
from tests.doubles.requests import CUSTOMERS
from tests.doubles.sending import NOW
from tests.doubles.sendings import MemorySendings
from tests.doubles.transport import FakeTransport

BEGUN = 100.0
ACCEPTED = RecipientOutcome(Outcome.ACCEPTED, "200")
GONE = RecipientOutcome(Outcome.GONE, "UNREGISTERED", "the app is not on this device any more")
BAD = RecipientOutcome(Outcome.MESSAGE_BAD, "400", "the provider refuses the request")
REFUSED = RecipientOutcome(Outcome.CREDENTIALS_BAD, "403", "the key is bad")
LATER_AGAIN = RecipientOutcome(Outcome.RETRY, "503", "not now")
LANE = LaneKey(ID, 0, NAMED_LANE)
PACK = PackKey("crm", app_of().id, "order-7")


@dataclass
class FakePusher:
    """Answers by the beginning of a push token; each push takes so many seconds."""

    answers: dict[str, RecipientOutcome] = field(default_factory=dict)
    takes: float = 0.0
    elapsed: float = BEGUN
    steps: list[tuple[int, float]] = field(default_factory=list)
    """How many recipients each step had, and how many seconds."""

    def push(
        self,
        sending: Sending,
        app: App,
        recipients: Sequence[Subscription],
        seconds: float,
        languages: Mapping[SubscriptionRef, str] = NO_LANGUAGES,
    ) -> Sequence[RecipientOutcome]:
        self.steps.append((len(recipients), seconds))
        self.elapsed += min(self.takes, seconds)
        return [self.answers.get(each.address.push_token.split("-")[0], ACCEPTED) for each in recipients]


@dataclass
class World:
    """A request, and what it writes to."""

    pusher: FakePusher = field(default_factory=FakePusher)
    store: MemorySendings = field(default_factory=MemorySendings)
    queue: MemoryQueue = field(default_factory=MemoryQueue)
    faults: list[str] = field(default_factory=list)
    expire: int = 3_600
    messages_of: dict[str, Message] | None = None

    def __post_init__(self) -> None:
        self.pack_ids = pack_ids_of(self.store)
        self.now: Callable[[], Milliseconds] = lambda: Milliseconds(NOW * 1000)

    def send(self, *found: Sequence[Subscription], pack: PackKey | None = None) -> DirectResult:
        clock = Clock(self.now, lambda: self.pusher.elapsed, lambda: 0.5)
        named = Named(tuple(NamedProfile(f"user-{n}") for n in range(len(found))))
        sending = replace(sending_of(self.messages_of), selection=named, expire=self.expire, parts=(Part(0, app_of().id, NOW),))
        direct = SendDirectly(self.store, self.pack_ids, self.pusher, self.queue, clock, self.faults.append)
        return direct(sending, app_of(), found, BEGUN, pack)

    @property
    def messages(self) -> list[DeferralMessage]:
        return [read_deferral(envelope.body) for envelope in self.queue.envelopes]

    @property
    def stored(self) -> Sending:
        sending = self.store.sending(ID)
        assert sending
        return sending


def devices(number: int, word: str = "phone", provider: Provider = ANDROID) -> list[Subscription]:
    return [subscription_of(provider, f"{word}-{n}") for n in range(number)]


def words(result: DirectResult) -> list[list[Outcome]]:
    return [[each.outcome for each in of_identifier] for of_identifier in result.outcomes]


def test_what_came_of_each_recipient_is_told_by_identifier() -> None:
    world = World(FakePusher({"dead": GONE}))
    result = world.send(devices(2), [], devices(1, "dead"))
    assert words(result) == [[Outcome.ACCEPTED, Outcome.ACCEPTED], [], [Outcome.GONE]]
    assert result.outcomes[2][0] == GONE
    assert (result.sending.status, result.sending.counts) == (world.stored.status, world.stored.counts)


def test_one_write_at_the_end_says_all_and_nothing_is_written_for_a_recipient() -> None:
    world = World(FakePusher({"dead": GONE}))
    world.send(*([each] for each in [*devices(999), *devices(1, "dead")]))
    assert world.store.calls == {"record_ended": 1}
    assert world.queue.puts == 0
    assert world.stored.status == SendingStatus.COMPLETE
    assert world.stored.counts == OutcomeCounts({ANDROID: {Outcome.ACCEPTED: 999, Outcome.GONE: 1}})
    assert (world.stored.begun, world.stored.ended) == (NOW, NOW)
    (example,) = world.stored.examples
    assert (example.outcome, example.code) == (Outcome.GONE, "UNREGISTERED")
    assert "dead-0" not in repr(world.stored)


def test_where_nobody_is_found_nothing_is_pushed_or_written() -> None:
    world = World()
    assert words(world.send([], [])) == [[], []]
    assert (world.store.calls, world.queue.puts, world.pusher.steps) == ({}, 0, [])


def test_steps_have_150_recipients_and_eight_seconds_at_most() -> None:
    world = World()
    world.send(devices(400))
    assert world.pusher.steps == [(150, 8), (150, 8), (100, 8)]


def test_steps_are_begun_until_15_seconds_into_the_request_and_the_last_ends_with_the_23rd() -> None:
    world = World(FakePusher(takes=7.4))
    result = world.send(devices(1_000))
    assert [seconds for _, seconds in world.pusher.steps] == pytest.approx([8, 8, 8])
    world = World(FakePusher(takes=14.99, elapsed=BEGUN + 14.99))
    world.send(devices(STEP_RECIPIENTS + 1))
    assert [number for number, _ in world.pusher.steps] == [STEP_RECIPIENTS]
    assert world.pusher.elapsed - BEGUN <= 23
    assert words(result)[0].count(Outcome.RETRY) == 1_000 - 3 * STEP_RECIPIENTS


def test_what_is_not_begun_in_time_waits_in_the_queue_in_messages_of_at_most_100() -> None:
    world = World(FakePusher(elapsed=BEGUN + 15))
    result = world.send(devices(250))
    assert world.pusher.steps == []
    assert [len(each.recipients) for each in world.messages] == [100, 100, 50]
    assert [each.key for each in world.messages] == [DeferralKey(LANE, Place(f"{n:08}")) for n in range(3)]
    assert {each.not_before for message in world.messages for each in message.recipients} == {NOW + SECONDS_TO_RECORD}
    assert {envelope.delay for envelope in world.queue.envelopes} == {SECONDS_TO_RECORD}
    assert words(result) == [[Outcome.RETRY] * 250]
    assert world.stored.status == SendingStatus.RUNNING
    lane = world.store.lane(LANE)
    assert lane
    assert (lane.pending, lane.finished) == (250, True)


def test_only_the_first_5000_are_pushed_to_while_the_caller_waits() -> None:
    world = World()
    result = world.send(devices(MAX_IN_REQUEST + 120))
    assert sum(number for number, _ in world.pusher.steps) == MAX_IN_REQUEST
    assert words(result)[0].count(Outcome.RETRY) == 120
    assert [len(each.recipients) for each in world.messages] == [100, 20]


def test_more_are_pushed_to_where_otherwise_more_would_be_left_than_one_write_has_room_for() -> None:
    world = World()
    result = world.send(devices(MAX_IN_REQUEST + MAX_WAITING + 30))
    assert sum(number for number, _ in world.pusher.steps) == MAX_IN_REQUEST + 30
    assert words(result)[0].count(Outcome.RETRY) == MAX_WAITING


def test_what_is_more_than_one_write_has_room_for_is_expired_where_no_time_is_left() -> None:
    world = World(FakePusher(elapsed=BEGUN + 15))
    result = world.send(devices(MAX_WAITING + 30))
    assert words(result)[0] == [Outcome.RETRY] * MAX_WAITING + [Outcome.EXPIRED] * 30
    lane = world.store.lane(LANE)
    assert lane
    assert (lane.pending, lane.counts) == (MAX_WAITING, OutcomeCounts.of(ANDROID, Outcome.EXPIRED, 30))


def test_messages_are_in_the_queue_before_the_sending_is_written() -> None:
    taken: list[int] = []
    world = World(FakePusher({"busy": LATER_AGAIN}))
    world.store = MemorySendings(interrupt=lambda _: taken.append(len(world.queue.envelopes)))
    world.send(devices(1, "busy"))
    assert taken[0] == 1


@pytest.mark.parametrize(("after", "delay"), [(None, SECONDS_TO_RECORD), (3, SECONDS_TO_RECORD), (60, 60), (5_000, 900)])
def test_a_recipient_whose_provider_wants_to_be_asked_later_waits_that_long(after: int | None, delay: int) -> None:
    world = World(FakePusher({"busy": replace(LATER_AGAIN, after=after)}))
    result = world.send(devices(1), devices(1, "busy"))
    assert words(result) == [[Outcome.ACCEPTED], [Outcome.RETRY]]
    (message,) = world.messages
    assert [each.not_before for each in message.recipients] == [NOW + delay]
    assert world.stored.status == SendingStatus.RUNNING


def test_those_that_are_due_first_stand_in_messages_of_their_own() -> None:
    world = World(FakePusher({"busy": replace(LATER_AGAIN, after=300)}))
    world.send([*devices(100, "busy"), *devices(MAX_IN_REQUEST)])
    assert [envelope.delay for envelope in world.queue.envelopes] == [SECONDS_TO_RECORD, 300]


def test_one_that_would_wait_beyond_its_time_is_expired_at_once() -> None:
    world = World(FakePusher({"busy": replace(LATER_AGAIN, after=300)}), expire=299)
    assert words(world.send(devices(1, "busy"))) == [[Outcome.EXPIRED]]
    assert world.queue.puts == 0
    assert world.stored.status == SendingStatus.EXPIRED


def test_one_whose_time_is_over_before_the_queue_can_deliver_it_is_expired_at_once() -> None:
    world = World(FakePusher({"late": replace(LATER_AGAIN, after=2)}), expire=SECONDS_TO_RECORD - 1)
    (outcomes,) = world.send(devices(1, "late")).outcomes
    assert ([each.outcome for each in outcomes], outcomes[0].code, world.queue.envelopes) == ([Outcome.EXPIRED], "503", [])
    assert (world.stored.status, world.stored.counts) == (SendingStatus.EXPIRED, OutcomeCounts.of(ANDROID, Outcome.EXPIRED))


def test_those_that_are_left_and_have_no_time_for_the_queue_are_expired() -> None:
    world = World(FakePusher(takes=8), expire=0)
    (outcomes,) = world.send(devices(1_000)).outcomes
    assert [each.outcome for each in outcomes] == [Outcome.ACCEPTED] * 300 + [Outcome.EXPIRED] * 700
    assert (world.queue.envelopes, world.stored.counts.total) == ([], 1_000)


def test_each_provider_has_the_time_of_its_own_message() -> None:
    world = World(FakePusher({"late": replace(LATER_AGAIN, after=60)}))
    world.messages_of = {ANDROID: Message("Sale", expire=3_600), APNS: Message("Sale", expire=30)}
    (outcomes,) = world.send([*devices(1, "late"), *devices(1, "late", APNS)]).outcomes
    assert [each.outcome for each in outcomes] == [Outcome.RETRY, Outcome.EXPIRED]


def test_what_the_queue_does_not_take_is_expired_and_told_of() -> None:
    world = World(FakePusher(elapsed=BEGUN + 15), queue=MemoryQueue(refused='"name":"00000001"'))
    result = world.send(devices(250))
    assert words(result)[0] == [Outcome.RETRY] * 100 + [Outcome.EXPIRED] * 100 + [Outcome.RETRY] * 50
    assert [each.key.name for each in world.messages] == ["00000000", "00000002"]
    assert world.store.deferral(DeferralKey(LANE, Place("00000001"))) is None
    lane = world.store.lane(LANE)
    assert lane
    assert (lane.pending, lane.counts) == (150, OutcomeCounts.of(ANDROID, Outcome.EXPIRED, 100))
    assert len(world.faults) == 1


def test_a_provider_that_refuses_the_credentials_gets_no_other_step_and_others_go_on() -> None:
    world = World(FakePusher({"phone": REFUSED}))
    result = world.send([*devices(300), *devices(10, "iphone", APNS)])
    assert [number for number, _ in world.pusher.steps] == [150, 10]
    assert words(result)[0] == [Outcome.CREDENTIALS_BAD] * 300 + [Outcome.ACCEPTED] * 10
    assert world.stored.counts.number(Outcome.CREDENTIALS_BAD, ANDROID) == 300
    assert world.stored.stopped_of(world.stored.app).keys() == {ANDROID}
    assert world.stored.status == SendingStatus.COMPLETE


def test_browsers_whose_push_services_refuse_the_credentials_stop_web_push_once_ten_were_refused_and_none_accepted() -> None:
    bad = [*devices(1, "bad", WEB), *devices(1, "phone"), *devices(8, "bad-2", WEB)]
    world = World(FakePusher({"bad": REFUSED}))
    world.send([*bad, *devices(300, "laptop", WEB)])
    assert world.stored.stopped == {}
    assert world.stored.counts.number(Outcome.ACCEPTED, WEB) == 300
    world = World(FakePusher({"bad": REFUSED}))
    world.send([*devices(STEP_RECIPIENTS, "laptop", WEB), *devices(STEP_RECIPIENTS + 10, "bad", WEB)])
    assert world.stored.stopped == {}
    world = World(FakePusher({"bad": REFUSED}))
    world.send(devices(400, "bad", WEB))
    assert (set(world.stored.stopped_of(world.stored.app)), len(world.pusher.steps)) == ({WEB}, 1)


def test_those_of_a_stopped_provider_do_not_wait_either() -> None:
    world = World(FakePusher({"phone": REFUSED}))
    world.send([*devices(MAX_IN_REQUEST + 50)])
    assert world.queue.puts == 0
    assert world.stored.status == SendingStatus.STOPPED
    assert world.stored.counts == OutcomeCounts.of(ANDROID, Outcome.CREDENTIALS_BAD, MAX_IN_REQUEST + 50)


def test_a_message_that_is_bad_for_the_first_100_is_pushed_no_more() -> None:
    world = World(FakePusher({"phone": BAD}))
    world.send(devices(400))
    assert world.pusher.steps == [(150, 8)]
    assert world.stored.counts == OutcomeCounts.of(ANDROID, Outcome.MESSAGE_BAD, 400)


def test_only_so_many_examples_are_kept() -> None:
    answers = {f"d{n}": replace(GONE, code=f"CODE_{n}") for n in range(MAX_EXAMPLES + 5)}
    world = World(FakePusher(answers))
    world.send([subscription_of(ANDROID, f"{word}-0") for word in answers])
    assert len(world.stored.examples) == MAX_EXAMPLES


def interrupted(*moments: str) -> Callable[[str], None]:
    """Return what makes the calls of a store fail at these moments, one after the other."""
    left = list(moments)

    def interrupt(moment: str) -> None:
        if left and moment == left[0]:
            del left[0]
            raise UnavailableError("DynamoDB did not answer")

    return interrupt


@pytest.mark.parametrize("moment", ["before record_ended", "after record_ended"])
def test_a_write_without_an_answer_is_tried_again_and_happens_once(moment: str) -> None:
    world = World(FakePusher({"busy": LATER_AGAIN}), MemorySendings(interrupt=interrupted(moment)))
    result = world.send(devices(2), devices(1, "busy"))
    assert words(result) == [[Outcome.ACCEPTED] * 2, [Outcome.RETRY]]
    assert world.stored.status == SendingStatus.RUNNING
    assert world.faults == []


def test_where_nothing_can_be_written_those_that_wait_are_unknown_and_the_others_are_as_they_were() -> None:
    world = World(
        FakePusher({"busy": LATER_AGAIN, "dead": GONE}), MemorySendings(interrupt=interrupted(*["before record_ended"] * 2))
    )
    result = world.send(devices(1), devices(1, "busy"), devices(1, "dead"))
    assert words(result) == [[Outcome.ACCEPTED], [Outcome.UNKNOWN], [Outcome.GONE]]
    assert len(world.faults) == 1


def test_an_id_that_another_sending_has_is_told_of_and_nobody_of_this_one_waits() -> None:
    world = World(FakePusher({"busy": LATER_AGAIN, "dead": GONE}))
    other = replace(sending_of(), name="another", status=SendingStatus.COMPLETE)
    world.store.record_ended(other, ())
    result = world.send(devices(1), devices(1, "busy"), devices(1, "dead"))
    assert words(result) == [[Outcome.ACCEPTED], [Outcome.UNKNOWN], [Outcome.GONE]]
    assert (world.stored.name, len(world.faults)) == ("another", 1)
    assert world.store.calls["record_ended"] == 2


def test_a_sending_that_does_not_fit_into_the_store_is_written_no_second_time() -> None:
    tries: list[str] = []

    def interrupt(moment: str) -> None:
        tries.append(moment)
        raise SendingTooLargeError("bytes")

    world = World(FakePusher({"busy": LATER_AGAIN}), MemorySendings(interrupt=interrupt))
    assert words(world.send(devices(1, "busy"))) == [[Outcome.UNKNOWN]]
    assert (tries, len(world.faults)) == (["before record_ended"], 1)


@pytest.mark.parametrize(("by_push_token", "hops"), [(True, 1), (False, 3)])
def test_a_thousand_take_their_hops_one_batch_a_step_and_one_write(by_push_token: bool, hops: int) -> None:
    devices_ = devices(1_000)
    audience = audience_of(*((f"user-{n}", [each], {"number": n}) for n, each in enumerate(devices_)))
    named = [NamedPushToken(ANDROID, f"phone-{n}") if by_push_token else NamedField("number", n) for n in range(1_000)]
    reach, transport, world = MemoryReach(audience), FakeTransport(), World()
    accounts, retiring = Accounts(CachedAppSecrets(app_secrets)), Retiring(audience, clock=lambda: BEGUN)
    pusher = ProviderPusher(transport, accounts, tracking_of(), retiring, world.faults.append, lambda: NOW, lambda: BEGUN)
    found = Finding(reach, CachedCatalog(lambda: Catalog({CUSTOMERS.id: CUSTOMERS}, {})))(app_of(), named)
    clock = Clock(lambda: Milliseconds(NOW * 1000), lambda: BEGUN, lambda: 0.5)
    result = SendDirectly(world.store, world.pack_ids, pusher, world.queue, clock, world.faults.append)(
        sending_of(), app_of(), found, BEGUN
    )
    assert words(result) == [[Outcome.ACCEPTED]] * 1_000
    assert reach.calls == hops * 10
    assert [len(batch) for batch in transport.batches] == [1, *[150] * 6, 100]
    assert world.store.calls == {"record_ended": 1}
    assert (audience.reads, audience.commits, world.queue.puts, world.faults) == (0, 0, 0, [])


def claimed(pusher: FakePusher | None = None) -> World:
    """Return a world whose sending has claimed its pack id."""
    world = World(pusher or FakePusher())
    assert world.pack_ids.claim(PACK, ID, NOW)
    world.store.calls.clear()
    return world


@pytest.mark.parametrize(("word", "ended"), [("phone", SendingStatus.COMPLETE), ("busy", SendingStatus.RUNNING)])
def test_a_sending_with_a_pack_id_is_written_before_its_first_push_and_at_its_end(word: str, ended: SendingStatus) -> None:
    world = claimed(FakePusher({"busy": LATER_AGAIN}))
    result = world.send(devices(200, word), pack=PACK)
    assert world.store.calls == {"start": 1, "record_ended": 1}
    assert (world.stored.status, world.stored.begun) == (ended, NOW)
    assert result.sending.counts == (world.stored.counts if ended.ended else OutcomeCounts())
    assert world.pack_ids.blocked(PACK, Seconds(NOW + BLOCKED_SECONDS))
    lane = world.store.lane(LANE)
    assert (lane.pending if lane else 0) == words(result)[0].count(Outcome.RETRY)
    assert world.store.running_sendings(NOW) == ([] if ended.ended else [ID])


def test_a_sending_is_started_before_anything_is_pushed_or_put_into_the_queue() -> None:
    calls: list[tuple[str, int, int]] = []
    world = claimed(FakePusher({"busy": LATER_AGAIN}))
    world.store.interrupt = lambda point: calls.append((point, len(world.pusher.steps), world.queue.puts))
    world.send(devices(1, "busy"), pack=PACK)
    late = claimed(FakePusher(elapsed=BEGUN + 15))
    late.store.interrupt = lambda point: calls.append((point, len(late.pusher.steps), late.queue.puts))
    late.send(devices(1), pack=PACK)
    starts = [call for call in calls if call[0] == "after start"]
    assert starts == [("after start", 0, 0)] * 2


def test_a_sending_with_a_pack_id_has_begun_when_it_was_started() -> None:
    world, starting = claimed(FakePusher(takes=5)), list[Seconds | None]()
    world.now = lambda: Milliseconds(NOW * 1000 + int(1000 * (world.pusher.elapsed - BEGUN)))
    world.store.interrupt = lambda point: starting.append(world.stored.begun) if point == "before record_ended" else None
    world.send(devices(1), pack=PACK)
    assert starting == [world.stored.begun] == [NOW]
    assert world.stored.ended == NOW + 5


def test_where_nobody_is_found_a_pack_id_is_not_used() -> None:
    world = claimed()
    world.send([], pack=PACK)
    assert world.store.calls == {}


@pytest.mark.parametrize("points", [("before start",), ("after start", "before release_pack")])
def test_a_sending_whose_start_is_not_known_to_be_written_is_not_pushed(points: Sequence[str]) -> None:
    world = claimed()
    world.store.interrupt = interrupted(*points)
    with pytest.raises(UnavailableError):
        world.send(devices(1), pack=PACK)
    assert (world.pusher.steps, world.queue.puts, world.store.calls.get("record_ended")) == ([], 0, None)


def test_a_sending_that_has_lost_its_pack_id_is_not_pushed() -> None:
    world = World()
    assert world.pack_ids.claim(PACK, SendingId(ID + 1), NOW)
    with pytest.raises(LostRaceError):
        world.send(devices(1), pack=PACK)
    assert (world.pusher.steps, world.queue.puts, world.store.sending(ID)) == ([], 0, None)


@pytest.mark.parametrize("word", ["phone", "busy"])
@pytest.mark.parametrize("moment", ["before record_ended", "after record_ended"])
def test_the_end_of_a_started_sending_without_an_answer_is_written_once(moment: str, word: str) -> None:
    world = claimed(FakePusher({"busy": LATER_AGAIN}))
    world.store.interrupt = interrupted(moment)
    result = world.send(devices(2, word), pack=PACK)
    assert words(result) == [[Outcome.RETRY if word == "busy" else Outcome.ACCEPTED] * 2]
    assert world.faults == []
    assert world.store.launch_counts == ({} if word == "busy" else {world.stored.launch: world.stored.counts})


def test_a_started_sending_that_is_recorded_already_is_not_recorded_again() -> None:
    world = claimed()
    world.send(devices(1), pack=PACK)
    with pytest.raises(KnownSendingError):
        world.store.record_ended(sending_of(), [], started=True)


def test_a_sending_that_is_cancelled_while_it_pushes_leaves_nobody_to_be_tried_again() -> None:
    world = claimed(FakePusher({"busy": LATER_AGAIN}))

    def interrupt(point: str) -> None:
        if point == "before record_ended":
            world.store.interrupt = lambda _: None
            world.store.cancel(ID, NOW)

    world.store.interrupt = interrupt
    world.send(devices(1, "busy"), pack=PACK)
    assert (world.stored.status, world.stored.cancelling) == (SendingStatus.RUNNING, True)


WORDS = {"phone": ACCEPTED, "busy": LATER_AGAIN, "dead": GONE, "bad": BAD, "hour": replace(LATER_AGAIN, after=900)}


@given(
    st.lists(st.sampled_from(sorted(WORDS)), max_size=400),
    st.floats(0, 8),
    st.sampled_from(["", '"name":"00000000"', '"recipients"']),
    st.integers(1, 3_600),
)
def test_every_recipient_is_counted_once_or_waits(tokens: Sequence[str], takes: float, refused: str, expire: int) -> None:
    world = World(FakePusher(WORDS, takes), queue=MemoryQueue(refused), expire=expire)
    recipients = [subscription_of(ANDROID, f"{word}-{n}") for n, word in enumerate(tokens)]
    (outcomes,) = words(world.send(recipients))
    if not recipients:
        return
    waiting = [each for message in world.messages for each in message.recipients]
    lane = world.store.lane(LANE)
    counts = lane.counts if lane else world.stored.counts
    assert counts.total + len(waiting) == len(recipients)
    assert outcomes.count(Outcome.RETRY) == len(waiting) == (lane.pending if lane else 0)
    for outcome in Outcome:
        if outcome is not Outcome.RETRY:
            assert outcomes.count(outcome) == counts.number(outcome)
