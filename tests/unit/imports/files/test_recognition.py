"""Recognising how a file is written."""

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushhub.imports.files.drop import NO_OVERRIDES, Overrides
from pushhub.imports.files.layout import Layout
from pushhub.imports.files.recognition import MAX_HEADER, SAMPLE, evidence_in, find_layout, holds_quote, read_head, whole_lines
from pushhub.imports.job import UnusableFileError
from tests.doubles.import_files import MARKS

TEXT = "subscription_id;имя\r\nт;Яна\r\n"


def found(content: bytes, overrides: Overrides = NO_OVERRIDES) -> Layout:
    return find_layout(content, overrides, whole=True)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("marked", [False, True])
def test_unicode_is_recognised_with_its_mark_and_without(encoding: str, marked: bool) -> None:
    mark = MARKS[encoding] if marked else b""
    header = len("subscription_id;имя\r\n".encode(encoding)) + len(mark)
    expected = Layout(encoding, len(mark), ";", False, ("subscription_id", "имя"), header, "\r\n")
    assert found(mark + TEXT.encode(encoding)) == expected


def test_nuls_in_rows_are_no_sign_of_utf_16() -> None:
    assert found(b"subscription_id\n" + b"a\0b\0" * 100).encoding == "utf-8"


def test_windows_1251_is_recognised() -> None:
    layout = found(TEXT.encode("windows-1251"))
    assert (layout.encoding, layout.columns, layout.header) == ("windows-1251", ("subscription_id", "имя"), 21)
    assert found("subscription_id\nключ\n".encode("windows-1251")).encoding == "windows-1251"


def test_a_sample_from_elsewhere_speaks_for_windows_1251() -> None:
    head, sample = b"subscription_id\n" + b"x\n" * 100, "bc\nключ\nч".encode("windows-1251")
    assert find_layout(head, NO_OVERRIDES, whole=False).encoding == "utf-8"
    assert evidence_in(whole_lines(sample)).speaks_for_windows_1251


def test_a_sample_that_is_cut_within_a_character_is_still_utf_8() -> None:
    content = ("subscription_id\n" + "ключ\n" * 10).encode()
    for end in range(16, len(content)):
        assert find_layout(content[:end], NO_OVERRIDES, whole=False).encoding == "utf-8"
        assert evidence_in(whole_lines(content[end:])).broken == 0


def test_a_damaged_row_is_no_reason_to_take_utf_8_for_something_else() -> None:
    assert found("subscription_id\nключ\n".encode() + b"\xff\xfe\n").encoding == "utf-8"


@pytest.mark.parametrize("delimiter", list(",;\t|"))
def test_the_delimiter_is_the_one_that_makes_a_column_of_the_tokens(delimiter: str) -> None:
    others = ",;\t|".replace(delimiter, "")
    layout = found(f"a{others}b{delimiter} subscription_id {delimiter}c{others[:2]}\n".encode())
    assert layout.delimiter == delimiter
    assert layout.columns == (f"a{others}b", "subscription_id", f"c{others[:2]}".strip())


def test_a_header_of_one_column_has_a_comma_for_delimiter() -> None:
    assert found(b"subscription_id").delimiter == ","
    assert found(b"subscription_id\r\n").columns == ("subscription_id",)


def test_a_header_may_stand_in_quotes() -> None:
    layout = found(b'"subscription_id";"last, ""first"""\nx;y\n')
    assert layout.columns == ("subscription_id", 'last, "first"')
    assert (layout.quoted, layout.delimiter) == (True, ";")


@pytest.mark.parametrize(
    "header",
    [
        "\u200bsubscription_id,CustomNumber1\ufeff",
        "subscription_id\u2060,\u200bCustomNumber1",
        "\u00a0subscription_id\u202f,\u3000CustomNumber1\u00a0",
        "subscription_id,\u202a CustomNumber1 \u202c",
        "\ufeff\ufeffsubscription_id,CustomNumber1",
        '\u200b"subscription_id","\u00adCustomNumber1"\u200b',
    ],
)
def test_blanks_and_invisible_characters_around_the_name_of_a_column_are_no_part_of_it(header: str) -> None:
    layout = found(f"{header}\nx,1\n".encode())
    assert layout.columns == ("subscription_id", "CustomNumber1")
    assert layout.header == len(f"{header}\n".encode())


def test_invisible_characters_within_the_name_of_a_column_make_another_name() -> None:
    assert found("subscription_id,Custom\u200bNumber1\n".encode()).columns == ("subscription_id", "Custom\u200bNumber1")
    with pytest.raises(UnusableFileError, match="no column subscription_id"):
        found("sub\u200bscription_id,x\n".encode())


def test_a_quote_in_any_sample_is_seen() -> None:
    head = b"subscription_id\nx\n"
    assert not found(head).quoted
    assert found(head + b'"\n').quoted
    assert not holds_quote(b"a", "utf-8")
    assert holds_quote(b'"', "utf-8")
    assert found(head, Overrides(quoted=True)).quoted
    assert not found("subscription_id\n\u2222\u2200".encode("utf-16")).quoted


