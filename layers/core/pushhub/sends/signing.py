"""How does the hub sign what shows a provider whose requests they are?

It signs JSON Web Tokens (RFC 7515, RFC 7519) with an app's key. Apple counts how often a team's token changes, over all machines
that send. So what is signed for a while is signed for a bucket of time, and ECDSA takes its random number from key and content (RFC
6979): whoever signs in one bucket with one key makes the same token, byte for byte.
"""

import base64
from collections.abc import Mapping
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_private_key

from pushhub.moments import Seconds
from pushhub.sends.json_template import compact_json

BUCKET_SECONDS: Final = 40 * 60
"""Apple wants a new token not more often than every 20 minutes and at least every 60 ("Establishing a token-based connection")."""
SKEW_SECONDS: Final = 60
"""How wrong a clock may be: what is signed is never younger than this, so no provider takes it for one of the future."""

_NUMBER_BYTES: Final = 32
_MIN_RSA_BITS: Final = 2048
"""Of RS256 (RFC 7518, 3.3)."""


class SigningKeyError(ValueError):
    """A text is not the key that is expected; the error quotes nothing of it."""


def bucket_start(now: Seconds) -> Seconds:
    """Return when the bucket began in which something is signed now: 60 to 2,460 seconds ago."""
    return Seconds((now - SKEW_SECONDS) // BUCKET_SECONDS * BUCKET_SECONDS)


def base64url(raw: bytes) -> str:
    """Return bytes in base64url without padding."""
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


class P256Key:
    """A private key of the curve P-256, which signs by ES256."""

    def __init__(self, der: bytes) -> None:
        """Take a key from PKCS #8 DER without a password.

        Raises:
            SigningKeyError: it is none of this curve.
        """
        key = _loaded(der)
        if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
            raise SigningKeyError("a private key of the curve P-256 is expected")
        self._key = key
        self._algorithm = ec.ECDSA(SHA256(), deterministic_signing=True)

    @property
    def public_point(self) -> bytes:
        """The public key as an uncompressed point of 65 bytes."""
        return self._key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def jwt(self, claims: Mapping[str, object], header: Mapping[str, object] | None = None) -> str:
        """Return claims signed, in the compact form; `header` is what stands in it beside the algorithm."""
        signed = _signed_part("ES256", claims, header or {})
        r, s = decode_dss_signature(self._key.sign(signed.encode(), self._algorithm))
        return f"{signed}.{base64url(r.to_bytes(_NUMBER_BYTES) + s.to_bytes(_NUMBER_BYTES))}"


class RsaKey:
    """A private RSA key, which signs by RS256."""

    def __init__(self, der: bytes) -> None:
        """Take a key from PKCS #8 DER without a password.

        Raises:
            SigningKeyError: it is no RSA key, or one of less than 2,048 bits.
        """
        key = _loaded(der)
        if not isinstance(key, rsa.RSAPrivateKey) or key.key_size < _MIN_RSA_BITS:
            raise SigningKeyError(f"a private RSA key of at least {_MIN_RSA_BITS} bits is expected")
        self._key = key

    def jwt(self, claims: Mapping[str, object], header: Mapping[str, object] | None = None) -> str:
        """Return claims signed, in the compact form; `header` is what stands in it beside the algorithm."""
        signed = _signed_part("RS256", claims, header or {})
        return f"{signed}.{base64url(self._key.sign(signed.encode(), padding.PKCS1v15(), SHA256()))}"


def _loaded(der: bytes) -> object:
    try:
        return load_der_private_key(der, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        # What cryptography says of it may quote the key. A TypeError says that it has a password.
        raise SigningKeyError("a private key in PKCS #8 DER without a password is expected") from None


def _signed_part(algorithm: str, claims: Mapping[str, object], header: Mapping[str, object]) -> str:
    parts = ({"alg": algorithm, **header}, claims)
    return ".".join(base64url(compact_json(part).encode()) for part in parts)
