"""Unpacking what is packed with gzip, a block at a time."""

import gzip
import zlib
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushhub.gzipped import CutShortGzipError, DamagedGzipError, gunzip

PACKED = gzip.compress(b"some content\n" * 100, mtime=0)


def blocks(content: bytes, size: int) -> Iterator[bytes]:
    return (content[start : start + size] for start in range(0, len(content), size))


@given(st.lists(st.binary(max_size=100), max_size=4), st.integers(1, 50), st.integers(0, 3))
def test_packed_parts_one_after_the_other_become_their_plain_content(parts: list[bytes], size: int, filling: int) -> None:
    packed = b"".join(gzip.compress(part) + b"\0" * filling for part in parts)
    assert b"".join(gunzip(blocks(packed, size))) == b"".join(parts)


def test_blocks_are_bounded_however_tightly_they_are_packed() -> None:
    assert {len(block) for block in gunzip([gzip.compress(b"\0" * 2**22)])} == {2**20}


@pytest.mark.parametrize(
    ("packed", "cut_short"),
    [
        (b"some content\n", False),
        (PACKED[:-1], True),
        (PACKED[:5], True),
        (PACKED + b"behind it", False),
        (PACKED[:-8] + b"12345678", False),
        (zlib.compress(b"some content\n"), False),
        (b"\0" + PACKED, False),
    ],
)
def test_what_is_wrong_with_packed_bytes_is_told_whatever_the_size_of_blocks(packed: bytes, cut_short: bool) -> None:
    for size in (1, 7, 10_000):
        with pytest.raises(DamagedGzipError) as raised:
            list(gunzip(blocks(packed, size)))
        assert isinstance(raised.value, CutShortGzipError) is cut_short


def test_nothing_is_packed_in_no_bytes() -> None:
    assert list(gunzip([])) == list(gunzip([b"", b""])) == []
