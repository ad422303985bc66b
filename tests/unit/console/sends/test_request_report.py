"""How a request is shown that a dry run would make: a push token is masked where it stands, and nothing else is."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushhub.audience.model import Address, ProfileId, Subscription
from pushhub.catalog.providers import Provider, PushToken
from pushhub.console.sends.rehearsal import Rehearsed
from pushhub.console.sends.request_report import rehearsed_entry, rehearsed_lines
from pushhub.imports.files.failed_rows import masked
from pushhub.moments import Seconds
from pushhub.sends.port import PushRequest
from tests.doubles.send_hub import ANDROID, APNS, WEB
from tests.doubles.sending import CHANNEL, browser

FCM_URL = "https://fcm.googleapis.com/v1/projects/grab/messages:send"
TEXTS = st.text("abr m", min_size=1, max_size=40)


def rehearsed(provider: Provider, push_token: str, url: str, body: bytes) -> Rehearsed:
    address = Address(provider, PushToken(push_token))
    moment = Seconds(0)
    recipient = Subscription(address, ProfileId("p"), {}, False, moment, moment, 0)
    return Rehearsed(recipient, PushRequest(url, {"authorization": "Bearer x"}, body, frozenset()))


def shown(provider: Provider, push_token: str, url: str, body: bytes) -> tuple[object, object]:
    one = rehearsed(provider, push_token, url, body)
    request = rehearsed_entry(one)["request"]
    assert isinstance(request, dict)
    assert f"  POST {request['url']}" in list(rehearsed_lines(one))
    return request["url"], request["body"]


@given(TEXTS, TEXTS)
def test_a_push_token_of_fcm_is_masked_in_its_field_alone(push_token: str, title: str) -> None:
    message = {"token": push_token, "notification": {"title": title}, "data": {"token": title}}
    url, body = shown(ANDROID, push_token, FCM_URL, json.dumps({"message": message}).encode())
    assert url == FCM_URL
    mask = "…" if len(push_token) <= 16 else f"{push_token[:6]}…{push_token[-4:]}"
    assert body == {"message": message | {"token": mask}}


@pytest.mark.parametrize(("push_token", "mask"), [("de", "…"), ("00aa11bb" * 8, "00aa11…11bb")])
def test_a_push_token_of_apns_is_masked_in_the_path_alone(push_token: str, mask: str) -> None:
    content = {"aps": {"alert": {"title": f"device {push_token}"}}, "message": "token"}
    url, body = shown(APNS, push_token, f"https://api.push.apple.com/3/device/{push_token}", json.dumps(content).encode())
    assert (url, body) == (f"https://api.push.apple.com/3/device/{mask}", content)


@pytest.mark.parametrize("origin", ["https://db5p.notify.windows.com", "http://127.0.0.1:4570"])
def test_a_channel_of_windows_is_masked_and_xml_is_shown_as_it_is(origin: str) -> None:
    target = CHANNEL.removeprefix("https://db5p.notify.windows.com")
    body = "<toast><visual>я</visual></toast>"
    assert shown(Provider("uwp-wns"), CHANNEL, origin + target, body.encode()) == (f"{origin}/{masked(target[1:])}", body)
    one = rehearsed(Provider("uwp-wns"), CHANNEL, origin + target, body.encode())
    assert list(rehearsed_lines(one))[-1].strip() == body


def test_the_path_of_a_browsers_endpoint_is_masked() -> None:
    subscription = browser().subscription()
    endpoint = json.loads(subscription)["endpoint"]
    url, body = shown(WEB, subscription, endpoint, b"\xff")
    assert url == f"https://updates.push.services.mozilla.com/wpush/…{endpoint[-4:]}"
    assert body == "/w=="
