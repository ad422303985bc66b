"""Which upstreams are left alone, for how long, and for which reports."""

import pytest

from pushhub.outgoing.calls import CallReply, NoReply
from pushhub.outgoing.pauses import Pauses


class World:
    def __init__(self) -> None:
        self.seconds = 1000.0
        self.pauses = Pauses(lambda: self.seconds)

    def may_go(self, upstream: str = "a", *, again: bool = False) -> bool:
        return not self.pauses.why_paused(upstream, retry=again)

    def seconds_until_it_may_go(self, *, again: bool) -> float:
        started = self.seconds
        while not self.may_go(again=again):
            self.seconds += 0.25
        waited, self.seconds = self.seconds - started, started
        return waited


def lost(seconds: float) -> NoReply:
    return NoReply("no answer in time", unreachable=True, seconds=seconds)


def answered(seconds: float, status: int = 200) -> CallReply:
    return CallReply(status, seconds=seconds)


@pytest.mark.parametrize(("seconds", "pause"), [(0, 1), (0.5, 3), (5, 30), (10, 60), (30, 60)])
def test_one_that_cannot_be_reached_is_left_alone_by_new_reports_and_retries(seconds: float, pause: float) -> None:
    world = World()
    world.pauses.learn([("a", lost(seconds))])
    assert [world.seconds_until_it_may_go(again=again) for again in (False, True)] == [pause, pause]
    assert world.may_go("b")


@pytest.mark.parametrize("status", [200, 500, 404])
@pytest.mark.parametrize(("seconds", "new", "again"), [(0.9, 0, 0), (1, 6, 1), (9, 54, 9), (10, 60, 10)])
def test_one_that_answers_slowly_is_left_alone_longer_by_new_reports_than_by_retries(
    seconds: float, new: float, again: float, status: int
) -> None:
    world = World()
    world.pauses.learn([("a", answered(seconds, status))])
    assert (world.seconds_until_it_may_go(again=False), world.seconds_until_it_may_go(again=True)) == (new, again)


def test_a_lost_request_among_many_is_no_outage_but_its_time_counts() -> None:
    world = World()
    world.pauses.learn([("a", answered(0.1)), ("a", answered(0.1)), ("a", lost(10))])
    assert world.seconds_until_it_may_go(again=True) == 10
    world.pauses.learn([("a", answered(0.1)), ("a", lost(10)), ("a", lost(10))])
    assert world.seconds_until_it_may_go(again=True) == 60


def test_a_quick_answer_ends_it() -> None:
    world = World()
    world.pauses.learn([("a", lost(10)), ("b", lost(10))])
    world.pauses.learn([("a", answered(0.1, 500))])
    assert world.may_go("a")
    assert not world.may_go("b")


def test_an_answer_that_broke_off_at_once_says_nothing() -> None:
    world = World()
    broken = NoReply("the connection was closed without an answer", unreachable=False, seconds=0.1)
    world.pauses.learn([("a", broken)])
    assert world.may_go()
    world.pauses.learn([("a", lost(10))])
    world.pauses.learn([("a", broken)])
    assert not world.may_go()


def test_the_reason_says_what_was_seen() -> None:
    world = World()
    world.pauses.learn([("a", lost(10)), ("b", answered(9))])
    assert world.pauses.why_paused("a", retry=False) == "not tried, since a moment ago: no answer in time"
    assert world.pauses.why_paused("b", retry=False) == "not tried, since it took 9 s to answer a moment ago"


def test_a_slow_upstream_takes_at_most_a_seventh_of_the_time_for_new_reports() -> None:
    world, busy = World(), 0.0
    while world.seconds < 1000 + 3600:
        if world.may_go():
            world.seconds += 9
            busy += 9
            world.pauses.learn([("a", answered(9))])
        else:
            world.seconds += 0.25
    assert busy / (world.seconds - 1000) <= 1 / 7 + 0.01
