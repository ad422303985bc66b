"""When are two values of a field the same value?

A value is normalised by the declared type of its field before it is compared, hashed or stored. Normalising twice changes nothing.
"""

import ipaddress
import re
import unicodedata
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Final

from pushhub.audience.phone_numbers import phone_number
from pushhub.catalog.model import FieldType
from pushhub.text import holds_invisible, is_unicode, trimmed, without_invisible_edges

Value = int | Decimal | str | bool
"""A normalised value: int for integer, Decimal for decimal, bool for bool, text for every other type."""

MAX_VALUE_BYTES: Final = 1024
"""Bound of a value in bytes of UTF-8."""
MAX_DECIMAL_DIGITS: Final = 38
"""Bound of a decimal in digits, before and after the point together: what DynamoDB keeps exactly."""

_SMALLEST_INTEGER: Final = -(2**63)
_LARGEST_INTEGER: Final = 2**63 - 1
_WHOLE: Final = re.compile(r"[+-]?(?:[0-9]+(?:\.0*)?|\.0+)", re.ASCII)
_NUMBER: Final = re.compile(
    r"(?![+-]?[0-9](?:\.[0-9]+)?E[+-][0-9]{2,}\Z)[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?", re.ASCII
)
"""Not as spreadsheets write a number that is too long for its cell: 1.23457E+11. Programs write 1e+16, without loss."""
_WITH_EXPONENT: Final = re.compile(r"\s*[+-]?[0-9]+(?:[.,][0-9]*)?[eE][+-]?[0-9]+\s*", re.ASCII)
_DIGITS_LOST: Final = "digits were lost: the number is shortened with an exponent, as spreadsheets do; give all of them"
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+")
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_DATETIME: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)?(?P<zone> ?(?:Z|UTC|GMT|[+-][0-9]{2}(?::?[0-9]{2}){0,2}))?)?",
    re.ASCII | re.IGNORECASE,
)
"""Python reads more, such as `20011231T2359`, and so would take the digits of an epoch for a year, a month, a day and a time.

It does not read what databases write for a zone: a blank before it, or `UTC`.
"""
_UTC: Final = frozenset({"Z", "UTC", "GMT"})


class MisfitError(ValueError):
    """A value does not fit the type of its field; the text says what is expected and never holds the value."""


def normalise(kind: FieldType, raw: Value) -> Value:
    """Return the one form that all spellings of a value have in common.

    Invisible characters around a value are not part of it.

    Raises:
        MisfitError: the value does not fit the type, or is over :data:`MAX_VALUE_BYTES`.
    """
    if isinstance(raw, str):
        _require_bounded(raw)
        raw = without_invisible_edges(raw)
    value = _NORMALISERS[kind](raw)
    if isinstance(value, str):
        _require_bounded(value)
    return value


def canonical_text(value: Value) -> str:
    """Return a normalised value as text; values of one type are equal exactly when their texts are."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def _require_bounded(text: str) -> None:
    if not is_unicode(text):
        raise MisfitError("the value is not valid Unicode")
    if len(text.encode()) > MAX_VALUE_BYTES:
        raise MisfitError(f"the value is over {MAX_VALUE_BYTES} bytes")


def _number(raw: Value, spelling: re.Pattern[str], expected: str) -> Decimal:
    if isinstance(raw, bool):
        raise MisfitError(expected)
    if isinstance(raw, str) and not spelling.fullmatch(raw):
        raise MisfitError(_DIGITS_LOST if _WITH_EXPONENT.fullmatch(raw) else expected)
    number = Decimal(raw)
    # Before anything spells the number out: 1e9999 would fill the memory.
    if not number.is_finite() or (number and not -MAX_DECIMAL_DIGITS <= number.adjusted() < MAX_DECIMAL_DIGITS):
        raise MisfitError(expected)
    return number


def _integer(raw: Value) -> int:
    expected = "an integer from -2^63 to 2^63-1 is expected"
    number = _number(raw, _WHOLE, expected)
    whole = int(number)
    if whole != number or not _SMALLEST_INTEGER <= whole <= _LARGEST_INTEGER:
        raise MisfitError(expected)
    return whole


def _decimal(raw: Value) -> Decimal:
    expected = f"a number of at most {MAX_DECIMAL_DIGITS} digits is expected"
    number = _number(raw, _NUMBER, expected)
    if not number:
        return Decimal(0)
    plain = f"{number:f}"
    if "." in plain:
        plain = plain.rstrip("0").rstrip(".")
    if sum(character.isdigit() for character in plain) > MAX_DECIMAL_DIGITS:
        raise MisfitError(expected)
    return Decimal(plain)


def _as_text(raw: Value, expected: str) -> str:
    if not isinstance(raw, str) or not raw:
        raise MisfitError(expected)
    return unicodedata.normalize("NFC", raw)


def _text(raw: Value) -> str:
    return _as_text(raw, "a text is expected")


def _bool(raw: Value) -> bool:
    if isinstance(raw, bool):
        return raw
    if isinstance(raw, str) and raw.lower() in {"true", "false"}:
        return raw.lower() == "true"
    raise MisfitError("true or false is expected")


def _email(raw: Value) -> str:
    expected = "an email address is expected"
    # Lower case first: the lower case of a composed letter may be decomposed.
    address = _as_text(trimmed(_as_text(raw, expected)).lower(), expected)
    if not _EMAIL.fullmatch(address) or holds_invisible(address):
        raise MisfitError(expected)
    return address


def _phone(raw: Value) -> str:
    expected = "a phone number of 5 to 15 digits with its country code, such as +44 7700 900123, is expected"
    spelled = str(raw) if isinstance(raw, int) and not isinstance(raw, bool) else _as_text(raw, expected)
    number = phone_number(spelled)
    if number is None:
        raise MisfitError(_DIGITS_LOST if _WITH_EXPONENT.fullmatch(spelled) else expected)
    return number


def _date(raw: Value) -> str:
    expected = "a date such as 2001-12-31 is expected"
    text = _as_text(raw, expected)
    if not _DATE.fullmatch(text):
        raise MisfitError(expected)
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise MisfitError(expected) from None


def _datetime(raw: Value) -> str:
    """Return the moment in UTC to the microsecond; a time without an offset is taken as UTC."""
    expected = "a time such as 2001-12-31T23:59:59+03:00 is expected, no number of seconds or milliseconds"
    spelled = _DATETIME.fullmatch(_as_text(raw, expected))
    if not spelled:
        raise MisfitError(expected)
    zone = (spelled["zone"] or "").strip().upper()
    local = spelled[0].removesuffix(spelled["zone"] or "").upper()
    try:
        moment = datetime.fromisoformat(local + ("Z" if zone in _UTC else zone))
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise MisfitError(expected) from None
    return moment.replace(tzinfo=None).isoformat() + "Z"


def _ip(raw: Value) -> str:
    expected = "an IPv4 or IPv6 address is expected"
    try:
        address = ipaddress.ip_address(_as_text(raw, expected))
    except ValueError:
        raise MisfitError(expected) from None
    if isinstance(address, ipaddress.IPv6Address) and address.scope_id:
        raise MisfitError(expected)
    return str(address)


_NORMALISERS: Final[dict[FieldType, Callable[[Value], Value]]] = {
    FieldType.INTEGER: _integer,
    FieldType.DECIMAL: _decimal,
    FieldType.TEXT: _text,
    FieldType.BOOL: _bool,
    FieldType.DATE: _date,
    FieldType.DATETIME: _datetime,
    FieldType.EMAIL: _email,
    FieldType.PHONE: _phone,
    FieldType.IP: _ip,
}
