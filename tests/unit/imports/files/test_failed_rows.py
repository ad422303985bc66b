"""Keeping, showing and giving back rows that failed."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushhub.imports.files.drop import NO_OVERRIDES
from pushhub.imports.files.failed_rows import ErrorsFile, FailedRow, masked, read_failed_row, retry_header, retry_row
from pushhub.imports.files.layout import Layout
from pushhub.imports.files.recognition import find_layout
from pushhub.imports.files.records import ChunkText
from pushhub.imports.files.rows import CellReader
from tests.doubles.import_files import WrittenFile, written_files

HEADER = b"subscription_id;name\r\n"
TOKEN = "fcm-token-of-a-device-0123456789"  # not a credential


def layout(header: bytes = HEADER, body: bytes = b'"') -> Layout:
    return find_layout(header + body, NO_OVERRIDES, whole=True)


def shown(raw: bytes, of: Layout | None = None, reason: str = "why") -> list[str]:
    line = ErrorsFile(of or layout()).line(FailedRow(3, reason, raw), 10)
    assert line.endswith(b"\r\n")
    (row,) = csv.reader(io.StringIO(line.decode(), newline=""), strict=True)
    return row


@given(st.builds(FailedRow, st.integers(0), st.text(st.characters(exclude_categories=["Cs"])), st.binary()))
def test_a_failed_row_is_read_as_it_was_written(row: FailedRow) -> None:
    written = row.written()
    assert read_failed_row(written) == row
    assert written.find(b"\n") == len(written) - 1


def test_people_see_the_line_the_reason_and_the_row_under_its_columns() -> None:
    assert ErrorsFile(layout()).header() == "\ufeffline,reason,subscription_id,name\r\n".encode()
    assert shown(f"{TOKEN};Яна\r\n".encode(), reason="unknown provider") == ["14", "unknown provider", "fcm-to…6789", "Яна"]
    assert shown(f'"{TOKEN}";"a\n""b"""'.encode())[2:] == ["fcm-to…6789", 'a\n"b"']


@pytest.mark.parametrize(("token", "seen"), [("", ""), ("a", "…"), ("x" * 16, "…"), ("abcdefghijklmnopq", "abcdef…nopq")])
def test_a_token_is_masked(token: str, seen: str) -> None:
    assert masked(token) == seen


@pytest.mark.parametrize(
    ("raw", "cells"),
    [
        (f"{TOKEN}\r\n", ["fcm-to…6789"]),
        (f"Яна;x;{TOKEN}\n", ["…", "x", "fcm-to…6789"]),
        (f'"{TOKEN};Яна\n', ['"fcm-t…6789', "…"]),
        ("a-short-token\n", ["…"]),
        ('"abc;defghijklmnop";x;y\n', ["…", "…", "…", "…"]),
        (f"a,{TOKEN}\0\n", ["a,fcm-…789\ufffd"]),
    ],
)
def test_a_row_that_is_not_laid_out_like_the_header_shows_no_piece_that_may_be_a_token(raw: str, cells: list[str]) -> None:
    assert shown(raw.encode())[2:] == cells


@pytest.mark.parametrize("beginning", list("=+-@\uff1d\uff0b\uff0d\uff20"))
def test_a_cell_is_no_formula_for_a_spreadsheet(beginning: str) -> None:
    assert shown(f"{beginning * 20};{beginning}1\n".encode())[2:] == [f"'{beginning * 6}…{beginning * 4}", f"'{beginning}1"]


def test_a_tab_or_a_carriage_return_begins_no_formula() -> None:
    assert shown(b'x;"\r=1"\n')[3] == "'\r'=1"
    assert shown(b"x;\t=1\n")[3] == "'\t'=1"


@pytest.mark.parametrize(
    ("cell", "seen"), [("a,=1", "a,'=1"), ("a|@b", "a|'@b"), ('a\n"=1', "a\n'\"=1"), ("a, -1", "a,' -1"), ("a=1", "a=1")]
)
def test_a_cell_is_no_formula_for_a_spreadsheet_that_takes_another_delimiter_either(cell: str, seen: str) -> None:
    quoted = cell.replace('"', '""')
    assert shown(f'x;"{quoted}"\n'.encode())[3] == seen


def test_a_column_with_the_name_of_a_formula_is_none() -> None:
    assert ErrorsFile(layout(b"subscription_id,=1+1\n")).header().decode() == "\ufeffline,reason,subscription_id,'=1+1\r\n"


def test_what_is_shown_is_bounded() -> None:
    assert len(shown(b"x;" + b"y" * 5000)[3]) == 1001
    assert len(shown(b"x;" * 5000)) == 103


@given(st.binary(max_size=60), st.sampled_from(["utf-8", "utf-16-le", "windows-1251"]))
def test_any_failed_row_can_be_shown(raw: bytes, encoding: str) -> None:
    of = layout("subscription_id;имя\n".encode(encoding), b"")
    raw = raw[: len(raw) - len(raw) % of.unit]
    line = ErrorsFile(of).line(FailedRow(0, "why", raw), 1).decode()
    (row,) = csv.reader(io.StringIO(line, newline=""), strict=True)
    assert not any(cell.startswith(tuple("=+-@\t\r")) for cell in row)


@given(written_files())
def test_rows_to_be_mended_are_read_as_they_were_under_the_header_of_their_file(file: WrittenFile) -> None:
    before = file.layout()
    content = retry_header(file.content, before) + b"".join(retry_row(row.raw, before) for row in file.rows)
    layout = find_layout(content, NO_OVERRIDES, whole=True)
    assert content[: layout.header] == file.content[: before.header]
    records = ChunkText(content[layout.header :], layout).records()
    assert [CellReader(layout).cells(record.text) for record in records] == [list(row.cells) for row in file.rows]


@pytest.mark.parametrize(
    ("header", "end"), [(b"subscription_id", b"\n"), (b"subscription_id\r\n", b"\r\n"), (b"subscription_id\n", b"\n")]
)
def test_a_last_row_without_a_line_end_gets_the_one_of_the_file(header: bytes, end: bytes) -> None:
    of = layout(header, b"")
    assert retry_header(header, of) == header.rstrip() + end
    assert retry_row(b"x", of) == b"x" + end
    assert retry_row(b"x\n", of) == b"x\n"
