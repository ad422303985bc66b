"""How a sending begins."""

from dataclasses import replace

import pytest

from pushhub.faults import UnavailableError
from pushhub.moments import Seconds
from pushhub.sends.queue_messages import read_lane
from pushhub.sends.scheduling import schedule
from pushhub.sends.sending import Everyone, Part, SendingId
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
