"""A push service that nobody here wrote takes the hub's web pushes, and its browsers decrypt them."""

import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from pushhub.adapters.curl.http2 import Http2Transport
from pushhub.moments import Seconds
from pushhub.sends.message import Message
from pushhub.sends.outcomes import Outcome, RecipientOutcome
from pushhub.sends.providers.web_push import MAX_CONTENT_BYTES, VapidAccount, WebPushes
from pushhub.sends.signing import P256Key
from tests.doubles.certificates import certify
from tests.doubles.http1_server import listening
from tests.doubles.sending import HUB_LINK, UID, der_of, recipient, sent, vapid_account
from tests.peers.push_service import PushService, Subscribed, push_service

SECONDS = 60.0
ACCEPTED = RecipientOutcome(Outcome.ACCEPTED, code="201")


@pytest.fixture(scope="module")
def service() -> Iterator[PushService]:
    with push_service() as running:
        yield running


@pytest.fixture
def sender(service: PushService, tmp_path: Path) -> Iterator["Sender"]:
    """Give the service a door of TLS, as the real ones have, and what sends to it."""
    certificate = certify(tmp_path, address="127.0.0.1")
    with listening(service.answer, certificate.context) as door:
        yield Sender(door.url(""), Http2Transport(allow_local=True, ca_file=str(certificate.file)))


class Sender:
    """Renders a message and sends it, as a step of a sending does."""

    def __init__(self, url: str, transport: Http2Transport) -> None:
        self._url = url
        self._transport = transport

    def push(self, message: Message, *browsers: Subscribed, key: P256Key | None = None) -> Sequence[RecipientOutcome]:
        # The service looks at its own clock.
        now = Seconds(int(time.time()))
        account = VapidAccount(key or vapid_account().key, vapid_account().subject, self._url)
        pushes = WebPushes(account, message, "1")
        requests = [sent(pushes.request(recipient(browser.push_token), now)) for browser in browsers]
        return [pushes.outcome(result, now) for result in self._transport.send_many(requests, SECONDS)]


def test_a_browser_decrypts_the_whole_push(service: PushService, sender: Sender) -> None:
    browser = service.subscribed()
    message = Message("Sale", "Today alone 🎁", link="https://example.com/sale", data={"order": "17"})
    assert sender.push(message, browser) == [ACCEPTED]
    (shown,) = browser.shown()
    assert shown == {
        "title": "Sale",
        "body": "Today alone 🎁",
        "url": "https://example.com/sale",
        "data": {"order": "17"},
        "uid": UID,
        "launch_id": "2_8q_3Ky1u5cFDDQ",
        "hub_link": json.loads(HUB_LINK),
    }


def test_each_browser_of_a_step_gets_its_own(service: PushService, sender: Sender) -> None:
    browsers = [service.subscribed() for _ in range(10)]
    assert sender.push(Message(text="Hello"), *browsers) == [ACCEPTED] * 10
    assert [[shown["body"] for shown in browser.shown()] for browser in browsers] == [["Hello"]] * 10


def test_a_push_of_the_largest_size_is_decrypted(service: PushService, sender: Sender) -> None:
    browser = service.subscribed()
    frame = len(json.dumps({"body": ""}, separators=(",", ":")))
    text = "é" * ((MAX_CONTENT_BYTES - frame) // 2)
    assert sender.push(Message(text=text, hub_keys={}), browser) == [ACCEPTED]
    assert browser.shown() == [{"body": text}]


def test_a_subscription_that_has_ended_is_gone(service: PushService, sender: Sender) -> None:
    live, ended = service.subscribed(), service.subscribed()
    ended.unsubscribe()
    accepted, gone = sender.push(Message(text="Hello"), live, ended)
    assert (accepted.outcome, gone.outcome) == (Outcome.ACCEPTED, Outcome.GONE)
    assert not ended.shown()


def test_a_push_signed_with_another_key_is_not_shown(service: PushService, sender: Sender) -> None:
    browser = service.subscribed()
    (refused,) = sender.push(Message(text="Hello"), browser, key=P256Key(der_of(ec.generate_private_key(ec.SECP256R1()))))
    assert refused.outcome != Outcome.ACCEPTED
    assert not browser.shown()
