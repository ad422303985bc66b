"""Signing what shows a provider whose requests they are."""

import json
import subprocess
import sys

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)
from hypothesis import example, given
from hypothesis import strategies as st

from pushhub.moments import Seconds
from pushhub.sends.signing import BUCKET_SECONDS, SKEW_SECONDS, P256Key, RsaKey, SigningKeyError, bucket_start
from tests.doubles.sending import der_of, from_base64url, p256_der, rsa_private_key
from tests.lambda_environment import ROOT

CLAIMS = {"iss": "DEF1234567", "iat": 1_800_000_000}


def parts_of(jwt: str) -> tuple[dict[str, object], dict[str, object], bytes, bytes]:
    header, claims, signature = jwt.split(".")
    return (
        json.loads(from_base64url(header)),
        json.loads(from_base64url(claims)),
        f"{header}.{claims}".encode(),
        from_base64url(signature),
    )


def test_es256_is_verified_with_the_public_key() -> None:
    header, claims, content, signature = parts_of(P256Key(p256_der()).jwt(CLAIMS, {"kid": "ABC1234567"}))
    assert header == {"alg": "ES256", "kid": "ABC1234567"}
    assert claims == CLAIMS
    assert len(signature) == 64
    private_key = load_der_private_key(p256_der(), None)
    assert isinstance(private_key, ec.EllipticCurvePrivateKey)
    der = encode_dss_signature(int.from_bytes(signature[:32]), int.from_bytes(signature[32:]))
    private_key.public_key().verify(der, content, ec.ECDSA(SHA256()))


def test_both_numbers_of_a_signature_have_32_bytes_however_small_they_are() -> None:
    key = P256Key(p256_der())
    signatures = [parts_of(key.jwt({"iat": number}))[3] for number in range(1000)]
    assert {len(signature) for signature in signatures} == {64}
    assert any(signature[0] == 0 for signature in signatures)
    assert any(signature[32] == 0 for signature in signatures)


def test_rs256_is_verified_with_the_public_key() -> None:
    header, claims, content, signature = parts_of(RsaKey(der_of(rsa_private_key())).jwt(CLAIMS))
    assert header == {"alg": "RS256"}
    assert claims == CLAIMS
    rsa_private_key().public_key().verify(signature, content, padding.PKCS1v15(), SHA256())


def test_the_random_number_of_a_signature_is_that_of_rfc_6979() -> None:
    """Its appendix A.2.5, the text "sample" with SHA-256."""
    secret = 0xC9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721
    key = P256Key(der_of(ec.derive_private_key(secret, ec.SECP256R1())))
    assert decode_dss_signature(key._key.sign(b"sample", key._algorithm)) == (
        0xEFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716,
        0xF7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8,
    )


SIGNING = """
import sys
from pushhub.sends.providers.apns import ApnsAccount
from pushhub.sends.signing import P256Key
account = ApnsAccount(P256Key(bytes.fromhex(sys.argv[1])), "ABC1234567", "DEF1234567", sys.argv[2])
print(account.authorization(int(sys.argv[3])))
"""


def test_two_processes_sign_the_same_in_one_bucket() -> None:
    start = bucket_start(Seconds(1_800_000_000)) + SKEW_SECONDS

    def signed(topic: str, now: int) -> str:
        command = [sys.executable, "-c", SIGNING, p256_der().hex(), topic, str(now)]
        ran = subprocess.run(command, env={"PYTHONPATH": str(ROOT / "layers" / "core")}, capture_output=True, text=True, check=True)
        return ran.stdout

    first = signed("com.example.shop", start)
    assert first == signed("com.example.bank", start + BUCKET_SECONDS - 1)
    assert first != signed("com.example.shop", start + BUCKET_SECONDS)


@given(st.integers(SKEW_SECONDS, 2**40).map(Seconds))
@example(Seconds(1_800_000_000))
def test_what_is_signed_is_neither_of_the_future_nor_too_old(now: Seconds) -> None:
    """APNs refuses what is older than an hour; a clock that is a minute fast or slow makes nothing that it refuses."""
    age = now - bucket_start(now)
    assert SKEW_SECONDS <= age < BUCKET_SECONDS + SKEW_SECONDS < 3600
    assert bucket_start(now) % BUCKET_SECONDS == 0


def not_keys() -> dict[str, bytes]:
    ed = ed25519.Ed25519PrivateKey.generate().private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    with_password = load_der_private_key(p256_der(), None).private_bytes(
        Encoding.DER, PrivateFormat.PKCS8, BestAvailableEncryption(b"pw")
    )
    return {
        "empty": b"",
        "text": b"-----BEGIN PRIVATE KEY-----",
        "ed25519": ed,
        "with a password": with_password,
        "cut": p256_der()[:-9],
    }


@pytest.mark.parametrize("name", not_keys())
def test_what_is_no_key_of_the_kind_is_refused(name: str) -> None:
    for kind in (P256Key, RsaKey):
        with pytest.raises(SigningKeyError, match="is expected") as refused:
            kind(not_keys()[name])
        assert refused.value.__cause__ is None


def test_each_kind_of_key_takes_its_own_alone() -> None:
    with pytest.raises(SigningKeyError, match="P-256"):
        P256Key(der_of(rsa_private_key()))
    with pytest.raises(SigningKeyError, match="P-256"):
        P256Key(der_of(ec.generate_private_key(ec.SECP384R1())))
    with pytest.raises(SigningKeyError, match="RSA"):
        RsaKey(p256_der())
    with pytest.raises(SigningKeyError, match="2048 bits"):
        RsaKey(der_of(rsa.generate_private_key(65537, 1024)))
