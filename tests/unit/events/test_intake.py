"""What becomes of each message of a batch, and what goes on to which upstream."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from pushhub.catalog.model import ReportedEvent, Upstream, UpstreamKind
from pushhub.catalog.providers import PushToken
from pushhub.events.command import Happening, PlainForm, RecordEvent, RelayLink
from pushhub.events.intake import SECONDS_TO_LAST_REPORT, DeliverAgain, GivenUp, InLedger, Intake, IntakeOutcome, Relayed
from pushhub.events.ledger import FirstSeen, LedgerEntry
from pushhub.events.messages import Forward, Receipt, Report, read_forward, write_report
from pushhub.events.recording import Recording
from pushhub.faults import LostRaceError, UnavailableError
from pushhub.moments import Milliseconds
from pushhub.outgoing.queues import Delivery, Envelope
from tests.doubles.ledger import MemoryLedger
from tests.doubles.queues import MemoryQueue

NONE, DELIVERED, OPENED, BOTH = Happening(0), Happening.DELIVERED, Happening.OPENED, Happening.DELIVERED | Happening.OPENED
ACCEPTED, NOW = Milliseconds(1_700_000_000_000), Milliseconds(1_700_000_005_000)
LINK = "f" * 16


def upstream(name: str, *events: ReportedEvent, relay: bool = False) -> Upstream:
    return Upstream(name, UpstreamKind.ALTCRAFT, f"https://{name}.example", relay_links=relay, events=frozenset(events))


ALPHA, BETA = upstream("alpha", *ReportedEvent), upstream("beta", *ReportedEvent)


class SlowLedger(MemoryLedger):
    """Takes as long for each commit as its world says, and fails for the uids it is told to."""

    def __init__(self, world: "World", faults: Mapping[str, Exception]) -> None:
        super().__init__()
        self.world = world
        self.faults = faults

    def commit(self, entry: LedgerEntry) -> None:
        self.world.elapsed += self.world.took
        if isinstance(entry, FirstSeen) and entry.event.uid in self.faults:
            raise self.faults[entry.event.uid]
        super().commit(entry)


class World:
    """Everything around an intake: `elapsed` is its clock, `took` what one commit takes."""

    def __init__(self, *upstreams: Upstream, faults: Mapping[str, Exception] | None = None) -> None:
        self.elapsed, self.took = 1000.0, 0.0
        self.upstreams = {one.name: one for one in upstreams}
        self.ledger = SlowLedger(self, faults or {})
        self.forwards, self.dead_letters = MemoryQueue(), MemoryQueue()

    def known(self) -> Mapping[str, Upstream]:
        return self.upstreams

    def take_in(self, *reports: Report | str) -> dict[str, IntakeOutcome]:
        """Take a batch in; messages are named by their uids or links, those that are none by their text."""
        recording = Recording(self.ledger, sleep=lambda _: None)
        intake = Intake(recording, self.known, self.forwards, self.dead_letters, lambda: NOW, lambda: self.elapsed)
        return intake([delivery(one) for one in reports])

    @property
    def sent(self) -> list[Forward]:
        return [read_forward(envelope.body) for envelope in self.forwards.envelopes]

    @property
    def sent_bits(self) -> list[tuple[str, str, Happening]]:
        """Upstream, uid and bits of each forward."""
        events = [(one.upstream, one.report.content) for one in self.sent]
        return [(name, what.uid, what.happening) for name, what in events if isinstance(what, RecordEvent)]


def event(uid: str, happening: Happening = DELIVERED, receipt: str = "") -> Report:
    return Report(Receipt(receipt or f"receipt of {uid}"), ACCEPTED, RecordEvent(happening, uid))


def link(opaque: str = LINK) -> Report:
    return Report(Receipt("receipt of a link"), ACCEPTED, RelayLink(opaque))


def delivery(report: Report | str) -> Delivery:
    if isinstance(report, str):
        return Delivery(report, report)
    name = report.content.opaque if isinstance(report.content, RelayLink) else report.content.uid
    return Delivery(name, write_report(report))


def recorded(report: Report, new: Happening, upstreams: int) -> InLedger:
    assert isinstance(report.content, RecordEvent)
    return InLedger(report.content, new, upstreams)


def undone(outcomes: Mapping[str, IntakeOutcome]) -> set[str]:
    return {name for name, one in outcomes.items() if isinstance(one, DeliverAgain)}


# What is new goes on, what is not does not


def test_a_new_report_goes_to_each_upstream_as_it_came_from_now_on() -> None:
    world, plain = World(ALPHA, BETA), RecordEvent(BOTH, "a", PlainForm(7, "ios-apns", PushToken("token")))
    report = replace(event("a"), content=plain)
    assert world.take_in(report) == {"a": recorded(report, BOTH, 2)}
    assert world.sent == [Forward("alpha", report, NOW), Forward("beta", report, NOW)]
    assert not world.dead_letters.puts


def test_only_bits_that_are_new_go_on() -> None:
    world = World(ALPHA)
    world.take_in(event("a", OPENED, "the first"))
    both = event("a", BOTH, "the second")
    assert world.take_in(both) == {"a": recorded(both, DELIVERED, 1)}
    assert world.sent_bits == [("alpha", "a", OPENED), ("alpha", "a", DELIVERED)]


def test_a_repeat_is_recorded_and_goes_nowhere() -> None:
    world = World(ALPHA)
    world.take_in(event("a", receipt="the first"))
    world.forwards = MemoryQueue()
    assert world.take_in(event("a", receipt="the second")) == {"a": recorded(event("a"), NONE, 0)}
    assert (world.forwards.puts, world.dead_letters.puts) == (0, 0)


def test_a_message_that_is_delivered_again_goes_on_again() -> None:
    world = World(ALPHA)
    assert world.take_in(event("a")) == world.take_in(event("a")) == {"a": recorded(event("a"), DELIVERED, 1)}
    assert world.sent_bits == [("alpha", "a", DELIVERED)] * 2


@pytest.mark.parametrize(
    ("asked", "happening", "sent"),
    [
        ((ReportedEvent.DELIVERED,), DELIVERED, DELIVERED),
        ((ReportedEvent.DELIVERED,), OPENED, NONE),
        ((ReportedEvent.DELIVERED,), BOTH, DELIVERED),
        ((ReportedEvent.OPENED,), DELIVERED, NONE),
        ((ReportedEvent.OPENED,), OPENED, OPENED),
        ((ReportedEvent.OPENED,), BOTH, OPENED),
        (tuple(ReportedEvent), BOTH, BOTH),
        ((), BOTH, NONE),
    ],
)
def test_an_upstream_gets_the_bits_it_asks_for_and_where_there_are_none_nothing(
    asked: tuple[ReportedEvent, ...], happening: Happening, sent: Happening
) -> None:
    world = World(upstream("choosy", *asked), ALPHA)
    report = event("a", happening)
    assert world.take_in(report) == {"a": recorded(report, happening, 2 if sent else 1)}
    assert world.sent_bits == [("choosy", "a", sent)] * bool(sent) + [("alpha", "a", happening)]


def test_without_an_upstream_events_are_recorded_and_go_nowhere() -> None:
    world = World()
    assert world.take_in(event("a")) == {"a": recorded(event("a"), DELIVERED, 0)}
    assert world.ledger.commits == 1
    assert world.forwards.puts == 0


# Links that are not ours


def test_a_link_goes_to_each_upstream_that_relays_and_is_not_recorded() -> None:
    world = World(upstream("a", relay=True), ALPHA, upstream("z", relay=True))
    assert world.take_in(link()) == {LINK: Relayed(2)}
    assert world.sent == [Forward("a", link(), NOW), Forward("z", link(), NOW)]
    assert (world.ledger.commits, world.dead_letters.puts) == (0, 0)


def test_a_link_that_no_upstream_takes_is_a_dead_letter() -> None:
    world = World(ALPHA)
    (one,) = world.take_in(link()).values()
    assert isinstance(one, GivenUp)
    assert "no upstream" in one.reason
    assert world.dead_letters.envelopes == [Envelope(write_report(link()), reason=one.reason)]
    assert (world.ledger.commits, world.forwards.puts) == (0, 0)


# What is none of ours


def test_a_message_that_is_none_of_ours_is_a_dead_letter_as_it_was_with_a_reason_and_stops_no_other() -> None:
    world = World(ALPHA)
    outcomes = world.take_in(event("a"), "what is this?", event("b"))
    one = outcomes["what is this?"]
    assert isinstance(one, GivenUp)
    assert one.reason
    assert world.dead_letters.envelopes == [Envelope("what is this?", reason=one.reason)]
    assert [uid for _, uid, _ in world.sent_bits] == ["a", "b"]


# Time


def test_reports_that_would_be_begun_too_late_are_undone_and_touch_nothing() -> None:
    world = World(ALPHA)
    world.took = SECONDS_TO_LAST_REPORT / 2 + 1
    outcomes = world.take_in(*(event(uid) for uid in "abcd"))
    assert outcomes["a"] == recorded(event("a"), DELIVERED, 1)
    assert outcomes["b"] == recorded(event("b"), DELIVERED, 1)
    assert undone(outcomes) == {"c", "d"}
    assert world.ledger.commits == 2
    assert [uid for _, uid, _ in world.sent_bits] == ["a", "b"]
    assert not world.dead_letters.puts


@pytest.mark.parametrize(("took", "late"), [(SECONDS_TO_LAST_REPORT, set()), (SECONDS_TO_LAST_REPORT + 0.001, {"b"})])
def test_a_report_is_begun_up_to_the_last_moment_and_not_after(took: float, late: set[str]) -> None:
    world = World(ALPHA)
    world.took = took
    assert undone(world.take_in(event("a"), event("b"))) == late


def test_what_is_not_written_down_is_dealt_with_however_late_it_is() -> None:
    world = World(upstream("a", relay=True))
    world.took = SECONDS_TO_LAST_REPORT + 1
    outcomes = world.take_in(event("late"), link(), "poison")
    assert outcomes[LINK] == Relayed(1)
    assert isinstance(outcomes["poison"], GivenUp)


def test_time_spent_on_reading_the_catalog_is_not_taken_from_reports() -> None:
    class SlowCatalog(World):
        def known(self) -> Mapping[str, Upstream]:
            self.elapsed += SECONDS_TO_LAST_REPORT + 1
            return super().known()

    assert not undone(SlowCatalog(ALPHA).take_in(event("a")))


# Faults


@pytest.mark.parametrize("fault", [UnavailableError("no answer"), LostRaceError("busy")], ids=repr)
def test_a_fault_of_the_ledger_undoes_its_message_and_leaves_the_others_alone(fault: Exception) -> None:
    world = World(ALPHA, faults={"b": fault})
    outcomes = world.take_in(event("a"), event("b"), event("c"))
    assert outcomes["b"] == DeliverAgain(f"{type(fault).__name__}: {fault}")
    assert undone(outcomes) == {"b"}
    assert [uid for _, uid, _ in world.sent_bits] == ["a", "c"]
    assert not world.dead_letters.puts


def test_exactly_the_messages_whose_forwards_were_not_taken_are_undone() -> None:
    world = World(ALPHA, BETA)
    world.forwards.refused = '"uid":"b"'
    outcomes = world.take_in(event("a"), event("b"), event("c"))
    assert undone(outcomes) == {"b"}
    assert outcomes["c"] == recorded(event("c"), DELIVERED, 2)
    assert [uid for _, uid, _ in world.sent_bits] == ["a", "a", "c", "c"]


def test_a_message_is_undone_where_one_of_its_upstreams_did_not_get_it_and_then_both_get_it_again() -> None:
    world = World(ALPHA, BETA)
    world.forwards.refused = '"upstream":"beta"'
    assert undone(world.take_in(event("a"))) == {"a"}
    world.forwards.refused = ""
    assert world.take_in(event("a")) == {"a": recorded(event("a"), DELIVERED, 2)}
    assert [name for name, _, _ in world.sent_bits] == ["alpha", "alpha", "beta"]
    assert world.ledger.total["-", "-", DELIVERED] == 1


def test_the_right_message_is_undone_where_the_ones_before_it_have_no_forward_or_several() -> None:
    world = World(upstream("choosy", ReportedEvent.OPENED), upstream("z", ReportedEvent.OPENED))
    world.forwards.refused = '"uid":"c"'
    assert undone(world.take_in(event("a"), event("b", OPENED), event("c", OPENED), event("d"))) == {"c"}


def test_a_link_that_the_queue_did_not_take_is_undone() -> None:
    world = World(upstream("a", relay=True))
    world.forwards.refused = LINK
    assert undone(world.take_in(link(), event("a"))) == {LINK}


def test_exactly_the_messages_whose_dead_letters_were_not_taken_are_undone() -> None:
    world = World(ALPHA)
    world.dead_letters.refused = "poison 2"
    outcomes = world.take_in("poison 1", event("a"), "poison 2", "poison 3")
    assert undone(outcomes) == {"poison 2"}
    assert [envelope.body for envelope in world.dead_letters.envelopes] == ["poison 1", "poison 3"]


def test_messages_that_either_queue_did_not_take_are_undone_together() -> None:
    world = World(ALPHA)
    world.forwards.refused, world.dead_letters.refused = '"uid":"a"', "poison"
    assert undone(world.take_in(event("a"), "poison", event("b"))) == {"a", "poison"}


def test_a_batch_is_put_into_each_queue_at_once() -> None:
    world = World(ALPHA, BETA)
    world.take_in(event("a"), "poison 1", event("b"), "poison 2")
    assert (world.forwards.puts, world.dead_letters.puts) == (1, 1)


def test_where_it_is_not_known_which_upstreams_there_are_nothing_is_written() -> None:
    class WithoutCatalog(World):
        def known(self) -> Mapping[str, Upstream]:
            raise UnavailableError("DynamoDB did not answer")

    world = WithoutCatalog()
    with pytest.raises(UnavailableError, match="did not answer"):
        world.take_in(event("a"), link(), "poison")
    assert (world.ledger.commits, world.forwards.puts, world.dead_letters.puts) == (0, 0, 0)


def test_an_empty_batch_comes_to_nothing() -> None:
    assert World(ALPHA).take_in() == {}
