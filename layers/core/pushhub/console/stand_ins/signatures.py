"""What proves whose a request is?

JSON Web Tokens (RFC 7515, RFC 7519), as `pushhub.sends.signing` signs them, or a secret. The keys and secrets of apps are the
running hub's; the public halves of the keys and digests of the secrets alone are kept here.
"""

import asyncio
import base64
import binascii
import hashlib
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_private_key

from pushhub.catalog.app_secrets import AppSecrets

PublicKey = RSAPublicKey | EllipticCurvePublicKey

_SECONDS_BETWEEN_LOADS: Final = 1.0
_NUMBER_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class SignedClaims:
    """A JSON Web Token, read and not yet verified."""

    header: Mapping[str, object]
    claims: Mapping[str, object]
    signed: bytes = field(repr=False)
    signature: bytes = field(repr=False)

    def number(self, name: str) -> int | None:
        """Return a claim that is an integer."""
        value = self.claims.get(name)
        return value if type(value) is int else None

    def is_signed_by(self, key: PublicKey) -> bool:
        """Say whether a key has signed it, by the algorithm that goes with the key."""
        try:
            if isinstance(key, RSAPublicKey):
                key.verify(self.signature, self.signed, PKCS1v15(), SHA256())
                return self.header.get("alg") == "RS256"
            if len(self.signature) != 2 * _NUMBER_BYTES:
                return False
            r, s = self.signature[:_NUMBER_BYTES], self.signature[_NUMBER_BYTES:]
            key.verify(encode_dss_signature(int.from_bytes(r), int.from_bytes(s)), self.signed, ECDSA(SHA256()))
            return self.header.get("alg") == "ES256"
        except InvalidSignature:
            return False


@lru_cache(maxsize=1024)
def read_jwt(text: str) -> SignedClaims | None:
    """Return what a JSON Web Token in its compact form says, None where it is none."""
    parts = text.split(".")
    try:
        header, claims, signature = map(from_base64url, parts)
        documents = json.loads(header), json.loads(claims)
    except (ValueError, RecursionError):
        return None
    if not all(isinstance(document, dict) for document in documents):
        return None
    return SignedClaims(*documents, text.rpartition(".")[0].encode(), signature)


def from_base64url(text: str) -> bytes:
    """Return what base64url without padding stands for.

    Raises:
        ValueError: it is none.
    """
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError("no base64url") from error


def p256_point(text: str) -> EllipticCurvePublicKey | None:
    """Return the public key whose point a text is in base64url, None where it is none of the curve P-256."""
    try:
        return EllipticCurvePublicKey.from_encoded_point(SECP256R1(), from_base64url(text))
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class AppKey:
    """The public half of a key with which an app signs: of which provider block, under which id, and whose."""

    block: str
    key_id: str
    owner: str
    key: PublicKey = field(repr=False)


@dataclass(frozen=True, slots=True)
class AppPassword:
    """The digest of a secret that an app sends as it is, of which provider block, and whose it is."""

    block: str
    owner: str
    digest: bytes = field(repr=False)


AppProof = AppKey | AppPassword
"""What an app proves with whose its requests are."""

_OWNER_OF: Final[Mapping[str, str]] = {"firebase": "email", "apns": "team_id"}
"""Which member of a block's credentials says who signs. VAPID is not here: there the key stands in the request itself."""
_PASSWORD_OF: Final[Mapping[str, tuple[str, str]]] = {"wns": ("package_sid", "secret")}
"""Which members of a block's credentials say whose secret which one is."""


def app_proofs(secrets: AppSecrets) -> tuple[AppProof, ...]:
    """Return the public halves of the keys of all apps, and digests of what they send as it is."""
    return (*_keys(secrets), *_passwords(secrets))


def _passwords(secrets: AppSecrets) -> Iterator[AppPassword]:
    for blocks in secrets.app_credentials.values():
        for name, (owner, secret) in _PASSWORD_OF.items():
            if block := blocks.get(name):
                yield AppPassword(name, block.get(owner, ""), _digest(block.get(secret, "")))


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode(errors="replace")).digest()


def _keys(secrets: AppSecrets) -> Iterator[AppKey]:
    return (
        AppKey(name, block.get("key_id", ""), block.get(_OWNER_OF[name], ""), key)
        for blocks in secrets.app_credentials.values()
        for name, block in blocks.items()
        if name in _OWNER_OF and (key := _public_half(block.get("key", "")))
    )


def _public_half(der: str) -> PublicKey | None:
    try:
        key = load_der_private_key(base64.b64decode(der), None).public_key()
    except (ValueError, TypeError):
        return None
    return key if isinstance(key, RSAPublicKey | EllipticCurvePublicKey) else None


class KeyRing:
    """What the running hub's apps prove with, loaded anew when none of those known has signed."""

    def __init__(self, load: Callable[[], Sequence[AppProof]]) -> None:
        """Load by a call that may block, and whose error says in its text why it could not be done."""
        self._load = load
        self._proofs: Sequence[AppProof] = ()
        self._loaded_at = -_SECONDS_BETWEEN_LOADS
        self._loading = asyncio.Lock()
        self._signed: set[tuple[str, str, bytes]] = set()

    async def has_signed(self, block: str, owner: str, signed: SignedClaims) -> bool:
        """Say whether a key of an app has signed something in this owner's name.

        Raises:
            KeysUnknownError: the running hub does not say which keys its apps have.
        """
        proof = (block, owner, signed.signed + signed.signature)
        if proof in self._signed:
            return True
        if self._is_of_a_key(block, owner, signed) or (await self._renewed() and self._is_of_a_key(block, owner, signed)):
            if len(self._signed) >= _MOST_PROOFS:
                self._signed.clear()
            self._signed.add(proof)
            return True
        return False

    async def has_secret(self, block: str, owner: str, secret: str) -> bool:
        """Say whether an app has a secret that is sent as it is.

        Raises:
            KeysUnknownError: the running hub does not say which secrets its apps have.
        """
        password = AppPassword(block, owner, _digest(secret))
        return password in self._proofs or (await self._renewed() and password in self._proofs)

    def _is_of_a_key(self, block: str, owner: str, signed: SignedClaims) -> bool:
        key_id = signed.header.get("kid")
        keys = (each for each in self._proofs if isinstance(each, AppKey))
        named = (each for each in keys if (each.block, each.owner, each.key_id) == (block, owner, key_id))
        return any(signed.is_signed_by(each.key) for each in named)

    async def _renewed(self) -> bool:
        async with self._loading:
            if time.monotonic() - self._loaded_at >= _SECONDS_BETWEEN_LOADS:
                self._proofs = await asyncio.to_thread(self._load)
                self._loaded_at = time.monotonic()
        return True


_MOST_PROOFS: Final = 4096


class KeysUnknownError(Exception):
    """The running hub does not say which keys its apps have; the text says why."""
