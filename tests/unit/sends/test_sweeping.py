"""What comes round every minute."""

import pytest

from pushhub.faults import UnavailableError
from pushhub.moments import Seconds
from pushhub.sends.handling import SendFault
from pushhub.sends.outcomes import Outcome, RecipientOutcome
from pushhub.sends.queue_messages import read_lane
from pushhub.sends.sending import Everyone, LaneKey, LaneName, SendingStatus
from tests.doubles.schedules import LEASE_SECONDS, CrashError
from tests.doubles.sending_world import NOW, SendingWorld

RETRY = RecipientOutcome(Outcome.RETRY, "503", after=60)


def test_a_part_that_is_due_soon_is_put_into_the_queue_once() -> None:
    world = SendingWorld(selection=Everyone(), wait=800)
    assert (world.sweep().begun, [each.delay for each in world.sends.envelopes]) == (1, [800] * 16)
    assert {read_lane(each.body).lane for each in world.sends.envelopes} == set(world.sending.lanes)
    assert (world.sweep().begun, len(world.sends.envelopes)) == (0, 16)


def test_a_part_that_is_due_later_waits() -> None:
    world = SendingWorld(wait=901)
    assert (world.sweep().begun, world.sends.envelopes) == (0, [])


def test_a_part_stays_due_until_the_queue_has_taken_all_its_messages() -> None:
    world = SendingWorld()
    world.sends.refused = "sending"
    assert world.sweep().faults == [SendFault.QUEUE_REFUSED]
    world.sends.refused = ""
    assert world.sweep().begun == 1


def test_a_sending_that_is_over_is_ended() -> None:
    world = SendingWorld()
    world.fails("before end", UnavailableError())
    assert world.run().faults == [SendFault.UNAVAILABLE]
    assert world.current().status is SendingStatus.RUNNING
    assert world.sweep().ended == [world.sending.id]
    assert world.current().status is SendingStatus.COMPLETE


def test_a_lane_whose_message_was_lost_gets_it_again_and_no_sooner() -> None:
    world = SendingWorld()
    world.sweep()
    world.sends.envelopes.clear()
    world.now = Seconds(NOW + 660)
    assert (world.sweep().prompted, world.sends.envelopes) == (0, [])
    world.now = Seconds(NOW + 661)
    swept = world.sweep()
    assert (swept.prompted, swept.standstill, [read_lane(each.body) for each in world.sends.envelopes]) == (1, 1, [world.lane])


def test_a_lane_of_a_dead_run_waits_from_the_end_of_its_lease() -> None:
    world = SendingWorld()
    world.fails("after push", CrashError())
    with pytest.raises(CrashError):
        world.run()
    world.sweep()
    world.now = Seconds(NOW + LEASE_SECONDS + 660)
    assert world.sweep().prompted == 0
    world.now = Seconds(NOW + LEASE_SECONDS + 661)
    assert world.sweep().prompted == 1


def test_lanes_that_wait_for_each_other_are_given_a_turn_each() -> None:
    world = SendingWorld(selection=Everyone())
    world.sweep()
    world.now = Seconds(NOW + 600 + 16 * 60)
    assert world.sweep().prompted == 0
    world.now = Seconds(NOW + 600 + 16 * 60 + 1)
    assert world.sweep().prompted == 16


def test_the_lanes_of_a_cancelled_sending_are_finished_but_for_one_that_is_running() -> None:
    world = SendingWorld(selection=Everyone(), wait=0)
    lane = LaneKey(world.sending.id, 0, LaneName("0"))
    world.before["before push"] = [lambda: world.store.cancel(world.sending.id, NOW), lambda: None]
    world.before["after push"] = [lambda: ended.append(world.sweep().ended)]
    ended: list[object] = []
    world.run(lane)
    assert ended == [[]]
    assert (world.current().status, world.current().counts.total) == (SendingStatus.CANCELLED, 2)


def test_a_deferral_whose_message_was_lost_is_expired_an_hour_after_the_end() -> None:
    world = SendingWorld(2)
    world.answers[1] = RETRY
    world.run()
    world.sweep()
    world.now = Seconds(NOW + 7_200)
    assert world.sweep().counts.total == 0
    world.now = Seconds(NOW + 7_201)
    assert world.sweep().ended == [world.sending.id]
    assert world.counted() == {"accepted": 1, "expired": 1}


def test_a_deferral_of_a_dead_run_whose_message_was_lost_is_unknown() -> None:
    world = SendingWorld(2)
    world.answers[1] = RETRY
    world.run()
    world.now = Seconds(NOW + 60)
    world.fails("after push", CrashError())
    with pytest.raises(CrashError):
        world.deliver_newest()
    world.now = Seconds(NOW + 7_201)
    world.sweep()
    assert (world.counted(), world.current().status) == ({"accepted": 1, "unknown": 1}, SendingStatus.COMPLETE)


def test_a_store_that_fails_one_sending_fails_no_other() -> None:
    world = SendingWorld()
    world.fails("before sending", UnavailableError())
    swept = world.sweep()
    assert (swept.faults, swept.running) == ([SendFault.UNAVAILABLE], 1)


def test_a_sending_that_is_not_due_yet_is_not_read() -> None:
    world = SendingWorld(wait=901)
    assert (world.sweep().running, world.store.calls) == (0, {"due_moments": 1, "running_sendings": 1})


def test_a_sending_that_goes_on_is_read_once() -> None:
    world = SendingWorld()
    world.sweep()
    world.store.begin(world.sending.id, NOW)
    world.store.calls.clear()
    assert world.sweep().running == 1
    assert world.store.calls == {"due_moments": 1, "running_sendings": 1, "sending": 1, "lanes": 2}


def test_those_that_wait_are_expired_within_a_minute_of_the_cancel() -> None:
    world = SendingWorld(2)
    world.answers[1] = RETRY
    world.run()
    world.store.cancel(world.sending.id, world.now)
    assert world.sweep().ended == [world.sending.id]
    assert (world.counted(), world.current().status) == ({"accepted": 1, "expired": 1}, SendingStatus.CANCELLED)
    world.now = Seconds(NOW + 60)
    assert (world.deliver_newest().to_redeliver, world.pushed()) == (set(), [0, 1])


def test_a_try_that_goes_on_when_its_sending_is_cancelled_is_left_to_its_run() -> None:
    world = SendingWorld(2)
    world.answers[1] = RETRY
    world.run()
    world.now = Seconds(NOW + 60)
    world.answers.clear()
    swept: list[int] = []

    def cancel_and_sweep() -> None:
        world.store.cancel(world.sending.id, world.now)
        swept.append(world.sweep().counts.total)

    world.before["before push"] = [cancel_and_sweep]
    world.deliver_newest()
    assert (swept, world.counted(), world.current().status) == ([0], {"accepted": 2}, SendingStatus.CANCELLED)
