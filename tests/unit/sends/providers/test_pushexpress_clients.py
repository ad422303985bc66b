"""What the SDKs of push.express read of a push: each by the keys that its source reads, named above its reader."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pushhub.catalog.providers import Provider
from pushhub.sends.message import HubKey, Message, MessagePart, Translation
from pushhub.sends.providers.apns import ApnsPushes
from pushhub.sends.providers.fcm import FcmPushes
from pushhub.sends.providers.web_push import WebPushes
from tests.doubles.sending import (
    FIREBASE_TOKEN,
    NOW,
    SENDING,
    UID,
    apns_account,
    browser,
    fcm_account,
    recipient,
    sent,
    vapid_account,
)

ANDROID, IOS = Provider("android-firebase"), Provider("ios-firebase")
SALE = Translation("Sale", "Today alone 🎁", "https://example.com/a.png", "https://example.com/i.png", "https://example.com/s")
APP_KEYS = {
    MessagePart.TITLE: "px.title",
    MessagePart.TEXT: "px.body",
    MessagePart.IMAGE: "px.image",
    MessagePart.ICON: "px.icon",
    MessagePart.LINK: "px.link",
}
ON_PHONES = Message("Sale", hub_keys={HubKey.UID: "px.msg_id"}, app_keys=APP_KEYS)
IN_BROWSERS = Message("Sale", hub_keys={HubKey.UID: "msg_id"})
AS_DATA = {
    "px.title": "Sale",
    "px.body": "Today alone 🎁",
    "px.image": "https://example.com/a.png",
    "px.icon": "https://example.com/i.png",
    "px.link": "https://example.com/s",
    "px.msg_id": UID,
}


def through_fcm(message: Message, provider: Provider = ANDROID) -> dict[str, Any]:
    pushes = FcmPushes(fcm_account(), message, SENDING, provider, lambda: "ya29.bearer")
    content: dict[str, Any] = json.loads(sent(pushes.request(recipient(FIREBASE_TOKEN), NOW)).body)["message"]
    return content


def through_apns(message: Message) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(sent(ApnsPushes(apns_account(), message, SENDING).request(recipient(), NOW)).body)
    return content


def through_web_push(message: Message) -> dict[str, Any]:
    request = sent(WebPushes(vapid_account(), message, SENDING).request(recipient(browser().subscription()), NOW))
    content: dict[str, Any] = json.loads(browser().decrypted(request.body))
    return content


def test_android_gets_a_notification_and_beside_it_all_that_the_app_draws() -> None:
    content = through_fcm(ON_PHONES.translated(SALE))
    del content["android"]["notification"]["tag"]
    assert content == {
        "android": {
            "priority": "HIGH",
            "ttl": "2419200s",
            "notification": {"title": "Sale", "body": "Today alone 🎁", "image": "https://example.com/a.png"},
        },
        "data": AS_DATA,
        "token": FIREBASE_TOKEN,
    }


def test_an_app_that_draws_its_pushes_itself_gets_data_alone_and_at_once() -> None:
    assert through_fcm(replace(ON_PHONES, hidden=True).translated(SALE)) == {
        "android": {"priority": "HIGH", "ttl": "2419200s"},
        "data": AS_DATA,
        "token": FIREBASE_TOKEN,
    }


def test_an_iphone_gets_an_alert_that_the_extension_of_the_app_may_change() -> None:
    assert through_apns(ON_PHONES.translated(SALE)) == {
        "aps": {"alert": {"title": "Sale", "body": "Today alone 🎁"}, "mutable-content": 1},
        **AS_DATA,
    }


def test_an_iphone_gets_the_same_through_firebase() -> None:
    content = through_fcm(ON_PHONES.translated(SALE), IOS)
    assert content["apns"]["payload"] == {"aps": {"alert": {"title": "Sale", "body": "Today alone 🎁"}, "mutable-content": 1}}
    assert content["apns"].keys() == {"headers", "payload"}
    assert content["data"] == AS_DATA


def test_a_browser_gets_what_the_service_worker_reads() -> None:
    assert through_web_push(IN_BROWSERS.translated(SALE)) == {
        "title": "Sale",
        "body": "Today alone 🎁",
        "icon": "https://example.com/i.png",
        "image": "https://example.com/a.png",
        "url": "https://example.com/s",
        "msg_id": UID,
    }


def test_what_a_translation_has_not_is_left_out() -> None:
    bare = Translation("Sale", "Today")
    expected = {"px.title": "Sale", "px.body": "Today", "px.msg_id": UID}
    assert through_fcm(ON_PHONES.translated(bare))["data"] == expected
    assert through_apns(ON_PHONES.translated(bare)) == {
        "aps": {"alert": {"title": "Sale", "body": "Today"}, "mutable-content": 1},
        **expected,
    }
    assert through_web_push(IN_BROWSERS.translated(bare)) == {"title": "Sale", "body": "Today", "msg_id": UID}


def test_an_app_without_tracking_gets_the_same_without_the_identity_of_the_push() -> None:
    content = through_fcm(replace(ON_PHONES, hub_keys={}).translated(SALE))
    assert content["data"] == {key: value for key, value in AS_DATA.items() if key != "px.msg_id"}


def drawn_by_android(data: Mapping[str, str]) -> tuple[str | None, ...]:
    """Read `data` as pushexpress/pushexpress-android-sdk does.

    Commit 44a35c4, sdkpushexpress/…/notification/NotificationDrawerImpl.kt.
    """
    keys = ("px.msg_id", "px.title", "px.body", "px.image", "px.icon", "px.link")
    return tuple(data.get(key) for key in keys)


def drawn_by_an_iphone(user_info: Mapping[str, Any]) -> tuple[str | None, ...]:
    """Read `userInfo` as pushexpress/pushexpress-swift-sdk does: without the first three as texts it draws nothing of its own.

    Commit 5c5bb30, Sources/SdkPushExpress/NotificationManager.swift. The link is the app's to open.
    """
    assert user_info["aps"]["mutable-content"] == 1
    assert user_info["aps"]["alert"]
    needed = [user_info[key] for key in ("px.msg_id", "px.title", "px.body")]
    assert all(isinstance(text, str) for text in needed)
    return (*needed, *(user_info.get(key) for key in ("px.image", "px.icon", "px.link")))


def drawn_by_a_browser(payload: Mapping[str, str]) -> tuple[str | None, ...]:
    """Read the payload as SideQ-Org/push-express-web-sdk does.

    Commit 76f2ea3, src/service-worker.ts.
    """
    return tuple(payload.get(key) for key in ("msg_id", "title", "body", "image", "icon", "url"))


texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)
urls = st.sampled_from(["", "https://example.com/ü?a=1#b", 'http://example.com/"\\{}'])


@given(st.builds(Translation, texts, texts, urls, urls, urls))
def test_every_client_draws_what_its_translation_says(translation: Translation) -> None:
    said = [translation.title, translation.text, translation.image, translation.icon, translation.link]
    expected = (UID, *(text or None for text in said))
    on_phones = ON_PHONES.translated(translation)
    by_firebase = through_fcm(on_phones, IOS)
    assert drawn_by_android(through_fcm(on_phones)["data"]) == expected
    assert drawn_by_android(through_fcm(replace(on_phones, hidden=True))["data"]) == expected
    assert drawn_by_an_iphone(through_apns(on_phones)) == expected
    # Firebase hands the data on at the top of what it sends through APNs.
    assert drawn_by_an_iphone({**by_firebase["apns"]["payload"], **by_firebase["data"]}) == expected
    assert drawn_by_a_browser(through_web_push(IN_BROWSERS.translated(translation))) == expected
