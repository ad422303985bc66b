"""When a sending is over, and how it has ended."""

from dataclasses import replace

import pytest

from pushhub.sends.ending import end_if_over, status_at_end
from pushhub.sends.outcomes import Outcome
from pushhub.sends.sending import OutcomeCounts, ProviderStop, SendingStatus
from tests.doubles.schedules import ANDROID, APNS
from tests.doubles.sending_world import NOW, SendingWorld

STOPS = {ANDROID: ProviderStop(Outcome.CREDENTIALS_BAD, "403")}


@pytest.mark.parametrize(
    ("outcomes", "status"),
    [
        ([], SendingStatus.COMPLETE),
        ([(ANDROID, Outcome.ACCEPTED)], SendingStatus.COMPLETE),
        ([(ANDROID, Outcome.GONE)], SendingStatus.COMPLETE),
        ([(ANDROID, Outcome.EXPIRED), (APNS, Outcome.EXPIRED)], SendingStatus.EXPIRED),
        ([(ANDROID, Outcome.EXPIRED), (APNS, Outcome.UNKNOWN)], SendingStatus.COMPLETE),
        ([(ANDROID, Outcome.EXPIRED), (APNS, Outcome.LATER)], SendingStatus.COMPLETE),
        ([(ANDROID, Outcome.CREDENTIALS_BAD)], SendingStatus.STOPPED),
        ([(ANDROID, Outcome.CREDENTIALS_BAD), (APNS, Outcome.ACCEPTED)], SendingStatus.COMPLETE),
        ([(APNS, Outcome.CREDENTIALS_BAD)], SendingStatus.COMPLETE),
    ],
)
def test_the_status_at_the_end_follows_from_what_came_of_all(outcomes: list[tuple[str, Outcome]], status: SendingStatus) -> None:
    sending = replace(SendingWorld().sending, stopped=STOPS)
    counts = OutcomeCounts()
    for provider, outcome in outcomes:
        counts += OutcomeCounts.of(ANDROID if provider == ANDROID else APNS, outcome)
    assert status_at_end(sending, counts) is status
    assert status_at_end(replace(sending, cancelling=True), counts) is SendingStatus.CANCELLED


def test_a_sending_is_not_over_before_its_last_lane_has_begun() -> None:
    world = SendingWorld()
    world.store.begin(world.sending.id, NOW)
    assert not end_if_over(world.store, world.lane, NOW)


def test_a_sending_that_was_ended_twice_is_counted_once() -> None:
    world = SendingWorld(3)
    world.before["before end"] = [
        lambda: world.store.end(world.sending.id, SendingStatus.COMPLETE, world.stored_lane().counts, NOW)
    ]
    world.run()
    assert world.store.launch_counts[world.sending.launch].total == 3
