"""Whether a message fits a provider, without an app."""

from typing import Any

import pytest

from pushhub.catalog.providers import Provider
from pushhub.sends.fitting import require_fit
from pushhub.sends.message import Message, MessageError, MessageTooLargeError, WindowsExtras, WindowsKind
from pushhub.sends.platforms import BLOCK_OF
from pushhub.sends.providers.apns import ApnsPushes
from pushhub.sends.providers.fcm import FcmPushes
from pushhub.sends.providers.web_push import WebPushes
from pushhub.sends.providers.wns import WnsPushes
from tests.doubles.sending import apns_account, fcm_account, vapid_account, wns_account

PROVIDERS = sorted(BLOCK_OF)
MESSAGES = {
    "a short one": Message("Sale", "Today"),
    "one of 1,600 bytes": Message(text="я" * 800),
    "one of 2,800 bytes": Message(text="я" * 1400),
    "one of 2,800 bytes without tracking": Message(text="я" * 1300, hub_keys={}),
    "one of 3,700 bytes": Message(text="a" * 3700),
    "one of 3,700 bytes without tracking": Message(text="a" * 3700, hub_keys={}),
    "one of 6,000 bytes": Message(text="a" * 6000, hub_keys={}),
    "keys of Apple": Message(text="a", data={"aps": "b"}),
    "keys of Google": Message(text="a", data={"google.a": "b"}),
    "a key of a web push": Message(text="a", hub_keys={}, data={"title": "b"}),
    "a character that XML has not": Message(text="\x01"),
    "only a sound": Message(sound="default"),
    "only a badge": Message(badge=7),
    "a hidden one": Message(hidden=True, data={"a": "b"}),
    "a raw one": Message(windows=WindowsExtras(WindowsKind.RAW, raw="a" * 4000)),
}


def as_pushed(provider: Provider, message: Message) -> None:
    makers: dict[str, Any] = {
        "firebase": lambda: FcmPushes(fcm_account(), message, "1", provider, lambda: "b"),
        "apns": lambda: ApnsPushes(apns_account(), message, "1"),
        "web_push": lambda: WebPushes(vapid_account(), message, "1"),
        "wns": lambda: WnsPushes(wns_account(), message, "1", lambda: "b"),
    }
    makers[BLOCK_OF[provider]]()


def came_of(check: Any, provider: Provider, message: Message) -> tuple[type, str] | None:
    try:
        check(provider, message)
    except MessageError as error:
        return type(error), str(error)
    return None


@pytest.mark.parametrize("name", MESSAGES)
@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_message_fits_if_it_would_be_pushed_and_is_refused_in_the_same_words(provider: Provider, name: str) -> None:
    assert came_of(require_fit, provider, MESSAGES[name]) == came_of(as_pushed, provider, MESSAGES[name])


def test_each_provider_has_its_own_bound() -> None:
    refused = {
        name: {
            provider
            for provider in PROVIDERS
            if (came := came_of(require_fit, provider, message)) and came[0] is MessageTooLargeError
        }
        for name, message in MESSAGES.items()
    }
    assert refused["one of 1,600 bytes"] == set()
    assert refused["one of 2,800 bytes"] == {"web-push", "Firefox"}
    assert refused["one of 3,700 bytes"] == set(PROVIDERS) - {"windows-wns", "uwp-wns"}
    assert refused["one of 6,000 bytes"] == set(PROVIDERS)
