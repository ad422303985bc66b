"""The texts of refusals are the vendor's own: its table is read out of its page."""

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pytest

from pushhub.dialects.devtodev.push.errors import (
    MAX_ECHOED_CHARACTERS,
    MAX_LISTED_ERRORS,
    PushRefusal,
    PushRefusedError,
    push_error,
)
from pushhub.sends.sending import MAX_NAMED

PAGE = Path(__file__).with_name("vendor_page.txt").read_text(encoding="utf-8")
OF_OTHER_APIS = {14}
"""Codes of the vendor's table that no request of this API comes to: there are no report files in it."""
OF_THE_HUB_ALONE = {PushRefusal.UNAVAILABLE}
"""A row of ours for what the vendor does not speak of: its code and text are those of an unknown error, its status is another."""


class VendorRow(NamedTuple):
    status: int
    code: int
    msg: str


def vendor_rows() -> Iterator[VendorRow]:
    lines = [line for line in PAGE.split("List of possible errors\n")[1].splitlines() if line]
    for place, (status, code) in enumerate(pairwise(lines)):
        if re.fullmatch(r"[0-9]{3}", status) and re.fullmatch(r"[0-9]{1,2}", code):
            yield VendorRow(int(status), int(code), lines[place + 2])


VENDOR_ROWS = list(vendor_rows())


def without_gaps(text: str) -> str:
    return re.sub(r"%[^%]+%|\{\w+\}", "…", text)


def test_the_page_has_all_rows() -> None:
    assert [row.code for row in VENDOR_ROWS] == [1, 2, 3, 4, 6, 11, 12, 13, 14, 15, *range(23, 34)]


@pytest.mark.parametrize("row", VENDOR_ROWS, ids=lambda row: f"code {row.code}")
def test_status_code_and_text_are_the_vendors_own(row: VendorRow) -> None:
    ours = [refusal for refusal in PushRefusal if refusal.vendor_code == row.code and refusal not in OF_THE_HUB_ALONE]
    if row.code in OF_OTHER_APIS:
        assert ours == []
    else:
        (refusal,) = ours
        assert (refusal.status, without_gaps(refusal.text)) == (row.status, without_gaps(row.msg))


def test_what_the_hub_adds_reads_as_an_unknown_error() -> None:
    (unknown,) = [row for row in VENDOR_ROWS if row.code == 1]
    for refusal in OF_THE_HUB_ALONE:
        assert (refusal.vendor_code, refusal.text) == (unknown.code, unknown.msg)


def test_the_audience_is_as_large_as_the_text_says() -> None:
    assert f" {MAX_NAMED} " in PushRefusal.AUDIENCE_TOO_LARGE.text


def test_a_text_of_the_caller_is_echoed_as_it_is_unless_it_is_very_long() -> None:
    assert push_error(PushRefusal.APP_UNKNOWN, app_id="{app_id} %s").msg == "Invalid app id {app_id} %s"
    longest = push_error(PushRefusal.API_TOKEN_UNKNOWN, user_token="a" * 100_000).msg
    assert longest == "Authorization error. Wrong user token " + "a" * MAX_ECHOED_CHARACTERS + "…"


def test_only_so_many_errors_are_kept() -> None:
    error = push_error(PushRefusal.FIELD_MISSING, field="app_id")
    refused = PushRefusedError(*[error] * (MAX_LISTED_ERRORS + 1))
    assert (refused.refusal, len(refused.errors), str(refused)) == (PushRefusal.FIELD_MISSING, 100, "Field not found: app_id")
