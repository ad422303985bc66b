"""The Unity SDK of a third party, byte for byte.

What it sends and reads stands in the repository `sky03611/PushExpressUnitySDK` at commit
c5ff6d18ca478c4f068526acebdf99b669142e73, `PushExpress.cs`. Bodies are of Newtonsoft's `JsonConvert`, in the order in which their
dictionaries are filled. Of the headers, the source says the content type alone (`StringContent`); those by which one runtime of
`HttpClient` differs from another are left out.
"""

import json

from pushhub.events.command import RecordEvent
from tests.doubles.push_express import SDK_ID
from tests.replays.conversation import Conversation, Reply

IC_TOKENS = ("1f7e3c40-55aa-4b1e-8d7e-0a1b2c3d4e5f", "2a8f4d51-66bb-4c2f-9e8f-1b2c3d4e5f60")
EXT_ID = "0427713"
"""`GenerateExtId`: seven digits, made up once for an installation."""
TOKEN = "cRk9:APA91bGunity"


def send(conversation: Conversation, method: str, path: str, body: str) -> Reply:
    return conversation.send(
        f"""
{method} /api/r/v2/apps/{SDK_ID}/instances{path} HTTP/1.1
Content-Type: application/json; charset=utf-8
Content-Length: {{length}}
Host: core.push.express
""",
        body,
    )


def register(conversation: Conversation, ic_token: str) -> str:
    """Read `IsSuccessStatusCode`, and `id` out of a dictionary, as a text."""
    reply = send(conversation, "POST", "", f'{{"ic_token":"{ic_token}","ext_id":"{EXT_ID}"}}')
    assert reply.successful
    id_ = reply.json["id"]
    assert isinstance(id_, str)
    return id_


def info(conversation: Conversation, id_: str, token: str, platform: str = "android") -> None:
    """Read `IsSuccessStatusCode`, and `update_interval_sec` with `Convert.ToSingle`; anything else is tried again and again."""
    reply = send(
        conversation,
        "PUT",
        f"/{id_}/info",
        f'{{"transport_type":"fcm","transport_token":"{token}","platform_type":"{platform}","platform_name":"ios_17","ext_id":"",'
        '"lang":"","country":"","tz_sec":-18000}',
    )
    assert reply.successful
    assert float(reply.json["update_interval_sec"]) > 0


def test_a_game_registers_before_firebase_has_given_it_a_token_and_is_reached_after(conversation: Conversation) -> None:
    id_ = register(conversation, IC_TOKENS[0])
    info(conversation, id_, "")
    info(conversation, id_, TOKEN)
    (subscription,) = conversation.hub.subscriptions()
    assert (subscription.address.provider, subscription.live, subscription.drawn_by_app) == ("android-firebase", True, False)
    # Empty texts are not given: the user of the registration stays.
    assert conversation.hub.profile(subscription.profile).fields == {"ext_id": EXT_ID, "tz_sec": -18000}


def test_on_ios_it_is_reached_through_firebase_too(conversation: Conversation) -> None:
    info(conversation, register(conversation, IC_TOKENS[0]), TOKEN, "ios")
    assert [one.address.provider for one in conversation.hub.subscriptions()] == ["ios-firebase"]


def test_each_try_to_register_is_another_installation_and_the_last_one_has_the_device(conversation: Conversation) -> None:
    """`CreateAppInstance` makes up another `ic_token` for each try."""
    first, second = (register(conversation, ic_token) for ic_token in IC_TOKENS)
    assert first != second
    info(conversation, first, TOKEN)
    info(conversation, second, TOKEN)
    assert [one.live for one in conversation.hub.subscriptions()] == [True]


def test_it_reports_firebases_own_id_of_a_push_which_is_passed_over(conversation: Conversation) -> None:
    """`OnMessageReceived` sends `e.Message.MessageId`, which says nothing of a push of the hub's."""
    id_ = register(conversation, IC_TOKENS[0])
    for event in ("delivered", "clicked"):
        body = f'{{"msg_id":"0:1800000000000000%31bd1c9631bd1c96","event":"{event}"}}'
        assert send(conversation, "POST", f"/{id_}/events/notification", body).successful
    assert conversation.hub.accepted == list[RecordEvent]()


def test_a_lifecycle_call_of_a_games_own_notes_an_event_of_the_catalog(conversation: Conversation) -> None:
    """`SendLifecycleEvent` takes any text from the game."""
    id_ = register(conversation, IC_TOKENS[0])
    for event in ("dep", "dep", "level_up"):
        assert send(
            conversation, "POST", f"/{id_}/events/lifecycle", json.dumps({"event": event}, separators=(",", ":"))
        ).successful
    (profile,) = conversation.hub.audience.content(40).profiles.values()
    assert profile.happened == {"dep": conversation.hub.now}
