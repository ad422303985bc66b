"""How the recipients of a deferral are tried again."""

from dataclasses import replace

import pytest

from pushhub.catalog.model import AppId
from pushhub.faults import LostRaceError, UnavailableError
from pushhub.moments import Seconds
from pushhub.outgoing.queues import Delivery
from pushhub.sends.deferrals import EARLY_SECONDS, MessageStanding, early_seconds, standing
from pushhub.sends.handling import SendFault
from pushhub.sends.message import Message, Translation
from pushhub.sends.outcomes import Outcome, RecipientOutcome
from pushhub.sends.queue_messages import DeferralMessage, WaitingRecipient, read_deferral, write_deferral
from pushhub.sends.sending import ANY_PROVIDER, Deferral, DeferralKey, Place, ProviderStop, RunId, SendingStatus
from tests.doubles.schedules import ANDROID, APNS, LEASE_SECONDS, CrashError
from tests.doubles.sending_world import ACCEPTED, NOW, SendingWorld

RETRY = RecipientOutcome(Outcome.RETRY, "503", after=60)
LATER = RecipientOutcome(Outcome.RETRY, "503", after=600)


def waiting_world(*answers: RecipientOutcome) -> SendingWorld:
    """Return a world whose only step has left its recipients waiting, each for as long as its answer says; all are accepted now."""
    world = SendingWorld(len(answers), most=100)
    world.answers |= dict(enumerate(answers))
    world.run()
    world.answers.clear()
    world.log.clear()
    world.pusher.pushed.clear()
    return world


def stored(world: SendingWorld) -> Deferral:
    deferral = world.store.deferral(newest(world).key)
    assert deferral
    return deferral


def newest(world: SendingWorld) -> DeferralMessage:
    return read_deferral(world.deliveries.envelopes[-1].body)


def is_put_back(world: SendingWorld, message: DeferralMessage, delay: int) -> bool:
    """Deliver a message that is early, and say whether it is put again as it is."""
    before = len(world.deliveries.envelopes)
    handled = world.deliver(message)
    put = [(each.body, each.delay) for each in world.deliveries.envelopes[before:]]
    return not handled.to_redeliver and put == [(write_deferral(message), delay)]


def test_those_that_are_due_are_pushed_and_the_last_of_them_ends_the_sending() -> None:
    world = waiting_world(RETRY, ACCEPTED, RETRY)
    world.now = Seconds(NOW + 60)
    handled = world.deliver_newest()
    assert (world.pushed(), world.counted()) == ([0, 2], {"accepted": 3})
    assert world.log == ["claim_deferral", "push", "settle_deferral", "end"]
    assert (handled.ended, world.current().status) == ([world.sending.id], SendingStatus.COMPLETE)


def test_a_message_of_which_nobody_is_due_goes_back_as_it_is() -> None:
    world = waiting_world(LATER)
    body = world.deliveries.envelopes[0].body
    world.now = Seconds(NOW + 1)
    assert not world.deliver(body).to_redeliver
    assert (world.deliveries.envelopes[-1].body, world.deliveries.envelopes[-1].delay) == (body, 599)
    assert (stored(world).tries, world.pushed()) == (0, [])


def test_those_that_are_not_due_yet_stay_behind_in_the_message_of_the_next_try() -> None:
    world = waiting_world(RETRY, LATER)
    world.now = Seconds(NOW + 60)
    world.deliver_newest()
    message = newest(world)
    assert (world.pushed(), message.tries, [each.reference for each in message.recipients]) == ([0], 1, [world.devices[1].ref])
    assert (stored(world).tries, stored(world).recipients, world.stored_lane().pending) == (1, {APNS: 1}, 1)


def test_the_message_of_the_next_try_is_put_before_this_one_is_settled() -> None:
    world = waiting_world(RETRY)
    world.answers[0] = RETRY
    world.now = Seconds(NOW + 60)
    world.deliver_newest()
    assert world.log == ["claim_deferral", "push", "put deliveries", "settle_deferral"]


def test_a_recipient_whose_provider_says_nothing_waits_twice_as_long_with_each_try() -> None:
    world = waiting_world(RecipientOutcome(Outcome.RETRY))
    assert newest(world).recipients[0].not_before == NOW + 5
    world.answers[0] = RecipientOutcome(Outcome.RETRY)
    world.now = Seconds(NOW + 5)
    world.deliver_newest()
    assert newest(world).recipients[0].not_before == NOW + 5 + 10


