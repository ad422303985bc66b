"""Normalising field values."""

from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pushhub.audience.values import MAX_VALUE_BYTES, MisfitError, Value, canonical_text, normalise
from pushhub.catalog.model import FieldType

spellings = st.sampled_from(
    [
        "123",
        "+7 (999) 123-45-67",
        "Joe@Example.COM ",
        "2001-12-31",
        "2001-12-31T23:59:59+03:00",
        "::FFFF:1.2.3.4",
        "1e2",
        "\u2764\ufe0f",
        "\u0d28\u0d4d\u200d",
    ]
)
edges = st.text(st.sampled_from("\u200b\ufeff\u200d\ufe0f\u034f\u3164\0 \u00a0\n"), max_size=4)
raw_values = st.one_of(
    st.integers(),
    st.booleans(),
    st.decimals(),
    st.text(),
    spellings,
    st.builds("{}{}{}".format, edges, st.text(max_size=3) | spellings, edges),
)


@given(st.sampled_from(FieldType), raw_values)
def test_normalising_twice_changes_nothing(kind: FieldType, raw: Value) -> None:
    try:
        once = normalise(kind, raw)
    except MisfitError:
        return
    assert normalise(kind, once) == once
    assert canonical_text(normalise(kind, once)) == canonical_text(once)


@given(st.sampled_from(FieldType), raw_values, raw_values)
def test_values_are_equal_exactly_when_their_texts_are(kind: FieldType, one: Value, other: Value) -> None:
    try:
        first, second = normalise(kind, one), normalise(kind, other)
    except MisfitError:
        return
    assert (first == second) == (canonical_text(first) == canonical_text(second))


@pytest.mark.parametrize(
    ("kind", "spellings", "normal"),
    [
        (FieldType.INTEGER, [123, "123", "+123", "0123", "123.0", "123.", Decimal("123.000"), Decimal("1.23E+2")], 123),
        (FieldType.INTEGER, [0, "-0", ".0", Decimal("-0.0")], 0),
        (FieldType.INTEGER, [447701000001, "447701000001.0", Decimal("4.47701000001E+11")], 447701000001),
        (FieldType.INTEGER, [2**63 - 1, str(2**63 - 1)], 2**63 - 1),
        (FieldType.DECIMAL, ["12.50", Decimal("12.5"), "+12.500"], Decimal("12.5")),
        (FieldType.DECIMAL, [100, "1e2", "100.00", Decimal("1E+02")], Decimal(100)),
        (FieldType.DECIMAL, ["0.00001", "1e-05"], Decimal("0.00001")),
        (FieldType.TEXT, ["é", "e\u0301"], "é"),
        (FieldType.TEXT, [" Joe "], " Joe "),
        (FieldType.EMAIL, ["Joe@Example.com", " joe@example.COM\n"], "joe@example.com"),
        (FieldType.PHONE, ["+7 (999) 123-45-67", "79991234567", 79991234567], "+79991234567"),
        (FieldType.DATE, ["2001-12-31"], "2001-12-31"),
        (
            FieldType.DATETIME,
            [
                "2001-12-31T23:59:59+03:00",
                "2001-12-31 23:59:59+03",
                "2001-12-31T23:59:59+0300",
                "2001-12-31T20:59:59Z",
                "2001-12-31t20:59:59z",
                "2001-12-31T20:59:59",
                "2001-12-31 20:59:59.000",
                "2001-12-31T20:59:59,000Z",
                "2001-12-31 20:59:59 UTC",
                "2001-12-31 20:59:59.000 GMT",
                "2001-12-31 23:59:59.000 +0300",
                "2001-12-31T20:59:59 Z",
            ],
            "2001-12-31T20:59:59Z",
        ),
        (FieldType.DATETIME, ["2001-12-31", "2001-12-31 00:00", "2001-12-31T00:00Z"], "2001-12-31T00:00:00Z"),
        (FieldType.IP, ["2001:DB8::1", "2001:db8:0:0:0:0:0:1"], "2001:db8::1"),
        (FieldType.BOOL, [True, "true", "TRUE"], True),
    ],
)
def test_spellings_of_one_value_are_one_value(kind: FieldType, spellings: list[Value], normal: Value) -> None:
    for spelling in spellings:
        value = normalise(kind, spelling)
        assert value == normal
        assert canonical_text(value) == canonical_text(normal)


