"""Is a text a private key, and does it sign?

Only the command line loads this: what is stored is what functions need to sign with, and was tried here.
"""

import base64
import binascii
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePrivateKey, derive_private_key
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as generate_on_curve
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as generate_rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
    load_pem_private_key,
)

MIN_RSA_BITS: Final = 2048
_P256_BYTES: Final = 32
_PEM: Final = "-----BEGIN "
_TRIAL: Final = b"what a key is tried with"
_NO_KEY: Final = "no private key, or a damaged one"
_DOES_NOT_SIGN: Final = "the key signs nothing that its own public key verifies"


@dataclass(frozen=True, slots=True)
class TriedKey:
    """A private key that has signed once.

    Attributes:
        der: base64 of its PKCS #8 form, without a passphrase.
        public_point: of a P-256 key, the point of its public key, uncompressed, in base64url without padding; else empty.
    """

    der: str = field(repr=False)
    public_point: str = ""


def try_rsa_key(pem: str) -> TriedKey:
    """Return an RSA key of at least :data:`MIN_RSA_BITS` that is given in PEM.

    Raises:
        ValueError: it is no such key, or does not sign; the text holds nothing of it.
    """
    loaded = _from_pem(pem)
    key = loaded if isinstance(loaded, RSAPrivateKey) else None
    if key is None:
        raise ValueError("the key is no RSA key")
    if key.key_size < MIN_RSA_BITS:
        raise ValueError(f"the RSA key has {key.key_size} bits; at least {MIN_RSA_BITS} are expected")
    return _tried_rsa_key(key)


def try_p256_key(pem: str) -> TriedKey:
    """Return a key on the curve P-256 that is given in PEM.

    Raises:
        ValueError: it is no such key, or does not sign; the text holds nothing of it.
    """
    return _tried_p256_key(_from_pem(pem))


def try_vapid_key(text: str) -> TriedKey:
    """Return a key on the curve P-256 in any form that tools for Web Push write.

    That is PEM, or in base64url the 32 bytes of the number alone or the key's DER.

    Raises:
        ValueError: it is no such key, or does not sign; the text holds nothing of it.
    """
    if _PEM in text:
        return try_p256_key(text)
    try:
        raw = base64.b64decode(text.strip().rstrip("=") + "=" * (-len(text.strip().rstrip("=")) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("neither PEM nor base64url") from None
    return _tried_p256_key(_from_number(raw) if len(raw) == _P256_BYTES else _from_der(raw))


@cache
def throw_away_rsa_key() -> TriedKey:
    """Return an RSA key that opens nothing; one run has one, since making it takes a tenth of a second."""
    return _tried_rsa_key(generate_rsa(65537, MIN_RSA_BITS))


@cache
def throw_away_p256_key() -> TriedKey:
    """Return a key on the curve P-256 that opens nothing; one run has one."""
    return _tried_p256_key(generate_on_curve(SECP256R1()))


def _from_pem(pem: str) -> object:
    # A variable of the environment often holds `\n` in the place of each line end.
    lines = pem.replace("\\n", "\n").strip().encode()
    try:
        return load_pem_private_key(lines, None)
    except TypeError:
        raise ValueError("the key has a passphrase; take it off") from None
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError(f"{_NO_KEY}; the text of a PEM file is expected") from None


def _from_der(der: bytes) -> object:
    try:
        return load_der_private_key(der, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ValueError(_NO_KEY) from None


def _from_number(raw: bytes) -> EllipticCurvePrivateKey:
    try:
        return derive_private_key(int.from_bytes(raw), SECP256R1())
    except ValueError:
        raise ValueError(_NO_KEY) from None


def _tried_rsa_key(key: RSAPrivateKey) -> TriedKey:
    try:
        key.public_key().verify(key.sign(_TRIAL, PKCS1v15(), SHA256()), _TRIAL, PKCS1v15(), SHA256())
    except (InvalidSignature, ValueError):
        raise ValueError(_DOES_NOT_SIGN) from None
    return TriedKey(_der(key))


def _tried_p256_key(loaded: object) -> TriedKey:
    key = loaded if isinstance(loaded, EllipticCurvePrivateKey) else None
    if key is None or key.curve.name != SECP256R1.name:
        raise ValueError("the key is no key on the curve P-256")
    try:
        key.public_key().verify(key.sign(_TRIAL, ECDSA(SHA256())), _TRIAL, ECDSA(SHA256()))
    except (InvalidSignature, ValueError):
        raise ValueError(_DOES_NOT_SIGN) from None
    point = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return TriedKey(_der(key), base64.urlsafe_b64encode(point).decode().rstrip("="))


def _der(key: RSAPrivateKey | EllipticCurvePrivateKey) -> str:
    return base64.b64encode(key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())).decode()
