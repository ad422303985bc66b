"""How notifications and lifecycle calls are answered, and what they cost."""

import pytest

from pushhub.catalog.secrets import LinkKeyId, Secrets
from pushhub.dialects.pushexpress.sdk.instance_ids import instance_key, open_instance_id
from pushhub.dialects.pushexpress.sdk.routes import LIFECYCLE, NOTIFICATION
from pushhub.events.command import Happening
from tests.doubles.push_express import INSTALLS, OTHER_INSTALLS, OTHER_SDK_ID, SDK_ID, SECRETS, STACK, SdkHub, said, uid_of

UID = uid_of()


@pytest.mark.parametrize(("event", "happening"), [("delivered", Happening.DELIVERED), ("clicked", Happening.OPENED)])
def test_what_happened_to_a_push_is_accepted_as_an_event_of_the_hub(event: str, happening: Happening) -> None:
    hub = SdkHub()
    answer = hub.answer(NOTIFICATION, SDK_ID, hub.register(), body={"msg_id": UID, "event": event})
    assert (answer.reply.status, said(answer)) == (200, {})
    assert answer.counts == {"EventsAccepted": 1, "EventsIgnored": 0}
    assert [(one.happening, one.uid, one.plain) for one in hub.accepted] == [(happening, UID, None)]


@pytest.mark.parametrize("msg_id", ["", "0:1500415314455276%31bd1c9631bd1c96", uid_of(OTHER_INSTALLS)])
def test_a_push_that_is_none_of_the_app_is_answered_alike_and_passed_over(msg_id: str) -> None:
    hub = SdkHub()
    answer = hub.answer(NOTIFICATION, SDK_ID, hub.register(), body={"msg_id": msg_id, "event": "delivered"})
    assert (answer.reply.status, said(answer)) == (200, {})
    assert answer.counts == {"EventsAccepted": 0, "EventsIgnored": 1}
    assert hub.queue.puts == 0


@pytest.mark.parametrize(
    "raw", [b"", b"{}", b'{"event":"onscreen"}', b'{"event":"hbeat"}', b'{"event":"install"}', b'{"event":"REG"}', b'{"event":7}']
)
def test_a_heartbeat_reads_and_writes_nothing(raw: bytes) -> None:
    hub = SdkHub()
    id_ = hub.register()
    calls = (hub.audience.reads, hub.audience.commits)
    for _ in range(100):
        answer = hub.answer(LIFECYCLE, SDK_ID, id_, raw=raw)
        assert (answer.reply.status, answer.counts) == (200, {"EventsNoted": 0})
    assert (hub.audience.reads, hub.audience.commits) == calls


def test_an_event_of_the_catalog_is_noted_once() -> None:
    hub = SdkHub()
    id_ = hub.register()
    commits = hub.audience.commits
    noted = [hub.answer(LIFECYCLE, SDK_ID, id_, body={"event": "dep"}).counts["EventsNoted"] for _ in range(3)]
    assert (noted, hub.audience.commits) == ([1, 0, 0], commits + 1)
    opened = open_instance_id(instance_key(SECRETS, STACK), id_)
    assert opened
    assert hub.profile(opened.profile).happened == {"dep": hub.now}


@pytest.mark.parametrize("call", [NOTIFICATION, LIFECYCLE])
def test_an_id_that_was_not_issued_here_or_for_another_app_is_not_found(call: str) -> None:
    hub = SdkHub()
    id_ = hub.register()
    foreign = SdkHub(secrets=Secrets({LinkKeyId(1): "another"}, {})).register()
    for sdk_id, text in ((SDK_ID, id_[:-1]), (SDK_ID, foreign), (SDK_ID, "1"), (OTHER_SDK_ID, id_)):
        answer = hub.answer(call, sdk_id, text, body={"msg_id": UID, "event": "dep"})
        assert answer.reply.status == 404
    assert hub.queue.puts == 0


@pytest.mark.parametrize("raw", [b"", b"[]", b"\xff"])
def test_a_notification_without_an_object_is_refused(raw: bytes) -> None:
    hub = SdkHub()
    assert hub.answer(NOTIFICATION, SDK_ID, hub.register(), raw=raw).reply.status == 400


def test_a_queue_that_does_not_take_a_report_is_answered_with_503() -> None:
    hub = SdkHub()
    id_ = hub.register()
    hub.queue.refused = "uid"
    assert hub.answer(NOTIFICATION, SDK_ID, id_, body={"msg_id": UID, "event": "clicked"}).reply.status == 503


def test_a_uid_says_the_database_of_its_push() -> None:
    assert uid_of(INSTALLS) != uid_of(OTHER_INSTALLS)