def test_the_message_of_a_step_that_was_declared_unknown_is_dropped() -> None:
    world = SendingWorld(2)
    world.answers[1] = RETRY
    world.fails("before update_lane", CrashError())
    world.before["before update_lane"].insert(0, lambda: None)
    with pytest.raises(CrashError):
        world.run()
    world.now = Seconds(NOW + LEASE_SECONDS + 1)
    world.run()
    assert world.counted() == {"unknown": 2}
    world.pusher.pushed.clear()
    assert (world.deliver_newest().to_redeliver, world.pushed()) == (set(), [])


def test_the_message_of_a_step_that_is_being_recorded_comes_again() -> None:
    world = SendingWorld(4)
    world.answers[1] = RETRY
    world.fails("before update_lane", CrashError())
    world.before["before update_lane"].insert(0, lambda: None)
    with pytest.raises(CrashError):
        world.run()
    assert is_put_back(world, newest(world), EARLY_SECONDS)


def test_a_step_that_is_recorded_between_two_readings_keeps_its_deferral() -> None:
    world = SendingWorld(2)
    world.answers[1] = RETRY
    world.run()
    message = newest(world)
    deferral = world.store.deferral(message.key)
    assert deferral
    world.answers.clear()
    # The first reading of the deferral comes before the record, that of the lane after it.
    world.store.hide(deferral.key)
    world.before["after deferral"] = [lambda: world.store.show(deferral)]
    world.now = Seconds(NOW + 60)
    world.deliver(message)
    assert world.counted() == {"accepted": 2}


def test_a_message_of_a_sending_that_is_not_written_yet_comes_again_for_a_minute() -> None:
    world = waiting_world(RETRY)
    message = newest(world)
    world.store.forget_everything()
    assert is_put_back(world, message, EARLY_SECONDS)
    world.now = Seconds(NOW + 61)
    assert world.deliver(message).to_redeliver == set()


def test_a_message_of_a_sending_that_is_pushing_comes_again_for_a_minute_and_its_request_must_have_died_then() -> None:
    world = waiting_world(RETRY)
    message = newest(world)
    world.store.forget_everything()
    world.store.start(world.sending)
    assert is_put_back(world, message, EARLY_SECONDS)
    world.now = Seconds(NOW + 60)
    assert is_put_back(world, message, EARLY_SECONDS)
    world.now = Seconds(NOW + 61)
    before = len(world.deliveries.envelopes)
    assert world.deliver(message).to_redeliver == set()
    assert (len(world.deliveries.envelopes), world.pushed()) == (before, [])


def test_a_message_of_a_sending_that_has_ended_is_dropped() -> None:
    world = waiting_world(RETRY)
    world.now = Seconds(NOW + 60)
    body = world.deliveries.envelopes[-1].body
    world.deliver(body)
    assert (world.deliver(body).to_redeliver, world.pushed()) == (set(), [0])


def test_of_two_twins_one_is_tried() -> None:
    world = waiting_world(RETRY, LATER)
    world.now = Seconds(NOW + 60)
    body = world.deliveries.envelopes[-1].body
    world.before["before push"] = [lambda: twins.append(is_put_back(world, read_deferral(body), LEASE_SECONDS + 1))]
    twins: list[bool] = []
    world.deliver(body)
    assert (twins, world.pushed()) == ([True], [0])
    assert (world.deliver(body).to_redeliver, world.pushed()) == (set(), [0])


def test_who_is_later_with_the_claim_of_a_try_pushes_nothing() -> None:
    world = waiting_world(RETRY)
    world.now = Seconds(NOW + 60)
    key = newest(world).key
    world.before["before claim_deferral"] = [lambda: claims.append(world.store.claim_deferral(key, RunId("other"), 0, NOW, NOW))]
    claims: list[bool] = []
    assert (is_put_back(world, newest(world), EARLY_SECONDS), claims, world.pushed()) == (True, [True], [])


def test_those_that_were_due_when_a_dead_run_claimed_are_unknown_and_the_others_go_on() -> None:
    world = waiting_world(RETRY, LATER)
    world.now = Seconds(NOW + 60)
    body = world.deliveries.envelopes[-1].body
    world.fails("after push", CrashError())
    with pytest.raises(CrashError):
        world.deliver(body)
    world.now = Seconds(NOW + 60 + LEASE_SECONDS)
    assert is_put_back(world, read_deferral(body), 1)
    world.now = Seconds(NOW + 61 + LEASE_SECONDS)
    assert world.deliver(body).faults == [SendFault.RUN_DIED]
    assert (world.pushed(), world.counted()) == ([0], {"unknown": 1})
    world.now = Seconds(NOW + 600)
    world.deliver_newest()
    assert (world.pushed(), world.counted()) == ([0, 1], {"unknown": 1, "accepted": 1})


