"""How a lane advances."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from pushhub.audience.model import Subscription
from pushhub.catalog.model import App, AppId
from pushhub.faults import LostRaceError, UnavailableError
from pushhub.moments import CLOCKS_APART_SECONDS, Seconds
from pushhub.outgoing.queues import Delivery
from pushhub.sends.filters import Choice, Filters
from pushhub.sends.handling import SendFault
from pushhub.sends.message import Message, Translation
from pushhub.sends.outcomes import Outcome, RecipientOutcome
from pushhub.sends.queue_messages import read_deferral, read_lane, write_lane
from pushhub.sends.sending import (
    INDEX_LANES,
    Everyone,
    Filtered,
    LaneKey,
    LaneName,
    Part,
    Place,
    ProviderStop,
    RunId,
    Selection,
    Sending,
    SendingStatus,
)
from pushhub.sends.steps import Step
from tests.doubles.schedules import ANDROID, APNS, LEASE_SECONDS, CrashError
from tests.doubles.sending_world import NOW, SendingWorld

RETRY = RecipientOutcome(Outcome.RETRY, "503", after=60)
THROTTLED = RecipientOutcome(Outcome.RETRY, "429", after=120, throttled=True)
MESSAGE_BAD = RecipientOutcome(Outcome.MESSAGE_BAD, "400", "BadTopic")
CREDENTIALS_BAD = RecipientOutcome(Outcome.CREDENTIALS_BAD, "403", "InvalidProviderToken")


def test_every_recipient_is_pushed_to_once_and_the_last_step_ends_the_sending() -> None:
    world = SendingWorld(5)
    handled = world.run()
    assert world.pushed() == [0, 1, 2, 3, 4]
    assert (handled.steps, handled.counts.total, handled.ended) == (3, 5, [world.sending.id])
    assert world.current().status is SendingStatus.COMPLETE
    assert world.current().counts == world.stored_lane().counts


def test_a_step_is_claimed_before_it_is_pushed_and_recorded_by_the_next_claim() -> None:
    world = SendingWorld(4)
    world.run()
    assert world.log == ["take_lane", "update_lane", "push", "update_lane", "push", "update_lane", "end"]


def test_sixteen_lanes_of_the_index_come_to_the_same() -> None:
    world = SendingWorld(7, selection=Everyone())
    for lane in world.sending.lanes:
        world.run(LaneKey(world.sending.id, 0, lane))
    assert sorted(world.pushed()) == list(range(7))
    assert world.current().status is SendingStatus.COMPLETE


def test_a_message_that_comes_before_its_part_is_due_waits_as_long_as_a_queue_holds_it() -> None:
    world = SendingWorld(wait=5_000)
    assert not world.run().to_redeliver
    assert (world.sends.envelopes[0].delay, read_lane(world.sends.envelopes[0].body)) == (900, world.lane)
    assert world.current().status is SendingStatus.SCHEDULED


@pytest.mark.parametrize("lane", ["5", "-"])
def test_a_message_of_a_sending_that_is_not_there_is_dropped(lane: str) -> None:
    world = SendingWorld()
    handled = world.run(LaneKey(world.sending.id, 3, LaneName(lane)))
    assert (handled.to_redeliver, world.pushed()) == (set(), [])


def test_a_message_that_cannot_be_read_is_a_dead_letter() -> None:
    world = SendingWorld()
    handled = world.advance([Delivery("m", '{"v":1,"sending":"secret"}')])
    assert (handled.to_redeliver, handled.faults) == (set(), [SendFault.UNREADABLE])
    assert [each.body for each in world.dead_letters.envelopes] == ['{"v":1,"sending":"secret"}']
    assert "secret" not in world.dead_letters.envelopes[0].reason


def test_a_message_whose_turn_comes_too_late_is_put_again_as_it_is() -> None:
    world = SendingWorld()
    world.before["before push"] = [lambda: setattr(world, "now", NOW + 31)]
    body = write_lane(world.lane)
    handled = world.advance([Delivery("a", body), Delivery("b", body)])
    assert (handled.to_redeliver, [each.body for each in world.sends.envelopes]) == (set(), [body])


def test_a_lane_that_another_run_has_is_left_to_it() -> None:
    world = SendingWorld()
    world.store.take_lane(world.lane, RunId("other"), NOW, Seconds(NOW + 5))
    assert (world.run().to_redeliver, world.pushed(), world.sends.envelopes) == (set(), [], [])


def test_the_step_of_a_dead_run_is_unknown_and_never_pushed_again() -> None:
    world = SendingWorld(4)
    world.fails("after push", CrashError())
    with pytest.raises(CrashError):
        world.run()
    world.now = Seconds(NOW + LEASE_SECONDS + 1)
    handled = world.run()
    assert world.pushed() == [0, 1, 2, 3]
    assert world.counted() == {"accepted": 2, "unknown": 2}
    assert handled.faults == [SendFault.RUN_DIED]


def test_a_lease_lasts_longer_than_its_function_may_run() -> None:
    world = SendingWorld(4)
    world.fails("after push", CrashError())
    with pytest.raises(CrashError):
        world.run()
    assert world.stored_lane().until == NOW + LEASE_SECONDS
    world.now = Seconds(NOW + LEASE_SECONDS)
    world.run()
    assert world.pushed() == [0, 1]


@pytest.mark.parametrize("fault", [UnavailableError(), LostRaceError()], ids=["lost answer", "busy items"])
def test_an_update_whose_answer_was_lost_counts_once(fault: Exception) -> None:
    world = SendingWorld(4)
    world.fails("after update_lane" if isinstance(fault, UnavailableError) else "before update_lane", fault)
    assert not world.run().faults
    assert world.counted() == {"accepted": 4}


def test_a_run_whose_lane_was_taken_over_stops_without_another_push() -> None:
    world = SendingWorld(6)

    def take_over() -> None:
        world.store.take_lane(world.lane, RunId("other"), Seconds(NOW + 1000), Seconds(NOW + 2000))

    world.before["after push"] = [take_over]
    assert world.run().faults == [SendFault.LEASE_LOST]
    assert world.pushed() == [0, 1]


def test_a_slice_that_is_over_gives_the_lease_up_and_then_puts_the_message_again() -> None:
    world = SendingWorld(6)
    world.before["before push"] = [lambda: setattr(world, "now", NOW + 41)]
    world.run()
    assert world.log == ["take_lane", "update_lane", "push", "update_lane", "put sends"]
    assert (world.stored_lane().until < world.now - 29, world.stored_lane().done, world.counted()) == (
        True,
        "00000001",
        {"accepted": 2},
    )
    world.run()
    assert world.pushed() == [0, 1, 2, 3, 4, 5]


def test_a_slice_whose_message_is_not_taken_comes_again() -> None:
    world = SendingWorld(6)
    world.before["before push"] = [lambda: setattr(world, "now", NOW + 41)]
    world.sends.refused = "sending"
    handled = world.run()
    assert (handled.to_redeliver, handled.faults) == ({"m"}, [SendFault.QUEUE_REFUSED])


def test_those_that_are_asked_for_later_wait_in_a_message_that_is_put_before_their_step_is_recorded() -> None:
    world = SendingWorld(2)
    world.answers[1] = RETRY
    handled = world.run()
    assert world.log == ["take_lane", "update_lane", "push", "put deliveries", "update_lane"]
    message = read_deferral(world.deliveries.envelopes[0].body)
    assert [(each.reference, each.not_before) for each in message.recipients] == [(world.devices[1].ref, NOW + 60)]
    assert (message.key.name, message.tries, world.deliveries.envelopes[0].delay) == ("00000001", 0, 60)
    assert (world.stored_lane().pending, handled.deferred, world.counted()) == (1, 1, {"accepted": 1})
    assert world.current().status is SendingStatus.RUNNING


def test_a_step_whose_message_the_queue_refuses_twice_is_not_recorded() -> None:
    world = SendingWorld(2)
    world.answers[1] = RETRY
    world.deliveries.refused = "sending"
    handled = world.run()
    assert world.log.count("put deliveries") == 2
    assert (handled.to_redeliver, handled.faults) == ({"m"}, [SendFault.QUEUE_REFUSED])
    assert world.stored_lane().claim


def test_the_next_run_after_a_refusing_queue_finds_the_step_unknown() -> None:
    world = SendingWorld(2)
    world.answers[1] = RETRY
    world.deliveries.refused = "sending"
    world.run()
    world.run()
    assert (world.pushed(), world.counted()) == ([0, 1], {"unknown": 2})


def test_who_would_have_to_wait_beyond_the_end_is_expired_at_once() -> None:
    world = SendingWorld(2, expire=59)
    world.answers[1] = RETRY
    world.run()
    assert (world.counted(), world.deliveries.envelopes) == ({"accepted": 1, "expired": 1}, [])


def test_who_is_reached_after_the_end_is_expired_without_a_push() -> None:
    world = SendingWorld(2, expire=100)
    world.now = Seconds(NOW + 101)
    world.run()
    assert (world.pushed(), world.counted(), world.current().status) == ([], {"expired": 2}, SendingStatus.EXPIRED)


def test_a_throttled_lane_pauses_for_as_long_as_its_provider_asks() -> None:
    world = SendingWorld(4)
    world.answers[0] = THROTTLED
    world.run()
    assert (world.pushed(), world.sends.envelopes[0].delay) == ([0, 1], 120)
    world.now = Seconds(NOW + 120 - CLOCKS_APART_SECONDS - 1)
    world.run()
    assert world.pushed() == [0, 1]
    world.now = Seconds(NOW + 120)
    world.run()
    assert world.pushed() == [0, 1, 2, 3]


def test_a_sending_that_is_cancelled_ends_at_its_next_step() -> None:
    world = SendingWorld(6)
    world.before["after push"] = [lambda: world.store.cancel(world.sending.id, NOW)]
    world.run()
    assert (world.pushed(), world.counted(), world.current().status) == ([0, 1], {"accepted": 2}, SendingStatus.CANCELLED)


def test_a_provider_that_refuses_the_credentials_gets_nothing_more_and_the_others_go_on() -> None:
    world = SendingWorld(6)
    world.answers[0] = CREDENTIALS_BAD
    handled = world.run()
    assert world.pushed() == [0, 1, 3, 5]
    assert world.counted() == {"accepted": 3, "credentials_bad": 3}
    assert [(each.provider, each.stop.outcome) for each in handled.stopped] == [(ANDROID, Outcome.CREDENTIALS_BAD)]


def test_a_message_that_a_hundred_recipients_were_refused_for_is_pushed_to_no_more_of_them() -> None:
    world = SendingWorld(220)
    world.answers |= dict.fromkeys(range(0, 220, 2), MESSAGE_BAD)
    world.run()
    assert len(world.pushed()) == 210
    assert world.counted() == {"accepted": 110, "message_bad": 110}
    assert world.current().stopped_of(world.app.id).keys() == {ANDROID}


def test_a_message_that_one_device_has_accepted_is_good() -> None:
    world = SendingWorld(220)
    world.answers |= dict.fromkeys(range(2, 220, 2), MESSAGE_BAD)
    world.run()
    assert (len(world.pushed()), world.current().stopped) == (220, {})


def test_a_sending_whose_recipients_all_were_refused_is_stopped() -> None:
    world = SendingWorld(4)
    world.store.begin(world.sending.id, NOW)
    for provider in (ANDROID, APNS):
        world.store.stop_provider(world.sending.id, world.app.id, provider, ProviderStop(Outcome.CREDENTIALS_BAD, "403"))
    world.run()
    assert (world.pushed(), world.current().status) == ([], SendingStatus.STOPPED)


def test_recipients_that_are_named_have_no_local_hour() -> None:
    with pytest.raises(ValueError, match="named recipients"):
        SendingWorld(2, parts=tuple(Part(number, AppId("shop"), NOW, offset) for number, offset in enumerate((0, 3_600))))


def test_filters_of_queries_alone_choose_for_no_sending() -> None:
    with pytest.raises(ValueError, match="ext ids"):
        SendingWorld(2, selection=Filtered(Filters(ext_ids=frozenset({"7"}))))


PORTUGUESE, RUSSIAN = ({language: Translation(title=language)} for language in ("pt", "ru"))


def test_a_push_that_is_bound_just_before_a_sending_begins_is_the_one_that_is_pushed() -> None:
    world = SendingWorld(6, selection=Everyone(), messages={"": Message("A")}, translations=PORTUGUESE, push=1)
    world.speak("ru", "pt", "ru", "pt", "ru", "pt")
    before = world.current()
    after = replace(before, messages={"": Message("B")}, translations=RUSSIAN, push=2)
    world.before["before begin"] = [lambda: world.store.rebind(after, 1)]
    for lane in INDEX_LANES:
        world.run(LaneKey(world.sending.id, 0, lane))
    while world.current().status is not SendingStatus.COMPLETE:
        world.advance([Delivery("m", world.sends.envelopes.pop(0).body)])
    spoken = [world.pusher.languages.get(each.ref, "") for each in world.devices]
    assert spoken == ["ru", "", "ru", "", "ru", ""]


def test_a_sending_whose_push_is_taken_away_just_before_it_begins_expires() -> None:
    world = SendingWorld(6, messages={"": Message("A")}, push=1)
    unbound = replace(world.current(), messages={}, push=None)
    world.before["before begin"] = [lambda: world.store.rebind(unbound, 1)]
    world.run()
    assert (world.pushed(), world.current().status) == ([], SendingStatus.SCHEDULED)
    world.advance([Delivery("m", world.sends.envelopes[-1].body)])
    assert (world.pushed(), world.current().status) == ([], SendingStatus.EXPIRED)


@pytest.mark.parametrize("refusal", [CREDENTIALS_BAD, MESSAGE_BAD])
def test_an_app_that_a_provider_refuses_does_not_stop_the_other_apps_of_its_sending(
    monkeypatch: pytest.MonkeyPatch, refusal: RecipientOutcome
) -> None:
    shop, club = AppId("shop"), AppId("club")
    world = SendingWorld(660, selection=Everyone(), most=100, parts=(Part(0, shop, NOW), Part(1, club, NOW)))
    pushed: list[AppId] = []

    def push(sending: Sending, app: App, recipients: Sequence[Subscription], *_: object) -> Sequence[RecipientOutcome]:
        pushed.extend(app.id for _ in recipients)
        return [refusal if app.id == shop else RecipientOutcome(Outcome.ACCEPTED) for _ in recipients]

    monkeypatch.setattr(world.pusher, "push", push)
    for part in (0, 1):
        for lane in INDEX_LANES:
            world.run(LaneKey(world.sending.id, part, lane))
    ended = world.current()
    assert pushed.count(club) == 660
    assert ended.counts.number(Outcome.ACCEPTED) == ended.counts.number(refusal.outcome) == 660
    assert ended.status is SendingStatus.COMPLETE
    assert ended.stopped.keys() == {shop}


def test_the_first_of_each_kind_that_was_not_accepted_is_kept_as_an_example_without_its_push_token() -> None:
    world = SendingWorld(6)
    world.answers |= dict.fromkeys((0, 2, 4), RecipientOutcome(Outcome.GONE, "404", "UNREGISTERED"))
    world.run()
    (example,) = world.current().examples
    assert (example.provider, example.outcome, example.code, example.reason) == (ANDROID, Outcome.GONE, "404", "UNREGISTERED")
    assert example.masked_push_token.startswith("de…")
    assert world.store.calls["add_example"] == 1


def test_what_is_known_is_recorded_where_the_store_does_not_answer_before_the_next_step() -> None:
    world = SendingWorld(4)
    world.before["after push"] = [lambda: world.fails("before sending", UnavailableError())]
    handled = world.run()
    assert (handled.to_redeliver, world.stored_lane().claim, world.counted()) == ({"m"}, None, {"accepted": 2})


@pytest.mark.parametrize("what", ["disabled", "gone"])
def test_a_sending_whose_app_is_no_more_is_cancelled(what: str) -> None:
    world = SendingWorld(4)
    world.app = replace(world.app, enabled=what != "disabled")
    world.app_gone = what == "gone"
    handled = world.run()
    assert (world.pushed(), handled.faults, world.current().status) == ([], [SendFault.APP_GONE], SendingStatus.CANCELLED)


def test_a_lane_without_recipients_goes_on_from_where_its_slice_was_over() -> None:
    world = SendingWorld(9, selection=Everyone())
    world.reach.profiles_ = {each.profile: () for each in world.devices}
    lane = LaneKey(world.sending.id, 0, LaneName("0"))
    world.advance = replace(world.advance, slice_seconds=0)
    world.run(lane)
    assert (world.stored_lane(lane).finished, world.store.calls["update_lane"]) == (True, 1)


def test_a_store_that_does_not_answer_has_the_message_come_again() -> None:
    world = SendingWorld()
    world.fails("before sending", UnavailableError())
    handled = world.run()
    assert (handled.to_redeliver, handled.faults, world.pushed()) == ({"m"}, [SendFault.UNAVAILABLE], [])


def test_a_lease_whose_answer_was_lost_is_taken_again_by_the_same_run() -> None:
    world = SendingWorld()
    world.fails("after take_lane", UnavailableError())
    world.run()
    assert world.counted() == {"accepted": 4}


def test_a_place_is_the_last_identifier_of_its_step() -> None:
    world = SendingWorld(3)
    world.run()
    assert world.stored_lane().done == Place("00000002")


@pytest.mark.parametrize(("wait", "later", "since"), [(0, 0, 0), (60, 60, 60), (60, 90, 60)])
def test_a_lane_is_served_with_a_catalog_that_is_as_new_as_its_sending_and_its_time(wait: int, later: int, since: int) -> None:
    world = SendingWorld(wait=wait)
    world.now = Seconds(NOW + later)
    world.run()
    assert world.asked_since == [1000 * (NOW + since)]


def test_a_step_is_recorded_before_the_lane_goes_on_over_those_without_recipients() -> None:
    world = SendingWorld(1)
    world.answers[0] = RETRY
    waiting: list[int] = []

    class Sparse:
        def after(self, sending: Sending, part: Part, app: App, lane: LaneName, done: Place) -> Iterator[Step]:
            yield Step(Place("1"), tuple(world.devices))
            for place in "234":
                yield Step(Place(place))
                waiting.append(len(world.store.deferrals(sending.id, 0)))

    world.advance = replace(world.advance, steps=Sparse())
    world.run()
    assert (waiting, world.store.calls["update_lane"], world.stored_lane().done) == ([1, 1, 1], 3, "4")


def test_a_worker_whose_clock_is_behind_takes_the_lane_that_was_given_up() -> None:
    world = SendingWorld(6)
    world.before["before push"] = [lambda: setattr(world, "now", NOW + 41)]
    world.run()
    world.now = Seconds(NOW + 41 - CLOCKS_APART_SECONDS)
    world.run()
    assert world.pushed() == [0, 1, 2, 3, 4, 5]


def test_a_worker_whose_clock_is_behind_takes_the_lane_after_its_pause() -> None:
    world = SendingWorld(4)
    world.answers[0] = THROTTLED
    world.run()
    world.now = Seconds(NOW + world.sends.envelopes[0].delay - CLOCKS_APART_SECONDS)
    world.run()
    assert world.pushed() == [0, 1, 2, 3]


def two_apps(**changed: Any) -> SendingWorld:
    parts = tuple(Part(number, AppId(app), NOW) for number, app in enumerate(("shop", "club")))
    return SendingWorld(2, parts=parts, **changed)


def test_each_part_is_pushed_through_its_own_app() -> None:
    world = two_apps()
    through: list[tuple[int, AppId]] = []

    class Noting:
        def after(self, sending: Sending, part: Part, app: App, lane: LaneName, done: Place) -> Iterator[Step]:
            through.append((part.number, app.id))
            return iter(())

    world.advance = replace(world.advance, steps=Noting())
    for part in (1, 0):
        world.run(replace(world.lane, part=part))
    assert through == [(1, "club"), (0, "shop")]


def test_a_part_whose_app_is_archived_is_dropped_and_the_others_are_pushed() -> None:
    world = two_apps()
    world.archived = {AppId("shop")}
    handled = world.run()
    assert (world.pushed(), handled.faults, handled.ended) == ([], [SendFault.APP_GONE], [])
    assert world.current().dropped == {0}
    assert world.run(replace(world.lane, part=1)).ended == [world.sending.id]
    assert (world.pushed(), world.current().status) == ([0, 1], SendingStatus.COMPLETE)


def test_a_sending_whose_apps_are_all_archived_is_cancelled() -> None:
    world = two_apps()
    world.archived = {AppId("shop"), AppId("club")}
    for part in (0, 1):
        world.run(replace(world.lane, part=part))
    assert (world.pushed(), world.current().status) == ([], SendingStatus.CANCELLED)


def test_a_part_is_dropped_once_by_all_its_lanes() -> None:
    world = SendingWorld(selection=Everyone())
    world.app_gone = True
    for lane in world.sending.lanes:
        world.run(LaneKey(world.sending.id, 0, lane))
    assert (world.store.calls["drop_part"], world.current().status) == (1, SendingStatus.CANCELLED)


def test_a_lane_stops_at_its_next_step_once_another_lane_has_found_the_app_gone() -> None:
    world = SendingWorld(6)
    world.before["after push"] = [lambda: world.store.drop_part(world.sending.id, 0)]
    assert world.run().ended == [world.sending.id]
    assert (world.pushed(), world.current().status) == ([0, 1], SendingStatus.CANCELLED)


def test_a_sending_without_a_message_expires_when_its_first_part_is_due() -> None:
    world = two_apps(messages={})
    assert world.run().ended == [world.sending.id]
    assert (world.current().status, world.current().ended, world.current().counts.total) == (SendingStatus.EXPIRED, NOW, 0)
    assert not world.run(replace(world.lane, part=1)).to_redeliver
    assert (world.pushed(), world.store.calls.get("take_lane"), world.store.due_moments(NOW)) == ([], None, [])


def test_a_sending_that_a_push_is_bound_to_in_that_moment_is_pushed() -> None:
    world = SendingWorld(messages={})
    bound = replace(world.sending, messages={"": Message(text="Hello")}, push=7)
    world.before["before expire"] = [lambda: world.store.rebind(bound, None)]
    assert (world.run().ended, [read_lane(each.body) for each in world.sends.envelopes]) == ([], [world.lane])
    world.run()
    assert (world.pushed(), world.current().status) == ([0, 1, 2, 3], SendingStatus.COMPLETE)


@pytest.mark.parametrize("selection", [None, Everyone()], ids=["named", "everyone"])
def test_recipients_get_the_sending_in_their_language_where_it_is_translated_into_it(selection: Selection | None) -> None:
    world = SendingWorld(6, selection=selection, translations={"pt": Translation(text="Olá")})
    world.speak("pt", "ru", "pt-BR", "PT", "")
    for lane in world.sending.lanes:
        world.run(LaneKey(world.sending.id, 0, lane))
    assert sorted(world.pushed()) == list(range(6))
    assert world.pusher.languages == {world.devices[number].ref: "pt" for number in (0, 2, 3)}


def test_languages_are_not_read_for_a_sending_that_is_not_translated() -> None:
    world = SendingWorld(4)
    world.speak("pt", "pt")
    world.before["before profiles"] = [lambda: pytest.fail("a call too many")]
    world.run()
    assert (world.pushed(), world.pusher.languages) == ([0, 1, 2, 3], {})


def test_a_page_of_which_nobody_is_chosen_says_how_far_the_lane_has_come() -> None:
    world = SendingWorld(9, selection=Filtered(Filters(languages=Choice(frozenset({"ru"})))), most=100)
    world.speak(*["pt"] * 9)
    world.run(LaneKey(world.sending.id, 0, LaneName("0")))
    lane = world.stored_lane(LaneKey(world.sending.id, 0, LaneName("0")))
    assert (world.pushed(), lane.finished, lane.done) == ([], True, f"{6:016x}")
    assert world.store.calls["update_lane"] == 1


def test_a_slice_ends_in_time_among_pages_of_which_nobody_is_chosen() -> None:
    world = SendingWorld(30, selection=Filtered(Filters(languages=Choice(frozenset({"ru"})))))
    index = replace(world.steps.index, chosen_page_profiles=1)
    world.advance = replace(world.advance, steps=replace(world.steps, index=index))
    world.before["before page"] = [lambda: setattr(world, "now", world.now + 15)] * 5
    key = LaneKey(world.sending.id, 0, LaneName("0"))
    world.run(key)
    assert ([read_lane(each.body) for each in world.sends.envelopes], world.stored_lane(key).done) == ([key], f"{3:016x}")
