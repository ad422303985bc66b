"""Which phone number does a text spell?

A text that looks like something else, as a date, is refused and not stripped of its punctuation: what is left would be the number
of another person.
"""

import re
from typing import Final

_PUNCTUATION: Final = str.maketrans("\u00a0\u2007\u2009\u202f\u2010\u2011\u2012\u2013", "    ----")
"""Blanks and hyphens that phones and word processors use instead of the usual ones."""
_WITHOUT_PUNCTUATION: Final = re.compile(r"\+?([1-9][0-9]{4,14})", re.ASCII)
"""A country code does not begin with 0. A number has 15 digits at most by E.164; one of fewer than 5 has no country code."""
_SPELLING: Final = re.compile(r"\(?(?:(?:\+|00)[ ().-]*)?([1-9][0-9 ().-]*)", re.ASCII)
"""00 is what is dialled for the + in most countries."""

_NO_NUMBER: Final = re.compile(
    r"""
    .* (?<![0-9]{2}) \. .* | .* \. (?![0-9]{2}) .*          # a full stop parts groups of two or more digits
    | (?! (?:\+|00)[0-9]{2,3} \. [^.]{5} ) [^.]* \. [^.]*   # a single one is a decimal point, but behind a country code
    | .* \([ ]*0[ ]*\) .*                                   # the 0 in brackets belongs to numbers of Italy, and to no other
    """,
    re.ASCII | re.VERBOSE,
)
_SOMETHING_ELSE: Final = re.compile(
    r"""
    [0-9]{4} ([.-]) [0-9]{1,2} \1 [0-9]{1,2} (?:[ ].*)?                   # a date, perhaps with a time
    | (?:19|20)[0-9]{2} [ .-] (?:0?[1-9]|1[0-2]) (?: [ .-] (?:0?[1-9]|[12][0-9]|3[01]) (?:[ .-].*)? )?
    | [0-9]{1,2} ([.-]) [0-9]{1,2} \2 (?:[0-9]{4} | [0-9]{2}) (?:[ ].*)?
    | [0-9]{1,2} [.-] [0-9]{1,2} [.-] (?:19|20)[0-9]{2} [.-] .*
    | [0-9]{1,2} [ ] [0-9]{1,2} [ ] (?:(?:19|20)[0-9]{2} | [0-9]{2})
    | [0-9]{1,3} (?:\.[0-9]{1,3}){3}                                      # an IPv4 address
    | [0-9]{1,3} (?:\.[0-9]{3})+                                          # an amount with its thousands parted
    | [0-9]{1,3} (?:[ ][0-9]{3}){1,2} | [0-9] (?:[ ][0-9]{3}){3}
    """,
    re.ASCII | re.VERBOSE,
)
"""What looks like something else, unless it begins with +."""


def phone_number(text: str) -> str | None:
    """Return the number that a text spells, as `+` and its digits; None where it spells none."""
    plain = text.translate(_PUNCTUATION).strip()
    number = _WITHOUT_PUNCTUATION.fullmatch(plain) or _WITHOUT_PUNCTUATION.fullmatch(_digits(plain))
    return f"+{number[1]}" if number else None


def _digits(plain: str) -> str:
    """Return the digits behind the prefix; none where the text is no spelling of a number."""
    spelling = _SPELLING.fullmatch(plain)
    if not spelling or _NO_NUMBER.fullmatch(plain) or (plain[0] != "+" and _SOMETHING_ELSE.fullmatch(plain)):
        return ""
    return "".join(filter(str.isdigit, spelling[1]))
