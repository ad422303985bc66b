"""The Swift SDK, byte for byte.

What it sends and reads stands in the repository `pushexpress/pushexpress-swift-sdk` at commit
5c5bb30553adb1f4aedbdeb840497bcceb0445da, below `Sources/SdkPushExpress/`:

=========================================================  =========================================================================
`SdkPushExpress.swift`                                     all calls and what is read of the replies; statuses are never looked at
`Common/Enums.swift`                                       the words of transports and events
`NotificationManager.swift`,                               when a push is reported
`Extensions/UNUserNotificationCenterDelegate.swift`
=========================================================  =========================================================================

Bodies are of `JSONSerialization`, which escapes slashes and keeps no order of keys. The headers that the source does not set are
those of `URLSession`.
"""

import json
import math

from pushhub.events.command import Happening
from tests.doubles.push_express import SDK_ID, uid_of
from tests.replays.conversation import Conversation, Reply

IC_TOKEN = "0c1d7e52-7a3b-4a5e-9f11-2f60c1b7a9d4"
TOKEN = "740f4707bebcf74f9b7c25d48e3358945f6aa01da5ddb387462c7eaf61bb78ad"


def send(conversation: Conversation, method: str, path: str, body: str) -> Reply:
    return conversation.send(
        f"""
{method} /api/r/v2/apps/{SDK_ID}/instances{path} HTTP/1.1
Host: core.push.express
Content-Type: application/json
Connection: keep-alive
Accept: */*
User-Agent: Shop/1 CFNetwork/1494.0.7 Darwin/23.4.0
Content-Length: {{length}}
Accept-Language: en-US,en;q=0.9
Accept-Encoding: gzip, deflate
""",
        body,
    )


def id_of(reply: Reply) -> str:
    """Read `jsonDict["id"] as? String`: anything else is tried again every few seconds, for ever."""
    content = reply.json
    assert isinstance(content, dict)
    id_ = content["id"]
    assert isinstance(id_, str)
    return id_


def register(conversation: Conversation, ext_id: str = "") -> str:
    return id_of(send(conversation, "POST", "", f'{{"ext_id":"{ext_id}","ic_token":"{IC_TOKEN}"}}'))


def info(conversation: Conversation, id_: str, token: str, tags: str = "{}") -> None:
    """Send what `updateAppInstance` does and read `jsonDict["update_interval_sec"] as? TimeInterval`."""
    reply = send(
        conversation,
        "PUT",
        f"/{id_}/info",
        f'{{"onscreen_sec":12,"tz_name":"Europe\\/Berlin","agent_name":"px_swift_sdk_1.1.2","platform_type":"ios","tags":{tags},'
        f'"transport_token":"{token}","county":"DE","onscreen_stop_ts":1800000012,"lang":"en-US","platform_name":"ios_17",'
        '"notif_perm_granted":false,"tz_sec":3600,"onscreen_count":1,"transport_type":"apns","onscreen_start_ts":1800000000}',
    )
    interval = reply.json["update_interval_sec"]
    assert isinstance(interval, int | float)
    assert not isinstance(interval, bool)
    assert math.isfinite(interval)
    assert interval > 0, "or it would ask without a pause"


def test_a_device_registers_while_the_dialog_of_permission_is_open_and_is_reached_after(conversation: Conversation) -> None:
    id_ = register(conversation)
    info(conversation, id_, "")
    assert conversation.hub.subscriptions() == []
    info(conversation, id_, TOKEN)
    (subscription,) = conversation.hub.subscriptions()
    assert (subscription.address.provider, subscription.address.push_token) == ("ios-apns", TOKEN)
    assert (subscription.live, subscription.drawn_by_app) == (True, False)


def test_what_it_misspells_is_understood_and_its_tags_are_audiences(conversation: Conversation) -> None:
    id_ = register(conversation, "user-7")
    info(conversation, id_, TOKEN, '{"audiences":"gender:F,age:>=21","plan":"pro\\/yearly"}')
    (subscription,) = conversation.hub.subscriptions()
    assert conversation.hub.profile(subscription.profile).fields == {
        "audiences": "gender:F,age:>=21",
        "country": "DE",
        "ext_id": "user-7",
        "language": "en-US",
        "tz_sec": 3600,
    }


def test_what_is_beyond_ascii_comes_in_utf_8_with_letters_that_may_be_decomposed(conversation: Conversation) -> None:
    """`JSONSerialization` escapes no letter, and texts of Foundation often have accents apart from their letters."""
    id_ = register(conversation, "jose\u0301-Ж-日")
    info(conversation, id_, TOKEN, '{"audiences":"cafe\u0301,città"}')
    (subscription,) = conversation.hub.subscriptions()
    fields = conversation.hub.profile(subscription.profile).fields
    assert (fields["ext_id"], fields["audiences"]) == ("jos\u00e9-Ж-日", "caf\u00e9,città")


def test_as_many_tags_as_it_sends_are_taken(conversation: Conversation) -> None:
    """`tags` keeps 64 of them, sorted by their names."""
    tags = {"audiences": "offer1"} | {f"tag{number:02}": "x" for number in range(63)}
    info(conversation, register(conversation), TOKEN, json.dumps(tags, separators=(",", ":")))
    (subscription,) = conversation.hub.subscriptions()
    assert conversation.hub.profile(subscription.profile).fields["audiences"] == "offer1"


def test_a_login_is_another_instance_that_takes_the_device_along(conversation: Conversation) -> None:
    nobody = register(conversation)
    info(conversation, nobody, TOKEN)
    somebody = register(conversation, "user-7")
    info(conversation, somebody, TOKEN)
    (subscription,) = conversation.hub.subscriptions()
    assert somebody != nobody
    assert conversation.hub.profile(subscription.profile).fields["ext_id"] == "user-7"
    assert register(conversation) == nobody


def test_a_deactivation_is_answered_with_a_text_as_id(conversation: Conversation) -> None:
    """`deactivateAppInstance` asks again every few seconds until it gets one."""
    id_ = register(conversation)
    info(conversation, id_, TOKEN)
    body = f'{{"ic_token":"{IC_TOKEN}","ext_id":""}}'
    assert id_of(send(conversation, "POST", f"/{id_}/deactivate", body)) == id_
    assert [one.live for one in conversation.hub.subscriptions()] == [False]


def test_events_are_taken_and_only_those_of_pushes_leave_something(conversation: Conversation) -> None:
    id_, uid, hub = register(conversation), uid_of(), conversation.hub
    calls = (hub.audience.reads, hub.audience.commits)
    for event in ("onscreen", "background", "closed"):
        assert send(conversation, "POST", f"/{id_}/events/lifecycle", f'{{"event":"{event}"}}').successful
    for event in ("delivered", "clicked"):
        assert send(conversation, "POST", f"/{id_}/events/notification", f'{{"event":"{event}","msg_id":"{uid}"}}').successful
    assert (hub.audience.reads, hub.audience.commits) == calls
    assert [(each.happening, each.uid) for each in hub.accepted] == [(Happening.DELIVERED, uid), (Happening.OPENED, uid)]
