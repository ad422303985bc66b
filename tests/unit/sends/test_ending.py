"""When a sending is over, and how it has ended."""

from dataclasses import replace

import pytest

from pushhub.catalog.model import AppId
from pushhub.moments import Seconds
from pushhub.sends.ending import end_if_over, status_at_end
from pushhub.sends.outcomes import Outcome
from pushhub.sends.sending import OutcomeCounts, Part, ProviderStop, SendingStatus
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
    sending = SendingWorld().sending
    sending = replace(sending, stopped={sending.app: STOPS})
    counts = OutcomeCounts()
    for provider, outcome in outcomes:
        counts += OutcomeCounts.of(ANDROID if provider == ANDROID else APNS, outcome)
    assert status_at_end(sending, {sending.app: counts}) is status
    assert status_at_end(replace(sending, cancelling=True), {sending.app: counts}) is SendingStatus.CANCELLED


@pytest.mark.parametrize("stopped", [set(), {"shop"}, {"club"}, {"shop", "club"}])
def test_a_sending_of_several_apps_is_stopped_where_each_app_is_whose_credentials_were_refused(stopped: set[str]) -> None:
    refused = OutcomeCounts.of(ANDROID, Outcome.CREDENTIALS_BAD)
    sending = replace(SendingWorld().sending, stopped={AppId(app): STOPS for app in stopped})
    came = {AppId("shop"): refused, AppId("club"): refused}
    assert (status_at_end(sending, came) is SendingStatus.STOPPED) == (stopped == {"shop", "club"})
    assert (status_at_end(sending, came | {AppId("club"): OutcomeCounts()}) is SendingStatus.STOPPED) == ("shop" in stopped)


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


def test_a_sending_of_many_parts_is_looked_through_but_where_each_lane_is_the_last() -> None:
    parts = tuple(Part(number, AppId("app"), NOW) for number in range(30))
    world = SendingWorld(1, parts=parts)
    for part in parts:
        world.run(replace(world.lane, part=part.number))
    assert world.current().status is SendingStatus.COMPLETE
    assert world.current().counts.total == 30
    own, last, all_of_them = 1, 1, 30
    assert world.store.calls["lanes"] == 29 * (own + last) + all_of_them


def test_a_part_that_is_not_due_keeps_a_sending_and_is_not_read() -> None:
    world = SendingWorld(1, parts=(Part(0, AppId("app"), NOW), Part(1, AppId("app"), Seconds(NOW + 61))))
    world.run()
    assert (world.current().status, world.store.calls["lanes"]) == (SendingStatus.RUNNING, 1)


def test_a_sending_is_cancelled_where_the_app_of_each_part_is_gone() -> None:
    sending = replace(SendingWorld().sending, parts=tuple(Part(number, AppId("app"), NOW) for number in range(2)))
    counts = {sending.app: OutcomeCounts.of(ANDROID, Outcome.ACCEPTED)}
    ends = [status_at_end(replace(sending, dropped=frozenset(dropped)), counts) for dropped in ((), (1,), (0, 1))]
    assert ends == [SendingStatus.COMPLETE, SendingStatus.COMPLETE, SendingStatus.CANCELLED]
