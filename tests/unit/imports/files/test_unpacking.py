"""Unpacking gzip files."""

import gzip
import zlib
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushhub.imports.files.unpacking import unpacked
from pushhub.imports.job import UnusableFileError


def blocks(content: bytes, size: int) -> Iterator[bytes]:
    return (content[start : start + size] for start in range(0, len(content), size))


@given(st.lists(st.binary(max_size=100), max_size=4), st.integers(1, 50), st.integers(0, 3))
def test_packed_parts_one_after_the_other_become_their_plain_content(parts: list[bytes], size: int, filling: int) -> None:
    packed = b"".join(gzip.compress(part) + b"\0" * filling for part in parts)
    assert b"".join(unpacked(blocks(packed, size))) == b"".join(parts)


def test_blocks_are_bounded_however_tightly_they_are_packed() -> None:
    assert {len(block) for block in unpacked([gzip.compress(b"\0" * 2**22)])} == {2**20}


def test_a_bomb_is_unusable_before_it_has_gone_off() -> None:
    bomb = unpacked([gzip.compress(b"\0" * 2**24)] * 1000, most=3 * 2**20)
    assert [len(next(bomb)) for _ in range(3)] == [2**20] * 3
    with pytest.raises(UnusableFileError, match="over 20 GB; drop it in parts"):
        next(bomb)


@pytest.mark.parametrize(
    ("packed", "says"),
    [
        (b"subscription_id\n", "no gzip file, or a damaged one"),
        (gzip.compress(b"subscription_id\n" * 100, mtime=0)[:-1], "cut short"),
        (gzip.compress(b"subscription_id\n" * 100, mtime=0)[:5], "cut short"),
        (gzip.compress(b"subscription_id\n", mtime=0) + b"behind it", "no gzip file, or a damaged one"),
        (gzip.compress(b"subscription_id\n", mtime=0)[:-8] + b"12345678", "no gzip file, or a damaged one"),
        (zlib.compress(b"subscription_id\n"), "no gzip file, or a damaged one"),
    ],
)
def test_a_damaged_file_is_unusable(packed: bytes, says: str) -> None:
    for size in (1, 1000):
        with pytest.raises(UnusableFileError, match=says):
            list(unpacked(blocks(packed, size)))


@given(st.binary(max_size=100))
def test_binary_junk_is_unusable_and_nothing_worse(junk: bytes) -> None:
    for content in (junk, b"\x1f\x8b\x08" + junk, gzip.compress(b"x") + junk):
        try:
            list(unpacked([content]))
        except UnusableFileError:
            continue


def test_a_file_without_a_byte_has_no_content() -> None:
    assert list(unpacked([])) == list(unpacked([b"", b""])) == []