def test_the_next_message_of_a_dead_run_has_too_many_recipients_and_is_dropped() -> None:
    world = waiting_world(RETRY, LATER)
    world.now = Seconds(NOW + 60)
    body = world.deliveries.envelopes[-1].body
    world.answers[0] = RETRY
    world.fails("before settle_deferral", CrashError())
    with pytest.raises(CrashError):
        world.deliver(body)
    orphan = world.deliveries.envelopes[-1].body
    assert is_put_back(world, read_deferral(orphan), LEASE_SECONDS + 1)
    world.now = Seconds(NOW + 61 + LEASE_SECONDS)
    world.deliver(body)
    world.now = Seconds(NOW + 600)
    assert (world.deliver(orphan).to_redeliver, world.pushed()) == (set(), [0])
    world.deliver_newest()
    assert (world.pushed(), world.counted()) == ([0, 1], {"unknown": 1, "accepted": 1})


def test_a_recipient_that_gets_no_push_any_more_is_expired() -> None:
    world = waiting_world(RETRY, RETRY)
    world.gone.add(1)
    world.now = Seconds(NOW + 60)
    world.deliver_newest()
    assert (world.pushed(), world.counted()) == ([0], {"accepted": 1, "expired": 1})


def test_all_are_expired_once_their_sending_is_cancelled() -> None:
    world = waiting_world(RETRY, LATER)
    world.store.cancel(world.sending.id, NOW)
    world.deliver_newest()
    assert (world.pushed(), world.counted(), world.current().status) == ([], {"expired": 2}, SendingStatus.CANCELLED)


def test_all_are_expired_after_the_end() -> None:
    world = waiting_world(RETRY)
    world.now = Seconds(NOW + 3_601)
    world.deliver_newest()
    assert (world.pushed(), world.counted()) == ([], {"expired": 1})


def test_a_recipient_is_expired_once_the_time_of_its_own_message_is_over() -> None:
    world = waiting_world(RETRY, RETRY)
    short = replace(world.current(), messages={ANY_PROVIDER: Message("Sale"), ANDROID: Message("Sale", expire=30)})
    world.store._sendings[short.id] = short
    world.now = Seconds(NOW + 60)
    world.deliver_newest()
    assert (world.pushed(), world.counted()) == ([1], {"expired": 1, "accepted": 1})


def test_a_provider_that_is_stopped_is_not_asked_again() -> None:
    world = waiting_world(RETRY, RETRY)
    world.store.stop_provider(world.sending.id, world.app.id, ANDROID, ProviderStop(Outcome.MESSAGE_BAD, "400"))
    world.now = Seconds(NOW + 60)
    world.deliver_newest()
    assert (world.pushed(), world.counted()) == ([1], {"message_bad": 1, "accepted": 1})


def test_a_provider_that_is_stopped_for_another_app_is_asked_again() -> None:
    world = waiting_world(RETRY, RETRY)
    world.store.stop_provider(world.sending.id, AppId("club"), ANDROID, ProviderStop(Outcome.MESSAGE_BAD, "400"))
    world.now = Seconds(NOW + 60)
    world.deliver_newest()
    assert (sorted(world.pushed()), world.counted()) == ([0, 1], {"accepted": 2})


def test_an_audience_that_does_not_answer_leaves_the_try_unclaimed() -> None:
    world = waiting_world(RETRY)
    world.now = Seconds(NOW + 60)
    world.fails("before subscriptions", UnavailableError())
    assert world.deliver_newest().to_redeliver == {"m"}
    assert stored(world).run is None


@pytest.mark.parametrize(
    ("point", "fault"),
    [
        ("after claim_deferral", UnavailableError()),
        ("after settle_deferral", UnavailableError()),
        ("before settle_deferral", UnavailableError()),
        ("before settle_deferral", LostRaceError()),
    ],
)
def test_a_write_whose_answer_was_lost_counts_once(point: str, fault: Exception) -> None:
    world = waiting_world(RETRY)
    world.now = Seconds(NOW + 60)
    world.fails(point, fault)
    assert not world.deliver_newest().to_redeliver
    assert (world.pushed(), world.counted()) == ([0], {"accepted": 1})


