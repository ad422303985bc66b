"""What rows ask for."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushhub.audience.command import ByField, ById, ByPushToken, DesiredSubscription, Matching, Mode, Subscribe
from pushhub.audience.model import ProfileId
from pushhub.catalog.providers import MAX_PUSH_TOKEN_BYTES, PushToken
from pushhub.catalog.push_tokens import PushTokenMisfit
from pushhub.imports.files.drop import NO_OVERRIDES, Overrides
from pushhub.imports.files.layout import Layout
from pushhub.imports.files.recognition import find_layout
from pushhub.imports.files.rows import BadRow, BadRowError, CellReader, RowReader, row_reader
from tests.doubles.import_files import CATALOG, DATABASE, OTHER_DATABASE, RESOURCE

BY_TOKEN = ByPushToken()
EVERYTHING = "subscription_id,customer,id,unsubscribe,provider,name,age"


def layout(header: str = EVERYTHING, *, quoted: bool = True, encoding: str = "utf-8") -> Layout:
    return find_layout(header.encode(encoding), Overrides(quoted=quoted, encoding=encoding), whole=True)


def reader(matching: str, header: str = EVERYTHING, mode: Mode = Mode.UPSERT) -> RowReader:
    return row_reader(f"inbox/5/ios-apns/{matching}/a.csv", layout(header), mode, CATALOG)


def read(row: str, matching: str = "token", header: str = EVERYTHING) -> Subscribe | BadRow:
    return reader(matching, header).read(row)


def asked(
    token: str,
    provider: str = "ios-apns",
    *,
    unsubscribe: bool = False,
    by: Matching = BY_TOKEN,
    **fields: str,
) -> Subscribe:
    desired = DesiredSubscription(provider, PushToken(token), unsubscribe)
    return Subscribe(RESOURCE, (DATABASE, OTHER_DATABASE), (), by, (desired,), fields)


@pytest.mark.parametrize(
    ("row", "matching", "command"),
    [
        ("t,,,,,,\n", "token", asked("t")),
        (
            "t,42,i,true,Firefox,Яна,7\r\n",
            "token",
            asked("t", "Firefox", unsubscribe=True, customer="42", id="i", name="Яна", age="7"),
        ),
        ("t,42,i,,,,", "profile_id", asked("t", by=ById(ProfileId("i")), customer="42")),
        ("t,42,i,,,,", "custom-customer", asked("t", by=ByField("customer", "42"), id="i")),
        ('"t","4""2",,"no","","a,\r\nb",', "token", asked("t", customer='4"2', name="a,\r\nb")),
        ('t,4"2,, YES ,x, ,', "token", asked("t", "x", unsubscribe=True, customer='4"2', name=" ")),
    ],
)
def test_a_row_asks_for_what_its_cells_say(row: str, matching: str, command: Subscribe) -> None:
    assert read(row, matching) == command


def test_a_file_may_have_the_column_of_the_tokens_alone() -> None:
    assert read("t\n", header="subscription_id") == asked("t")


def test_the_mode_is_the_one_of_the_file() -> None:
    command = reader("token", mode=Mode.ADD).read("t,,,,,,")
    assert isinstance(command, Subscribe)
    assert command.mode is Mode.ADD


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("true", True),
        ("1", True),
        ("Yes", True),
        ("FALSE", False),
        ("0", False),
        ("no", False),
        ("\u200byes \ufeff", True),
        ("\u200b", False),
    ],
)
def test_unsubscribe_is_one_of_a_few_words(word: str, meant: bool) -> None:
    assert read(f"t,{word}", header="subscription_id,unsubscribe") == asked("t", unsubscribe=meant)


@pytest.mark.parametrize(
    ("row", "matching", "reason"),
    [
        (",1,i,,,,", "token", "subscription_id is empty"),
        (" \t\u00a0,1,i,,,,", "token", "subscription_id is empty"),
        ("t,,i,,,,", "custom-customer", "customer is empty"),
        ("t,1,,,,,", "profile_id", "id is empty"),
        ("NULL,1,i,,,,", "token", f"subscription_id is no push token: {PushTokenMisfit.WORD_FOR_NOTHING}"),
        ("\\N,1,i,,,,", "token", f"subscription_id is no push token: {PushTokenMisfit.WORD_FOR_NOTHING}"),
        ("t ,1,i,,,,", "token", f"subscription_id is no push token: {PushTokenMisfit.BLANK_AT_AN_END}"),
        ('"t\nu",1,i,,,,', "token", f"subscription_id is no push token: {PushTokenMisfit.CONTROL_CHARACTER}"),
        ("t\u200b,1,i,,,,", "token", f"subscription_id is no push token: {PushTokenMisfit.INVISIBLE_CHARACTER}"),
        ("32 bytes,1,i,,,,", "token", f"subscription_id is no push token: {PushTokenMisfit.DESCRIPTION}"),
        ("t,1,я,,,,", "profile_id", "id is not 1 to 64 characters of A-Z a-z 0-9 _ -"),
        ("t,,,maybe,,,", "token", "unsubscribe is none of true, false, 1, 0, yes, no"),
        ("t,1,i", "token", "the row has 3 cells, the header 7"),
        ("t", "token", "the row has 1 cell, the header 7"),
        ("t" + "," * 100, "token", "the row has over 100 cells, the header 7"),
        ("t,,,,,,\0", "token", "the row holds a NUL character"),
        ("t\r,,,,,,", "token", "a carriage return without a line feed stands outside quotes"),
        ("t,,,,,,\r", "token", "a carriage return without a line feed stands outside quotes"),
        ("t,,,,,,\r\r\n", "token", "a carriage return without a line feed stands outside quotes"),
        ('"t",\r,,,,,', "token", "a carriage return without a line feed stands outside quotes"),
        ('"t",,,,,,\r', "token", "a carriage return without a line feed stands outside quotes"),
        ('"t"x,,,,,,', "token", "text stands behind a closing quote"),
        ('t,,,,,,"x\ny\n', "token", "a quote is never closed"),
        (f'"{"x" * 200_000}",,,,,,', "token", "a cell is longer than any value can be"),
        ("t\udcff,,,,,,", "token", "the row holds bytes that are not valid in utf-8"),
        ("x" * (MAX_PUSH_TOKEN_BYTES + 1) + ",,,,,,", "token", "subscription_id is over 4096 bytes"),
        ("я" * (MAX_PUSH_TOKEN_BYTES // 2 + 1) + ",,,,,,", "token", "subscription_id is over 4096 bytes"),
    ],
)
def test_a_row_that_asks_for_nothing_that_can_be_done_says_why(row: str, matching: str, reason: str) -> None:
    assert read(row, matching) == BadRow(reason)


def test_a_shortened_number_is_no_push_token_of_the_provider_of_its_row() -> None:
    header, number = "subscription_id,provider", "4.47701E+11"
    assert isinstance(read(f"{number},android-firebase", header=header), Subscribe)
    refused = BadRow(f"subscription_id is no push token: {PushTokenMisfit.SHORTENED_NUMBER}")
    assert read(f"{number},yandex-Appmetrica-device-id-ios", header=header) == refused


def test_a_token_may_be_as_long_as_any() -> None:
    assert read("я" * (MAX_PUSH_TOKEN_BYTES // 2), header="subscription_id") == asked("я" * (MAX_PUSH_TOKEN_BYTES // 2))


@given(st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8), min_size=2, max_size=2))
def test_cells_are_read_as_they_were_written(cells: list[str]) -> None:
    written = io.StringIO()
    csv.writer(written).writerow(cells)
    assert CellReader(layout("subscription_id,name")).cells(written.getvalue()) == cells


@given(st.text(st.sampled_from('a,"\r\n\0\udcff '), max_size=20))
def test_any_record_is_a_command_or_a_bad_row_whose_reason_holds_nothing_of_it(record: str) -> None:
    command = reader("custom-customer", "subscription_id,customer").read(record)
    if isinstance(command, BadRow):
        assert command.reason.isascii()
        assert command.reason.isprintable()


@given(st.text(st.sampled_from('a,"\r '), max_size=12))
def test_with_quotes_and_without_a_row_has_the_same_cells_where_it_holds_none(row: str) -> None:
    header = "subscription_id,name"

    def cells(*, quoted: bool) -> list[str] | str:
        try:
            return CellReader(layout(header, quoted=quoted)).cells(row)
        except BadRowError as bad:
            return str(bad)

    assert cells(quoted=True) == cells(quoted=False)
    if '"' not in row and row and "\r" not in row and row.count(",") == 1:
        assert cells(quoted=True) == next(csv.reader([row], strict=True))


def test_without_overrides_a_header_is_enough_to_read_rows() -> None:
    plain = find_layout(b"subscription_id;name\n", NO_OVERRIDES, whole=True)
    assert CellReader(plain).cells("a;b,c\n") == ["a", "b,c"]
