"""The Android SDK, byte for byte.

What it sends and reads stands in the repository `pushexpress/pushexpress-android-sdk` at commit
44a35c4e7003df34b9bd54e67a22807b5e3b6068, below `sdkpushexpress/src/main/java/com/pushexpress/sdk/`:

====================================  ==============================================================================================
`retrofit/ApiService.kt`              methods, paths, `?origin=droid`; a lifecycle call has no body
`retrofit/RetrofitBuilder.kt`         bodies are Gson's, so fields stand in the order of their declaration and nulls are left out
`models/*.kt`                         the bodies, and what is read of the replies
`repository/ApiRepositoryImpl.kt`     what is sent when, and with which values
====================================  ==============================================================================================

Whatever the source does not say of a request is said by its libraries, whose versions stand in `sdkpushexpress/build.gradle`:
Retrofit 2.9.0 (`GsonRequestBodyConverter`: the content type) and OkHttp 5.0.0-alpha.11 (`BridgeInterceptor`: the other headers, and
their order).
"""

from collections.abc import Callable

from pushhub.events.command import Happening
from tests.doubles.push_express import SDK_ID, uid_of
from tests.replays.conversation import Conversation, Reply

IC_TOKEN = "5b0c8a52-3e0f-4c5e-9a53-7b8a3f4f1a10"
TOKEN = "fqX1k2-9T5uQ0bT:APA91bEw3X8H-u_0"
Send = Callable[[Conversation, str, str, str], Reply]


def send(conversation: Conversation, method: str, path: str, body: str) -> Reply:
    return conversation.send(
        f"""
{method} /api/r/v2/apps/{SDK_ID}/instances{path}?origin=droid HTTP/1.1
Content-Type: application/json; charset=UTF-8
Content-Length: {{length}}
Host: core.push.express
Connection: Keep-Alive
Accept-Encoding: gzip
User-Agent: okhttp/5.0.0-alpha.11
""",
        body,
    )


def heartbeat(conversation: Conversation, id_: str) -> Reply:
    """Return the reply to a lifecycle call: `@POST` without `@Body`, so there is no content type and the length is 0."""
    return conversation.send(
        f"""
POST /api/r/v2/apps/{SDK_ID}/instances/{id_}/events/lifecycle?origin=droid HTTP/1.1
Content-Length: 0
Host: core.push.express
Connection: Keep-Alive
Accept-Encoding: gzip
User-Agent: okhttp/5.0.0-alpha.11
"""
    )


def register(conversation: Conversation, ext_id: str = "") -> str:
    """Register as `registerInstance` does; return the id."""
    reply = send(conversation, "POST", "", f'{{"ic_token":"{IC_TOKEN}","ext_id":"{ext_id}"}}')
    return id_of(reply)


def id_of(reply: Reply) -> str:
    """Read a `RegisterInstanceResponse`: a success whose `id` is a text that is not empty; null cannot stand in `just_created`."""
    assert reply.successful
    id_ = reply.json["id"]
    assert isinstance(id_, str)
    assert id_
    assert isinstance(reply.json["just_created"], bool)
    return id_


def info(conversation: Conversation, id_: str, token: str) -> None:
    """Send a `DeviceInfoRequest` and read a `DeviceConfigResponse`: an error, or no body, ends the loop of the SDK."""
    reply = send(
        conversation,
        "PUT",
        f"/{id_}/info",
        f'{{"transport_type":"fcm.data","transport_token":"{token}","platform_type":"android","lang":"en","agent_name":"1.4.0",'
        '"tz_sec":10800,"notif_perm_granted":true,"tags":{"adID":"38400000-8cf0-11bd-b23e-10b96e40000d","segment":"","webmaster":""}}',
    )
    assert reply.successful
    assert all(type(reply.json[name]) is int for name in ("device_intvl", "hbeat_intvl"))


def event(conversation: Conversation, id_: str, msg_id: str, happening: str) -> Reply:
    return send(conversation, "POST", f"/{id_}/events/notification", f'{{"msg_id":"{msg_id}","event":"{happening}"}}')


