"""How a sending begins."""

from dataclasses import replace

import pytest

from pushhub.catalog.model import AppId
from pushhub.faults import UnavailableError
from pushhub.moments import Seconds
from pushhub.sends.queue_messages import read_lane
from pushhub.sends.scheduling import MAX_SOON_PARTS, begin_soon, schedule
from pushhub.sends.sending import INDEX_LANES, Everyone, Part, SendingId
from pushhub.sends.store import DueMoment, KnownSendingError
from tests.doubles.sending_world import NOW, SendingWorld


def test_a_sending_that_is_due_soon_has_its_messages_in_the_queue_and_is_due_no_longer() -> None:
    world = SendingWorld(selection=Everyone(), wait=10)
    sending = replace(world.sending, id=SendingId(world.sending.id + 1))
    schedule(world.store, world.sends, sending, NOW)
    assert [(read_lane(each.body).lane, each.delay) for each in world.sends.envelopes] == [(lane, 10) for lane in sending.lanes]
    assert [moment.sending for moment in world.store.due_moments(Seconds(NOW + 10))] == [world.sending.id]


def test_a_part_that_is_due_later_is_left_to_the_sweep() -> None:
    world = SendingWorld()
    parts = (Part(0, world.sending.app, NOW), Part(1, world.sending.app, Seconds(NOW + 901)))
    sending = replace(world.sending, id=SendingId(world.sending.id + 1), parts=parts)
    schedule(world.store, world.sends, sending, NOW)
    assert [read_lane(each.body).part for each in world.sends.envelopes] == [0]
    assert DueMoment(sending.id, parts[1].due, 1) in world.store.due_moments(Seconds(NOW + 901))


@pytest.mark.parametrize("fault", ["queue", "store"])
def test_what_cannot_be_put_now_stays_due(fault: str) -> None:
    world = SendingWorld()
    sending = replace(world.sending, id=SendingId(world.sending.id + 1))
    world.sends.refused = "sending" if fault == "queue" else ""
    if fault == "store":
        world.fails("before forget_due", UnavailableError())
    schedule(world.store, world.sends, sending, NOW)
    assert sending.id in [moment.sending for moment in world.store.due_moments(NOW)]


def test_an_id_that_is_taken_is_refused_before_anything_is_put() -> None:
    world = SendingWorld()
    with pytest.raises(KnownSendingError):
        schedule(world.store, world.sends, world.sending, NOW)
    assert world.sends.envelopes == []


def test_a_sending_of_several_parts_has_as_many_begin_within_a_request_as_a_caller_waits_for() -> None:
    world = SendingWorld(selection=Everyone())
    parts = tuple(Part(number, AppId(f"app-{number}"), NOW) for number in range(50))
    sending = replace(world.sending, id=SendingId(world.sending.id + 1), parts=parts)
    schedule(world.store, world.sends, sending, NOW)
    put = [read_lane(each.body).part for each in world.sends.envelopes]
    assert put == [number for number in range(MAX_SOON_PARTS) for _ in INDEX_LANES]
    assert DueMoment(sending.id, NOW, 0, put=MAX_SOON_PARTS) in world.store.due_moments(NOW)


def test_the_sweep_puts_the_parts_that_are_left_and_none_twice() -> None:
    world = SendingWorld(selection=Everyone(), parts=tuple(Part(number, AppId(f"app-{number}"), NOW) for number in range(50)))
    begin_soon(world.store, world.sends, world.sending, NOW)
    assert world.sweep().begun == 50 - MAX_SOON_PARTS
    put = [read_lane(each.body) for each in world.sends.envelopes]
    assert len(put) == len(set(put)) == 50 * len(INDEX_LANES)
    assert world.store.due_moments(NOW) == []


def test_moments_begin_one_after_the_other_as_far_as_they_are_due_soon() -> None:
    dues = [Seconds(NOW + wait) for wait in (0, 60, 60, 900, 901)]
    world = SendingWorld(selection=Everyone(), parts=tuple(Part(number, AppId("app"), due) for number, due in enumerate(dues)))
    begin_soon(world.store, world.sends, world.sending, NOW)
    delays = {read_lane(each.body).part: each.delay for each in world.sends.envelopes}
    assert delays == {0: 0, 1: 60, 2: 60, 3: 900}
    assert [moment.due for moment in world.store.due_moments(Seconds(NOW + 1_000))] == [NOW + 901]


def test_a_queue_that_takes_some_parts_only_has_the_others_wait() -> None:
    world = SendingWorld(selection=Everyone(), parts=tuple(Part(number, AppId("app"), NOW) for number in range(3)))
    world.sends.refused = '"part":1'
    begin_soon(world.store, world.sends, world.sending, NOW)
    assert world.store.due_moments(NOW) == [DueMoment(world.sending.id, NOW, 0, put=1)]
    world.sends.refused = ""
    world.sweep()
    assert {read_lane(each.body).part for each in world.sends.envelopes} == {0, 1, 2}
