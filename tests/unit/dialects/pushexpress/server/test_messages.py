"""What leaves for each provider is what the vendor's clients read."""

from collections.abc import Mapping
from typing import Any

import pytest

from pushhub.catalog.providers import Provider
from pushhub.dialects.http import RefusedError
from pushhub.dialects.pushexpress.server.fields import Fields
from pushhub.dialects.pushexpress.server.messages import provider_messages, require_content_fits
from pushhub.dialects.pushexpress.server.pushes import PushContent, parse_push_content
from pushhub.sends.fitting import require_fit
from pushhub.sends.message import HubKey, Message, MessageError
from pushhub.sends.platforms import BLOCK_OF, enabled_providers
from pushhub.sends.providers.apns import apns_content
from pushhub.sends.providers.fcm import fcm_content
from pushhub.sends.providers.web_push import web_push_content
from pushhub.sends.sending import ANY_PROVIDER
from tests.doubles.apps import ANDROID, APNS, FIREFOX, IOS_FIREBASE, UWP, WEB, WINDOWS
from tests.doubles.push_express_account import NEWS, PUSH, SHOP

PX_KEYS = {
    "px.title": "Title Of My Push",
    "px.body": "Text of my push",
    "px.image": "https://example.com/image.png",
    "px.icon": "https://example.com/icon.png",
    "px.link": "https://example.com/",
}


def content_of(push: Mapping[str, Any]) -> PushContent:
    return parse_push_content(Fields(push))


def plain(**fields: str) -> dict[str, Any]:
    return {"default_lang": "en", "translations": [{"language": "en", "title": "Title", "text": "Text", **fields}]}


def message_for(provider: Provider, push: Mapping[str, Any] = PUSH) -> Message:
    messages = provider_messages(content_of(push))
    return messages.get(provider) or messages[ANY_PROVIDER]


@pytest.mark.parametrize("provider", [ANDROID, IOS_FIREBASE])
def test_firebase_carries_the_keys_that_the_sdks_draw_from_beside_what_the_system_shows(provider: Provider) -> None:
    message = message_for(provider)
    content: Any = fcm_content(message, provider)
    assert content["data"] == PX_KEYS
    assert message.hub_keys == {HubKey.UID: "px.msg_id"}
    assert "Title Of My Push" in str(content["android" if provider is ANDROID else "apns"])


def test_apns_wakes_the_extension_of_the_app_which_reads_keys_at_the_top() -> None:
    message = message_for(APNS)
    content: Any = apns_content(message)
    assert {key: value for key, value in content.items() if key.startswith("px.")} == PX_KEYS
    assert content["aps"]["alert"] == {"title": "Title Of My Push", "body": "Text of my push"}
    assert (content["aps"]["mutable-content"], content["aps"]["sound"]) == (1, "default")
    assert message.hub_keys == {HubKey.UID: "px.msg_id"}


@pytest.mark.parametrize("provider", [WEB, FIREFOX])
def test_a_browser_gets_keys_of_its_own(provider: Provider) -> None:
    message = message_for(provider)
    assert web_push_content(message) == {
        "title": "Title Of My Push",
        "body": "Text of my push",
        "icon": "https://example.com/icon.png",
        "image": "https://example.com/image.png",
        "url": "https://example.com/",
    }
    assert message.hub_keys == {HubKey.UID: "msg_id"}


@pytest.mark.parametrize("provider", [WINDOWS, UWP])
def test_windows_gets_a_plain_toast(provider: Provider) -> None:
    message = message_for(provider)
    assert (message.title, message.text, message.link) == ("Title Of My Push", "Text of my push", "https://example.com/")
    assert (message.hub_keys, message.app_keys) == ({HubKey.UID: "px.msg_id"}, {})


def test_an_empty_part_is_no_key() -> None:
    assert fcm_content(message_for(ANDROID, plain()), ANDROID)["data"] == {"px.title": "Title", "px.body": "Text"}
    assert web_push_content(message_for(WEB, plain())) == {"title": "Title", "body": "Text"}


def test_every_provider_has_a_message_in_the_default_language() -> None:
    for provider in BLOCK_OF:
        assert message_for(provider, {**PUSH, "default_lang": "pt"}).title == "Título do meu push"


def test_a_push_that_fits_is_taken_for_every_provider_and_language() -> None:
    require_content_fits(content_of(PUSH), [SHOP, NEWS], require_fit, "push")
    full = plain(title="T" * 255, text="x" * 700)
    require_content_fits(content_of(full), [SHOP], require_fit, "push")


def test_a_translation_that_a_provider_of_the_apps_does_not_take_is_named() -> None:
    long = {"language": "pt", "title": "Título", "text": "x" * 4_000}
    content = content_of({**PUSH, "translations": [PUSH["translations"][0], long]})
    with pytest.raises(RefusedError) as error:
        require_content_fits(content, [NEWS], require_fit, "push")
    assert error.value.refusal.status == 400
    assert str(error.value).startswith("validation error: push.translations[1] does not fit android-firebase: the message takes ")
    require_content_fits(content, [], require_fit, "push")


def test_each_provider_of_each_app_is_asked_about_each_language_once() -> None:
    asked = []
    require_content_fits(content_of(PUSH), [NEWS, SHOP], lambda provider, message: asked.append((provider, message.title)), "")
    titles = [translation["title"] for translation in PUSH["translations"]]
    assert sorted(asked) == sorted((provider, title) for provider in enabled_providers(SHOP) for title in titles)


def test_a_misfit_quotes_nothing_of_the_push() -> None:
    def refuse(_provider: Provider, _message: Message) -> None:
        raise MessageError("text: too odd")

    with pytest.raises(RefusedError, match=r"translations\[0\] does not fit android-firebase: text: too odd$"):
        require_content_fits(content_of(PUSH), [NEWS], refuse, "")
