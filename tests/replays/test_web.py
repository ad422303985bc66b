"""The web SDK, byte for byte.

What it sends and reads stands in the repository `SideQ-Org/push-express-web-sdk` at commit
76f2ea3c422ce53d02eaf9c110df407a115135e2, below `src/`:

=====================  =============================================================================================================
`api.ts`               methods, paths and the content type; `response.ok`, and `response.json()` where a reply is read
`index.ts`             what a page sends when, and with which values
`service-worker.ts`    what the service worker sends, from the origin of its page
`storage.ts`           what is kept of the replies
=====================  =============================================================================================================

Bodies are of `JSON.stringify`, which leaves out what is undefined. The other headers are those of Chrome. All calls have a content
type that a page may not send to another origin unasked, so the browser asks first (Fetch, "CORS-preflight fetch").
"""

import json

import pytest

from pushhub.events.command import Happening
from tests.doubles.push_express import SDK_ID, uid_of
from tests.replays.conversation import ORIGIN, Conversation, Reply

IC_TOKEN = "9f0a1b2c-3d4e-4f50-8a6b-7c8d9e0f1a2b"
ENDPOINT = "https://fcm.googleapis.com/fcm/send/dQw4w9WgXcQ:APA91bF"
P256DH = "BNcRdreALRFXTkOOUHK1EtK2wtaz5Ry4YfYCA_0QTpQtUbVlUls0VJXg7A8u-Ts1XbjhazAkj7I99e8QcYP7DkM"
SUBSCRIPTION = f'{{"endpoint":"{ENDPOINT}","expirationTime":null,"keys":{{"p256dh":"{P256DH}","auth":"tBHItJI5svbpez7KI4CCXg"}}}}'
USER_AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
INSTANCES = f"/api/r/v2/apps/{SDK_ID}/instances"


def preflight(conversation: Conversation, method: str, path: str, origin: str = ORIGIN) -> Reply:
    return conversation.send(
        f"""
OPTIONS {path} HTTP/1.1
Host: core.push.express
Connection: keep-alive
Accept: */*
Access-Control-Request-Method: {method}
Access-Control-Request-Headers: content-type
Origin: {origin}
User-Agent: {USER_AGENT}
Sec-Fetch-Mode: cors
Sec-Fetch-Site: cross-site
Sec-Fetch-Dest: empty
Referer: {origin}/
Accept-Encoding: gzip, deflate, br, zstd
Accept-Language: en-US,en;q=0.9
"""
    )


def fetch(conversation: Conversation, method: str, path: str, body: str) -> Reply:
    """Ask first and send then, as a browser does; the page may read a reply that names its origin."""
    asked = preflight(conversation, method, path)
    assert asked.successful
    assert asked.headers["access-control-allow-origin"] == ORIGIN
    assert method in asked.headers["access-control-allow-methods"].split(",")
    assert "content-type" in asked.headers["access-control-allow-headers"].split(",")
    reply = conversation.send(
        f"""
{method} {path} HTTP/1.1
Host: core.push.express
Connection: keep-alive
Content-Length: {{length}}
sec-ch-ua-platform: "Linux"
User-Agent: {USER_AGENT}
sec-ch-ua: "Chromium";v="140", "Not=A?Brand";v="24", "Google Chrome";v="140"
Content-Type: application/json
sec-ch-ua-mobile: ?0
Accept: */*
Origin: {ORIGIN}
Sec-Fetch-Site: cross-site
Sec-Fetch-Mode: cors
Sec-Fetch-Dest: empty
Referer: {ORIGIN}/
Accept-Encoding: gzip, deflate, br, zstd
Accept-Language: en-US,en;q=0.9
""",
        body,
    )
    assert reply.headers["access-control-allow-origin"] == ORIGIN
    return reply


def register(conversation: Conversation, rest: str = "") -> str:
    """Read `response.ok` and `response.json().id`, which is kept as a text and put into paths."""
    reply = fetch(conversation, "POST", INSTANCES, f'{{"ic_token":"{IC_TOKEN}"{rest}}}')
    assert reply.successful
    id_ = reply.json["id"]
    assert isinstance(id_, str)
    assert id_.isalnum()
    return id_