def test_a_device_registers_before_firebase_has_given_it_a_token_and_is_reached_after(conversation: Conversation) -> None:
    id_ = register(conversation)
    info(conversation, id_, "")
    assert conversation.hub.subscriptions() == []
    info(conversation, id_, TOKEN)
    (subscription,) = conversation.hub.subscriptions()
    assert (subscription.address.provider, subscription.address.push_token) == ("android-firebase", TOKEN)
    assert (subscription.live, subscription.drawn_by_app) == (True, True)
    assert conversation.hub.profile(subscription.profile).fields == {"language": "en", "tz_sec": 10800}


def test_an_external_id_comes_as_gson_escapes_it(conversation: Conversation) -> None:
    """`GsonConverterFactory.create()` takes a Gson that escapes for HTML; whether its writer does depends on the app's Gson."""
    escaped = r"id\u003d1\u0026name\u003d\u003cO\u0027Neil\u003e"
    plain = register(conversation, escaped)
    (profile,) = conversation.hub.audience.content(40).profiles.values()
    assert profile.fields == {"ext_id": "id=1&name=<O'Neil>"}
    assert register(conversation, "id=1&name=<O'Neil>") == plain


def test_a_restart_uses_the_id_that_is_kept_and_a_lost_one_is_registered_again_as_the_same(conversation: Conversation) -> None:
    id_ = register(conversation)
    info(conversation, id_, TOKEN)
    info(conversation, id_, TOKEN)
    assert register(conversation) == id_


def test_an_hour_of_heartbeats_and_infos_is_answered_and_writes_nothing(conversation: Conversation) -> None:
    id_ = register(conversation)
    info(conversation, id_, TOKEN)
    hub = conversation.hub
    commits, reads = hub.audience.commits, hub.audience.reads
    for _ in range(30):
        hub.now = type(hub.now)(hub.now + 120)
        for _ in range(4):
            # Response<Unit>: the body of a success is passed over.
            assert heartbeat(conversation, id_).successful
        info(conversation, id_, TOKEN)
    assert (hub.audience.commits, hub.audience.reads) == (commits, reads + 30)


def test_pushes_are_reported_when_they_are_drawn_and_tapped(conversation: Conversation) -> None:
    id_, uid = register(conversation), uid_of()
    assert event(conversation, id_, uid, "delivered").successful
    assert event(conversation, id_, uid, "clicked").successful
    # A push without `px.msg_id`: `NotificationDrawerImpl` falls back to an empty text.
    assert event(conversation, id_, "", "delivered").successful
    assert [(each.happening, each.uid) for each in conversation.hub.accepted] == [
        (Happening.DELIVERED, uid),
        (Happening.OPENED, uid),
    ]


def test_before_it_has_an_id_its_calls_go_nowhere_and_it_registers_all_the_same(conversation: Conversation) -> None:
    """`zeroSettings` keeps an empty id, which is not null: until the registration, calls have an empty segment in their path."""
    for reply in (heartbeat(conversation, ""), event(conversation, "", uid_of(), "delivered")):
        assert reply.status == 404
        assert reply.json.keys() == {"error", "req_id"}
    assert register(conversation)


def test_a_deactivation_is_answered_with_the_id_and_the_next_activation_reaches_the_device_again(
    conversation: Conversation,
) -> None:
    id_ = register(conversation, "user-7")
    info(conversation, id_, TOKEN)
    reply = send(conversation, "POST", f"/{id_}/deactivate", f'{{"ic_token":"{IC_TOKEN}","ext_id":"user-7"}}')
    assert id_of(reply) == id_
    assert not [one for one in conversation.hub.subscriptions() if one.live]
    # `stopApiLoop` forgets the id and the external id, and keeps the token of the installation.
    anonymous = register(conversation)
    assert anonymous != id_
    info(conversation, anonymous, TOKEN)
    assert [one.live for one in conversation.hub.subscriptions()] == [True]
