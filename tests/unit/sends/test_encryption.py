"""Encrypting for a browser."""

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from pushhub.sends.encryption import ENCRYPTION_BYTES, BrowserKeyError, BrowserKeys, encrypted, encrypted_with
from tests.doubles.sending import Browser, browser, from_base64url, without_padding


def keys_of(reader: Browser) -> BrowserKeys:
    return BrowserKeys(reader.point, reader.auth)


def test_the_example_of_rfc_8291_comes_out_byte_for_byte() -> None:
    """Its section 5, with the values of its appendix A."""
    sender = ec.derive_private_key(int.from_bytes(from_base64url("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw")), ec.SECP256R1())
    point = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
    body = encrypted_with(
        sender,
        from_base64url("DGv6ra1nlYgDCS1FRnbzlw"),
        b"When I grow up, I want to be a watermelon",
        BrowserKeys(from_base64url(point), from_base64url("BTBZMqHH6r4Tts7J_aSIgg")),
    )
    assert without_padding(body) == (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95b"
        "Qpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )


@given(st.binary(max_size=2_700))
def test_the_browser_reads_what_was_encrypted_for_it(content: bytes) -> None:
    body = encrypted(content, keys_of(browser()))
    assert browser().decrypted(body) == content
    assert len(body) == len(content) + ENCRYPTION_BYTES <= 4096


def test_no_key_and_no_salt_is_used_twice() -> None:
    bodies = {encrypted(b"Hello", keys_of(browser())) for _ in range(50)}
    assert len({body[:16] for body in bodies}) == len({body[21:86] for body in bodies}) == 50


def test_another_browser_reads_nothing() -> None:
    other = Browser(ec.generate_private_key(ec.SECP256R1()), browser().auth)
    with pytest.raises(InvalidTag):
        other.decrypted(encrypted(b"Hello", keys_of(browser())))


@pytest.mark.parametrize("point", [b"", b"\x04" * 64, b"\x04" + b"\x01" * 64, b"\x00" * 65, b"\x02" + b"\x07" * 64])
def test_what_is_no_point_of_the_curve_is_refused(point: bytes) -> None:
    with pytest.raises(BrowserKeyError):
        encrypted(b"Hello", BrowserKeys(point, browser().auth))


@pytest.mark.parametrize("auth", [b"", b"0" * 15, b"0" * 17])
def test_a_secret_of_another_size_is_refused(auth: bytes) -> None:
    with pytest.raises(BrowserKeyError):
        BrowserKeys(browser().point, auth)
