"""Accounts with keys of their own, a browser, and what is pushed to whom."""

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from pushhub.moments import Seconds
from pushhub.sends.message import PushRecipient
from pushhub.sends.outcomes import RecipientOutcome
from pushhub.sends.port import PushRequest
from pushhub.sends.providers.apns import ApnsAccount
from pushhub.sends.providers.fcm_bearer import FcmAccount
from pushhub.sends.providers.web_push import VapidAccount
from pushhub.sends.providers.wns_bearer import WnsAccount
from pushhub.sends.signing import P256Key, RsaKey

NOW = Seconds(1_800_000_000)
SENDING = "7382719477186560123"
HEX = "0a1b" * 16
FIREBASE_TOKEN = "dQw4w9WgXcQ:APA91bHPRgkF3JUikC4ENAHEeMrd41Zxv3hVZjC9KtT8OvPVGJ-hQMRKRrZuJAEcl7B338qju59zJMjw2DELjzEvxwYv7hH5"
CHANNEL = "https://db5p.notify.windows.com/?token=AwYAAACs2f%2fQ%3d"
PACKAGE_SID = "ms-app://s-1-15-2-3449036-2222-1"
HUB_LINK = json.dumps({"ack": "https://hub.example.com/ack/" + "a" * 220, "open": "https://hub.example.com/open/" + "b" * 220})
UID = "e|2_8q_3Ky1u5cFDDQ|w3Ky1u5cFDDQ_2_8q_____h.2NvyN8Hb67wmzJshM_5vXmSd|ios-apns"


def recipient(push_token: str = HEX, reference: str = "ia0123456789", hub_link: str = HUB_LINK) -> PushRecipient:
    return PushRecipient(push_token, reference, UID, "2_8q_3Ky1u5cFDDQ", hub_link)


def der_of(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


@cache
def p256_der() -> bytes:
    return der_of(ec.derive_private_key(0x1234567890ABCDEF, ec.SECP256R1()))


@cache
def rsa_private_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def apns_account(**changes: Any) -> ApnsAccount:
    return replace(ApnsAccount(P256Key(p256_der()), "ABC1234567", "DEF1234567", "com.example.shop"), **changes)


@cache
def fcm_account() -> FcmAccount:
    return FcmAccount("shop-1", "sender@shop-1.iam.gserviceaccount.com", RsaKey(der_of(rsa_private_key())), "0f1e2d3c")


def vapid_account(**changes: Any) -> VapidAccount:
    return replace(VapidAccount(P256Key(p256_der()), "mailto:push@example.com"), **changes)


def wns_account(**changes: Any) -> WnsAccount:
    return replace(WnsAccount(PACKAGE_SID, "a-secret-of-the-store"), **changes)


def sent(rendered: PushRequest | RecipientOutcome) -> PushRequest:
    assert isinstance(rendered, PushRequest), rendered
    return rendered


def not_sent(rendered: PushRequest | RecipientOutcome) -> RecipientOutcome:
    assert isinstance(rendered, RecipientOutcome), rendered
    return rendered


def without_padding(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def from_base64url(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass(frozen=True)
class Browser:
    """A browser with a subscription; it reads what was encrypted for it, from the text of the RFCs and not by the hub's code."""

    key: ec.EllipticCurvePrivateKey
    auth: bytes = b"0123456789abcdef"
    endpoint: str = "https://updates.push.services.mozilla.com/wpush/v2/gAAAAABk"

    @property
    def point(self) -> bytes:
        return self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def subscription(self, **changes: Any) -> str:
        keys = {"p256dh": without_padding(self.point), "auth": without_padding(self.auth)}
        return json.dumps({"endpoint": self.endpoint, "expirationTime": None, "keys": keys} | changes)

    def decrypted(self, body: bytes) -> bytes:
        salt, size, id_length = body[:16], int.from_bytes(body[16:20]), body[20]
        sender, record = body[21 : 21 + id_length], body[21 + id_length :]
        assert len(record) <= size
        shared = self.key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sender))
        secret = self._hkdf(self.auth, shared, b"WebPush: info\0" + self.point + sender)
        content_key = self._hkdf(salt, secret, b"Content-Encoding: aes128gcm\0")[:16]
        nonce = self._hkdf(salt, secret, b"Content-Encoding: nonce\0")[:12]
        padded = AESGCM(content_key).decrypt(nonce, record, None).rstrip(b"\0")
        assert padded.endswith(b"\x02")
        return padded[:-1]

    @staticmethod
    def _hkdf(salt: bytes, secret: bytes, info: bytes) -> bytes:
        return hmac.digest(hmac.digest(salt, secret, hashlib.sha256), info + b"\x01", hashlib.sha256)


@cache
def browser() -> Browser:
    return Browser(ec.derive_private_key(0xFEDCBA987654321, ec.SECP256R1()))
