"""Splitting chunks into records."""

import pytest

from pushhub.imports.files.layout import MAX_RECORD, Layout
from pushhub.imports.files.records import ChunkText, Record
from pushhub.imports.job import UnusableFileError

ENCODINGS = ["utf-8", "utf-16-le", "utf-16-be", "windows-1251"]


def layout(*, quoted: bool = False, encoding: str = "utf-8", delimiter: str = ",") -> Layout:
    return Layout(encoding, 0, delimiter, quoted, ("subscription_id",), 16, "\n")


def records(content: str, *, quoted: bool = False, delimiter: str = ",") -> list[tuple[int, int, str]]:
    text = ChunkText(content.encode(), layout(quoted=quoted, delimiter=delimiter))
    return [(record.position, record.line, record.text) for record in text.records()]


@pytest.mark.parametrize("quoted", [False, True])
def test_a_line_is_a_record_and_a_blank_one_only_counts(quoted: bool) -> None:
    content = "a,b\r\n\n\r\nc\r\r\n ,\nd"
    expected = [(0, 0, "a,b\r\n"), (3, 3, "c\r\r\n"), (4, 4, " ,\n"), (5, 5, "d")]
    assert records(content, quoted=quoted) == expected


@pytest.mark.parametrize("quoted", [False, True])
@pytest.mark.parametrize("character", list("\v\f\x1c\x85\u2028\u2029\ufeff"))
def test_a_line_ends_with_lf_and_nothing_else(character: str, quoted: bool) -> None:
    assert records(f"a{character}b\nc", quoted=quoted) == [(0, 0, f"a{character}b\n"), (1, 1, "c")]


@pytest.mark.parametrize("delimiter", list(",;\t|"))
def test_line_ends_in_quotes_belong_to_the_record(delimiter: str) -> None:
    content = f'"a\n\nb"{delimiter}"c""\n"\n{delimiter}"\n"\r\ne'
    expected = [(0, 0, f'"a\n\nb"{delimiter}"c""\n"\n'), (1, 4, f'{delimiter}"\n"\r\n'), (2, 6, "e")]
    assert records(content, quoted=True, delimiter=delimiter) == expected


def test_a_quote_within_a_cell_is_a_character() -> None:
    assert records('5" screen\n ";"\n"a"b"\nc;"d\n', quoted=True, delimiter=",") == [
        (0, 0, '5" screen\n'),
        (1, 1, ' ";"\n'),
        (2, 2, '"a"b"\n'),
        (3, 3, 'c;"d\n'),
    ]


def test_behind_a_quote_that_is_never_closed_all_is_one_record() -> None:
    assert records('a\nb,"c\nd\n\ne', quoted=True) == [(0, 0, "a\n"), (1, 1, 'b,"c\nd\n\ne')]


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("quoted", [False, True])
def test_bytes_that_are_not_valid_come_back(encoding: str, quoted: bool) -> None:
    odd = {"utf-16-le": b"\x00\xd8x\x00\x00\xdc", "utf-16-be": b"\xd8\x00\x00x\xdc\x00"}.get(encoding, b"\xd0\x98\xff\xd0")
    line_end = "\n".encode(encoding)
    text = ChunkText(odd + line_end + odd, layout(quoted=quoted, encoding=encoding))
    assert [text.raw(record.text) for record in text.records()] == [odd + line_end, odd]


def test_the_lines_of_a_chunk_are_its_line_ends() -> None:
    assert ChunkText(b'a\n"b\nc"\r\nd', layout(quoted=True)).lines == 3
    assert ChunkText(b"", layout()).lines == 0


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_quote_in_a_file_that_seemed_to_have_none_fails_the_job_with_advice(encoding: str) -> None:
    with pytest.raises(UnusableFileError, match=r"quoted: true \(x-amz-meta-quoted: true\)"):
        ChunkText('a\n5" screen\n'.encode(encoding), layout(encoding=encoding))
    assert list(ChunkText("\u2222\u2200\n".encode("utf-16-le"), layout(encoding="utf-16-le")).records()) == [
        Record(0, 0, "\u2222\u2200\n")
    ]


def test_a_chunk_that_ends_within_a_character_makes_the_file_unusable() -> None:
    with pytest.raises(UnusableFileError, match="half a character"):
        ChunkText(b"a\0\n", layout(encoding="utf-16-le"))


@pytest.mark.parametrize(
    ("quote", "why"), [("", "lines probably do not end with LF or CRLF"), ('"', "a quote in it is probably never closed")]
)
def test_a_record_may_be_as_long_as_the_bound_and_no_longer(quote: str, why: str) -> None:
    fits = quote + "x" * (MAX_RECORD - 1 - 2 * len(quote)) + quote + "\n"
    assert records(f"a\n{fits}", quoted=bool(quote)) == [(0, 0, "a\n"), (1, 1, fits)]
    with pytest.raises(UnusableFileError, match=f"a row is over 1 MiB long: {why}"):
        records(quote + "я" + fits.removeprefix(quote), quoted=bool(quote))
