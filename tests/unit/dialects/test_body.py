"""Unpacking and decoding the body of a request."""

import gzip
import tracemalloc
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushhub.dialects.body import BadBodyError, BodyTooLargeError, UnknownCodingError, decoded_body, with_plain_body
from tests.doubles.http import http_request

MOST = 1000
PLAIN = b'{"a": 1}'
PACKED = gzip.compress(PLAIN, mtime=0)


def plain_body(body: bytes, coding: str | None = "gzip", most: int = MOST) -> bytes:
    return with_plain_body(http_request(body, content_encoding=coding), most).body


@given(
    st.lists(st.binary(max_size=200), min_size=1, max_size=5),
    st.sampled_from(["gzip", "x-gzip", "GZIP", " gzip ,identity", ",gzip,", "gzip;q=1", "utf-8, gzip"]),
)
def test_a_packed_body_is_what_it_was_before_it_was_packed(parts: list[bytes], coding: str) -> None:
    assert plain_body(b"".join(gzip.compress(part) for part in parts), coding, most=2000) == b"".join(parts)


@given(st.binary(max_size=MOST), st.sampled_from([None, "", "identity", "Identity, identity", "UTF-8", "none", "*", "base64"]))
def test_a_body_that_is_not_packed_stays_what_it_is(body: bytes, coding: str | None) -> None:
    assert plain_body(body, coding) == body


@given(st.binary(max_size=MOST).filter(lambda body: not body.startswith((b"\x1f\x8b", b"\x1f\xff"))))
def test_a_body_that_is_said_to_be_packed_and_does_not_begin_like_that_stays_what_it_is(body: bytes) -> None:
    assert plain_body(body, "gzip") == body


@pytest.mark.parametrize("coding", ["deflate", "br", "zstd", "Compress", "gzip, gzip", "br, gzip", "utf-8, br"])
def test_any_other_coding_is_refused(coding: str) -> None:
    with pytest.raises(UnknownCodingError):
        plain_body(PACKED, coding)


@pytest.mark.parametrize("size", [MOST - 1, MOST, MOST + 1, 10 * MOST])
def test_a_body_has_the_same_bound_as_it_came_and_unpacked(size: int) -> None:
    for body, coding in ((b"a" * size, None), (gzip.compress(b"a" * size), "gzip")):
        if size <= MOST:
            assert plain_body(body, coding) == b"a" * size
        else:
            with pytest.raises(BodyTooLargeError):
                plain_body(body, coding)


def test_a_bomb_is_refused_before_it_has_gone_off() -> None:
    bomb = gzip.compress(b"\0" * 2**27)
    tracemalloc.start()
    with pytest.raises(BodyTooLargeError):
        plain_body(bomb, most=2**18)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 * 2**20


@pytest.mark.parametrize(
    ("body", "coding", "says"),
    [
        (PACKED[:-1], "gzip", "body is packed with gzip, but cut short"),
        (PACKED[:2], "gzip", "body is packed with gzip, but cut short"),
        (PACKED + b"more", "gzip", "body is packed with gzip, but damaged or followed by something else"),
        (PACKED[:-8] + b"12345678", "gzip", "body is packed with gzip, but damaged or followed by something else"),
        (zlib.compress(PLAIN), "gzip", "body is not valid UTF-8"),
        (
            b"\x1f\xff\x08\0",
            "gzip",
            "body is packed with gzip, but was damaged on its way as a text; send it as Content-Type: application/octet-stream",
        ),
        (PACKED, None, "body is packed with gzip; say so in the header Content-Encoding"),
        (b"\x1f\xff\x08\0", None, "body is packed with gzip; say so in the header Content-Encoding"),
        (gzip.compress(PACKED, mtime=0), "gzip", "body is packed with gzip; say so in the header Content-Encoding"),
        (b"\xff", None, "body is not valid UTF-8"),
        (b"\xff\xff{\0}\0", None, "body is in UTF-16 or UTF-32; send it in UTF-8"),
        ("\ufeff{}".encode("utf-32-be"), None, "body is in UTF-16 or UTF-32; send it in UTF-8"),
        (b"\xef\xbb\xbf\xff", None, "body is not valid UTF-8"),
        (b"\xef\xbb\xbf" * 2 + PLAIN, None, "body begins with two byte order marks"),
        (b"\xef\xbb\xbf" * 3, None, "body begins with two byte order marks"),
        *(
            (PLAIN.decode().encode(name), None, "body is in UTF-16 or UTF-32; send it in UTF-8")
            for name in ("utf-16", "utf-16-le", "utf-16-be")
        ),
        *(
            (PLAIN.decode().encode(name), None, "body is in UTF-16 or UTF-32; send it in UTF-8")
            for name in ("utf-32", "utf-32-le", "utf-32-be")
        ),
    ],
)
def test_a_body_that_is_no_text_says_what_it_is_and_what_to_do(body: bytes, coding: str | None, says: str) -> None:
    with pytest.raises(BadBodyError) as bad:
        decoded_body(plain_body(body, coding))
    assert str(bad.value) == says


@given(st.text(st.characters(codec="utf-8", exclude_characters="\ufeff\0")))
def test_a_mark_in_front_of_a_text_is_no_part_of_it(text: str) -> None:
    assert decoded_body(text.encode()) == decoded_body(b"\xef\xbb\xbf" + text.encode()) == text


@given(st.binary(max_size=100))
def test_junk_that_says_it_is_packed_is_refused_with_a_reason_and_nothing_worse(junk: bytes) -> None:
    for body in (junk, b"\x1f\x8b\x08" + junk, PACKED + junk):
        try:
            plain_body(body)
        except BadBodyError:
            continue
