"""Which browsers do the stand-ins have, and what is pushed to them?

A browser is a key pair and a secret, which can read what is encrypted for them (RFC 8291, RFC 8188).
"""

import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDH,
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    derive_private_key,
    generate_private_key,
)
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from pushhub.console.stand_ins.signatures import from_base64url
from pushhub.sends.encryption import POINT_BYTES, SHARED_SECRET_BYTES
from pushhub.sends.signing import base64url

MAX_BROWSERS: Final = 10_000
"""The oldest are forgotten."""
_SERVICE: Final = "https://updates.push.services.mozilla.com"
_PREFIX: Final = "/wpush/v2/"
_HEADER_BYTES: Final = 16 + 4 + 1
_LAST_RECORD: Final = b"\x02"


@dataclass(frozen=True, slots=True)
class Browser:
    """A browser that the stand-ins have; `private_key` is a number."""

    private_key: int = field(repr=False)
    shared_secret: bytes = field(repr=False)

    @property
    def _key(self) -> EllipticCurvePrivateKey:
        return derive_private_key(self.private_key, SECP256R1())

    @property
    def point(self) -> bytes:
        """Its public key, uncompressed."""
        return self._key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def read(self, body: bytes) -> bytes | None:
        """Return what a body holds that was encrypted for this browser in one record; None where it was not."""
        salt, id_bytes, content = body[:16], body[_HEADER_BYTES - 1 : _HEADER_BYTES], body[_HEADER_BYTES + POINT_BYTES :]
        if id_bytes != bytes([POINT_BYTES]) or not content:
            return None
        senders = body[_HEADER_BYTES : _HEADER_BYTES + POINT_BYTES]
        try:
            common = self._key.exchange(ECDH(), EllipticCurvePublicKey.from_encoded_point(SECP256R1(), senders))
            secret = _derived(self.shared_secret, common, b"WebPush: info\x00" + self.point + senders, 32)
            key = _derived(salt, secret, b"Content-Encoding: aes128gcm\x00", 16)
            nonce = _derived(salt, secret, b"Content-Encoding: nonce\x00", 12)
            padded = AESGCM(key).decrypt(nonce, content, None).rstrip(b"\x00")
        except (ValueError, InvalidTag):
            return None
        return padded.removesuffix(_LAST_RECORD) if padded.endswith(_LAST_RECORD) else None


def _derived(salt: bytes, secret: bytes, info: bytes, size: int) -> bytes:
    """Return bytes derived by HKDF with SHA-256 (RFC 5869), at most 32."""
    return hmac.digest(hmac.digest(salt, secret, hashlib.sha256), info + b"\x01", hashlib.sha256)[:size]


def last_part(path: str) -> str:
    """Return the last part of an endpoint's path, by which the stand-ins know a browser."""
    return path.partition("?")[0].rstrip("/").rpartition("/")[2]


def device_named(text: str) -> str:
    """Return by what the stand-ins know a device that a person names: of a browser's subscription or endpoint, its last part."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        document = None
    endpoint = document.get("endpoint") if isinstance(document, dict) else text
    return last_part(urlsplit(endpoint).path) if isinstance(endpoint, str) and endpoint.startswith("https://") else text


class Browsers:
    """The browsers that the stand-ins have, by the path of their endpoints; kept in a file."""

    def __init__(self, file: Path) -> None:
        """Go on with those of a file, where there are any."""
        self._file = file
        self._browsers: dict[str, Browser] = {}
        if file.exists():
            self._browsers = dict(map(_read_line, file.read_text(encoding="utf-8").splitlines()))

    def add(self, word: str) -> Mapping[str, object]:
        """Return the PushSubscription of a new browser; the last part of its endpoint begins with a word."""
        path = f"{_PREFIX}{word}{'-' if word and not word.endswith('-') else ''}{secrets.token_urlsafe(12)}"
        browser = Browser(
            generate_private_key(SECP256R1()).private_numbers().private_value, secrets.token_bytes(SHARED_SECRET_BYTES)
        )
        self._browsers[path] = browser
        while len(self._browsers) > MAX_BROWSERS:
            del self._browsers[next(iter(self._browsers))]
        with self._file.open("a", encoding="utf-8") as file:
            file.write(_line(path, browser))
        keys = {"p256dh": base64url(browser.point), "auth": base64url(browser.shared_secret)}
        return {"endpoint": _SERVICE + path, "expirationTime": None, "keys": keys}

    def read(self, path: str, body: bytes) -> bytes | None:
        """Return what was pushed to the endpoint with a path; None where no browser here can read it."""
        browser = self._browsers.get(path)
        return browser.read(body) if browser else None


def _line(path: str, browser: Browser) -> str:
    return json.dumps([path, f"{browser.private_key:x}", base64url(browser.shared_secret)]) + "\n"


def _read_line(line: str) -> tuple[str, Browser]:
    path, private_key, shared_secret = json.loads(line)
    return path, Browser(int(private_key, 16), from_base64url(shared_secret))
