"""Normalising field values."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushhub.audience.values import MAX_VALUE_BYTES, MisfitError, Value, canonical_text, normalise
from pushhub.catalog.model import FieldType

raw_values = st.one_of(
    st.integers(),
    st.booleans(),
    st.decimals(),
    st.text(),
    st.sampled_from(
        ["123", "+7 (999) 123-45-67", "Joe@Example.COM ", "2001-12-31", "2001-12-31T23:59:59+03:00", "::FFFF:1.2.3.4", "1e2"]
    ),
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
        (FieldType.INTEGER, [123, "123", "+123", "0123", "123.0", "1.23e2", Decimal("123.000"), Decimal("1.23E+2")], 123),
        (FieldType.INTEGER, [0, "-0", Decimal("-0.0"), "0e9999"], 0),
        (FieldType.INTEGER, [2**63 - 1, str(2**63 - 1)], 2**63 - 1),
        (FieldType.DECIMAL, ["12.50", Decimal("12.5"), "+12.500"], Decimal("12.5")),
        (FieldType.DECIMAL, [100, "1e2", "100.00"], Decimal(100)),
        (FieldType.TEXT, ["é", "e\u0301"], "é"),
        (FieldType.TEXT, [" Joe "], " Joe "),
        (FieldType.EMAIL, ["Joe@Example.com", " joe@example.COM\n"], "joe@example.com"),
        (FieldType.PHONE, ["+7 (999) 123-45-67", "79991234567", 79991234567], "+79991234567"),
        (FieldType.DATE, ["2001-12-31"], "2001-12-31"),
        (FieldType.DATETIME, ["2001-12-31T23:59:59+03:00", "2001-12-31T20:59:59Z", "2001-12-31T20:59:59"], "2001-12-31T20:59:59Z"),
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
        (FieldType.PHONE, True),
        (FieldType.DATE, "31.12.2001"),
        (FieldType.DATE, "2001-02-30"),
        (FieldType.DATETIME, "yesterday"),
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