@pytest.mark.parametrize(
    ("kind", "raw"),
    [
        (FieldType.INTEGER, True),
        (FieldType.INTEGER, 2**63),
        (FieldType.INTEGER, -(2**63) - 1),
        (FieldType.INTEGER, "1.5"),
        (FieldType.INTEGER, " 1"),
        (FieldType.INTEGER, "\uff11"),
        (FieldType.INTEGER, "1_000"),
        (FieldType.INTEGER, Decimal("1e999999")),
        (FieldType.INTEGER, "1e9999"),
        (FieldType.INTEGER, Decimal("NaN")),
        (FieldType.INTEGER, Decimal("Infinity")),
        (FieldType.DECIMAL, "1" * 39),
        (FieldType.DECIMAL, "NaN"),
        (FieldType.DECIMAL, "0." + "0" * 38 + "1"),
        (FieldType.TEXT, 5),
        (FieldType.TEXT, True),
        (FieldType.TEXT, "x" * (MAX_VALUE_BYTES + 1)),
        (FieldType.TEXT, "\ud800"),
        (FieldType.TEXT, ""),
        (FieldType.EMAIL, "joe"),
        (FieldType.EMAIL, "a b@c"),
        (FieldType.PHONE, "call me"),
        (FieldType.PHONE, -79991234567),
        (FieldType.PHONE, 1234),
        (FieldType.PHONE, True),
        (FieldType.PHONE, Decimal("447700900123.0")),
        (FieldType.DATE, "31.12.2001"),
        (FieldType.DATE, "2001-02-30"),
        (FieldType.DATE, "20011231"),
        (FieldType.DATE, "1009756800"),
        (FieldType.DATE, 1009756800),
        (FieldType.DATETIME, "yesterday"),
        (FieldType.DATETIME, "1795737600"),
        (FieldType.DATETIME, "1795010112345"),
        (FieldType.DATETIME, "1701010112345"),
        (FieldType.DATETIME, "1795010112345678"),
        (FieldType.DATETIME, "1795010112345678901"),
        (FieldType.DATETIME, "-1795737600"),
        (FieldType.DATETIME, "1795737600.5"),
        (FieldType.DATETIME, "1.79501E+12"),
        (FieldType.DATETIME, 1795737600),
        (FieldType.DATETIME, Decimal("1795737600.5")),
        (FieldType.DATETIME, "20011231"),
        (FieldType.DATETIME, "20011231T235959"),
        (FieldType.DATETIME, "20011231T235959Z"),
        (FieldType.DATETIME, "2001-12-31T235959"),
        (FieldType.DATETIME, "20011231T23:59:59"),
        (FieldType.DATETIME, "2001-12-31T23"),
        (FieldType.DATETIME, "2001-12-31_23:59:59"),
        (FieldType.DATETIME, "2001-12-31\u00a023:59:59"),
        (FieldType.DATETIME, "2001-12-31T23:59:59 MSK"),
        (FieldType.DATETIME, "2001-12-31T23:59:59  Z"),
        (FieldType.DATETIME, "2001-12-31 UTC"),
        (FieldType.DATETIME, "2001-W52-1"),
        (FieldType.DATETIME, "2001-W52"),
        (FieldType.DATETIME, "2001W521"),
        (FieldType.DATETIME, "2001-W52-1T23:59:59"),
        (FieldType.DATETIME, "2001-365"),
        (FieldType.DATETIME, "2001-12"),
        (FieldType.DATETIME, "31.12.2001 23:59"),
        (FieldType.DATETIME, "\uff12001-12-31"),
        (FieldType.DATETIME, "0001-01-01T00:00:00+05:00"),
        (FieldType.IP, "1.2.3"),
        (FieldType.IP, "fe80::1%eth0"),
        (FieldType.BOOL, 1),
        (FieldType.BOOL, "yes"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_without_being_repeated(kind: FieldType, raw: Value) -> None:
    with pytest.raises(MisfitError) as refused:
        normalise(kind, raw)
    assert "expected" in str(refused.value) or "is " in str(refused.value)
    assert len(str(refused.value)) < 100


DIGITS_LOST = "digits were lost"


@pytest.mark.parametrize(
    "text",
    ["4.47701E+11", "4,47701E+11", "4.47701E11", "4.47701e+11", " 4.47701E+11 ", "-4.47701E+11", "+4E+11", "1e3", "1e-3", "0e9999"],
)
def test_a_number_that_a_spreadsheet_has_shortened_is_no_integer_and_no_phone_number(text: str) -> None:
    for kind in (FieldType.INTEGER, FieldType.PHONE):
        with pytest.raises(MisfitError, match=DIGITS_LOST) as refused:
            normalise(kind, text)
        assert text not in str(refused.value)


@pytest.mark.parametrize("text", ["1.23457E+11", "1,23457E+11", "-1.23457E-05", "4E+11"])
def test_a_decimal_is_a_misfit_as_a_spreadsheet_shortens_it(text: str) -> None:
    with pytest.raises(MisfitError, match=DIGITS_LOST):
        normalise(FieldType.DECIMAL, text)


@pytest.mark.parametrize("text", ["4.47701E", "E+11", "4.47701 E+11x", "4.47701*10^11", "\uff14E+11", "447 701 000 001", "447,701"])
def test_what_is_no_number_at_all_is_a_plain_misfit(text: str) -> None:
    with pytest.raises(MisfitError, match="an integer from"):
        normalise(FieldType.INTEGER, text)


def test_a_text_field_takes_what_a_spreadsheet_wrote_for_a_text() -> None:
    assert normalise(FieldType.TEXT, "4.47701E+11") == "4.47701E+11"


@given(st.text("0123456789.,eE+- \u200b", max_size=20) | st.integers().map(str))
@example("4.47701E+11")
@example("447701000001.0")
def test_no_text_of_an_integer_changes_its_value(text: str) -> None:
    try:
        number = normalise(FieldType.INTEGER, text)
    except MisfitError:
        return
    assert isinstance(number, int)
    whole, _, fraction = text.strip("\u200b").partition(".")
    assert (whole.lstrip("+-").lstrip("0") or "0") == str(abs(number))
    assert not fraction.strip("0")


@pytest.mark.parametrize("kind", FieldType)
@pytest.mark.parametrize(
    "around", ["\u200b{}", "{}\u200b", "\ufeff{}", "\u202a{}\u202c", "\u00ad{}\u2060", "{}\u3164", "{}\ufe0f", "{}\0"]
)
def test_characters_that_nobody_sees_around_a_value_make_no_other_value(kind: FieldType, around: str) -> None:
    plain = {
        FieldType.INTEGER: "123",
        FieldType.DECIMAL: "12.5",
        FieldType.TEXT: "Joe",
        FieldType.BOOL: "true",
        FieldType.DATE: "2001-12-31",
        FieldType.DATETIME: "2001-12-31T23:59:59Z",
        FieldType.EMAIL: "joe@example.com",
        FieldType.PHONE: "+447700900123",
        FieldType.IP: "2001:db8::1",
    }[kind]
    assert normalise(kind, around.format(plain)) == normalise(kind, plain)


@pytest.mark.parametrize("within", ["\u200b", "\u200d", "\u00ad", "\ufeff", "\u202e", "\ufe0f", "\u3164", "\0"])
@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (FieldType.INTEGER, "1{}23"),
        (FieldType.DECIMAL, "12{}.5"),
        (FieldType.BOOL, "tr{}ue"),
        (FieldType.DATE, "2001-{}12-31"),
        (FieldType.DATETIME, "2001-12-31{}T23:59:59Z"),
        (FieldType.EMAIL, "jo{}e@example.com"),
        (FieldType.EMAIL, "joe@example{}.com"),
        (FieldType.PHONE, "+44 {}7700 900123"),
        (FieldType.IP, "2001:{}db8::1"),
    ],
)
def test_characters_that_nobody_sees_within_a_value_make_it_a_misfit(kind: FieldType, text: str, within: str) -> None:
    with pytest.raises(MisfitError):
        normalise(kind, text.format(within))


def test_within_a_text_characters_that_nobody_sees_belong_to_it() -> None:
    for text in ("\U0001f468\u200d\U0001f469", "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "Joe\u00adseph"):
        assert normalise(FieldType.TEXT, f"\u200b{text}\u200b") == text


def test_a_text_of_which_nobody_sees_anything_is_none() -> None:
    for text in ("\u200b", "\u3164\u2800", "\ufeff\0"):
        with pytest.raises(MisfitError, match="a text is expected"):
            normalise(FieldType.TEXT, text)


@pytest.mark.parametrize("email", ["\u200b Joe@Example.com", " \u200bjoe@example.com \u200b\n", "\u00a0joe@example.com\ufeff"])
def test_blanks_and_characters_that_nobody_sees_around_an_email_address_are_dropped_together(email: str) -> None:
    assert normalise(FieldType.EMAIL, email) == "joe@example.com"