def info(conversation: Conversation, id_: str, ext_id: str = "", tags: str = "") -> None:
    """Read `response.ok` and `response.json().update_interval_sec`, a number that an interval is set with."""
    token = json.dumps(SUBSCRIPTION)
    reply = fetch(
        conversation,
        "PUT",
        f"{INSTANCES}/{id_}/info",
        f'{{"transport_type":"webpush","transport_token":{token},"platform_type":"browser","platform_name":"{USER_AGENT}"{ext_id},'
        f'"lang":"de","country":"","tz_sec":7200{tags},"onscreen_count":0,"onscreen_sec":0,"agent_name":"@pushexpress/web-sdk@1.0.0"}}',
    )
    assert reply.successful
    assert type(reply.json["update_interval_sec"]) is int
    assert reply.json["update_interval_sec"] >= 30, "MIN_UPDATE_INTERVAL_SEC"
    assert reply.json["id"] == id_


def test_a_page_registers_and_its_browser_is_reached(conversation: Conversation) -> None:
    id_ = register(conversation)
    info(conversation, id_)
    (subscription,) = conversation.hub.subscriptions()
    assert (subscription.address.provider, subscription.address.push_token) == ("web-push", SUBSCRIPTION)
    assert (subscription.live, subscription.drawn_by_app) == (True, False)
    assert conversation.hub.profile(subscription.profile).fields == {"language": "de", "tz_sec": 7200}


def test_a_user_that_is_set_later_is_another_field_of_the_same_instance(conversation: Conversation) -> None:
    """`setExternalId` and `setTags` send an info and register nothing; the next info says the same again."""
    hub = conversation.hub
    id_ = register(conversation, ',"ext_id":"user-7"')
    info(conversation, id_, ',"ext_id":"user-7"')
    hub.now = type(hub.now)(hub.now + 60)
    info(conversation, id_, ',"ext_id":"user-8"', ',"tags":{"audiences":"offer1234"}')
    (subscription,) = hub.subscriptions()
    fields = hub.profile(subscription.profile).fields
    assert (fields["ext_id"], fields["audiences"]) == ("user-8", "offer1234")


def test_the_service_worker_reports_pushes_by_itself(conversation: Conversation) -> None:
    """`sendNotificationEvent`: the page is asked where that fails; the referrer that another origin gets is the origin alone."""
    id_, uid = register(conversation), uid_of()
    for event in ("delivered", "clicked"):
        body = f'{{"msg_id":"{uid}","event":"{event}"}}'
        assert fetch(conversation, "POST", f"{INSTANCES}/{id_}/events/notification", body).successful
    assert [(each.happening, each.uid) for each in conversation.hub.accepted] == [
        (Happening.DELIVERED, uid),
        (Happening.OPENED, uid),
    ]


def test_the_page_reports_pushes_in_its_place_and_what_becomes_of_itself(conversation: Conversation) -> None:
    """Where the worker has no configuration, it hands a push to the page (`postMessageToClients`), which reports it."""
    id_, uid = register(conversation), uid_of()
    for event in ("delivered", "clicked"):
        body = f'{{"msg_id":"{uid}","event":"{event}"}}'
        assert fetch(conversation, "POST", f"{INSTANCES}/{id_}/events/notification", body).successful
    for event in ("onscreen", "background", "closed"):
        assert fetch(conversation, "POST", f"{INSTANCES}/{id_}/events/lifecycle", f'{{"event":"{event}"}}').successful
    assert [(each.happening, each.uid) for each in conversation.hub.accepted] == [
        (Happening.DELIVERED, uid),
        (Happening.OPENED, uid),
    ]


@pytest.mark.parametrize(("method", "path"), [("POST", INSTANCES), ("PUT", f"{INSTANCES}/any/info")])
def test_a_page_of_another_origin_is_told_nothing(conversation: Conversation, method: str, path: str) -> None:
    asked = preflight(conversation, method, path, "https://shop.example.com.evil.example")
    assert not [name for name in asked.headers if name.lower().startswith("access-control")]


def test_an_error_can_be_read_by_the_page_too(conversation: Conversation) -> None:
    reply = fetch(conversation, "PUT", f"{INSTANCES}/no-instance/info", "{}")
    assert reply.status == 400
    assert reply.json.keys() == {"error", "req_id"}
