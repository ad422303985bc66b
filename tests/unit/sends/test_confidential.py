"""Push tokens, endpoints and credentials stand in requests to providers and nowhere else, whatever a provider answers."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from pushhub.catalog.providers import Provider
from pushhub.sends.message import Message
from pushhub.sends.port import MaybeSent, NotSent, ProviderReply, SendResult
from pushhub.sends.providers.apns import ApnsPushes
from pushhub.sends.providers.fcm import FcmPushes
from pushhub.sends.providers.web_push import WebPushes
from pushhub.sends.providers.wns import WnsPushes
from tests.doubles.confidential import Confidential
from tests.doubles.credentials import service_account
from tests.doubles.sending import (
    CHANNEL,
    FIREBASE_TOKEN,
    HEX,
    NOW,
    apns_account,
    browser,
    der_of,
    fcm_account,
    p256_der,
    recipient,
    rsa_private_key,
    sent,
    vapid_account,
    wns_account,
)

BEARER = "ya29.a-bearer-that-google-gave"
MESSAGE = Message("Sale", "Today alone")


@dataclass(frozen=True)
class Through:
    """Pushes through one provider, and whom they go to."""

    pushes: Any
    push_token: str


PROVIDERS: dict[str, Callable[[], Through]] = {
    "FCM": lambda: Through(FcmPushes(fcm_account(), MESSAGE, "1", Provider("android-firebase"), lambda: BEARER), FIREBASE_TOKEN),
    "APNs": lambda: Through(ApnsPushes(apns_account(), MESSAGE, "1"), HEX),
    "Web Push": lambda: Through(WebPushes(vapid_account(), MESSAGE, "1"), browser().subscription()),
    "WNS": lambda: Through(WnsPushes(wns_account(), MESSAGE, "1", lambda: BEARER), CHANNEL),
}
HEADERS = ("retry-after", "date", "x-wns-status", "x-wns-notificationstatus", "x-wns-error-description")
STATUSES = (200, 201, 301, 400, 401, 403, 404, 410, 413, 429, 500, 503)


def results(quoting: list[str]) -> list[SendResult]:
    """Return results whose every text quotes what was sent, as a provider, or something in between, may do."""
    replies: list[SendResult] = [NotSent("no connection"), MaybeSent("no answer in time")]
    for text in quoting:
        error = {
            "status": text,
            "message": text,
            "details": [{"@type": text, "errorCode": text, "fieldViolations": [{"field": text}]}],
        }
        for body in (text, json.dumps({"reason": text, "error": error, "name": text, "timestamp": text})):
            replies += [ProviderReply(status, body.encode(), dict.fromkeys(HEADERS, text)) for status in STATUSES]
    return replies


@pytest.mark.parametrize("through", PROVIDERS.values(), ids=PROVIDERS)
def test_what_came_of_a_push_quotes_nothing_that_a_provider_quotes(through: Callable[[], Through]) -> None:
    made = through()
    request = sent(made.pushes.request(recipient(made.push_token), NOW))
    confidential = Confidential()
    confidential.add_push_token(made.push_token)
    confidential.add_requests([request])
    outcomes = [made.pushes.outcome(result, NOW) for result in results([*confidential.used, "the token " + made.push_token])]
    confidential.assert_absent(outcomes=repr(outcomes), request=repr(request), recipient=repr(recipient(made.push_token)))


def test_accounts_and_bearers_show_no_key_where_they_are_printed() -> None:
    confidential = Confidential()
    confidential.add_credentials({"key": p256_der().hex(), "private_key": der_of(rsa_private_key()).hex()})
    confidential.add("a bearer", BEARER)
    confidential.add_credentials({"secret": wns_account().secret})
    asked = fcm_account().bearer_request(NOW)
    confidential.add("a signed claim", asked.body.decode().partition("assertion=")[2])
    bearer = fcm_account().read_bearer(ProviderReply(200, json.dumps({"access_token": BEARER, "expires_in": 3600}).encode()), NOW)
    refused = fcm_account().read_bearer(
        ProviderReply(400, json.dumps({"error": BEARER, "error_description": BEARER}).encode()), NOW
    )
    accounts = repr([apns_account(), fcm_account(), vapid_account(), wns_account()])
    asked_of_microsoft = repr(wns_account().bearer_request(NOW))
    confidential.assert_absent(
        accounts=accounts, asked_of_microsoft=asked_of_microsoft, bearer=repr(bearer), refused=repr(refused), asked=repr(asked)
    )


# What searches is searched itself


@pytest.mark.parametrize(
    "text",
    [
        FIREBASE_TOKEN,
        json.dumps({"message": FIREBASE_TOKEN}),
        f"https://x.example/{FIREBASE_TOKEN.replace(':', '%3A')}",
    ],
)
def test_a_push_token_is_found_in_each_form(text: str) -> None:
    confidential = Confidential()
    confidential.add_push_token(FIREBASE_TOKEN)
    assert confidential.found_in(text) == {"a push token"}
    with pytest.raises(AssertionError) as raised:
        confidential.assert_absent(log=text)
    assert FIREBASE_TOKEN not in str(raised.value)


def test_a_subscription_of_a_browser_is_found_by_each_of_its_parts() -> None:
    confidential = Confidential()
    subscription = browser().subscription()
    confidential.add_push_token(subscription)
    assert "a push token" in confidential.found_in(json.dumps(json.dumps(subscription)))
    assert confidential.found_in(browser().endpoint) == {"endpoint of a browser's subscription"}


def test_keys_of_credentials_are_found_and_names_are_not_looked_for() -> None:
    confidential = Confidential()
    confidential.add_credentials({"firebase": {"service_account": service_account()}})
    key = json.loads(service_account())["private_key"]
    assert confidential.found_in(json.dumps({"log": key})) == {"private_key of an app's credentials"}
    assert not confidential.found_in("push@my-project.iam.gserviceaccount.com, my-project")
