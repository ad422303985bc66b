"""How is a push encrypted so that its browser alone can read it?

By RFC 8291 ("Message Encryption for Web Push") in the content coding `aes128gcm` of RFC 8188, in one record.
"""

import hashlib
import hmac
import os
from dataclasses import dataclass, field
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

POINT_BYTES: Final = 65
"""Of an uncompressed point of the curve P-256."""
SHARED_SECRET_BYTES: Final = 16
_SALT_BYTES: Final = 16
_RECORD_SIZE: Final = 4096
"""The size that the header names; RFC 8291, 4, has services take at least 4,096 bytes of a body."""
_LAST_RECORD: Final = b"\x02"
_KEY_BYTES: Final = 16
_NONCE_BYTES: Final = 12
_CURVE: Final = ec.SECP256R1()

ENCRYPTION_BYTES: Final = _SALT_BYTES + 4 + 1 + POINT_BYTES + len(_LAST_RECORD) + 16
"""How much longer a body is than what was encrypted: header, mark of the last record, and tag."""


class BrowserKeyError(ValueError):
    """What a browser has given for encryption is not of its form; the error quotes nothing of it."""


@dataclass(frozen=True, slots=True)
class BrowserKeys:
    """What a subscription of a browser has for encryption: `point`, its public key, and `shared_secret`."""

    point: bytes = field(repr=False)
    shared_secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        """Check the sizes; whether the point is on the curve turns out when something is encrypted for it.

        Raises:
            BrowserKeyError: a size is another.
        """
        if len(self.point) != POINT_BYTES or len(self.shared_secret) != SHARED_SECRET_BYTES:
            raise BrowserKeyError(f"a point of {POINT_BYTES} bytes and a secret of {SHARED_SECRET_BYTES} are expected")


def encrypted(content: bytes, keys: BrowserKeys) -> bytes:
    """Return the body that carries a content to a browser, under a new key and a new salt.

    Raises:
        BrowserKeyError: the browser's public key is no point of the curve.
    """
    return encrypted_with(ec.generate_private_key(_CURVE), os.urandom(_SALT_BYTES), content, keys)


def encrypted_with(private_key: ec.EllipticCurvePrivateKey, salt: bytes, content: bytes, keys: BrowserKeys) -> bytes:
    """Return the body for a key and a salt that were never used before.

    Raises:
        BrowserKeyError: the browser's public key is no point of the curve.
    """
    try:
        public_key = ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, keys.point)
    except ValueError:
        raise BrowserKeyError("the browser's public key is no point of the curve P-256") from None
    point = private_key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    common = private_key.exchange(ec.ECDH(), public_key)
    secret = _derived(keys.shared_secret, common, b"WebPush: info\x00" + keys.point + point, 32)
    content_key = _derived(salt, secret, b"Content-Encoding: aes128gcm\x00", _KEY_BYTES)
    nonce = _derived(salt, secret, b"Content-Encoding: nonce\x00", _NONCE_BYTES)
    header = salt + _RECORD_SIZE.to_bytes(4) + len(point).to_bytes(1) + point
    return header + AESGCM(content_key).encrypt(nonce, content + _LAST_RECORD, None)


def _derived(salt: bytes, secret: bytes, info: bytes, size: int) -> bytes:
    """Return bytes derived by HKDF with SHA-256 (RFC 5869); for up to 32 of them it has one round."""
    extracted = hmac.digest(salt, secret, hashlib.sha256)
    return hmac.digest(extracted, info + b"\x01", hashlib.sha256)[:size]
