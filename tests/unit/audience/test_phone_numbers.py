"""Which texts spell a phone number, and which one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushhub.audience.phone_numbers import phone_number


@pytest.mark.parametrize(
    ("number", "spellings"),
    [
        (
            "+447700900123",
            [
                "+447700900123",
                "447700900123",
                "00447700900123",
                "00 44 7700 900123",
                "(00) 44 7700 900123",
                "+44 7700 900123",
                "+44 (7700) 900123",
                "(+44) 7700 900123",
                "+(44) 7700 900123",
                "+44 7700-900-123",
                "+44.7700.900123",
                "44.7700.900123",
                "+44.7700900123",
                " +44 7700 900123\n",
                "+44\u00a07700\u202f900\u2009123",
                "+44 7700\u2011900\u2013123",
            ],
        ),
        ("+79991234567", ["+7 (999) 123-45-67", "79991234567", "7 999 123 45 67", "+7-999-123-45-67", "+7 (999 123-45-67"]),
        ("+12025550143", ["+1-202-555-0143", "1 (202) 555-0143", "+1 202 555 0143"]),
        ("+4512345678", ["+45 12 34 56 78", "45 12 34 56 78", "45-12-34-56-78", "4512-34-56-78", "4512345678"]),
        ("+33612345678", ["+33.61.23.45.678", "+33 612 34 56 78", "+33 612.34.56.78"]),
        ("+88005553535", ["8 800 555 35 35", "8 (800) 555-35-35"]),
        ("+48123456789", ["+48.123.456.789", "48 123 456 789"]),
        ("+390612345678", ["+39 06 1234 5678", "+39 (06) 12345678"]),
        ("+12345", ["+12345", "12345"]),
    ],
)
def test_spellings_of_one_number_are_one_number(number: str, spellings: list[str]) -> None:
    assert {spelling: phone_number(spelling) for spelling in spellings} == dict.fromkeys(spellings, number)


@pytest.mark.parametrize(
    "text",
    [
        # A decimal point, as of a number that a program took for a fraction.
        *("447700900123.0", "+447700900123.0", "447700900123.00", "+447700900123.00", "447700900123.000", "447700900123."),
        # A full stop beside a group of one digit, or of none.
        *(
            "+1.202.555.0143",
            "+33.6.12.34.56.78",
            "7.999.123.45.67",
            "+44..7700900123",
            "+44 (20).1234567",
            "+44. 7700 900123",
            ".44770090",
        ),
        # No country code begins with 0.
        *(
            "07700900123",
            "(020) 7946 0018",
            "+07700900123",
            "0123456",
            "+00447700900123",
            "000447700900123",
            "00 0447700",
            "0 0447700900",
        ),
        # Nobody can say whether the 0 belongs to the number: in Italy it does, elsewhere it does not.
        *("+44 (0)7700 900123", "+44(0)7700900123", "0044 (0) 7700 900123", "+39 ( 0 )6 12345678"),
        # Dates and times.
        *("2001-12-31", "31-12-2001", "31.12.2001", "2001.12.31", "31.12.01", "1-2-2001", "2001 12 31", "31 12 2001"),
        *("2001-12-31 23:59:59", "31.12.2001 23.59", "23.59.59", "2001-12-31T23:59:59Z"),
        *("2024-05", "2024-5", "2024 05", "2024 05 01 10 00 00", "2024-05-01-10-00", "31 12 24", "31.12.2001-10.30"),
        # Addresses.
        *("192.168.10.12", "10.10.10.10", "192.168.100.200", "2001:db8::1"),
        # Amounts.
        *("1.234.567", "12.345.678", "12345.67", "+12345.67", "-12345.67", "1 234 567.00", "1 234.56", "123.4567", "+123.45"),
        *("1 234 567", "1 000 000 000", "12\u00a0345", "1,234,567", "12345,67", "$12345", "1'234'567", "12345 EUR"),
        # Something else.
        *(
            "call me",
            "",
            "+",
            "1234",
            "+44 7700 900123 ext. 5",
            "tel:+447700900123",
            "+44/7700/900123",
            "- 79991234567",
            "-79991234567",
        ),
        *("1234567890123456", "+44 7700 900123, +44 7700 900124", "\uff14\uff147700900123", "\u0664\u0664\u0667\u0667\u0660\u0660"),
        *("4.47701E+11", "44+7700900123", "++447700900123", "+44\u200b7700900123"),
    ],
)
def test_what_is_no_number_or_looks_like_something_else_spells_none(text: str) -> None:
    assert phone_number(text) is None


@given(st.text("0123456789+ .-()", max_size=20))
def test_a_number_is_what_its_own_digits_say_and_spells_itself(text: str) -> None:
    number = phone_number(text)
    if number is not None:
        digits = "".join(filter(str.isdigit, text))
        assert number.removeprefix("+") in {digits, digits.removeprefix("00")}
        assert number[1] != "0"
        assert phone_number(number) == number


@given(st.integers(min_value=10**4, max_value=10**15 - 1))
def test_a_number_without_punctuation_is_taken_as_it_is(number: int) -> None:
    assert phone_number(str(number)) == f"+{number}"
