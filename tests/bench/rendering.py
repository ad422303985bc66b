"""How much processor time does the request for one recipient take?

Encryption of a web push is measured apart, and left out of its request: it takes several times as long as all else, so a difference
of the two would say little.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from unittest.mock import patch

from pushhub.catalog.providers import Provider
from pushhub.moments import Seconds
from pushhub.sends.encryption import BrowserKeys, encrypted
from pushhub.sends.message import Message, PushRecipient
from pushhub.sends.providers.apns import ApnsPushes
from pushhub.sends.providers.fcm import FcmPushes
from pushhub.sends.providers.web_push import WebPushes
from pushhub.sends.providers.wns import WnsPushes
from tests.bench.table import Table
from tests.doubles.apps import ANDROID, WEB, app_of, sending_of, subscription_of, tracking_of
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

RECIPIENTS = 10_000
BUDGET_US = 60
MESSAGE = Message("Sale", "Today alone 🎁 " * 20, link="https://example.com/sale", data={"order": "17"}, badge=3, sound="default")


def measure() -> Table:
    """Render for many recipients and divide the processor time; of a web push, that of its encryption is taken away."""
    account, providers = fcm_account(), map(Provider, ("ios-firebase", "android-firebase"))
    tracking = _microseconds_of_tracking(ANDROID, FIREBASE_TOKEN)
    of_a_browser = _microseconds_of_tracking(WEB, browser().subscription())
    ios, android = (FcmPushes(account, MESSAGE, SENDING, provider, lambda: "ya29") for provider in providers)
    apns, web = ApnsPushes(apns_account(), MESSAGE, SENDING), WebPushes(vapid_account(), MESSAGE, SENDING)
    wns = WnsPushes(wns_account(), MESSAGE, SENDING, lambda: "EgAcAQ")
    keys = BrowserKeys(browser().point, browser().auth)
    encryption = _microseconds(lambda _recipient, _now: encrypted(b"a" * 1500, keys), recipient())
    figures = {
        "FCM, Android": _microseconds(android.request, recipient(FIREBASE_TOKEN)),
        "FCM, iOS": _microseconds(ios.request, recipient(FIREBASE_TOKEN)),
        "APNs": _microseconds(apns.request, recipient(HEX)),
        "WNS": _microseconds(wns.request, recipient(CHANNEL)),
        "Web Push without encryption": _microseconds_without_encryption(web),
    }
    whole = {name: figure + (of_a_browser if name.startswith("Web Push") else tracking) for name, figure in figures.items()}
    missed = tuple(name for name, figure in whole.items() if figure > BUDGET_US)
    rows = [(name, f"{figure:.1f}", f"{whole[name]:.1f}") for name, figure in figures.items()]
    rows += [("uid and links", f"{tracking:.1f}", ""), ("encryption of a web push", f"{encryption:.1f}", "")]
    title = f"Rendering, {RECIPIENTS} recipients (budget: at most {BUDGET_US} µs each with uid and links, encryption apart)"
    return Table(title, ("provider", "µs of CPU", "with uid and links"), rows, missed)


def _microseconds_of_tracking(provider: Provider, push_token: str) -> float:
    """Return what the uid and the links of one recipient take, once what its sending has in common is made."""
    subscriptions = [subscription_of(provider, push_token, f"{number:024x}") for number in range(RECIPIENTS)]
    started = time.process_time()
    recipient_of = tracking_of().of(sending_of(), app_of())
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
