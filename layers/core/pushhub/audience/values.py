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

from pushhub.catalog.model import FieldType
from pushhub.text import is_unicode

Value = int | Decimal | str | bool
"""A normalised value: int for integer, Decimal for decimal, bool for bool, text for every other type."""

MAX_VALUE_BYTES: Final = 1024
"""Bound of a value in bytes of UTF-8."""
MAX_DECIMAL_DIGITS: Final = 38
"""Bound of a decimal in digits, before and after the point together: what DynamoDB keeps exactly."""

_SMALLEST_INTEGER: Final = -(2**63)
_LARGEST_INTEGER: Final = 2**63 - 1
_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?", re.ASCII)
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+")
_PHONE_PUNCTUATION: Final = re.compile(r"(?<!^)[ ().\-\u00a0]|^\(")
_PHONE: Final = re.compile(r"\+?([0-9]{5,15})", re.ASCII)
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


class MisfitError(ValueError):
    """A value does not fit the type of its field; the text says what is expected and never holds the value."""


def normalise(kind: FieldType, raw: Value) -> Value:
    """Return the one form that all spellings of a value have in common.

    Raises:
        MisfitError: the value does not fit the type, or is over :data:`MAX_VALUE_BYTES`.
    """
    if isinstance(raw, str):
        _require_bounded(raw)
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


def _number(raw: Value, expected: str) -> Decimal:
    if isinstance(raw, bool):
        raise MisfitError(expected)
    if isinstance(raw, str) and not _NUMBER.fullmatch(raw):
        raise MisfitError(expected)
    number = Decimal(raw)
    # Before anything spells the number out: 1e9999 would fill the memory.
    if not number.is_finite() or (number and not -MAX_DECIMAL_DIGITS <= number.adjusted() < MAX_DECIMAL_DIGITS):
        raise MisfitError(expected)
    return number


def _integer(raw: Value) -> int:
    expected = "an integer from -2^63 to 2^63-1 is expected"
    number = _number(raw, expected)
    whole = int(number)
    if whole != number or not _SMALLEST_INTEGER <= whole <= _LARGEST_INTEGER:
        raise MisfitError(expected)
    return whole


def _decimal(raw: Value) -> Decimal:
    expected = f"a number of at most {MAX_DECIMAL_DIGITS} digits is expected"
    number = _number(raw, expected)
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
    address = _as_text(_as_text(raw, expected).strip().lower(), expected)
    if not _EMAIL.fullmatch(address):
        raise MisfitError(expected)
    return address


def _phone(raw: Value) -> str:
    expected = "a phone number of 5 to 15 digits with its country code is expected"
    spelled = str(raw) if isinstance(raw, int) and not isinstance(raw, bool) else _as_text(raw, expected)
    digits = _PHONE.fullmatch(_PHONE_PUNCTUATION.sub("", spelled))
    if not digits:
        raise MisfitError(expected)
    return f"+{digits[1]}"


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
    expected = "a time such as 2001-12-31T23:59:59+03:00 is expected"
    try:
        moment = datetime.fromisoformat(_as_text(raw, expected))
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
