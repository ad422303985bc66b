"""Where each message of a batch goes, and when."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushhub.catalog.model import ReportedEvent, Upstream, UpstreamKind
from pushhub.events.command import Happening, RecordEvent, RelayLink
from pushhub.events.forwarding import (
    EXPIRES_AFTER_SECONDS,
    Destinations,
    Forwarding,
    HandledBatch,
    HandledMessage,
    Poison,
    Postponed,
    delay_seconds,
)
from pushhub.events.messages import Forward, Receipt, Report, read_forward, write_forward
from pushhub.events.upstreams import Accepted, Discarded, Rejected, Retry
from pushhub.faults import UnavailableError
from pushhub.moments import Clock, Milliseconds
from pushhub.outgoing.calls import RETRY_AFTER, Call, CallReply, NoReply
from pushhub.outgoing.queues import MAX_DELAY_SECONDS, Delivery, Envelope
from tests.doubles.queues import MemoryQueue

NOW = Milliseconds(1_700_000_000_000)
A, B = "alpha", "beta"
TOKENS = {A: "the token of alpha", B: "the token of beta"}
OK = CallReply(200)
DOWN, BROKEN = NoReply("no connection", unreachable=True), NoReply("broken off", unreachable=False)
ALL_TRIED_AGAIN = (CallReply(500), CallReply(429), CallReply(302), CallReply(401), CallReply(404), CallReply(204), DOWN, BROKEN)


def _upstream(name: str) -> Upstream:
    return Upstream(name, UpstreamKind.ALTCRAFT, f"https://{name}.example", relay_links=True, events=frozenset(ReportedEvent))


def _post(url: str, upstream_token: str) -> Call:
    return Call(url, "POST", body=upstream_token.encode())


class Api:
    """Puts the uid into the URL; of 2xx, 200 alone is success."""

    def call(self, upstream: Upstream, upstream_token: str, forward: Forward) -> Call:
        return _post(f"{upstream.url}/{_name(forward)}", upstream_token)

    def accepted(self, forward: Forward, reply: CallReply) -> bool:
        return reply.status == 200


def _name(forward: Forward) -> str:
    what = forward.report.content
    return what.opaque if isinstance(what, RelayLink) else what.uid


@dataclass
class World:
    """Everything around: what upstreams answer is told by the last part of the URL, or by the host."""

    now: Milliseconds = NOW
    elapsed: float = 1000.0
    chance: float = 0.0
    answers: dict[str, CallReply | NoReply] = field(default_factory=dict)
    took: float = 0.0
    upstreams: dict[str, Upstream] = field(default_factory=lambda: {name: _upstream(name) for name in (A, B)})
    tokens: dict[str, str] = field(default_factory=lambda: dict(TOKENS))
    asked: list[list[Call]] = field(default_factory=list)
    queue: MemoryQueue = field(default_factory=MemoryQueue)
    relays: MemoryQueue = field(default_factory=MemoryQueue)
    dead_letters: MemoryQueue = field(default_factory=MemoryQueue)

    def exchange(self, calls: Sequence[Call]) -> Sequence[CallReply | NoReply]:
        self.asked.append(list(calls))
        self.elapsed += self.took
        answers = [self._answer(call) for call in calls]
        return [replace(answer, seconds=self.took) if isinstance(answer, NoReply) else answer for answer in answers]

    def _answer(self, call: Call) -> CallReply | NoReply:
        *_, host, name = call.url.split("/")
        return self.answers.get(name, self.answers.get(host.removesuffix(".example"), OK))

    @property
    def names(self) -> list[list[str]]:
        """The names of what was asked, call by call."""
        return [[call.url.split("/")[-1] for call in calls] for calls in self.asked]

    def forwarding(self, destinations: Callable[[], Destinations] | None = None) -> Forwarding:
        clock = Clock(lambda: self.now, lambda: self.elapsed, lambda: self.chance)
        known = destinations or (lambda: Destinations(self.upstreams, self.tokens))
        return Forwarding(known, {UpstreamKind.ALTCRAFT: Api()}, self.exchange, self.queue, self.relays, self.dead_letters, clock)


def _event(  # noqa: PLR0913  (each test names the few that it is about)
    name: str = "u", upstream: str = A, *, tried: int = 0, waited: int = 0, hours: float = 0, ahead: int = 0
) -> Forward:
    """Return a report that began `hours` ago and is due `ahead` seconds from now."""
    report = Report(Receipt(f"receipt of {name}"), NOW, RecordEvent(Happening.OPENED, name))
    since, not_before = Milliseconds(round(NOW - hours * 3_600_000)), Milliseconds(NOW + 1000 * ahead if ahead else 0)
    return Forward(upstream, report, since, tried, waited, not_before)


def _link(name: str = "f" * 16, upstream: str = A) -> Forward:
    return Forward(upstream, Report(Receipt("r"), NOW, RelayLink(name)), NOW)


def _batch(*forwards: Forward) -> list[Delivery]:
    return [Delivery(f"message {_name(forward)}", write_forward(forward)) for forward in forwards]


def _handled(batch: HandledBatch) -> Mapping[str, HandledMessage]:
    by_name = {_name(one.forward) if one.forward else "": one for one in batch.messages}
    assert len(by_name) == len(batch.messages)
    return by_name


def _forwards(queue: MemoryQueue) -> list[Forward]:
    return [read_forward(envelope.body) for envelope in queue.envelopes]


# Delays


@given(st.integers(0, 10**6), st.floats(0, 1))
def test_a_delay_is_half_and_a_random_half_of_what_doubles_up_to_the_longest(waited: int, chance: float) -> None:
    whole = min(900, 5 * 2 ** min(waited, 50))
    assert whole / 2 <= delay_seconds(waited, chance) <= whole


@given(st.integers(0, 20), st.floats(0, 1))
def test_a_delay_never_shrinks_as_the_waiting_goes_on(waited: int, chance: float) -> None:
    assert delay_seconds(waited, chance) <= delay_seconds(waited + 1, chance)


def test_delays_are_known() -> None:
    assert [delay_seconds(waited, 1) for waited in range(10)] == [5, 10, 20, 40, 80, 160, 320, 640, 900, 900]
    assert [delay_seconds(waited, 0) for waited in range(10)] == [3, 5, 10, 20, 40, 80, 160, 320, 450, 450]


# What comes of one


def test_what_is_accepted_goes_nowhere() -> None:
    world = World()
    batch = world.forwarding()(_batch(_event()))
    assert batch == HandledBatch((HandledMessage(_event(tried=1), Accepted()),), frozenset())
    assert not world.queue.envelopes + world.dead_letters.envelopes
    assert world.asked == [[_post("https://alpha.example/u", "the token of alpha")]]


@pytest.mark.parametrize("status", [400, 413, 422])
def test_what_is_refused_is_a_dead_letter_at_once_with_the_reason(status: int) -> None:
    world = World(answers={A: CallReply(status)})
    batch = world.forwarding()(_batch(_event(tried=4, waited=7)))
    assert batch == HandledBatch(
        (HandledMessage(_event(tried=5, waited=7), Rejected(f"HTTP {status}"), given_up=True),), frozenset()
    )
    assert world.dead_letters.envelopes == [Envelope(write_forward(_event(tried=5, waited=7)), reason=f"HTTP {status}")]
    assert not world.queue.envelopes


def test_a_link_that_is_nobodys_is_discarded() -> None:
    world = World(answers={A: CallReply(404)})
    batch = world.forwarding()(_batch(_link()))
    assert batch == HandledBatch((HandledMessage(replace(_link(), tried=1), Discarded("HTTP 404")),), frozenset())
    assert not world.queue.envelopes + world.dead_letters.envelopes


@pytest.mark.parametrize("answer", ALL_TRIED_AGAIN)
def test_what_is_tried_again_goes_into_the_queue_with_what_is_counted(answer: CallReply | NoReply) -> None:
    world = World(answers={A: answer})
    batch = world.forwarding()(_batch(_event(tried=2, waited=3, hours=1)))
    (one,) = batch.messages
    assert isinstance(one.outcome, Retry)
    assert (one.forward, one.given_up, batch.to_redeliver) == (_event(tried=3, waited=3, hours=1), False, frozenset())
    assert world.queue.envelopes == [Envelope(write_forward(_event(tried=3, waited=4, hours=1)), delay=20)]
    assert not world.dead_letters.envelopes


@pytest.mark.parametrize(("chance", "delay"), [(0, 3), (0.5, 4), (1, 5)])
def test_chance_decides_over_half_of_the_delay(chance: float, delay: int) -> None:
    world = World(answers={A: CallReply(500)}, chance=chance)
    world.forwarding()(_batch(_event()))
    assert [envelope.delay for envelope in world.queue.envelopes] == [delay]


@pytest.mark.parametrize(
    ("asked", "waited", "delay", "ahead"),
    [
        ("1", 0, 3, 1),
        ("60", 0, 60, 60),
        ("60", 8, 450, 60),
        ("900", 0, 900, 900),
        ("901", 0, 900, 901),
        ("7200", 9, 900, 7200),
        ("7203", 0, 900, 7203),
        ("7204", 0, 900, 7203),
        ("64057", 0, 900, 7203),
        ("64057", 9, 900, 7650),
        ("999999999", 0, 900, 7203),
        ("1795737700", 0, 900, 7203),
        ("1795737700000", 0, 900, 7203),
        ("Sat, 31 Dec 2033 23:59:59 GMT", 0, 900, 7203),
    ],
)
def test_the_upstream_may_ask_for_later_but_not_for_sooner(asked: str, waited: int, delay: int, ahead: int) -> None:
    world = World(answers={A: CallReply(503, headers={RETRY_AFTER: asked})})
    world.forwarding()(_batch(_event(waited=waited)))
    assert world.queue.envelopes == [Envelope(write_forward(_event(tried=1, waited=waited + 1, ahead=ahead)), delay)]


def test_an_upstream_that_asks_for_now_gets_the_usual_delay() -> None:
    world = World(answers={A: CallReply(503, headers={RETRY_AFTER: "0"})})
    world.forwarding()(_batch(_event()))
    assert world.queue.envelopes == [Envelope(write_forward(replace(_event(tried=1, waited=1), not_before=NOW)), 3)]


def test_what_is_not_due_yet_is_not_tried_and_waits_for_the_rest_of_the_time() -> None:
    world = World()
    batch = world.forwarding()(_batch(_event(tried=1, waited=1, ahead=100)))
    assert batch.messages == (HandledMessage(_event(tried=1, waited=1, ahead=100), Postponed("the upstream asked for later")),)
    assert not world.asked
    assert world.queue.envelopes == [Envelope(write_forward(_event(tried=1, waited=2, ahead=100)), 100)]


def test_what_is_asked_for_in_hours_is_held_back_by_quarters_of_an_hour_until_it_is_due_and_no_longer() -> None:
    world = World(answers={A: CallReply(429, headers={RETRY_AFTER: "2000"})})
    forwarding = world.forwarding()
    forwarding(_batch(_event()))
    world.answers = {}
    waits = []
    while len(world.asked) == 1:
        waiting = world.queue.envelopes.pop()
        waits.append(waiting.delay)
        world.now = Milliseconds(world.now + 1000 * waiting.delay)
        forwarding([Delivery("m", waiting.body)])
    assert waits == [900, 900, 200]
    assert world.now == NOW + 2_000_000
    assert not world.queue.envelopes


def test_it_is_due_at_the_very_millisecond() -> None:
    world = World(now=Milliseconds(NOW + 99_999))
    forwarding = world.forwarding()
    assert not _asked_for(world, forwarding, _event(ahead=100))
    world.now = Milliseconds(NOW + 100_000)
    assert _asked_for(world, forwarding, _event(ahead=100))


def test_the_rest_of_a_second_is_a_second_of_delay() -> None:
    world = World(now=Milliseconds(NOW + 89_001))
    world.forwarding()(_batch(_event(ahead=100)))
    assert [envelope.delay for envelope in world.queue.envelopes] == [11]


def test_a_later_failure_that_says_nothing_of_when_leaves_what_was_asked_for() -> None:
    world = World(answers={A: CallReply(500)}, now=Milliseconds(NOW + 200_000))
    world.forwarding()(_batch(_event(tried=1, waited=1, ahead=100)))
    assert world.queue.envelopes == [Envelope(write_forward(_event(tried=2, waited=2, ahead=100)), 5)]


# Giving up


@pytest.mark.parametrize("answer", ALL_TRIED_AGAIN)
def test_what_is_tried_in_vain_after_three_days_is_given_up_with_the_last_reason(answer: CallReply | NoReply) -> None:
    world = World(answers={A: answer})
    (one,) = world.forwarding()(_batch(_event(tried=99, waited=100, hours=72))).messages
    assert isinstance(one.outcome, Retry)
    assert one.given_up
    reason = f"given up after 72 hours: {one.outcome.reason}"
    assert world.dead_letters.envelopes == [Envelope(write_forward(_event(tried=100, waited=100, hours=72)), reason=reason)]
    assert not world.queue.envelopes


def test_after_three_days_it_is_still_tried_once_and_may_be_accepted() -> None:
    world = World()
    (one,) = world.forwarding()(_batch(_event(hours=200))).messages
    assert one == HandledMessage(_event(tried=1, hours=200), Accepted())
    assert not world.queue.envelopes + world.dead_letters.envelopes


def test_three_days_are_over_at_the_very_millisecond() -> None:
    world = World(answers={A: CallReply(500)}, now=Milliseconds(NOW + 1000 * EXPIRES_AFTER_SECONDS - 1))
    forwarding = world.forwarding()
    assert not forwarding(_batch(_event())).messages[0].given_up
    world.now = Milliseconds(world.now + 1)
    assert forwarding(_batch(_event())).messages[0].given_up


@pytest.mark.parametrize("ahead", [1, 100, 7203, 64_057, 1_795_737_700])
def test_after_three_days_it_is_tried_a_last_time_however_late_the_upstream_asked_for(ahead: int) -> None:
    world = World(answers={A: CallReply(503, headers={RETRY_AFTER: "64057"})})
    (one,) = world.forwarding()(_batch(_event(hours=72, ahead=ahead))).messages
    assert one.given_up
    assert world.names == [["u"]]
    assert [dead.reason for dead in world.dead_letters.envelopes] == ["given up after 72 hours: HTTP 503"]
    accepting = World()
    (one,) = accepting.forwarding()(_batch(_event(hours=72, ahead=ahead))).messages
    assert one.outcome == Accepted()


def test_a_wait_that_the_release_before_took_over_whole_is_cut_to_the_longest_of_ours() -> None:
    world = World()
    forwarding = world.forwarding()
    waiting = Envelope(write_forward(_event(ahead=1_795_737_700)))
    while not world.asked:
        (one,) = forwarding([Delivery("m", waiting.body)]).messages
        if isinstance(one.outcome, Postponed):
            waiting = world.queue.envelopes.pop()
            world.now = Milliseconds(world.now + 1000 * waiting.delay)
    assert world.now == NOW + 1000 * (900 + 7200)


@given(st.integers(0, 10**12), st.integers(0, 20), st.floats(0, 1))
def test_whatever_an_upstream_asks_for_an_event_waits_two_hours_longer_than_ours_at_most(
    asked: int, waited: int, chance: float
) -> None:
    world = World(answers={A: CallReply(429, headers={RETRY_AFTER: str(asked)})}, chance=chance)
    world.forwarding()(_batch(_event(waited=waited)))
    (later,) = _forwards(world.queue)
    assert later.not_before - NOW <= 1000 * (delay_seconds(waited, chance) + 7200)


def test_a_wait_that_an_upstream_asks_for_again_and_again_ends_with_a_last_try() -> None:
    world = World(answers={A: CallReply(429, headers={RETRY_AFTER: "64057"})})
    forwarding = world.forwarding()
    forwarding(_batch(_event()))
    while world.queue.envelopes:
        waiting = world.queue.envelopes.pop()
        world.now = Milliseconds(world.now + 1000 * waiting.delay)
        tries = len(world.asked)
        forwarding([Delivery("m", waiting.body)])
    (dead,) = world.dead_letters.envelopes
    assert dead.reason == "given up after 72 hours: HTTP 429"
    assert len(world.asked) == tries + 1
    assert 0 <= world.now - NOW - 1000 * EXPIRES_AFTER_SECONDS <= 900_000


def test_while_its_upstream_is_paused_an_expired_event_waits_for_its_last_try() -> None:
    world = World(answers={A: DOWN})
    forwarding = world.forwarding()
    forwarding(_batch(_event("first")))
    (one,) = forwarding(_batch(_event("second", hours=72.9))).messages
    assert not one.given_up
    assert _forwards(world.queue)[1:] == [_event("second", waited=1, hours=72.9)]
    world.elapsed, world.answers = world.elapsed + 2, {}
    assert forwarding(_batch(_event("second", waited=1, hours=72.95))).messages[0].outcome == Accepted()


def test_what_was_not_tried_for_an_unreachable_upstream_is_given_up_an_hour_later_with_the_reason() -> None:
    world = World(answers={A: DOWN})
    forwarding = world.forwarding()
    forwarding(_batch(_event("first")))
    (one,) = forwarding(_batch(_event("second", hours=73))).messages
    assert one.given_up
    assert world.names == [["first"]]
    (dead,) = world.dead_letters.envelopes
    assert dead.reason == "given up after 72 hours: not tried, since a moment ago: no connection"
    assert read_forward(dead.body) == _event("second", hours=73)


def test_an_event_of_the_future_is_not_given_up() -> None:
    world = World(answers={A: CallReply(500)})
    assert not world.forwarding()(_batch(_event(hours=-1000))).messages[0].given_up


# What is not sent


def test_what_goes_to_an_upstream_that_is_gone_is_a_dead_letter() -> None:
    world = World()
    (one,) = world.forwarding()(_batch(_event(upstream="gone"))).messages
    reason = "the catalog has no upstream gone any more"
    assert one == HandledMessage(_event(upstream="gone"), Rejected(reason), given_up=True)
    assert world.dead_letters.envelopes == [Envelope(write_forward(_event(upstream="gone")), reason=reason)]
    assert not world.asked


def test_without_a_token_it_is_tried_again_and_not_counted_as_tried() -> None:
    world = World(tokens={B: TOKENS[B]})
    (one,) = world.forwarding()(_batch(_event(waited=1))).messages
    assert one == HandledMessage(_event(waited=1), Retry("the stack's secret has no token of the upstream alpha"))
    assert world.queue.envelopes == [Envelope(write_forward(_event(waited=2)), 5)]
    assert not world.asked


def test_without_a_token_for_three_days_it_is_given_up() -> None:
    world = World(tokens={})
    world.forwarding()(_batch(_event(hours=72)))
    assert [dead.reason for dead in world.dead_letters.envelopes] == [
        "given up after 72 hours: the stack's secret has no token of the upstream alpha"
    ]


@pytest.mark.parametrize("body", ["", "{}", "not a message", '{"v":2}', write_forward(_event()).replace('"tried":0', '"tried":-1')])
def test_poison_is_a_dead_letter_as_it_came(body: str) -> None:
    world = World()
    (one,) = world.forwarding()([Delivery("m", body)]).messages
    assert isinstance(one.outcome, Poison)
    assert (one.forward, one.given_up) == (None, True)
    assert world.dead_letters.envelopes == [Envelope(body, reason=one.outcome.reason)]
    assert not world.asked
    assert not world.queue.envelopes


def test_an_empty_batch_is_nothing() -> None:
    world = World()
    assert world.forwarding()([]) == HandledBatch((), frozenset())
    assert not world.asked
    assert world.queue.puts == world.dead_letters.puts == 0


def test_without_the_catalog_nothing_is_sent_and_nothing_moves() -> None:
    def unavailable() -> Destinations:
        raise UnavailableError("the catalog cannot be read")

    world = World()
    with pytest.raises(UnavailableError):
        world.forwarding(unavailable)([*_batch(_event()), Delivery("poison", "")])
    assert not world.asked
    assert world.queue.puts == world.dead_letters.puts == 0


def test_destinations_are_looked_up_anew_for_each_batch() -> None:
    world = World()
    forwarding = world.forwarding()
    forwarding(_batch(_event()))
    world.upstreams = {A: replace(_upstream(A), url="https://moved.example")}
    world.tokens = {A: "another token"}
    forwarding(_batch(_event()))
    assert world.asked[1] == [_post("https://moved.example/u", "another token")]


def test_no_token_stands_in_what_is_printed_of_destinations() -> None:
    shown = repr(Destinations({}, TOKENS))
    assert "token of" not in shown
    assert "upstreams" in shown


# Unreachable upstreams


def _asked_for(world: World, forwarding: Forwarding, *forwards: Forward) -> list[str]:
    before = len(world.asked)
    forwarding(_batch(*forwards))
    return [name for names in world.names[before:] for name in names]


def test_an_unreachable_upstream_is_left_alone_while_others_go_on() -> None:
    world = World(answers={A: DOWN})
    forwarding = world.forwarding()
    first = forwarding(_batch(_event("a1"), _event("b1", B)))
    assert isinstance(_handled(first)["a1"].outcome, Retry)
    second = _handled(forwarding(_batch(_event("a2"), _event("b2", B), _event("a3"), _event("b3", B))))
    assert world.names == [["a1", "b1"], ["b2", "b3"]]
    why = "not tried, since a moment ago: no connection"
    assert second["a2"] == HandledMessage(_event("a2"), Postponed(why))
    assert second["a3"] == HandledMessage(_event("a3"), Postponed(why))
    assert second["b2"].outcome == second["b3"].outcome == Accepted()
    assert _forwards(world.queue) == [_event("a1", tried=1, waited=1), _event("a2", waited=1), _event("a3", waited=1)]


@pytest.mark.parametrize(
    ("took", "left_alone"), [(0, 1), (0.01, 1), (0.1, 1), (0.5, 3), (2, 12), (5, 30), (9.9, 59.4), (10, 60), (30, 60)]
)
def test_it_is_left_alone_for_six_times_as_long_as_finding_out_took(took: float, left_alone: float) -> None:
    world = World(answers={A: DOWN}, took=took)
    forwarding = world.forwarding()
    assert _asked_for(world, forwarding, _event()) == ["u"]
    world.elapsed += left_alone - 0.001
    assert _asked_for(world, forwarding, _event()) == []
    world.elapsed += 0.002
    assert _asked_for(world, forwarding, _event()) == ["u"]


def test_an_upstream_that_hangs_takes_at_most_a_seventh_of_the_time() -> None:
    world = World(answers={A: DOWN}, took=10)
    forwarding = world.forwarding()
    started, idle = world.elapsed, 0.0
    while world.elapsed < started + 3600:
        if not _asked_for(world, forwarding, _event()):
            world.elapsed += 1
            idle += 1
    assert idle / (world.elapsed - started) >= 6 / 7 - 0.01


def test_a_later_failure_to_reach_it_counts_anew() -> None:
    world = World(answers={A: DOWN}, took=10)
    forwarding = world.forwarding()
    forwarding(_batch(_event()))
    world.elapsed, world.took = world.elapsed + 61, 0.1
    forwarding(_batch(_event()))
    world.elapsed += 1.1
    assert _asked_for(world, forwarding, _event()) == ["u"]


@pytest.mark.parametrize("answer", [OK, CallReply(500), CallReply(400), CallReply(503, headers={RETRY_AFTER: "5"})])
def test_a_reply_of_any_kind_ends_it(answer: CallReply) -> None:
    world = World(answers={A: DOWN})
    forwarding = world.forwarding()
    forwarding(_batch(_event()))
    world.elapsed += 1.1
    world.answers = {A: answer}
    forwarding(_batch(_event("again")))
    assert _asked_for(world, forwarding, _event("at once")) == ["at once"]


def test_an_answer_that_broke_off_says_nothing_of_the_next_request() -> None:
    world = World(answers={A: BROKEN})
    forwarding = world.forwarding()
    forwarding(_batch(_event()))
    assert _asked_for(world, forwarding, _event("next")) == ["next"]


def test_an_upstream_that_replied_to_the_last_of_a_batch_is_reachable() -> None:
    world = World(answers={"first": DOWN})
    forwarding = world.forwarding()
    forwarding(_batch(_event("first"), _event("last")))
    assert _asked_for(world, forwarding, _event("next")) == ["next"]


def test_each_process_finds_out_for_itself() -> None:
    world = World(answers={A: DOWN})
    world.forwarding()(_batch(_event()))
    assert _asked_for(world, world.forwarding(), _event()) == ["u"]


def test_a_slow_upstream_gets_retries_sooner_than_new_reports() -> None:
    world = World(answers={A: CallReply(200, seconds=2)})
    forwarding = world.forwarding()
    new, again = _event("new"), _event("again", waited=1)
    assert _asked_for(world, forwarding, _event("slow")) == ["slow"]
    assert _asked_for(world, forwarding, new, again) == []
    world.elapsed += 2.1
    assert _asked_for(world, forwarding, new, again) == ["again"]
    world.elapsed += 12.1
    assert _asked_for(world, forwarding, new) == ["new"]


def test_what_was_asked_for_and_is_past_adds_nothing_to_the_delay() -> None:
    world = World(answers={A: DOWN})
    world.forwarding()(_batch(_event(ahead=-1)))
    assert [envelope.delay for envelope in world.queue.envelopes] == [3]


# Links that are not ours


def _link_since(hours: float, *, waited: int = 0, ahead: int = 0) -> Forward:
    event = _event(hours=hours, waited=waited, ahead=ahead)
    return replace(event, report=_link().report)


@pytest.mark.parametrize("answer", [CallReply(500), CallReply(429), CallReply(302), DOWN, BROKEN])
def test_a_link_that_is_tried_again_goes_back_into_the_queue_of_relays(answer: CallReply | NoReply) -> None:
    world = World(answers={A: answer})
    world.forwarding()(_batch(_link(), _event(upstream=B)))
    assert _forwards(world.relays) == [replace(_link(), tried=1, waited=1)]
    assert not world.queue.envelopes + world.dead_letters.envelopes


@pytest.mark.parametrize("answer", [CallReply(500), CallReply(429), DOWN])
def test_a_link_that_is_tried_in_vain_after_an_hour_is_discarded(answer: CallReply | NoReply) -> None:
    world = World(answers={A: answer})
    (one,) = world.forwarding()(_batch(_link_since(1))).messages
    assert isinstance(one.outcome, Discarded)
    assert one.outcome.reason.startswith("given up after 60 minutes: ")
    assert not one.given_up
    assert world.names == [["f" * 16]]
    assert not world.queue.envelopes + world.relays.envelopes + world.dead_letters.envelopes


def test_an_hour_is_over_at_the_very_millisecond() -> None:
    world = World(answers={A: CallReply(500)}, now=Milliseconds(NOW + 3_599_999))
    forwarding = world.forwarding()
    assert isinstance(forwarding(_batch(_link())).messages[0].outcome, Retry)
    world.now = Milliseconds(world.now + 1)
    assert isinstance(forwarding(_batch(_link())).messages[0].outcome, Discarded)


def test_after_an_hour_a_link_is_still_tried_once_and_may_be_accepted() -> None:
    world = World()
    assert world.forwarding()(_batch(_link_since(50, ahead=64_057))).messages[0].outcome == Accepted()


def test_a_link_that_is_paused_after_an_hour_is_discarded() -> None:
    world = World(answers={A: DOWN})
    forwarding = world.forwarding()
    forwarding(_batch(_link()))
    (one,) = forwarding(_batch(_link_since(1))).messages
    assert isinstance(one.outcome, Discarded)
    assert len(world.asked) == 1


def test_links_that_hang_pause_links_and_no_event() -> None:
    world = World(answers={A: DOWN}, took=10)
    forwarding = world.forwarding()
    forwarding(_batch(_link()))
    assert _asked_for(world, forwarding, _link("g" * 16), _event()) == ["u"]


def test_events_that_hang_pause_no_link() -> None:
    world = World(answers={A: DOWN}, took=10)
    forwarding = world.forwarding()
    forwarding(_batch(_event()))
    assert _asked_for(world, forwarding, _link(), _event()) == ["f" * 16]


@pytest.mark.parametrize("upstreams", [{}, {A: replace(_upstream(A), relay_links=False)}], ids=["gone", "relays no more"])
def test_a_link_for_an_upstream_that_is_gone_or_relays_no_more_is_discarded_untried(upstreams: dict[str, Upstream]) -> None:
    world = World(upstreams=upstreams)
    (one,) = world.forwarding()(_batch(_link())).messages
    assert isinstance(one.outcome, Discarded)
    assert not world.asked
    assert not world.relays.envelopes + world.dead_letters.envelopes


def test_a_link_that_its_queue_does_not_take_is_delivered_again() -> None:
    world = World(answers={A: CallReply(500)}, relays=MemoryQueue("ffff"))
    assert world.forwarding()(_batch(_link(), _event())).to_redeliver == {f"message {'f' * 16}"}


# Failing queues


@pytest.mark.parametrize("refused", ["u1", "u2", "u3"])
def test_what_the_queue_does_not_take_is_delivered_again_and_nothing_else_is(refused: str) -> None:
    world = World(answers={A: CallReply(500)}, queue=MemoryQueue(refused))
    batch = world.forwarding()(_batch(_event("u1"), _event("u2"), _event("u3")))
    assert batch.to_redeliver == {f"message {refused}"}
    assert {_name(forward) for forward in _forwards(world.queue)} == {"u1", "u2", "u3"} - {refused}


@pytest.mark.parametrize("refused", ["u1", "u2", "poison"])
def test_a_dead_letter_that_is_not_taken_is_delivered_again_and_nothing_else_is(refused: str) -> None:
    world = World(answers={A: CallReply(400)}, dead_letters=MemoryQueue(refused))
    batch = world.forwarding()([*_batch(_event("u1"), _event("u2")), Delivery("message poison", "poison")])
    assert batch.to_redeliver == {f"message {refused}"}
    assert len(world.dead_letters.envelopes) == 2
    assert not world.queue.envelopes


def test_both_queues_may_fail_in_one_batch() -> None:
    world = World(
        answers={"again": CallReply(500), "dead": CallReply(400)}, queue=MemoryQueue("again"), dead_letters=MemoryQueue("dead")
    )
    batch = world.forwarding()(_batch(_event("again"), _event("fine"), _event("dead")))
    assert batch.to_redeliver == {"message again", "message dead"}


def test_everything_in_one_batch() -> None:
    world = World(
        answers={
            "refused": CallReply(422),
            "failed": CallReply(500),
            "later": CallReply(429, headers={RETRY_AFTER: "1000"}),
            "down": DOWN,
            "broken": BROKEN,
            "l" * 16: CallReply(404),
            "old": CallReply(503),
        },
        tokens={**TOKENS, "untold": "t"},
    )
    world.upstreams["tokenless"] = _upstream("tokenless")
    forwards = [
        _event("accepted"),
        _event("refused"),
        _event("failed", tried=1, waited=1),
        _event("later"),
        _event("down", B),
        _event("broken"),
        _link("l" * 16),
        _event("old", tried=9, waited=9, hours=80),
        _event("gone", "gone"),
        _event("tokenless", "tokenless"),
        _event("not due", ahead=50),
    ]
    batch = world.forwarding()([*_batch(*forwards), Delivery("message poison", "poison")])
    handled = _handled(batch)
    assert batch.to_redeliver == frozenset()
    assert len(handled) == len(forwards) + 1
    assert len(world.asked) == 1
    assert world.names == [["accepted", "refused", "failed", "later", "down", "broken", "l" * 16, "old"]]
    assert {name: type(one.outcome) for name, one in handled.items()} == {
        "accepted": Accepted,
        "refused": Rejected,
        "failed": Retry,
        "later": Retry,
        "down": Retry,
        "broken": Retry,
        "l" * 16: Discarded,
        "old": Retry,
        "gone": Rejected,
        "tokenless": Retry,
        "not due": Postponed,
        "": Poison,
    }
    again = {_name(forward): (forward.tried, forward.waited) for forward in _forwards(world.queue)}
    assert again == {"failed": (2, 2), "later": (1, 1), "down": (1, 1), "broken": (1, 1), "tokenless": (0, 1), "not due": (0, 1)}
    assert {name for name, one in handled.items() if one.given_up} == {"refused", "old", "gone", ""}
    assert [dead.body for dead in world.dead_letters.envelopes if not dead.body.startswith("{")] == ["poison"]
    assert len(world.dead_letters.envelopes) == 4
    assert all(dead.reason and not dead.delay for dead in world.dead_letters.envelopes)
    assert not any(envelope.reason for envelope in world.queue.envelopes)
    assert world.queue.puts == world.dead_letters.puts == 1


def test_answers_go_to_the_messages_they_belong_to() -> None:
    statuses = [200, 500, 400, 200, 500, 400, 200, 200, 500, 400]
    world = World(answers={f"u{number}": CallReply(status) for number, status in enumerate(statuses)})
    handled = _handled(world.forwarding()(_batch(*(_event(f"u{number}") for number in range(10)))))
    kinds = {200: Accepted, 500: Retry, 400: Rejected}
    assert [type(handled[f"u{number}"].outcome) for number in range(10)] == [kinds[status] for status in statuses]


@given(
    st.lists(
        st.tuples(st.sampled_from([200, 204, 302, 400, 404, 429, 500, None]), st.integers(0, 100), st.integers(0, 5)), max_size=10
    ),
    st.sampled_from(["u1", "u3", "", "alpha"]),
    st.sampled_from(["u0", "u3", "", "alpha"]),
)
def test_no_message_is_lost_and_none_is_in_two_places(
    batch: list[tuple[int | None, int, int]], refused: str, refused_dead: str
) -> None:
    world = World(queue=MemoryQueue(refused), dead_letters=MemoryQueue(refused_dead), chance=1)
    world.answers = {f"u{number}": DOWN if status is None else CallReply(status) for number, (status, *_) in enumerate(batch)}
    events = [_event(f"u{number}", hours=hours, waited=waited) for number, (_, hours, waited) in enumerate(batch)]
    handled = world.forwarding()(_batch(*events))
    places = [f"message {_name(forward)}" for forward in (*_forwards(world.queue), *_forwards(world.dead_letters))]
    places += handled.to_redeliver
    places += [f"message {_name(one.forward)}" for one in handled.messages if one.forward and isinstance(one.outcome, Accepted)]
    assert sorted(places) == sorted(f"message {_name(event)}" for event in events)
    assert all(0 < envelope.delay <= MAX_DELAY_SECONDS for envelope in world.queue.envelopes)
