"""PyJWT and py-vapid verify what the hub signs."""

import time
from typing import Any
from urllib.parse import parse_qs

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_private_key

from pushhub.moments import Seconds
from pushhub.sends.message import Message
from pushhub.sends.providers.apns import ApnsPushes
from pushhub.sends.providers.web_push import WebPushes
from tests.doubles.sending import apns_account, browser, fcm_account, p256_der, recipient, rsa_private_key, sent, vapid_account
from tests.peers.installed import peer


@pytest.fixture
def now() -> Seconds:
    """Give the time of day: the peers look at their own clocks."""
    return Seconds(int(time.time()))


def public_key() -> ec.EllipticCurvePublicKey:
    key = load_der_private_key(p256_der(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return key.public_key()


def claims_of(jwt_text: str, key: Any, algorithm: str, **options: Any) -> dict[str, Any]:
    claims: dict[str, Any] = peer("jwt").decode(jwt_text, key, algorithms=[algorithm], **options)
    return claims


def test_pyjwt_verifies_what_apns_is_shown(now: Seconds) -> None:
    authorization = sent(ApnsPushes(apns_account(), Message(text="Hello"), "1").request(recipient(), now)).headers["authorization"]
    signed = authorization.removeprefix("bearer ")
    claims = claims_of(signed, public_key(), "ES256", options={"require": ["iss", "iat"]})
    assert claims["iss"] == "DEF1234567"
    assert now - 3600 < claims["iat"] <= now - 60
    assert peer("jwt").get_unverified_header(signed) == {"alg": "ES256", "kid": "ABC1234567"}


def test_pyjwt_verifies_what_google_is_shown(now: Seconds) -> None:
    assertion = parse_qs(fcm_account().bearer_request(now).body.decode())["assertion"][0]
    claims = claims_of(assertion, rsa_private_key().public_key(), "RS256", audience="https://oauth2.googleapis.com/token")
    assert claims["iss"] == fcm_account().email
    assert claims["exp"] - claims["iat"] == 3600


def test_pyjwt_and_py_vapid_verify_what_a_push_service_is_shown(now: Seconds) -> None:
    pushes = WebPushes(vapid_account(), Message(text="Hello"), "1")
    authorization = sent(pushes.request(recipient(browser().subscription()), now)).headers["authorization"]
    signed = authorization.removeprefix("vapid t=").partition(",")[0]
    claims = claims_of(signed, public_key(), "ES256", audience="https://updates.push.services.mozilla.com")
    assert now < claims["exp"] <= now + 86_400
    # py-vapid knows the header as it writes it: RFC 8292 has a blank behind the comma, and HTTP leaves it to the sender.
    assert peer("py_vapid").Vapid02.verify(authorization.replace(", ", ","))


def test_a_signature_of_another_key_is_not_verified(now: Seconds) -> None:
    pushes = ApnsPushes(apns_account(), Message(text="Hello"), "1")
    signed = sent(pushes.request(recipient(), now)).headers["authorization"].removeprefix("bearer ")
    with pytest.raises(peer("jwt").InvalidSignatureError):
        claims_of(signed, ec.generate_private_key(ec.SECP256R1()).public_key(), "ES256")
