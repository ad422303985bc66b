"""http-ece decrypts what the hub encrypts for a browser."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from pushhub.sends.encryption import BrowserKeys, encrypted
from pushhub.sends.message import Message
from pushhub.sends.providers.web_push import WebPushes
from tests.doubles.sending import NOW, UID, browser, recipient, sent, vapid_account
from tests.peers.installed import peer


def decrypted(body: bytes) -> bytes:
    content: bytes = peer("http_ece").decrypt(body, private_key=browser().key, auth_secret=browser().auth, version="aes128gcm")
    return content


@given(st.binary(max_size=2_700))
@settings(deadline=None)
def test_http_ece_reads_any_content(content: bytes) -> None:
    assert decrypted(encrypted(content, BrowserKeys(browser().point, browser().auth))) == content


def test_http_ece_reads_a_whole_push() -> None:
    pushes = WebPushes(vapid_account(), Message("Sale", "Today alone 🎁"), "1")
    content = json.loads(decrypted(sent(pushes.request(recipient(browser().subscription()), NOW)).body))
    assert (content["title"], content["body"], content["uid"]) == ("Sale", "Today alone 🎁", UID)