def test_a_try_whose_next_message_is_refused_twice_is_not_settled() -> None:
    world = waiting_world(RETRY)
    world.answers[0] = RETRY
    world.now = Seconds(NOW + 60)
    body = world.deliveries.envelopes[-1].body
    world.deliveries.refused = "sending"
    handled = world.deliver(body)
    assert (handled.to_redeliver, handled.faults, stored_run(world, body)) == ({"m"}, [SendFault.QUEUE_REFUSED], True)


def stored_run(world: SendingWorld, body: str) -> bool:
    deferral = world.store.deferral(read_deferral(body).key)
    return deferral is not None and deferral.run is not None


def test_a_message_that_cannot_be_read_is_a_dead_letter_of_the_deferrals_too() -> None:
    world = SendingWorld()
    handled = world.try_deferral([Delivery("m", "[]")])
    assert (handled.faults, len(world.dead_letters.envelopes)) == ([SendFault.UNREADABLE], 1)


def test_what_a_message_stands_for_follows_from_the_deferral_alone() -> None:
    world = waiting_world(RETRY)
    message, deferral = newest(world), stored(world)
    claimed = replace(deferral, run=RunId("a"), claimed_at=NOW, until=Seconds(NOW + 5))
    table = [
        (None, MessageStanding.EARLY),
        (deferral, MessageStanding.WAITING),
        (replace(deferral, done=True), MessageStanding.OLD),
        (replace(deferral, tries=1), MessageStanding.OLD),
        (replace(deferral, recipients={APNS: 1}), MessageStanding.OLD),
        (claimed, MessageStanding.EARLY),
        (replace(claimed, until=Seconds(NOW - 1)), MessageStanding.DEAD),
    ]
    assert [standing(each, message, NOW) for each, _ in table] == [expected for _, expected in table]


def test_an_early_message_waits_for_what_it_is_early_for() -> None:
    deferral = stored(waiting_world(RETRY))
    claimed = replace(deferral, run=RunId("a"), claimed_at=NOW, until=Seconds(NOW + 5))
    assert [early_seconds(each, NOW) for each in (None, deferral, claimed)] == [EARLY_SECONDS, EARLY_SECONDS, 6]
    assert early_seconds(replace(claimed, until=Seconds(NOW + 2_000)), NOW) == 900
    assert early_seconds(replace(claimed, until=Seconds(NOW - 1)), NOW) == 900


def test_an_early_message_that_the_queue_refuses_comes_again() -> None:
    world = waiting_world(RETRY)
    message = newest(world)
    world.store.forget_everything()
    world.deliveries.refused = "tries"
    handled = world.deliver(message)
    assert (handled.to_redeliver, handled.faults) == ({"m"}, [SendFault.QUEUE_REFUSED])


def test_a_body_holds_no_push_token() -> None:
    world = waiting_world(RETRY)
    key = DeferralKey(world.lane, Place("00000000"))
    body = write_deferral(DeferralMessage(key, 0, (WaitingRecipient(world.devices[0].ref, NOW),)))
    assert world.devices[0].address.push_token not in body


def test_a_try_is_served_with_a_catalog_that_is_as_new_as_its_sending() -> None:
    world = waiting_world(RETRY)
    world.asked_since.clear()
    world.now = Seconds(NOW + 60)
    world.deliver_newest()
    assert world.asked_since == [1000 * NOW]


def test_a_try_speaks_the_language_that_its_recipient_has_by_then() -> None:
    world = SendingWorld(2, translations={"pt": Translation(text="Olá"), "ru": Translation(text="Привет")})
    world.speak("pt", "ru")
    world.answers |= {0: RETRY, 1: RETRY}
    world.run()
    world.speak("pt", "pt-BR")
    world.pusher.languages.clear()
    world.now = Seconds(NOW + 60)
    world.deliver_newest()
    assert world.pusher.languages == {each.ref: "pt" for each in world.devices}


def test_a_try_whose_profiles_cannot_be_read_comes_again_unclaimed() -> None:
    world = SendingWorld(2, translations={"pt": Translation(text="Olá")})
    world.answers[1] = RETRY
    world.run()
    world.now = Seconds(NOW + 60)
    world.fails("before profiles", UnavailableError())
    assert world.deliver_newest().to_redeliver
    assert world.store.calls.get("claim_deferral") is None


def test_those_that_wait_in_a_part_whose_app_is_gone_are_expired() -> None:
    world = SendingWorld(2)
    world.answers[1] = RETRY
    world.run()
    world.store.drop_part(world.sending.id, 0)
    world.deliver_newest()
    assert (world.counted(), world.current().status) == ({"accepted": 1, "expired": 1}, SendingStatus.CANCELLED)
