"""A key is parsed and signs once before it is stored."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_der_private_key
from hypothesis import given
from hypothesis import strategies as st

from pushhub.catalog.sections.apps.keys import (
    throw_away_p256_key,
    throw_away_rsa_key,
    try_p256_key,
    try_rsa_key,
    try_vapid_key,
)
from tests.doubles.credentials import der, p256_key, pem, rsa_key, vapid_text

P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def test_a_key_is_stored_as_base64_of_its_der() -> None:
    assert try_rsa_key(pem(rsa_key())).der == der(rsa_key())
    assert try_p256_key(pem(p256_key())).der == der(p256_key())
    assert load_der_private_key(base64.b64decode(try_p256_key(pem(p256_key())).der), None)


def test_line_ends_may_be_written_as_the_environment_often_has_them() -> None:
    assert try_p256_key("  " + pem(p256_key()).replace("\n", "\\n")) == try_p256_key(pem(p256_key()))
    assert try_p256_key(pem(p256_key()).replace("\n", "\r\n")) == try_p256_key(pem(p256_key()))


VAPID = vapid_text(p256_key())
SEC1 = p256_key().private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()


@pytest.mark.parametrize(
    "text",
    [VAPID, f"{VAPID}=", f" {VAPID}\n", pem(p256_key()), SEC1, der(p256_key()).replace("+", "-").replace("/", "_")],
    ids=["number", "padded", "blanks", "pem", "sec1", "der"],
)
def test_a_vapid_key_is_taken_in_each_form_that_tools_write(text: str) -> None:
    assert try_vapid_key(text) == try_p256_key(pem(p256_key()))


@given(st.integers(1, P256_ORDER - 1))
def test_every_number_of_the_curve_is_a_vapid_key_whose_point_is_65_bytes(number: int) -> None:
    tried = try_vapid_key(vapid_text(ec.derive_private_key(number, ec.SECP256R1())))
    point = base64.urlsafe_b64decode(tried.public_point + "=")
    assert (len(point), point[0]) == (65, 4)


@given(st.text(st.characters(codec="utf-8"), max_size=60))
def test_what_is_no_key_is_refused_without_being_quoted(text: str) -> None:
    for attempt in (try_rsa_key, try_p256_key):
        with pytest.raises(ValueError, match=r"^no private key, or a damaged one; the text of a PEM file is expected$"):
            attempt(text)


NO_PEM = "no private key, or a damaged one; the text of a PEM file is expected"
NO_P256 = "the key is no key on the curve P-256"
DAMAGED = pem(p256_key()).replace("A", "B", 1)
CERTIFICATE = pem(p256_key()).replace("PRIVATE KEY", "CERTIFICATE")


@pytest.mark.parametrize(
    ("text", "problem"),
    [("", NO_PEM), ("secret", NO_PEM), (DAMAGED, NO_PEM), (CERTIFICATE, NO_PEM)],
    ids=["empty", "text", "damaged", "certificate"],
)
def test_a_text_that_is_no_key_is_told(text: str, problem: str) -> None:
    for attempt in (try_rsa_key, try_p256_key):
        with pytest.raises(ValueError, match=f"^{problem}$"):
            attempt(text)


def test_a_key_of_another_kind_is_told() -> None:
    for key in (rsa_key(), ec.derive_private_key(7, ec.SECP384R1())):
        with pytest.raises(ValueError, match=f"^{NO_P256}$"):
            try_p256_key(pem(key))
    with pytest.raises(ValueError, match=r"^the key is no RSA key$"):
        try_rsa_key(pem(p256_key()))
    with pytest.raises(ValueError, match=r"^the RSA key has 1024 bits; at least 2048 are expected$"):
        try_rsa_key(pem(rsa_key(1024)))
    with pytest.raises(ValueError, match=r"^the key has a passphrase; take it off$"):
        try_rsa_key(pem(rsa_key(), b"passphrase"))


@pytest.mark.parametrize(("text", "problem"), [("a b", "neither PEM nor base64url"), ("AAAA", "no private key, or a damaged one")])
def test_a_text_that_is_no_vapid_key_is_told(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=f"^{problem}$"):
        try_vapid_key(text)


@pytest.mark.parametrize("number", [0, P256_ORDER, 2**256 - 1])
def test_a_number_beyond_the_curve_is_no_vapid_key(number: int) -> None:
    with pytest.raises(ValueError, match=r"^no private key, or a damaged one$"):
        try_vapid_key(base64.urlsafe_b64encode(number.to_bytes(32)).decode())


def test_a_key_is_shown_to_nobody_by_accident() -> None:
    tried = try_p256_key(pem(p256_key()))
    assert tried.der not in repr(tried)


def test_one_run_has_one_throw_away_key_of_each_kind() -> None:
    assert throw_away_rsa_key() is throw_away_rsa_key()
    assert throw_away_p256_key() is throw_away_p256_key()