@pytest.mark.parametrize(("content", "line_end", "header"), [("a\n", "\n", 17), ("a\r\n", "\r\n", 18), ("a", "", 17)])
def test_what_ends_the_header_is_known(content: str, line_end: str, header: int) -> None:
    text = f"subscription_id,{content}"
    layout = found(text.encode())
    assert (layout.line_end, layout.header) == (line_end, len(text))


def test_metadata_overrule_what_would_be_recognised() -> None:
    content = "subscription_id\nключ\n".encode()
    assert found(content, Overrides(encoding="windows-1251")).encoding == "windows-1251"
    assert found(b"subscription_id", Overrides(delimiter="|")).delimiter == "|"
    assert found("subscription_id".encode("utf-16"), Overrides(encoding="utf-16")).encoding == "utf-16-le"
    assert found("subscription_id".encode("utf-16-be"), Overrides(encoding="utf-16")).encoding == "utf-16-be"
    assert found("subscription_id".encode("utf-16-le"), Overrides(encoding="utf-16")).encoding == "utf-16-le"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "the file is empty"),
        (b"\xef\xbb\xbf", "the file is empty"),
        (b"\n\nsubscription_id\n", "the first line is empty"),
        (b" \t\r\n", "the first line is empty"),
        (b"token;name\nx;y\n", 'no column subscription_id; found, and case counts: "token", "name"$'),
        (b"Subscription_ID,name\n", 'no column subscription_id; found, and case counts: "Subscription_ID", "name"$'),
        (b"name,7999\n", 'no column subscription_id; found, and case counts: "name", 1 that is no name$'),
        (
            b"dGhpc-is-a-token-of-a-device-and-so-a-secret:APA91b,7999\n",
            "no column subscription_id; it looks like data: add a header line, or give the delimiter$",
        ),
        (b"subscription_id" + b"x" * MAX_HEADER + b"\n", "the first line is over 64 KiB"),
        (b"subscription_id\rabc\rdef\r", "lines of the file end with CR alone"),
        (b"subscription_id\rabc\r\n", "lines of the file end with CR alone"),
        (b"subscription_id,\0\n", "the first line of the file holds NUL characters"),
        (bytes(range(256)) * 4, "holds NUL characters"),
        (b'subscription_id,"name\nx,y\n', "a quote in the first line is never closed"),
        (b'"subscription_id;name\n', "a quote in the first line is never closed"),
        (b'a;"subscription_id"b\n', "a quote in the first line is never closed, or text follows one"),
        (b"PK\x03\x04\x14", "a zip archive or an Excel workbook; plain text in UTF-8"),
        (gzip.compress(b"subscription_id\n", mtime=0), "packed with gzip"),
        ("subscription_id\n".encode("utf-16") + b"\0", "half a character"),
        ("subscription_id\n".encode("utf-32"), "written in UTF-32"),
    ],
)
def test_a_file_without_a_header_that_can_be_read_is_unusable(content: bytes, says: str) -> None:
    with pytest.raises(UnusableFileError, match=says):
        found(content)


@pytest.mark.parametrize(
    ("content", "overrides", "says"),
    [
        (b"subscription_id;name\n", Overrides(delimiter=","), "no column subscription_id; .*, or give the delimiter$"),
        (
            "\ufeffsubscription_id\n".encode(),
            Overrides(encoding="windows-1251"),
            "say that the encoding is windows-1251, but .* utf-8",
        ),
        ("\ufeffsubscription_id\n".encode(), Overrides(encoding="utf-16"), "say that the encoding is utf-16, but .* utf-8"),
        (b"subscription_id\n", Overrides(encoding="utf-16"), "no column|half a character|NUL"),
    ],
)
def test_metadata_that_the_file_contradicts_make_it_unusable(content: bytes, overrides: Overrides, says: str) -> None:
    with pytest.raises(UnusableFileError, match=says):
        found(content, overrides)


@given(st.binary(max_size=200), st.booleans(), st.sampled_from([None, "utf-8", "utf-16", "utf-16-be", "windows-1251"]))
def test_binary_junk_is_unusable_and_nothing_worse(junk: bytes, whole: bool, encoding: str | None) -> None:
    for content in (junk, b"subscription_id," + junk):
        try:
            said, layout = "", find_layout(content, Overrides(encoding=encoding), whole=whole)
        except UnusableFileError as unusable:
            said, layout = str(unusable), None
        assert len(said) < 1000
        assert said.isprintable()
        assert layout is None or layout.header <= len(content)


def test_a_head_is_as_much_as_is_needed_and_nothing_is_lost() -> None:
    blocks = iter([b"a" * SAMPLE, b"b", b"c"])
    head, taken = read_head(blocks)
    assert (head, taken, [*blocks]) == (b"a" * SAMPLE, [head], [b"b", b"c"])
    assert read_head([b"a", b"b"]) == (b"ab", [b"a", b"b"])
