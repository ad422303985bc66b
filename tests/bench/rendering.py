"""How much processor time does the request for one recipient take?

Encryption of a web push is measured apart, and left out of its request: it takes several times as long as all else, so a difference
of the two would say little. A whole step has its rendering, uids, and what keeps its languages apart, but no transport.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from unittest.mock import patch

from pushhub.audience.retiring import Retiring
from pushhub.catalog.app_secrets import CachedAppSecrets
from pushhub.catalog.providers import Provider
from pushhub.moments import Seconds
from pushhub.sends.accounts import Accounts
from pushhub.sends.encryption import BrowserKeys, encrypted
from pushhub.sends.message import HubKey, Message, MessagePart, PushRecipient, Translation
from pushhub.sends.providers.apns import ApnsPushes
from pushhub.sends.providers.fcm import FcmPushes
from pushhub.sends.providers.web_push import WebPushes
from pushhub.sends.providers.wns import WnsPushes
from pushhub.sends.pushing import ProviderPusher
from pushhub.sends.sending import ANY_PROVIDER, MAX_STEP_RECIPIENTS, Sending
from tests.bench.table import Table
from tests.doubles.apps import ANDROID, APNS, IOS_FIREBASE, WEB, app_of, app_secrets, sending_of, subscription_of, tracking_of
from tests.doubles.audience import MemoryAudience
from tests.doubles.sending import (
    CHANNEL,
    FIREBASE_TOKEN,
    HEX,
    NOW,
    SENDING,
    apns_account,
    browser,
    fcm_account,
    recipient,
    vapid_account,
    wns_account,
)
from tests.doubles.transport import FakeTransport

RECIPIENTS = 10_000
BUDGET_US = 60
MESSAGE = Message("Sale", "Today alone 🎁 " * 20, link="https://example.com/sale", data={"order": "17"}, badge=3, sound="default")
SDK_MESSAGE = Message(
    "Sale",
    "Today alone 🎁 " * 20,
    *("https://example.com/a.png", "https://example.com/i.png", "https://example.com/sale"),
    hub_keys={HubKey.UID: "px.msg_id"},
    app_keys={part: f"px.{part}" for part in MessagePart},
)
"""As an app with an SDK of push.express gets it."""
LANGUAGES = 20
STEPS = 100


def measure() -> Table:
    """Render for many recipients and divide the processor time; of a web push, that of its encryption is taken away."""
    tracking = _microseconds_of_tracking(ANDROID, FIREBASE_TOKEN)
    keys = BrowserKeys(browser().point, browser().auth)
    encryption = _microseconds(lambda _recipient, _now: encrypted(b"a" * 1500, keys), recipient())
    whole = {name: (figure, figure + tracking) for name, figure in _of_phones(MESSAGE).items()}
    web = _microseconds_without_encryption(WebPushes(vapid_account(), MESSAGE, SENDING))
    whole["Web Push without encryption"] = web, web + _microseconds_of_tracking(WEB, browser().subscription())
    of_an_sdk = _microseconds_of_tracking(ANDROID, FIREBASE_TOKEN, SDK_MESSAGE)
    whole |= {f"{name}, for an SDK": (figure, figure + of_an_sdk) for name, figure in _of_phones(SDK_MESSAGE).items()}
    steps = _of_steps()
    rows = [(name, f"{figure:.1f}", f"{with_tracking:.1f}") for name, (figure, with_tracking) in whole.items()]
    rows += [(name, "", f"{figure:.1f}") for name, figure in steps.items()]
    rows += [("uid and links", f"{tracking:.1f}", ""), ("uid alone, for an SDK", f"{of_an_sdk:.1f}", "")]
    rows += [("encryption of a web push", f"{encryption:.1f}", "")]
    missed = [name for name, (_, figure) in whole.items() if figure > BUDGET_US]
    missed += [name for name, figure in steps.items() if figure > BUDGET_US]
    title = f"Rendering, {RECIPIENTS} recipients (budget: at most {BUDGET_US} µs each with uid and links, encryption apart)"
    return Table(title, ("provider", "µs of CPU", "with uid and links"), rows, tuple(missed))


def _of_phones(message: Message) -> dict[str, float]:
    """Return what the request for one recipient takes, by provider."""
    account, providers = fcm_account(), map(Provider, ("ios-firebase", "android-firebase"))
    ios, android = (FcmPushes(account, message, SENDING, provider, lambda: "ya29") for provider in providers)
    apns = ApnsPushes(apns_account(), message, SENDING)
    wns = WnsPushes(wns_account(), message, SENDING, lambda: "EgAcAQ")
    return {
        "FCM, Android": _microseconds(android.request, recipient(FIREBASE_TOKEN)),
        "FCM, iOS": _microseconds(ios.request, recipient(FIREBASE_TOKEN)),
        "APNs": _microseconds(apns.request, recipient(HEX)),
        "WNS": _microseconds(wns.request, recipient(CHANNEL)),
    }


def _of_steps() -> dict[str, float]:
    """Return what whole steps take for a recipient, of a sending in one language and of one in many."""
    translations = {f"{number:02}": Translation(f"Sale {number}", f"Today alone {number}") for number in range(LANGUAGES)}
    sending = sending_of({ANY_PROVIDER: SDK_MESSAGE})
    return {
        "A step in one language, for an SDK": _microseconds_of_steps(sending),
        f"A step in {LANGUAGES} languages, for an SDK": _microseconds_of_steps(replace(sending, translations=translations)),
    }


def _microseconds_of_steps(sending: Sending) -> float:
    transport = FakeTransport()
    accounts = Accounts(CachedAppSecrets(app_secrets))
    pusher = ProviderPusher(transport, accounts, tracking_of(), Retiring(MemoryAudience()), lambda _: None)
    recipients = [
        replace(
            subscription_of((ANDROID, IOS_FIREBASE, APNS)[number % 3], f"{HEX}{number}", f"{number:024x}"),
            drawn_by_app=number % 2 == 0,
        )
        for number in range(MAX_STEP_RECIPIENTS)
    ]
    languages = [*sending.translations] or [""]
    spoken = {each.ref: languages[number % len(languages)] for number, each in enumerate(recipients)}
    started = time.process_time()
    for _ in range(STEPS):
        pusher.push(sending, app_of(), recipients, 100, spoken)
        transport.batches.clear()
    return (time.process_time() - started) / STEPS / MAX_STEP_RECIPIENTS * 1_000_000


def _microseconds_of_tracking(provider: Provider, push_token: str, message: Message = MESSAGE) -> float:
    """Return what the uid and the links of one recipient take, once what its sending has in common is made."""
    subscriptions = [subscription_of(provider, push_token, f"{number:024x}") for number in range(RECIPIENTS)]
    started = time.process_time()
    recipient_of = tracking_of().of(sending_of({ANY_PROVIDER: message}), app_of())
    for each in subscriptions:
        recipient_of(each)
    return (time.process_time() - started) / RECIPIENTS * 1_000_000


def _microseconds_without_encryption(pushes: WebPushes) -> float:
    with patch("pushhub.sends.providers.web_push.encrypted", lambda content, _keys: content):
        return _microseconds(pushes.request, recipient(browser().subscription()))


def _microseconds(render: Callable[[PushRecipient, Seconds], object], first: PushRecipient) -> float:
    recipients = [replace(first, reference=f"{number:012x}") for number in range(RECIPIENTS)]
    started = time.process_time()
    for each in recipients:
        render(each, NOW)
    return (time.process_time() - started) / RECIPIENTS * 1_000_000
