"""Credentials of providers that open nothing, in the forms in which the providers' consoles hand them out."""

import base64
import json
from functools import cache

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


def pem(key: PrivateKey, passphrase: bytes | None = None) -> str:
    encryption = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption).decode()


def der(key: PrivateKey) -> str:
    return base64.b64encode(key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())).decode()


@cache
def rsa_key(bits: int = 2048) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, bits)


@cache
def p256_key() -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(0xA11CE, ec.SECP256R1())


def vapid_text(key: ec.EllipticCurvePrivateKey) -> str:
    return base64.urlsafe_b64encode(key.private_numbers().private_value.to_bytes(32)).decode().rstrip("=")


def service_account(**members: object) -> str:
    """Return the text of a service account; a member given as None is left out."""
    usual = {
        "type": "service_account",
        "project_id": "my-project",
        "private_key_id": "0123abcd",
        "private_key": pem(rsa_key()),
        "client_email": "push@my-project.iam.gserviceaccount.com",
        "token_uri": "https://oauth2.googleapis.com/token",
    }
    return json.dumps({name: value for name, value in {**usual, **members}.items() if value is not None})
