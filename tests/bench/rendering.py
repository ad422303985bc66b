"""How much processor time does the request for one recipient take?"""

import time
from collections.abc import Callable
from dataclasses import replace

from pushhub.catalog.providers import Provider
from pushhub.moments import Seconds
from pushhub.sends.encryption import BrowserKeys, encrypted
from pushhub.sends.message import Message, PushRecipient
from pushhub.sends.providers.apns import ApnsPushes
from pushhub.sends.providers.fcm import FcmPushes
from pushhub.sends.providers.web_push import WebPushes
from tests.bench.table import Table
from tests.doubles.sending import FIREBASE_TOKEN, HEX, NOW, SENDING, apns_account, browser, fcm_account, recipient, vapid_account

RECIPIENTS = 10_000
BUDGET_US = 60
MESSAGE = Message("Sale", "Today alone 🎁 " * 20, link="https://example.com/sale", data={"order": "17"}, badge=3, sound="default")


def measure() -> Table:
    """Render for many recipients and divide the processor time; of a web push, that of its encryption is taken away."""
    account, providers = fcm_account(), map(Provider, ("ios-firebase", "android-firebase"))
    ios, android = (FcmPushes(account, MESSAGE, SENDING, provider, lambda: "ya29") for provider in providers)
    apns, web = ApnsPushes(apns_account(), MESSAGE, SENDING), WebPushes(vapid_account(), MESSAGE, SENDING)
    keys = BrowserKeys(browser().point, browser().auth)
    encryption = _microseconds(lambda _recipient, _now: encrypted(b"a" * 1500, keys), recipient())
    figures = {
        "FCM, Android": _microseconds(android.request, recipient(FIREBASE_TOKEN)),
        "FCM, iOS": _microseconds(ios.request, recipient(FIREBASE_TOKEN)),
        "APNs": _microseconds(apns.request, recipient(HEX)),
        "Web Push without encryption": _microseconds(web.request, recipient(browser().subscription())) - encryption,
    }
    missed = tuple(name for name, figure in figures.items() if figure > BUDGET_US)
    rows = [(name, f"{figure:.1f}") for name, figure in (figures | {"encryption of a web push": encryption}).items()]
    title = f"Rendering, {RECIPIENTS} recipients (budget: at most {BUDGET_US} µs each, encryption apart)"
    return Table(title, ("provider", "µs of CPU"), rows, missed)


def _microseconds(render: Callable[[PushRecipient, Seconds], object], first: PushRecipient) -> float:
    recipients = [replace(first, reference=f"{number:012x}") for number in range(RECIPIENTS)]
    started = time.process_time()
    for each in recipients:
        render(each, NOW)
    return (time.process_time() - started) / RECIPIENTS * 1_000_000
